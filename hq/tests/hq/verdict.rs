use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::Version;
use crewseal_custody::{BoxClass, EventKind, FindingKind, Revocations, Role};
use crewseal_custody::{HqId, fingerprint};
use crewseal_hq::evidence::severity::Severity;
use crewseal_hq::evidence::verdict::{Standing, Verdict};
use crewseal_hq::evidence::verify::{verify, verify_as_told};

use crate::day::{Day, Key, More, ORIGIN, at, moving_day};

/// Four boxes from door to door, all well.
fn small() -> Day {
    let mut day = Day::new(2, 2);
    let mover = day.enrol("Mover 17", Role::Mover);
    let driver = day.enrol("Driver 4", Role::Driver);
    let all = [0, 1, 2, 3];
    day.tick(at(8, 0));
    day.act(mover, EventKind::TakeOver, &all, at(8, 10), More::default());
    day.hand_over(mover, driver, &all, at(8, 20));
    day.act(driver, EventKind::Deliver, &all, at(9, 0), More::default());
    day.sync(at(9, 5));
    day
}

fn judge(day: &Day) -> Verdict {
    verify(&day.export(), Some(&day.hq_keys().identity()))
}

fn open(verdict: &Verdict) -> Vec<&str> {
    verdict.open.iter().map(|open| open.what.as_str()).collect()
}

#[test]
fn a_clean_record_holds() {
    let day = small();
    let verdict = judge(&day);
    assert_eq!(verdict.standing, Standing::Holds, "{verdict}");
    assert_eq!(verdict.standing.exit_status(), 0);
    let text = verdict.to_string();
    assert!(text.contains("All 4 boxes delivered; every signature verified."), "{text}");
    assert!(text.contains("4 events, signed by 2 devices, about 4 boxes"), "{text}");
    assert!(text.contains(&fingerprint(&day.hq_keys().identity())), "{text}");
    assert!(text.contains("This is the HQ that you named."), "{text}");
}

#[test]
fn without_a_known_key_the_reader_is_told_to_compare() {
    let text = verify(&small().export(), None).to_string();
    assert!(text.contains("agrees with itself"), "{text}");
    assert!(!text.contains("that you named"), "{text}");
}

#[test]
fn every_flipped_byte_is_noticed_and_placed() {
    let day = small();
    let good = day.export();
    let mut sections = BTreeSet::new();
    for at in 0..good.len() {
        for (mask, hq) in [(0x01, None), (0x80, Some(&day.hq_keys().identity()))] {
            let mut bad = good.clone();
            bad[at] ^= mask;
            let verdict = verify(&bad, hq);
            assert_eq!(verdict.standing.exit_status(), 2, "byte {at} ^ {mask:#x}");
            assert!(!verdict.flaws.is_empty(), "byte {at} ^ {mask:#x}");
            assert!(verdict.to_string().contains("DOES NOT HOLD"));
            sections.extend(verdict.flaws.into_iter().map(|flaw| flaw.section));
        }
    }
    // The parts inside are told apart, so the reader learns where to look.
    for part in ["the record", "credential 2", "tick 1", "roll 1", "event 3", "receipt 1"] {
        assert!(sections.contains(part), "{part} of {sections:?}");
    }
}

#[test]
fn a_record_cut_off_anywhere_does_not_hold() {
    let day = small();
    let good = day.export();
    for length in 0..good.len() {
        assert_eq!(verify(&good[..length], None).standing, Standing::DoesNotHold, "{length}");
    }
    let mut longer = good;
    longer.push(0);
    assert_eq!(verify(&longer, None).standing, Standing::DoesNotHold);
}

#[test]
fn another_hq_than_the_expected_is_named() {
    let verdict = verify(&small().export(), Some(&HqId([9; 32])));
    assert_eq!(verdict.standing, Standing::DoesNotHold);
    let text = verdict.to_string();
    assert!(text.contains("the record: signed by another HQ than the one expected"), "{text}");
}

