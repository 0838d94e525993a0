//! HQ's log: every proof of every small tree, what is refused, and what HQ cannot do with it.

use crewseal_custody::cbor;
use crewseal_custody::log::{
    Checkpoint, CheckpointError, LogKey, MOST_RUNS, Run, RunsError, SignedCheckpoint, Subtree,
    Tile, TreeHead, consistency, inclusion, leaf_hash, node_hash, prove_runs, proves_consistency,
    root, root_by_inclusion, root_by_runs,
};
use crewseal_custody::logged::{ActKind, Leaf, LeafSalt, Logged, LoggedAct, ReceiptError};
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{BatchAnswer, OutcomeRun, Sent};
use crewseal_custody::{BoxList, DeviceId, EventKind, Outcome, Refusal, Salt};
use fixtures::log::{CheckpointKey, PaperLog, log_key};
use fixtures::paper::{self, MORNING, ORIGIN};
use proptest::prelude::*;

/// The leaves over which implementations of Certificate Transparency compare themselves, and
/// the root of each size.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn digest(hex: &str) -> Digest {
    Digest(paper::hex(hex).try_into().unwrap())
}

/// The hash of a full subtree over these leaves, by the RFC's definition.
fn node(leaves: &[Digest], of: Subtree) -> Digest {
    if of.level == 0 {
        return leaves[usize::try_from(of.index).unwrap()];
    }
    let below = |index| node(leaves, Subtree { level: of.level - 1, index });
    node_hash(&below(of.index * 2), &below(of.index * 2 + 1))
}

struct Tree(Vec<Digest>);

impl Tree {
    fn of(size: u64) -> Self {
        Self((0..size).map(|place| leaf_hash(&place.to_be_bytes())).collect())
    }

    fn nodes(&self) -> impl FnMut(Subtree) -> Result<Digest, ()> {
        |of| Ok(node(&self.0, of))
    }

    fn root(&self, size: u64) -> Digest {
        root(size, &mut self.nodes()).unwrap()
    }
}

fn flipped(digest: &Digest) -> Digest {
    let mut bytes = digest.0;
    bytes[31] ^= 1;
    Digest(bytes)
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let leaves: Vec<Digest> = LEAVES.iter().map(|leaf| leaf_hash(&paper::hex(leaf))).collect();
    let tree = Tree(leaves);
    for (size, expected) in (0..).zip(ROOTS) {
        assert_eq!(tree.root(size), digest(expected), "{size} leaves");
    }
}

