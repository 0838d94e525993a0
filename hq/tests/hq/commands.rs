//! The commands of `crewseal-hq`, as a person at HQ types them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crewseal_label::{Code, Strength, Token};

fn hq(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crewseal-hq"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn labels_are_printed_and_read_again() {
    let directory = tempfile::tempdir().unwrap();
    for file in ["labels.pdf", "labels.svg", "labels.png"] {
        let printed = hq(&["labels", "--count", "2", "--out", file], directory.path());
        assert!(printed.status.success(), "{file}: {}", text(&printed.stderr));
        assert_eq!(text(&printed.stdout).trim(), file);
    }
    let read = hq(&["scan", "labels.png", "--json"], directory.path());
    assert!(read.status.success());
    let photos: serde_json::Value = serde_json::from_slice(&read.stdout).unwrap();
    let codes = photos[0]["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 2);
    for code in codes {
        assert_eq!(code["label"], true);
        Token::parse(code["text"].as_str().unwrap()).unwrap();
        assert_eq!(code["corners"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn labels_of_an_hq_are_minted_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(crewseal_hq::clock::SystemClock::start());
    let data = directory.path().join("hq");
    crewseal_hq::Hq::create(&data, "hq.example", clock.clone()).unwrap();
    let arguments = ["labels", "--count", "3", "--out", "roll.pdf", "--data", "hq"];
    let printed = hq(&arguments, directory.path());
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    let rolls = crewseal_hq::Hq::open(&data, clock).unwrap().rolls().unwrap();
    assert_eq!(rolls.iter().map(|roll| roll.tokens().count()).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_photo_that_cannot_be_read_is_named_and_the_others_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let label = Token::from_bytes([7; 16]);
    let code = Code::of(&label, Strength::Rough).unwrap().png(6).unwrap();
    std::fs::write(directory.path().join("good.png"), code).unwrap();
    std::fs::write(directory.path().join("text.png"), "no picture").unwrap();
    let read = hq(&["scan", "text.png", "good.png", "none.png"], directory.path());
    assert_eq!(read.status.code(), Some(1));
    let said = text(&read.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("text.png: not a photo"), "{said}");
    assert_eq!(lines[1], "good.png: 1 code");
    assert_eq!(lines[2].trim(), label.to_groups().join(" "));
    assert!(lines[3].starts_with("none.png: "), "{said}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let code = Code::of(&Token::from_bytes([7; 16]), Strength::Normal).unwrap().png(6).unwrap();
    std::fs::write(directory.path().join("good.png"), code).unwrap();
    let mut read = Command::new(env!("CARGO_BIN_EXE_crewseal-hq"))
        .args(["scan", "good.png"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(read.stdout.take());
    assert!(read.wait().unwrap().success());
}

#[test]
fn what_is_no_record_does_not_verify() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("x.crewseal"), [0xd2, 0x84, 0x40]).unwrap();
    let verdict = hq(&["verify", "x.crewseal"], directory.path());
    assert_eq!(verdict.status.code(), Some(2));
    assert!(text(&verdict.stdout).contains("does not hold"), "{}", text(&verdict.stdout));
    let verdict = hq(&["verify", "x.crewseal", "--json"], directory.path());
    let json: serde_json::Value = serde_json::from_slice(&verdict.stdout).unwrap();
    assert_eq!(json["standing"], "does-not-hold");
    assert_eq!(hq(&["verify", "none.crewseal"], directory.path()).status.code(), Some(2));
}

/// From labels to an invitation, with nothing but what is typed.
#[test]
fn a_dispatcher_opens_a_job_and_invites_a_phone() {
    let directory = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(crewseal_hq::clock::SystemClock::start());
    let data = directory.path().join("hq");
    crewseal_hq::Hq::create(&data, "hq.example", clock.clone()).unwrap();
    let printed = |arguments: &[&str]| {
        let done = hq(arguments, directory.path());
        assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
        text(&done.stdout).trim().to_owned()
    };
    printed(&["labels", "--data", "hq", "--count", "2", "--out", "labels.txt"]);
    let labels = std::fs::read_to_string(directory.path().join("labels.txt")).unwrap();
    let labels: Vec<&str> = labels.lines().collect();
    assert_eq!(labels.len(), 2);
    let plan = serde_json::json!({
        "title": "Household move 1", "customer": "Customer 1",
        "origin": "5 Example Street", "destination": "12 Sample Road",
        "boxes": 2, "labelled": labels, "sensitive": [labels[0]], "papers": [labels[1]],
        "opens_at": "2026-03-14T06:00:00Z", "closes_at": "2026-03-17T06:00:00Z",
    });
    std::fs::write(directory.path().join("plan.json"), plan.to_string()).unwrap();
    let job = printed(&["job", "--data", "hq", "--plan", "plan.json"]);
    let codes = printed(&["codes", "--data", "hq", "--job", &job[..6]]);
    for (line, act) in codes.lines().zip(["pickup", "delivery"]) {
        let code = line.strip_prefix(act).unwrap().trim();
        crewseal_custody::ReleaseCode::parse(code).unwrap();
    }
    let invite = ["invite", "--data", "hq", "--role", "mover", "--pseudonym", "Mover 17"];
    let there = ["--job", &job, "--url", "https://localhost:8443", "--out", "mover.invitation"];
    printed(&[invite.as_slice(), &there].concat());
    let invitation = std::fs::read(directory.path().join("mover.invitation")).unwrap();
    let invitation: crewseal_custody::wire::Invitation =
        crewseal_custody::cbor::from_slice(&invitation).unwrap();
    assert_eq!(invitation.hq, crewseal_hq::Hq::open(&data, clock).unwrap().identity());

    std::fs::write(directory.path().join("nda.txt"), "I tell nobody.").unwrap();
    let has = ["--licence", "driving", "--may-take", "papers", "--nda", "nda.txt"];
    let until = ["--nda-until", "2027-01-01T00:00:00Z", "--trained-until", "2027-01-01T00:00:00Z"];
    let there_too = ["--job", &job, "--url", "https://localhost:8443", "--out", "m2.invitation"];
    printed(&[invite.as_slice(), &has, &until, &there_too].concat());
    let no_end = hq(&[invite.as_slice(), &has, &there_too].concat(), directory.path());
    assert_eq!(no_end.status.code(), Some(2), "an agreement without an end");

    let again = hq(&[invite.as_slice(), &there].concat(), directory.path());
    assert_eq!(again.status.code(), Some(2), "an invitation is not written over another");
    std::fs::write(directory.path().join("plan.json"), "{}").unwrap();
    let refused = hq(&["job", "--data", "hq", "--plan", "plan.json"], directory.path());
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_device_that_hq_does_not_have_cannot_be_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(crewseal_hq::clock::SystemClock::start());
    crewseal_hq::Hq::create(&directory.path().join("hq"), "hq.example", clock).unwrap();
    let codes = ["sign-off-codes", "--data", "hq", "--supervisor", "ab12"];
    assert_eq!(hq(&codes, directory.path()).status.code(), Some(2));
    let refused = hq(&["revoke", "--data", "hq", "--device", "ab12"], directory.path());
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("no device has such an id"), "{refused:?}");
}