#[test]
fn a_fingerprint_is_compared_in_any_case_and_grouping() {
    let day = small();
    let export = day.export();
    let told = fingerprint(&day.hq_keys().identity()).replace(' ', ":");
    assert_eq!(verify_as_told(&export, &told), verify(&export, Some(&day.hq_keys().identity())));

    let other = HqId([9; 32]);
    let verdict = verify_as_told(&export, &fingerprint(&other));
    assert_eq!(verdict, verify(&export, Some(&other)));
    assert_eq!(verdict.standing, Standing::DoesNotHold);
    let text = verdict.to_string();
    assert!(text.contains("the record: signed by another HQ than the one expected"), "{text}");
    assert_eq!(serde_json::to_value(&verdict).unwrap()["hq"]["known"], false);
    assert_eq!(verify_as_told(b"no record", "").standing, Standing::DoesNotHold);
}

/// HQ signs anew what it changed; the device's signature inside still tells.
#[test]
fn hq_cannot_alter_what_a_device_signed() {
    let day = small();
    let mut record = day.record();
    let last = record.events[2].len() - 100;
    record.events[2][last] ^= 1;
    let verdict = verify(day.hq.sign(record).as_bytes(), Some(&day.hq_keys().identity()));
    assert_eq!(verdict.standing, Standing::DoesNotHold);
    assert!(verdict.flaws.iter().all(|flaw| flaw.section == "event 3"), "{verdict}");
}

#[test]
fn a_withheld_event_leaves_a_gap() {
    let mut day = small();
    day.events.remove(1);
    day.placed.remove(1);
    let verdict = judge(&day);
    assert_eq!(verdict.standing.exit_status(), 1, "{verdict}");
    let text = verdict.to_string();
    assert!(text.contains("Accepted without an offer"), "{text}");

    let mut day = small();
    day.events.remove(0);
    day.placed.remove(0);
    let text = judge(&day).to_string();
    assert!(text.contains("Event 1 of Mover 17 is not in the record"), "{text}");
}

#[test]
fn a_withheld_event_with_its_receipt_is_no_gap_but_still_missed() {
    let mut day = small();
    day.events.remove(0);
    let verdict = judge(&day);
    assert!(!open(&verdict).contains(&"events missing"), "{verdict}");
    assert!(open(&verdict).contains(&"acted on boxes of another holder"), "{verdict}");
}

#[test]
fn a_fork_is_shown() {
    let mut day = small();
    day.fork(1);
    let verdict = judge(&day);
    assert_eq!(verdict.standing.exit_status(), 1);
    assert!(open(&verdict).contains(&"two events under one number"), "{verdict}");
}

#[test]
fn an_event_that_stands_twice_or_of_another_device_does_not_hold() {
    let mut day = small();
    day.events.push(day.events[0].clone());
    let verdict = judge(&day);
    assert_eq!(verdict.flaws[0].section, "event 5");
    assert_eq!(verdict.flaws[0].what, "stands in the record twice");

    let mut day = small();
    day.credentials.remove(0);
    let text = judge(&day).to_string();
    assert!(text.contains("event 1: no credential in the record vouches"), "{text}");
}

#[test]
fn findings_are_told_with_box_holder_and_event() {
    let day = moving_day();
    let verdict = judge(&day);
    assert_eq!(verdict.standing.exit_status(), 1);
    let headline = verdict.contents.as_ref().unwrap().headline.as_str();
    let expected = "41 of 42 boxes delivered; 1 missing, 1 seal broken; every signature verified";
    assert_eq!(headline, expected);
    let missing = verdict.open.iter().find(|open| open.what == "missing").unwrap();
    let last_four = day.labels[17].to_groups().pop().unwrap();
    assert_eq!(missing.boxes, [last_four]);
    assert_eq!(missing.held_by, ["Northside 3 (contractor)"]);
    assert_eq!(missing.claimed_at, Some(at(16, 22)));
    assert!(!verdict.to_string().contains(&day.labels[17].to_text()));
    let neutral: Vec<_> =
        verdict.open.iter().filter(|open| open.severity == Severity::Neutral).collect();
    assert_eq!(neutral.len(), 1);
    assert_eq!(neutral[0].what, "label typed by hand");
}