/// Proofs that implementations of Certificate Transparency compare themselves by.
#[test]
fn proofs_are_those_of_certificate_transparency() {
    let tree = Tree(LEAVES.iter().map(|leaf| leaf_hash(&paper::hex(leaf))).collect());
    let path = |index, size| inclusion(index, size, &mut tree.nodes()).unwrap();
    assert_eq!(path(0, 1), []);
    assert_eq!(
        path(0, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
        .map(digest)
    );
    assert_eq!(
        path(5, 8),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(digest)
    );
    assert_eq!(
        path(2, 3),
        ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"].map(digest)
    );
    let goes_on = |old, size| consistency(old, size, &mut tree.nodes()).unwrap();
    assert_eq!(goes_on(1, 1), []);
    assert_eq!(
        goes_on(1, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
        .map(digest)
    );
    assert_eq!(
        goes_on(6, 8),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(digest)
    );
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_in_its_place_only() {
    let tree = Tree::of(40);
    for size in 1..=40 {
        for index in 0..size {
            let leaf = tree.0[usize::try_from(index).unwrap()];
            let path = inclusion(index, size, &mut tree.nodes()).unwrap();
            let leads = |index, size, path: &[Digest]| root_by_inclusion(&leaf, index, size, path);
            assert_eq!(leads(index, size, &path), Some(tree.root(size)), "{index} of {size}");
            for other in (0..size).filter(|other| *other != index) {
                assert_ne!(leads(other, size, &path), Some(tree.root(size)), "as {other}");
            }
            let longer = [&path[..], &[tree.0[0]]].concat();
            assert_eq!(leads(index, size, &longer), None, "a hash too many");
            if let Some((_, shorter)) = path.split_last() {
                assert_eq!(leads(index, size, shorter), None, "a hash too few");
            }
        }
        assert_eq!(root_by_inclusion(&tree.0[0], size, size, &[]), None, "no such place");
    }
    assert_eq!(root_by_inclusion(&tree.0[0], 0, 0, &[]), None, "an empty tree");
}

#[test]
fn every_small_tree_goes_on_from_every_earlier_one_and_from_no_other() {
    let (tree, other) = (Tree::of(40), Tree(Tree::of(40).0.iter().map(flipped).collect()));
    for size in 0..=40 {
        for old in 0..=size {
            let proof = consistency(old, size, &mut tree.nodes()).unwrap();
            let (old_root, new_root) = (tree.root(old), tree.root(size));
            let proves = |proof: &[Digest], old_root: &Digest, new_root: &Digest| {
                proves_consistency((old, old_root), (size, new_root), proof)
            };
            assert!(proves(&proof, &old_root, &new_root), "{old} to {size}");
            if old > 0 {
                assert!(!proves(&proof, &other.root(old), &new_root), "{old} of another log");
                assert!(!proves(&proof, &old_root, &other.root(size)), "{size} of another log");
            }
            assert!(!proves(&[&proof[..], &[old_root]].concat(), &old_root, &new_root));
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!proves(shorter, &old_root, &new_root), "a hash too few");
            }
            if old < size {
                let back = ((size, &new_root), (old, &old_root));
                assert!(!proves_consistency(back.0, back.1, &proof), "{size} back to {old}");
            }
        }
    }
}

proptest! {
    /// Any set of leaves, with the proof that is no longer than it must be.
    #[test]
    fn runs_are_proven_together(size in 1_u64..70, picked in prop::collection::vec(0_u64..70, 1..20)) {
        let tree = Tree::of(size);
        let mut places: Vec<u64> = picked.into_iter().filter(|place| *place < size).collect();
        places.sort_unstable();
        places.dedup();
        prop_assume!(!places.is_empty());
        let proof = prove_runs(&places, size, &mut tree.nodes()).unwrap();
        let leaves: Vec<_> =
            places.iter().map(|place| (*place, tree.0[usize::try_from(*place).unwrap()])).collect();
        prop_assert_eq!(root_by_runs(&leaves, size, &proof), Ok(tree.root(size)));
        prop_assert!(proof.len() <= places.len() * 7, "{} hashes", proof.len());
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at] = flipped(&changed[at]);
            prop_assert_ne!(root_by_runs(&leaves, size, &changed), Ok(tree.root(size)));
        }
        let mut changed = leaves.clone();
        changed[0].1 = flipped(&changed[0].1);
        prop_assert_ne!(root_by_runs(&changed, size, &proof), Ok(tree.root(size)));
        let longer = [&proof[..], &[tree.0[0]]].concat();
        prop_assert_eq!(root_by_runs(&leaves, size, &longer), Err(RunsError::Length));
    }

    #[test]
    fn a_tile_path_is_read_as_it_is_written(number in 0_u64..5_000_000_000, width in 1_u64..=256, level in 0_u32..=6) {
        for tile in [Tile::Hashes { level, number, width }, Tile::Entries { number, width }] {
            prop_assert_eq!(Tile::parse(&tile.path()), Some(tile));
        }
    }

    /// The tiles that are new at a size are those that one would have to fetch.
    #[test]
    fn tiles_that_changed_are_told(old in 0_u64..70_000, more in 0_u64..2_000) {
        let has = |size: u64| -> std::collections::BTreeSet<String> {
            Tile::between(0, size).map(|tile| tile.path()).collect()
        };
        let told: std::collections::BTreeSet<String> =
            Tile::between(old, old + more).map(|tile| tile.path()).collect();
        let expected = &has(old + more) - &has(old);
        prop_assert_eq!(told, expected);
    }
}

