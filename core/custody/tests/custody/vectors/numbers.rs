//! The numbers that stand in signed bytes and on disks keep their meaning.

use crewseal_custody::cbor;
use crewseal_custody::job::{Method, Verification};
use crewseal_custody::resolution::Decision;
use crewseal_custody::{Dispute, EventKind, FindingKind, Outcome, Protection, Refusal, Role};
use minicbor::{Decode, Encode};

fn same<T>(table: &[(T, u8)])
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + std::fmt::Debug,
{
    for (value, number) in table {
        let written = cbor::to_vec(number);
        assert_eq!(cbor::to_vec(value), written, "{value:?}");
        assert_eq!(cbor::from_slice::<T>(&written).as_ref(), Ok(value), "{number}");
    }
}

#[test]
fn of_events_and_findings() {
    same(&[
        (EventKind::Commission, 1),
        (EventKind::TakeOver, 2),
        (EventKind::Load, 3),
        (EventKind::Store, 4),
        (EventKind::Count, 5),
        (EventKind::Offer, 6),
        (EventKind::Accept, 7),
        (EventKind::Deliver, 8),
        (EventKind::SignOff, 9),
        (EventKind::Pack, 10),
        (EventKind::Seal, 11),
        (EventKind::Depart, 12),
        (EventKind::Arrive, 13),
        (EventKind::Unload, 14),
        (EventKind::Unpack, 15),
        (EventKind::CollectForDestruction, 16),
        (EventKind::Destroy, 17),
        (EventKind::Ack, 18),
        (EventKind::Withdraw, 19),
        (EventKind::Release, 20),
        (EventKind::Resume, 21),
        (EventKind::Informed, 22),
        (EventKind::HandBack, 23),
        (EventKind::Found, 24),
        (EventKind::VoidLabel, 25),
    ]);
    same(&[
        (FindingKind::Missing, 1),
        (FindingKind::NotOurs, 2),
        (FindingKind::Damaged, 3),
        (FindingKind::SealBroken, 4),
        (FindingKind::LabelTyped, 5),
        (FindingKind::LabelReplaced, 6),
        (FindingKind::CountDiffers, 7),
        (FindingKind::Absent, 8),
        (FindingKind::Refused, 9),
        (FindingKind::ClockDisagrees, 10),
    ]);
}

#[test]
fn of_people_jobs_and_decisions() {
    same(&[
        (Role::Mover, 1),
        (Role::Driver, 2),
        (Role::Warehouse, 3),
        (Role::Supervisor, 4),
        (Role::Contractor, 5),
    ]);
    same(&[(Method::KeysReplaced, 1)]);
    same(&[(Verification::KeyRefusedAndFilesSearched, 1)]);
    same(&[(Protection::Act, 0), (Protection::Handoff, 1)]);
    same(&[(Decision::SendAgain, 1), (Decision::GiveUp, 2)]);
}

#[test]
fn of_hqs_answers() {
    same(&[
        (Dispute::Fork, 1),
        (Dispute::BrokenChain, 2),
        (Dispute::UnknownBoxes, 3),
        (Dispute::IllFormed, 4),
    ]);
    let refusals = [
        (Refusal::Unreadable, 1),
        (Refusal::Malformed, 2),
        (Refusal::UnknownVersion, 3),
        (Refusal::UnknownDevice, 4),
        (Refusal::Signature, 5),
        (Refusal::Mislabelled, 6),
    ];
    same(&refusals);
    for (refusal, number) in refusals {
        assert_eq!(refusal.number(), number, "{refusal:?}");
        assert_eq!(Refusal::from_number(number), Some(refusal), "{number}");
    }
    for number in [0, 7, u8::MAX] {
        assert_eq!(Refusal::from_number(number), None, "{number}");
    }
    let outcomes: [(Outcome, &[u8]); 4] = [
        (Outcome::Stored, &[0x81, 0]),
        (Outcome::StoredAfterGap(300), &[0x82, 1, 0x19, 1, 0x2c]),
        (Outcome::StoredInDispute(Dispute::BrokenChain), &[0x82, 2, 2]),
        (Outcome::Erased, &[0x81, 3]),
    ];
    for (outcome, bytes) in outcomes {
        assert_eq!(cbor::to_vec(&outcome), bytes, "{outcome:?}");
        assert_eq!(cbor::from_slice::<Outcome>(bytes), Ok(outcome), "{bytes:?}");
    }
}