#[test]
fn a_box_that_turns_up_again_is_not_counted_missing() {
    let mut day = Day::new(2, 0);
    let mover = day.enrol("Mover 17", Role::Mover);
    day.tick(at(8, 0));
    day.act(mover, EventKind::TakeOver, &[0, 1], at(8, 10), More::default());
    let findings = vec![(FindingKind::Missing, vec![1])];
    let found = More { findings, ..More::default() };
    day.act(mover, EventKind::Count, &[0], at(8, 30), found);
    day.act(mover, EventKind::Deliver, &[0, 1], at(9, 0), More::default());
    day.sync(at(9, 5));
    let verdict = judge(&day);
    let headline = verdict.contents.as_ref().unwrap().headline.as_str();
    assert_eq!(headline, "All 2 boxes delivered; every signature verified");
    assert_eq!(open(&verdict), ["missing"], "the finding itself stays");
}

#[test]
fn a_machine_reads_the_same() {
    let json = serde_json::to_value(judge(&moving_day())).unwrap();
    assert_eq!(json["standing"], "holds-with-open-matters");
    assert_eq!(json["contents"]["delivered"], 41);
    assert_eq!(json["open"][0]["source"], "finding");
    assert_eq!(json["hq"]["known"], true);
}

/// Each rule, broken or perhaps broken, in words of its own.
#[test]
fn rules_are_said_in_words() {
    let mut day = small();
    let seen = More { about: Some(day.events[0].id()), ..More::default() };
    day.act(0, EventKind::SignOff, &[], at(9, 30), seen);
    day.sync(at(9, 40));
    let mut record = day.record();
    record.sensitive = day.list(&[1]);
    record.classes = BTreeMap::from([(BoxClass::Papers, day.list(&[0]))]);
    let revoked = BTreeMap::from([(day.device(1), at(8, 30)), (day.device(0), at(7, 0))]);
    let origin = ORIGIN.to_owned();
    let list = Revocations { version: Version, origin, epoch: 2, since: revoked };
    record.revocations = Some(day.hq.sign(list).as_bytes().to_vec().into());
    let bytes = day.hq.sign(record.clone()).as_bytes().to_vec();
    let verdict = verify(&bytes, Some(&day.hq_keys().identity()));
    assert_eq!(verdict.standing, Standing::HoldsWithOpenMatters, "{verdict}");
    let said: BTreeSet<&str> = open(&verdict).into_iter().collect();
    for what in [
        "by a revoked device",
        "perhaps by a revoked device",
        "signed by one person only",
        "not this role's to do",
    ] {
        assert!(said.contains(what), "{what} of {said:?}");
    }
    let neutral = verdict.open.iter().filter(|open| open.what.starts_with("perhaps"));
    assert!(
        neutral.clone().count() > 0
            && neutral.clone().all(|open| open.severity == Severity::Neutral)
    );
    let alone = verdict.open.iter().find(|open| open.what == "signed by one person only").unwrap();
    assert_eq!(alone.boxes.len(), 2, "both of the boxes that are not ordinary");
    let headline = &verdict.contents.unwrap().headline;
    assert!(headline.contains("rules broken"), "{headline}");

    // What the record says of classes and revocations must be readable and HQ's.
    let foreign = Day::new(9, 0).list(&[8]);
    record.sensitive = foreign;
    let other = Key::new();
    let origin = ORIGIN.to_owned();
    let list = Revocations { version: Version, origin, epoch: 3, since: BTreeMap::new() };
    record.revocations = Some(other.sign(list).as_bytes().to_vec().into());
    let verdict = verify(day.hq.sign(record).as_bytes(), Some(&day.hq_keys().identity()));
    assert_eq!(verdict.standing, Standing::DoesNotHold);
    let flaws: Vec<&str> = verdict.flaws.iter().map(|flaw| flaw.section.as_str()).collect();
    assert_eq!(flaws, ["the list of boxes that are not ordinary", "the list of revoked devices"]);
}