#[test]
fn places_that_do_not_rise_or_are_not_there_prove_nothing() {
    let tree = Tree::of(5);
    let leaf = |place: u64| (place, tree.0[usize::try_from(place).unwrap()]);
    let proof = prove_runs(&[1, 3], 5, &mut tree.nodes()).unwrap();
    assert!(root_by_runs(&[leaf(1), leaf(3)], 5, &proof).is_ok());
    for (leaves, size) in [
        (vec![], 5),
        (vec![leaf(3), leaf(1)], 5),
        (vec![leaf(1), leaf(1), leaf(3)], 5),
        (vec![leaf(1), (5, tree.0[3])], 5),
        (vec![leaf(1), (u64::MAX, tree.0[3])], 5),
        (vec![leaf(1)], 0),
    ] {
        assert_eq!(root_by_runs(&leaves, size, &proof), Err(RunsError::Places), "{leaves:?}");
    }
    // However large a tree claims to be, no more is hashed than the proof has.
    let far = [(u64::MAX - 1, tree.0[0])];
    assert_eq!(root_by_runs(&far, u64::MAX, &proof), Err(RunsError::Length));
}

#[test]
fn tiles_lie_where_the_standard_says() {
    let hashes = |level, number, width| Tile::Hashes { level, number, width }.path();
    assert_eq!(hashes(0, 0, 256), "tile/0/000");
    assert_eq!(hashes(1, 1_234_067, 256), "tile/1/x001/x234/067");
    assert_eq!(hashes(0, 273, 8), "tile/0/273.p/8");
    assert_eq!(Tile::Entries { number: 1_000, width: 1 }.path(), "tile/entries/x001/000.p/1");
    for path in [
        "tile/0/0",
        "tile/0/00",
        "tile/0/000/",
        "tile/0/x000/001",
        "tile/00/001",
        "tile/7/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/08",
        "tile/0/1000",
        "tile/-1/001",
        "tile/entries/001.p/257",
        "tile/0/",
        "tile/0/x001",
        "checkpoint",
        "tile/0/+01",
        "",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(Tile::parse(path), None, "{path}");
    }
}

#[test]
fn a_tile_has_the_nodes_above_its_hashes() {
    let tree = Tree::of(256);
    let hashes: Vec<[u8; 32]> = tree.0.iter().map(|hash| hash.0).collect();
    for level in 0..8 {
        for index in 0..256 >> level {
            let of = Subtree { level, index };
            assert_eq!(Tile::holding(of).1, 0);
            assert_eq!(Tile::node(of, &hashes), Ok(node(&tree.0, of)), "{of:?}");
        }
    }
    assert!(Tile::node(Subtree { level: 1, index: 2 }, &hashes[..5]).is_err());
    assert_eq!(Tile::holding(Subtree { level: 8, index: 300 }), (1, 1, 44, 1));
    assert_eq!(Tile::holding(Subtree { level: 9, index: 3 }), (1, 0, 6, 2));
}

#[test]
fn leaves_of_a_bundle_come_out_as_they_went_in() {
    let leaves: [&[u8]; 3] = [b"", b"one", &[7; 300]];
    let bundle = Tile::bundle(leaves);
    assert_eq!(Tile::unbundle(&bundle).unwrap(), leaves);
    assert_eq!(Tile::unbundle(&bundle[..bundle.len() - 1]), None);
    assert_eq!(Tile::unbundle(&[0]), None);
}

