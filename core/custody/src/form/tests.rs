//! Every field of every kind, missing where it must be, there where it may not, and at its
//! limits.

use std::collections::BTreeSet;

use crewseal_label::Token;

use super::*;
use crate::cbor;
use crate::signed::Digest;
use crate::{
    Act, Anchor, BootId, BoxList, Commitment, DeviceId, EventId, EventKind, EventVersion, Finding,
    FindingKind, Link, Lists, Moment, OneTimeCode, Onward, Protection, ReleaseProof, Row, Salt,
    Says, Since, SpotCheck,
};

/// Puts a field into an event, or takes it out.
type Set = fn(&mut Event, bool);

/// What a row says of a field.
type Said = fn(&Row) -> Presence;

/// The fields that depend on the kind, as the rows name them.
const FIELDS: [(u8, Said, Set); 14] = [
    (6, |row| row.job, |e, on| e.job = if on { JobId([1; 16]) } else { JobId::NONE }),
    (7, |row| row.boxes, |e, on| e.boxes = if on { boxes() } else { BoxList::default() }),
    (8, |row| row.findings, |e, on| e.findings = if on { vec![finding()] } else { Vec::new() }),
    (12, |row| row.place, |e, on| e.place = on.then_some(PLACE)),
    (13, |row| row.attachments, |e, on| e.attachments = on.then_some(ID).into_iter().collect()),
    (16, |row| row.to, |e, on| e.to = on.then_some(DeviceId([2; 16]))),
    (17, |row| row.about, |e, on| e.about = on.then_some(ID)),
    (18, |row| row.commitment, |e, on| e.commitment = on.then_some(Commitment([3; 20]))),
    (19, |row| row.opening, |e, on| e.opening = on.then_some(Salt([4; 16]))),
    (20, |row| row.spot_check, |e, on| e.spot_check = on.then_some(SpotCheck::Done)),
    (21, |row| row.proof, |e, on| e.proof = on.then_some(PROOF)),
    (22, |row| row.root, |e, on| e.root = on.then_some(ID)),
    (23, |row| row.code, |e, on| e.code = on.then(|| OneTimeCode::from_bytes([5; 10]))),
    (24, |row| row.statement, |e, on| e.statement = on.then_some(ID)),
];

const ID: EventId = Digest([9; 32]);
const PLACE: Place = Place { latitude: 1, longitude: 2, precision: 3 };
const PROOF: ReleaseProof = ReleaseProof { number: 1, signature: [6; 64] };

fn boxes() -> BoxList {
    Lists::new().name(&BTreeSet::from([Token::from_bytes([7; 16])])).unwrap()
}

fn finding() -> Finding {
    Finding { kind: FindingKind::Damaged, boxes: BoxList::default(), photo: None }
}

/// Every kind that there is, by the numbers that stand in events.
fn kinds() -> Vec<EventKind> {
    let numbers = (0..24).map(|n| vec![n]).chain((24..=255).map(|n| vec![0x18, n]));
    let kinds: Vec<EventKind> = numbers.filter_map(|bytes| cbor::from_slice(&bytes).ok()).collect();
    assert!(kinds.len() >= 25, "{kinds:?}");
    kinds
}

/// An event of a kind with nothing but what it must have.
fn barest(kind: EventKind) -> Event {
    let link = Link { device: DeviceId([8; 16]), generation: 1, sequence: 1, previous: None };
    let moment = Moment {
        claimed_at: 0,
        since: Since { boot: BootId([0; 4]), millis: 0 },
        anchor: Anchor { number: 1, nonce: Salt([0; 16]) },
    };
    let mut event = Event::new(link, moment, Salt([0; 16]), Act { kind, ..Act::resume() });
    for (_, presence, set) in FIELDS {
        set(&mut event, presence(&kind.row()) == Presence::Must);
    }
    event
}

