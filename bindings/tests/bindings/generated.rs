//! Kotlin and Swift come out of the built library, with every name that the
//! bindings export.

use std::fs;
use std::path::PathBuf;

/// Both languages, without the quotes that the generator puts around names.
struct Sources {
    kotlin: String,
    swift: String,
}

impl Sources {
    fn generate() -> Self {
        let directory = tempfile::tempdir().unwrap();
        crewseal_bindgen::generate(&library(), directory.path()).unwrap();
        let [kotlin, swift, _, module] = crewseal_bindgen::GENERATED
            .map(|name| fs::read_to_string(directory.path().join(name)).unwrap().replace('`', ""));
        assert!(module.contains("CrewsealFFI.h"));
        Self { kotlin, swift }
    }
}

/// Cargo puts the C library next to the tests that it is built with.
fn library() -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let name = format!("{DLL_PREFIX}crewseal_ffi{DLL_SUFFIX}");
    std::env::current_exe().unwrap().with_file_name(name)
}

/// What `lib.rs` exports, as it says itself.
fn exported() -> Vec<String> {
    let exports = include_str!("../../src/lib.rs").split("pub use ").skip(1);
    let names = exports.flat_map(|export| {
        let (_, names) = export.split(';').next().unwrap().split_once("::").unwrap();
        names.split([',', '{', '}']).map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn declares(source: &str, kinds: &[&str], name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    kinds.iter().any(|kind| {
        let declaration = format!("{kind} {name}");
        source.match_indices(&declaration).any(|(at, found)| ends(&source[at + found.len()..]))
    })
}

#[test]
fn what_is_checked_in_is_what_comes_out() {
    let directory = tempfile::tempdir().unwrap();
    crewseal_bindgen::generate(&library(), directory.path()).unwrap();
    let bindings = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for name in crewseal_bindgen::GENERATED {
        let fresh = fs::read(directory.path().join(name)).unwrap();
        let checked_in = fs::read(bindings.join(name)).unwrap_or_default();
        assert!(
            fresh == checked_in,
            "bindings/{name} is not up to date: cargo build -p crewseal-ffi && \
             cargo run -p crewseal-bindgen -- target/debug/libcrewseal_ffi.so bindings"
        );
    }
}

#[test]
fn both_languages_have_every_exported_name() {
    let Sources { kotlin, swift } = Sources::generate();
    let mut exported = exported();
    assert!(exported.len() > 60, "{exported:?}");
    exported.extend(["JobId", "DeviceId", "EventId"].map(String::from));
    for name in &exported {
        let name = match name.as_str() {
            "read_frame" => "readFrame",
            "four_words" => "fourWords",
            "qr_code" => "qrCode",
            "read_invitation" => "readInvitation",
            name => name,
        };
        let kinds = ["class", "enum", "struct", "protocol", "typealias", "func"];
        assert!(declares(&swift, &kinds, name), "Swift lacks {name}");
        let name = name.replace("Error", "Exception");
        let kinds = ["class", "interface", "typealias", "fun"];
        assert!(declares(&kotlin, &kinds, &name), "Kotlin lacks {name}");
    }
}

/// Calls that may wait for the disk, the keys, a person or HQ.
const WAITING: [&str; 42] = [
    "open",
    "enrol",
    "fetch",
    "sync",
    "outbox",
    "jobs",
    "beginScan",
    "commission",
    "record",
    "offer",
    "readOffer",
    "accept",
    "readAcceptance",
    "readAck",
    "withdraw",
    "readWithdraw",
    "handoffs",
    "release",
    "recordDrawn",
    "receipt",
    "askSignOff",
    "readSignOffRequest",
    "answerSignOff",
    "readSignOff",
    "signOffs",
    "claimSignOff",
    "startOver",
    "suspend",
    "resume",
    "rotateKeys",
    "forget",
    "erasures",
    "logOut",
    "isEnrolled",
    "enrolVouched",
    "askForVoucher",
    "vouch",
    "recoveryCode",
    "recoveryCodeNoted",
    "salvages",
    "endedJobs",
    "contradictions",
];

#[test]
fn whatever_may_wait_is_asynchronous_and_frames_are_lent() {
    let Sources { kotlin, swift } = Sources::generate();
    for name in WAITING {
        assert!(kotlin.contains(&format!("suspend fun {name}(")), "{name} blocks in Kotlin");
        let declaration = format!("func {name}(");
        let mut lines = swift.lines().filter(|line| line.contains(&declaration));
        assert!(lines.any(|line| line.contains("async throws")), "{name} blocks in Swift");
    }
    for name in ["enrol", "enrolVouched", "fetch", "sync"] {
        let given_up = "cancel: CancelToken? = null";
        let declaration = format!("suspend fun {name}(");
        let mut lines = kotlin.lines().filter(|line| line.contains(&declaration));
        assert!(lines.any(|line| line.contains(given_up)), "{name} cannot be given up");
    }
    for name in ["readFrame", "sightFrame"] {
        let lent = format!("fun {name}(buffer: java.nio.ByteBuffer");
        assert!(kotlin.contains(&lent), "{name} copies frames");
        let unlimited = "budgetMillis: kotlin.UInt = 4294967295u";
        let mut lines = kotlin.lines().filter(|line| line.contains(&lent));
        assert!(lines.any(|line| line.contains(unlimited)), "{name} always wants a limit");
    }
}

#[test]
fn the_documentation_comes_along() {
    let Sources { kotlin, swift } = Sources::generate();
    for source in [&kotlin, &swift] {
        assert!(source.contains("The phone was not unlocked since its start."));
        assert!(source.contains("A box of this job, for the first time."));
        // A link of rustdoc leads nowhere there.
        assert!(!source.contains("crate::") && !source.contains("[Crew"));
    }
}
