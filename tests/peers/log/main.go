// Reads a log of ours with other people's tools: everything in a directory of tiles, by its
// verifier key. Prints what each tool found and exits 1 if one found anything wrong.
//
//	log-peers VKEY DIR       all of it must hold
//	log-peers -broken VKEY DIR   each tool must find something wrong
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// files reads tiles from a directory for torchwood.
type files struct{ dir string }

func (f files) ReadTiles(_ context.Context, tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, 0, len(tiles))
	for _, tile := range tiles {
		bytes, err := os.ReadFile(filepath.Join(f.dir, torchwood.TilePath(tile)))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f files) ReadEndpoint(_ context.Context, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.dir, path))
}

// byTessera recomputes the root and every tile from the leaves.
func byTessera(ctx context.Context, verifier note.Verifier, dir string) error {
	hashes := func(bundle []byte) ([][]byte, error) {
		var entries api.EntryBundle
		if err := entries.UnmarshalText(bundle); err != nil {
			return nil, err
		}
		leaves := make([][]byte, 0, len(entries.Entries))
		for _, entry := range entries.Entries {
			leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(entry))
		}
		return leaves, nil
	}
	source := &client.FileFetcher{Root: dir}
	return fsck.New(verifier.Name(), verifier, source, hashes, fsck.Opts{N: 4}).Check(ctx)
}

// byTorchwood verifies the checkpoint and every leaf under it, and a proof of each 997th.
func byTorchwood(ctx context.Context, verifier note.Verifier, dir string) error {
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(verifier.Name()),
		torchwood.SingleVerifierPolicy(verifier))
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(checkpoint.Extension, "crewseal ") {
		return fmt.Errorf("the extension line is %q", checkpoint.Extension)
	}
	log, err := torchwood.NewClient(files{dir})
	if err != nil {
		return err
	}
	read := int64(0)
	for range log.AllEntries(ctx, checkpoint.Tree, 0) {
		read++
	}
	if err := log.Err(); err != nil {
		return err
	}
	if read != checkpoint.N {
		return fmt.Errorf("%d leaves of %d", read, checkpoint.N)
	}
	for place := int64(0); place < checkpoint.N; place += 997 {
		leaf, proof, err := log.Entry(ctx, checkpoint.Tree, place)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, place, tlog.RecordHash(leaf)); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	args := os.Args[1:]
	broken := len(args) > 0 && args[0] == "-broken"
	if broken {
		args = args[1:]
	}
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: log-peers [-broken] VKEY DIR")
		os.Exit(2)
	}
	verifier, err := note.NewVerifier(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, wrong := context.Background(), 0
	for _, tool := range []struct {
		name  string
		check func(context.Context, note.Verifier, string) error
	}{{"tessera's fsck", byTessera}, {"torchwood", byTorchwood}} {
		err := tool.check(ctx, verifier, args[1])
		fmt.Printf("%s: %.100v\n", tool.name, fmt.Sprint(err))
		if (err != nil) != broken {
			wrong++
		}
	}
	if wrong > 0 {
		os.Exit(1)
	}
}
