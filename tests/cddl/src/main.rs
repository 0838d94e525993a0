//! Holds docs/wire.cddl against the frozen vectors, by the crate `cddl`: every message in them
//! is one of its rule, and none that was damaged is.

use std::process::ExitCode;

use data_encoding::HEXLOWER;

const CDDL: &str = include_str!("../../../docs/wire.cddl");

const VECTORS: [&str; 2] = [
    include_str!("../../../core/custody/tests/vectors/v1.txt"),
    include_str!("../../../core/custody/tests/vectors/v2.txt"),
];

/// The rule of a field of the vectors of a kind.
const RULES: [(&str, &str, &str); 38] = [
    ("answer", "answer", "answer"),
    ("attachment", "entry", "entry"),
    ("attachment-receipt", "payload", "attachment-receipt"),
    ("batch", "batch", "batch"),
    ("box-list", "list", "box-list"),
    ("confirmation", "payload", "confirmation"),
    ("credential", "payload", "credential"),
    ("customer-receipt", "payload", "customer-receipt"),
    ("drawing", "drawing", "drawing"),
    ("enrolment", "payload", "enrolment"),
    ("envelope", "header", "epoch-header"),
    ("erasure", "payload", "erasure"),
    ("event", "payload", "event"),
    ("handoff", "offer-payload", "event"),
    ("handoff", "accept-payload", "event"),
    ("handoff", "ack-payload", "event"),
    ("leaf", "logged", "logged"),
    ("log-proofs", "consistency", "consistency"),
    ("manifest", "payload", "manifest"),
    ("new-keys", "payload", "new-keys"),
    ("news", "news", "news"),
    ("proof", "proof", "batch-proof"),
    ("receipt", "receipt", "receipt"),
    ("rejection", "payload", "rejection"),
    ("release", "key", "release-key"),
    ("release", "proof", "proof"),
    ("resolution", "payload", "resolution"),
    ("restore", "payload", "restore"),
    ("restore", "restore-news", "restore-news"),
    ("revocations", "payload", "revocations"),
    ("roll", "payload", "roll-head"),
    ("invitation", "invitation", "invitation"),
    ("job-pack", "payload", "job-pack"),
    ("key-list", "payload", "key-list"),
    ("session", "payload", "session"),
    ("sign-off", "request-payload", "sign-off-request"),
    ("statement", "statement", "statement"),
    ("tick", "payload", "tick"),
];

/// Vectors of formats that are not read any more.
const OUTGROWN: [&str; 2] = ["enrolment of a mover", "session of a mover"];

fn main() -> ExitCode {
    let (mut checked, mut wrong) = ([0; RULES.len()], 0);
    for block in VECTORS.iter().flat_map(|file| file.split("\n\n")) {
        let fields = || block.lines().filter_map(|line| line.split_once(": "));
        let field = |wanted| fields().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let (Some(name), Some(kind)) = (field("name"), field("kind")) else { continue };
        for (at, (of, message, rule)) in RULES.iter().enumerate().filter(|(_, one)| one.0 == kind) {
            let Some(hex) = field(message) else { continue };
            let bytes = HEXLOWER.decode(hex.trim().as_bytes()).expect("hex in the vectors");
            let is_outgrown = OUTGROWN.contains(&name);
            for (what, bytes, fits) in
                [("it", bytes.clone(), !is_outgrown), ("it in an array", wrapped(&bytes), false)]
            {
                if is(rule, &bytes) != fits {
                    println!("{name}: {message} of {of}: {what} should be of {rule}: {fits}");
                    wrong += 1;
                }
            }
            checked[at] += 1;
        }
    }
    for ((kind, message, rule), _) in RULES.iter().zip(checked).filter(|(_, times)| *times == 0) {
        println!("no vector has {message} of {kind}, so nothing shows that {rule} is right");
        wrong += 1;
    }
    println!("{} messages, {wrong} wrong", checked.iter().sum::<usize>());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether bytes are of a rule. The tool takes the first rule of a file.
fn is(rule: &str, bytes: &[u8]) -> bool {
    cddl::validate_cbor_from_slice(&format!("message = {rule}\n{CDDL}"), bytes, None).is_ok()
}

/// The same in an array of one, which no message is.
fn wrapped(bytes: &[u8]) -> Vec<u8> {
    [&[0x81], bytes].concat()
}
