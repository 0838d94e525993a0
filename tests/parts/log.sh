# HQ's log as other people's tools read it: tessera's fsck and torchwood, in Go, over a directory of
# tiles, whole and with one byte changed.

command -v go >/dev/null || die "please install Go 1.24 or newer (https://go.dev/dl)"

public_tools_read_the_log() {
    local scratch tools key name
    scratch=$(mktemp -d) || return 1
    trap 'rm -rf "$scratch"; trap - RETURN' RETURN
    tools=$scratch/log-peers
    (cd tests/peers/log && go build -o "$tools" .) || return 1
    # Sizes about the edges of tiles: within one, just full, one more, and of three levels.
    for size in 1 255 256 257 70000; do
        key=$(cargo run --quiet --locked --release --package fixtures --example paper-log \
            "$scratch/$size" "$size") || return 1
        echo "$size leaves"
        "$tools" "$key" "$scratch/$size" || return 1
    done
    for name in tile/entries/100 tile/0/100 checkpoint; do
        cp -r "$scratch/70000" "$scratch/broken"
        printf '\377' | dd of="$scratch/broken/$name" bs=1 seek=20 conv=notrunc status=none
        echo "one byte of $name changed"
        "$tools" -broken "$key" "$scratch/broken" || return 1
        rm -rf "$scratch/broken"
    done
}
check "public tools read HQ's log" public_tools_read_the_log