#[test]
fn each_field_of_each_kind_is_there_where_it_must_be_and_nowhere_else() {
    for kind in kinds() {
        let good = barest(kind);
        assert_eq!(good.check_form(), Ok(()), "{kind:?}");
        for (field, presence, set) in FIELDS {
            let (mut with, mut without) = (good.clone(), good.clone());
            set(&mut with, true);
            set(&mut without, false);
            let (there, absent) = match presence(&kind.row()) {
                Presence::Must => (Ok(()), Err(FormError::Missing { field })),
                Presence::May => (Ok(()), Ok(())),
                Presence::MayNot => (Err(FormError::Forbidden { field }), Ok(())),
            };
            assert_eq!(with.check_form(), there, "{kind:?} with field {field}");
            assert_eq!(without.check_form(), absent, "{kind:?} without field {field}");
        }
    }
}

#[test]
fn each_kind_is_signed_by_one_key_and_numbered_from_1() {
    for kind in kinds() {
        let good = barest(kind);
        let other = match good.protection {
            Protection::Act => Protection::Handoff,
            Protection::Handoff => Protection::Act,
        };
        let wrong = Event { protection: other, ..good.clone() };
        assert_eq!(wrong.check_form(), Err(FormError::Key), "{kind:?}");
        for (generation, sequence) in [(0, 1), (1, 0), (1, MAX_SEQUENCE + 1)] {
            let wrong = Event { generation, sequence, ..good.clone() };
            assert_eq!(wrong.check_form(), Err(FormError::Number), "{kind:?}");
        }
        let last = Event { generation: u32::MAX, sequence: MAX_SEQUENCE, ..good };
        assert_eq!(last.check_form(), Ok(()), "{kind:?}");
    }
}

#[test]
fn the_first_format_has_neither_the_later_kinds_nor_statements() {
    for kind in kinds() {
        let old = Event { version: EventVersion::OLDEST, ..barest(kind) };
        let form = if kind.row().since == 1 { Ok(()) } else { Err(FormError::Kind) };
        assert_eq!(old.check_form(), form, "{kind:?}");
        if form.is_ok() {
            let said = Event { statement: Some(ID), ..old };
            assert_eq!(said.check_form(), Err(FormError::Forbidden { field: 24 }), "{kind:?}");
        }
    }
}

#[test]
fn nothing_goes_beyond_its_limits() {
    let count = barest(EventKind::Count);
    let at = |latitude, longitude| Some(Place { latitude, longitude, precision: u32::MAX });
    let digests =
        |n: usize| (0..n).map(|n| Digest([u8::try_from(n % 256).unwrap(); 32])).collect::<Vec<_>>();
    let good = [
        Event { place: at(POLE, HALF_TURN), ..count.clone() },
        Event { place: at(-POLE, -HALF_TURN), ..count.clone() },
        Event { findings: vec![finding(); MAX_FINDINGS], ..count.clone() },
        Event { attachments: digests(MAX_ATTACHMENTS), ..count.clone() },
    ];
    for event in good {
        assert_eq!(event.check_form(), Ok(()));
    }
    let bad = [
        (12, Event { place: at(POLE + 1, 0), ..count.clone() }),
        (12, Event { place: at(0, -HALF_TURN - 1), ..count.clone() }),
        (8, Event { findings: vec![finding(); MAX_FINDINGS + 1], ..count.clone() }),
        (13, Event { attachments: digests(MAX_ATTACHMENTS + 1), ..count.clone() }),
        (13, Event { attachments: vec![ID, ID], ..count }),
    ];
    for (field, event) in bad {
        assert_eq!(event.check_form(), Err(FormError::Limit { field }));
    }
}

/// What the record says of boxes hangs on these, so they are written out once more.
#[test]
fn what_lets_go_of_boxes_is_an_offer_a_delivery_a_hand_back_or_a_destruction() {
    for kind in kinds() {
        let lets_go = match kind.row().says {
            Says::LetsGo(onward) => Some(onward),
            Says::Has | Says::Nothing => None,
        };
        let expected = match kind {
            EventKind::Offer => Some(Onward::Receiver),
            EventKind::Deliver | EventKind::HandBack => Some(Onward::Customer),
            EventKind::Destroy => Some(Onward::Nowhere),
            _ => None,
        };
        assert_eq!(lets_go, expected, "{kind:?}");
    }
}