#[test]
fn leaves_are_told_apart_and_read_again() {
    let kinds = [
        ActKind::Tick,
        ActKind::Credential,
        ActKind::Revocations,
        ActKind::Manifest,
        ActKind::Roll,
        ActKind::KeyList,
        ActKind::Erasure,
        ActKind::ClockCorrection,
        ActKind::Restore,
    ];
    let (salt, message) = (Salt([1; 16]), Digest([2; 32]));
    let mut leaves: Vec<Leaf> = kinds.map(|kind| Leaf::act(kind, &salt, &message)).to_vec();
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Count, BoxList::default());
    let logged = paper::logged(&event, Outcome::Stored, MORNING);
    leaves.push(Leaf::event(event.id(), &LeafSalt::of(&event), &logged));
    let all: std::collections::BTreeSet<Vec<u8>> = leaves.iter().map(Leaf::to_bytes).collect();
    assert_eq!(all.len(), leaves.len(), "the same message as another kind is another leaf");
    for leaf in leaves {
        let bytes = leaf.to_bytes();
        assert_eq!(Leaf::parse(&bytes), Some(leaf));
        assert_eq!(Leaf::parse(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Leaf::parse(&[&bytes[..], &[0]].concat()), None);
    }
    assert_eq!(Leaf::parse(&[10; 33]), None, "of a kind that nobody knows");
    assert_eq!(Leaf::parse(&[]), None);
}

/// What the leaf's salt is made of tells nothing of the event's salt.
#[test]
fn a_leaf_hides_what_hq_says() {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Count, BoxList::default());
    let logged = paper::logged(&event, Outcome::Stored, MORNING);
    let salt = LeafSalt::of(&event);
    assert_ne!(salt.0, event.salt.0);
    let other = LeafSalt([0; 16]);
    assert_ne!(logged.digest(&salt), logged.digest(&other));
    for changed in [
        Logged { device: DeviceId([0; 16]), ..logged },
        Logged { generation: 2, ..logged },
        Logged { sequence: 9, ..logged },
        Logged { outcome: Outcome::StoredAfterGap(1), ..logged },
        Logged { at: MORNING + 1, ..logged },
    ] {
        assert_ne!(changed.digest(&salt), logged.digest(&salt), "{changed:?}");
    }
}

mod checkpoints {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let root = digest(ROOTS[8]);
        let head = TreeHead { generation: 1, size: 8, root };
        Checkpoint { head, replicated: Some(3), at: MORNING }
    }

    fn opened(text: &str) -> Result<SignedCheckpoint, CheckpointError> {
        SignedCheckpoint::open(text.as_bytes(), ORIGIN, &[log_key().listed()])
    }

    #[test]
    fn one_is_read_as_it_was_signed() {
        for replicated in [None, Some(0), Some(8)] {
            let signed = log_key().sign(Checkpoint { replicated, ..checkpoint() }, ORIGIN);
            assert_eq!(opened(signed.as_text()), Ok(signed.clone()));
            let kept = SignedCheckpoint::read_verified(signed.as_text().as_bytes(), ORIGIN);
            assert_eq!(kept, Ok(signed));
        }
    }

    #[test]
    fn the_form_is_that_of_signed_notes() {
        let text = log_key().sign(checkpoint(), ORIGIN).as_text().to_owned();
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines[0], "hq.example/log/1");
        assert_eq!(lines[1], "8");
        assert_eq!(lines[2], "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=");
        assert_eq!(lines[3], format!("crewseal 1 3 {MORNING}"));
        assert_eq!(lines[4], "");
        assert!(lines[5].starts_with("\u{2014} hq.example/log/1 "), "{}", lines[5]);
        assert_eq!(lines[6..], [""]);
    }

    #[test]
    fn what_others_sign_beside_is_passed_over() {
        let text = log_key().sign(checkpoint(), ORIGIN).as_text().to_owned();
        let witness = "\u{2014} witness.example/w1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
        assert!(opened(&format!("{text}{witness}")).is_ok());
        let (body, ours) = text.split_once("\n\n").unwrap();
        assert!(opened(&format!("{body}\n\n{witness}{ours}")).is_ok());
        assert_eq!(opened(&format!("{body}\n\n{witness}")), Err(CheckpointError::Signature));
    }

    #[test]
    fn one_has_one_form() {
        let text = log_key().sign(checkpoint(), ORIGIN).as_text().to_owned();
        for (from, to) in [
            ("\n8\n", "\n08\n"),
            ("\n8\n", "\n+8\n"),
            ("\n8\n", "\n 8\n"),
            ("\n8\n", "\n18446744073709551616\n"),
            ("crewseal 1", "crewseal 01"),
            ("crewseal 1 3", "crewseal  1 3"),
            ("crewseal 1 3", "other 1 3"),
            ("QyQ=", "QyQ"),
            ("RgQyg=", "RgQyh="),
            ("\n\n", "\n"),
            ("\n\n", "\n\n\n"),
            ("\n", "\r\n"),
            ("\u{2014} ", "- "),
        ] {
            let changed = text.replacen(from, to, 1);
            if changed != text {
                assert!(opened(&changed).is_err(), "{from:?} as {to:?}");
            }
        }
        for changed in ["", "\n\n", "\n\n\u{2014} a b\n", &text[..text.len() - 1]] {
            assert_eq!(opened(changed), Err(CheckpointError::Form), "{changed:?}");
        }
        let long = format!("{text}{}", "\u{2014} w AAAA\n".repeat(1_000));
        assert_eq!(opened(&long), Err(CheckpointError::Form));
        assert!(SignedCheckpoint::open(&[0xff; 40], ORIGIN, &[]).is_err());
    }

    #[test]
    fn nothing_of_one_can_be_changed() {
        let text = log_key().sign(checkpoint(), ORIGIN).as_text().to_owned();
        for (place, _) in text.char_indices().filter(|(_, old)| old.is_ascii_alphanumeric()) {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(opened(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn a_key_signs_only_in_its_time_and_for_its_hq() {
        let text = log_key().sign(checkpoint(), ORIGIN).as_text().to_owned();
        let by = |from, until| {
            let key = LogKey { from, until, ..log_key().listed() };
            SignedCheckpoint::open(text.as_bytes(), ORIGIN, &[key]).is_ok()
        };
        assert!(by(MORNING, MORNING + 1));
        assert!(!by(MORNING + 1, u64::MAX), "not yet");
        assert!(!by(0, MORNING), "retired");
        let other = [CheckpointKey::of(9).listed()];
        let read = SignedCheckpoint::open(text.as_bytes(), ORIGIN, &other);
        assert_eq!(read, Err(CheckpointError::Signature));
        let read = SignedCheckpoint::open(text.as_bytes(), "another", &[log_key().listed()]);
        assert_eq!(read, Err(CheckpointError::OtherLog));
    }
}

mod answers {
    use super::*;

    /// A log with a few things in it, and the events of a batch.
    fn batch(events: usize) -> (PaperLog, Vec<Sent>, BatchAnswer) {
        let mut log = PaperLog::default();
        for number in 1..=20 {
            log.push(paper::hq().sign(paper::tick(number)).leaf());
        }
        let mut mover = paper::mover();
        let (mut sent, mut placed) = (Vec::new(), Vec::new());
        for _ in 0..events {
            let event = mover.does(EventKind::Count, BoxList::default());
            let logged = paper::logged(&event, Outcome::Stored, MORNING + 60);
            placed.push(log.log(&event, logged));
            sent.push(Sent {
                id: event.id(),
                device: event.device,
                generation: event.generation,
                sequence: event.sequence,
                salt: Some(LeafSalt::of(&event)),
            });
        }
        log.push(paper::hq().sign(paper::tick(21)).leaf());
        let answer = log.answer(&placed, &log.checkpoint(MORNING + 60));
        (log, sent, answer)
    }

    #[test]
    fn a_batch_is_placed_with_one_signature_and_one_proof() {
        let (_, sent, answer) = batch(9);
        let answered = answer.verify(&sent, &paper::hq_keys()).unwrap();
        let (receipt, proven) = answered.placed.unwrap();
        assert_eq!(proven.events.len(), 9);
        for (place, (event, sent)) in (20..).zip(proven.events.iter().zip(&sent)) {
            assert_eq!((event.id, event.place), (sent.id, place));
            assert_eq!(event.logged.outcome, Outcome::Stored);
        }
        // What the phone keeps proves the same, later and without the batch.
        let bytes = cbor::to_vec(&receipt);
        let read: crewseal_custody::logged::Receipt = cbor::from_versioned::<_, 2>(&bytes).unwrap();
        assert_eq!(read.verify(&paper::hq_keys()), Ok(proven));
        // Nine events: an id and a salt each, and little more.
        assert!(bytes.len() < 9 * 48 + 600, "{} bytes", bytes.len());
    }

    /// Each lie of an HQ about a batch; none settles anything.
    #[test]
    fn a_lie_about_a_batch_proves_nothing() {
        let (log, sent, answer) = batch(9);
        let keys = paper::hq_keys();
        let said = |answer: &BatchAnswer| answer.verify(&sent, &keys).map(|_| ());
        assert_eq!(said(&answer), Ok(()));
        let runs = |first, count| vec![Run { first, count }];
        let elsewhere = BatchAnswer { runs: runs(19, 9), ..answer.clone() };
        assert!(said(&elsewhere).is_err(), "the places of other leaves");
        let others: Vec<u8> = log.prove(vec![0, 1]).iter().flat_map(|hash| hash.0).collect();
        let proof = BatchAnswer { proof: others.into(), ..answer.clone() };
        assert!(said(&proof).is_err(), "another's proof");
        let outcome = |outcome, at| {
            let outcomes = vec![OutcomeRun { count: 9, outcome, at }];
            BatchAnswer { outcomes, ..answer.clone() }
        };
        assert_eq!(said(&outcome(Outcome::Stored, MORNING + 60)), Ok(()));
        let changed = outcome(Outcome::StoredAfterGap(3), MORNING + 60);
        assert_eq!(said(&changed), Err(ReceiptError::Root), "another outcome");
        let later = outcome(Outcome::Stored, MORNING + 61);
        assert_eq!(said(&later), Err(ReceiptError::Root), "another time");
        let mut swapped = sent.clone();
        swapped.swap(2, 3);
        assert_eq!(answer.verify(&swapped, &keys).map(|_| ()), Err(ReceiptError::Root));
        let mut other = sent.clone();
        other[4].id = Digest([9; 32]);
        assert_eq!(answer.verify(&other, &keys).map(|_| ()), Err(ReceiptError::Root));
        let retired = CheckpointKey::of(3);
        let checkpoint = log.checkpoint_by(&retired, MORNING).as_text().to_owned();
        let by_another = said(&BatchAnswer { checkpoint, ..answer.clone() });
        assert_eq!(by_another, Err(CheckpointError::Signature.into()));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let (_, sent, answer) = batch(9);
        let refused = |answer: BatchAnswer| answer.verify(&sent, &paper::hq_keys()).is_err();
        let run = |first, count| Run { first, count };
        for runs in [
            vec![run(20, 10)],
            vec![run(20, 0), run(20, 9)],
            vec![run(u64::MAX, 2)],
            vec![run(20, u32::MAX); 2],
            (20..29).map(|first| run(first, 1)).collect(),
        ] {
            let count = runs.iter().map(|run| u64::from(run.count)).sum::<u64>();
            let case = format!("{count} in {} runs", runs.len());
            assert!(refused(BatchAnswer { runs, ..answer.clone() }), "{case}");
        }
        assert!(refused(BatchAnswer { outcomes: Vec::new(), ..answer.clone() }));
        let count = u32::MAX;
        let outcomes = vec![OutcomeRun { count, outcome: Outcome::Stored, at: MORNING + 60 }];
        assert!(refused(BatchAnswer { outcomes, ..answer.clone() }));
        assert!(refused(BatchAnswer { proof: vec![0; 31].into(), ..answer.clone() }));
        assert!(refused(BatchAnswer { salts: Some(vec![0; 15].into()), ..answer.clone() }));
        assert!(refused(BatchAnswer { checkpoint: String::new(), ..answer }));
    }

    #[test]
    fn more_runs_than_four_are_answered_in_part() {
        let (log, sent, _) = batch(12);
        let keys = paper::hq_keys();
        // Every second of them was known before, so their places are scattered.
        let (mut placed, mut picked) = (Vec::new(), Vec::new());
        for (place, sent) in (20..).zip(&sent).step_by(2) {
            let Sent { id, device, generation, sequence, salt } = *sent;
            let logged =
                Logged { device, generation, sequence, outcome: Outcome::Stored, at: MORNING + 60 };
            let salt = salt.unwrap();
            placed.push(crewseal_custody::logged::ProvenEvent { id, place, salt, logged });
            picked.push(*sent);
        }
        let answer = log.answer(&placed, &log.checkpoint(MORNING + 60));
        assert_eq!(answer.runs.len(), MOST_RUNS);
        let (_, proven) = answer.verify(&picked, &keys).unwrap().placed.unwrap();
        assert_eq!(proven.events.len(), MOST_RUNS);
    }

    #[test]
    fn what_was_refused_is_left_out_of_the_places() {
        let mut mover = paper::mover();
        let refused = mover.does(EventKind::Load, BoxList::default());
        let (_, mut sent, mut answer) = batch(3);
        let Sent { device, generation, .. } = sent[0];
        let of =
            Sent { id: refused.id(), device, generation, sequence: refused.sequence, salt: None };
        sent.insert(1, of);
        let rejection = paper::rejection(&refused, Refusal::Unreadable, MORNING);
        answer.rejections = vec![paper::hq().sign(rejection.clone()).as_bytes().to_vec().into()];
        let answered = answer.verify(&sent, &paper::hq_keys()).unwrap();
        assert_eq!(answered.rejections.len(), 1);
        assert_eq!(answered.placed.unwrap().1.events.len(), 3);
        // A refusal by anybody else refuses nothing, so the places fit nobody.
        let forged = paper::other_hq().sign(rejection).as_bytes().to_vec().into();
        answer.rejections = vec![forged];
        assert!(answer.verify(&sent, &paper::hq_keys()).is_err());
    }

    #[test]
    fn salts_that_were_lost_come_with_the_answer() {
        let (_, mut sent, mut answer) = batch(3);
        let salts: Vec<u8> = sent.iter().flat_map(|sent| sent.salt.unwrap().0).collect();
        sent[1].salt = None;
        assert_eq!(answer.verify(&sent, &paper::hq_keys()).map(|_| ()), Err(ReceiptError::Form));
        answer.salts = Some(salts.into());
        assert!(answer.verify(&sent, &paper::hq_keys()).is_ok());
    }
}

#[test]
fn acts_of_hq_are_proven_beside_events() {
    let ticks: Vec<_> = (1..=3).map(|number| paper::hq().sign(paper::tick(number))).collect();
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Count, BoxList::default());
    let logged = paper::logged(&event, Outcome::Stored, MORNING);
    let receipt = paper::receipt(&ticks, &[(&event, logged)]);
    let proven = receipt.verify(&paper::hq_keys()).unwrap();
    assert_eq!(proven.acts[&ticks[1].id()], (1, ActKind::Tick));
    assert_eq!(proven.events[0].place, 3);
    let mut other = receipt.clone();
    other.acts[1] = LoggedAct { kind: ActKind::Roll, ..other.acts[1] };
    assert_eq!(other.verify(&paper::hq_keys()), Err(ReceiptError::Root));
    let mut moved = receipt;
    moved.acts[1].place = 3;
    assert!(moved.verify(&paper::hq_keys()).is_err(), "two things in one place");
}
