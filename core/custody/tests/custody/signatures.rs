//! Signatures: in one envelope, over every byte, under the key that the kind wants.

use crewseal_custody::cbor::{self};
use crewseal_custody::signed::{Digest, Signed, SignedError, Unverified};
use crewseal_custody::{
    Act, Credential, Event, EventKind, Finding, FindingKind, Protection, Refused, admit,
};
use fixtures::paper::{self};
use proptest::prelude::*;

use crate::malleated::malleated;

/// Whoever has a signature (r, s) can make (r, n - s) of it without any key,
/// and it verifies as well. So the bytes of a message may come in two forms;
/// its id is the payload's, so both are one event: no fork, no second entry,
/// one receipt.
#[test]
fn malleated_leave_the_id_as_it_was() {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Load, paper::boxes([1]));
    let mut bytes = event.as_bytes().to_vec();
    let signature = bytes.len() - 64;
    malleated(&mut bytes[signature..]);
    assert_ne!(bytes, event.as_bytes());
    let twin = Signed::<Event>::open(&bytes, &mover.act.public).expect("it verifies");
    assert_eq!(twin.id(), event.id());
    assert_eq!(*twin, *event);
}

#[test]
fn in_any_other_envelope_are_refused() {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Load, paper::boxes([1]));
    let good = event.as_bytes();
    // d2 tag 18, 84 four items, 43 a10128 the protected header, a0 the other.
    assert_eq!(good[..7], [0xd2, 0x84, 0x43, 0xa1, 0x01, 0x28, 0xa0]);
    let rest = &good[7..];
    let with_head = |head: &[u8]| [head, rest].concat();
    let others = [
        ("no tag", good[1..].to_vec()),
        ("a long tag", with_head(&[0xd8, 18, 0x84, 0x43, 0xa1, 1, 0x28, 0xa0])),
        ("another tag", with_head(&[0xd1, 0x84, 0x43, 0xa1, 1, 0x28, 0xa0])),
        ("another algorithm", with_head(&[0xd2, 0x84, 0x43, 0xa1, 1, 0x26, 0xa0])),
        ("no algorithm", with_head(&[0xd2, 0x84, 0x40, 0xa0])),
        ("an unprotected header", with_head(&[0xd2, 0x84, 0x43, 0xa1, 1, 0x28, 0xa1, 4, 0x41, 0])),
        ("a trailing byte", [good, &[0]].concat()),
        ("a long protected header", with_head(&[0xd2, 0x84, 0x44, 0xa1, 1, 0x38, 8, 0xa0])),
        (
            "an indefinite protected header",
            with_head(&[0xd2, 0x84, 0x44, 0xbf, 1, 0x28, 0xff, 0xa0]),
        ),
    ];
    for (name, bytes) in others {
        let read = Unverified::<Event>::parse(&bytes).map(|_| ());
        assert_eq!(read, Err(SignedError::Envelope), "{name}");
    }
    for end in 0..good.len() {
        assert!(Unverified::<Event>::parse(&good[..end]).is_err(), "cut after {end} bytes");
    }
}

#[test]
fn cover_every_byte() {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Load, paper::boxes([1, 101, 300]));
    for at in 0..event.as_bytes().len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = event.as_bytes().to_vec();
            bytes[at] ^= flip;
            let read = Signed::<Event>::open(&bytes, &mover.act.public);
            assert!(read.is_err(), "byte {at} ^ {flip:#04x}");
        }
    }
}

#[test]
fn are_admitted_only_under_the_key_that_the_kind_wants() {
    let mut supervisor = paper::supervisor();
    let credential = supervisor.credential();
    for (kind, protection) in [
        (EventKind::Commission, Protection::Act),
        (EventKind::TakeOver, Protection::Act),
        (EventKind::Load, Protection::Act),
        (EventKind::Store, Protection::Act),
        (EventKind::Count, Protection::Act),
        (EventKind::Deliver, Protection::Act),
        (EventKind::SignOff, Protection::Handoff),
    ] {
        let about = (kind == EventKind::SignOff).then_some(Digest([7; 32]));
        let act = Act { about, ..paper::act(kind, paper::boxes([1])) };
        let event = supervisor.writes(act);
        assert_eq!(event.protection, protection, "{kind:?}");
        for claimed in [Protection::Act, Protection::Handoff] {
            for signed_by in [Protection::Act, Protection::Handoff] {
                let event = Event { protection: claimed, ..event.clone() };
                let bytes = supervisor.key(signed_by).sign(event).as_bytes().to_vec();
                let read = Unverified::<Event>::parse(&bytes).unwrap();
                let admitted = admit(read, |_| Some(&credential)).is_ok();
                let fits = claimed == protection && signed_by == protection;
                assert_eq!(admitted, fits, "{kind:?} as {claimed:?} by {signed_by:?}");
            }
        }
    }
}

#[test]
fn of_devices_that_hq_does_not_know_are_refused() {
    let event = paper::mover().does(EventKind::Load, paper::boxes([1]));
    let read = Unverified::<Event>::parse(event.as_bytes()).unwrap();
    assert_eq!(admit(read.clone(), |_| None).map(|_| ()), Err(Refused::UnknownDevice.into()));
    let others: Credential = paper::driver().credential();
    let admitted = admit(read, |_| Some(&others)).map(|_| ());
    assert_eq!(admitted, Err(Refused::Signed(SignedError::Signature).into()));
}

proptest! {
    #[test]
    fn events_of_any_bytes_are_read_or_refused(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut: prop::sample::Index,
    ) {
        let act = Act {
            findings: vec![Finding {
                kind: FindingKind::Damaged,
                boxes: paper::boxes([3]),
                photo: Some(Digest([1; 32])),
            }],
            attachments: vec![Digest([2; 32])],
            ..paper::act(EventKind::TakeOver, paper::boxes(0..10))
        };
        let event = paper::mover().writes(act);
        let good = cbor::to_vec(&event);
        let mut bytes = good.clone();
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        // What is read is what is written: no two byte strings are one event.
        if let Ok(read) = cbor::from_versioned::<Event, 1>(&bytes) {
            prop_assert_eq!(cbor::to_vec(&read), bytes.clone());
        }
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(cbor::from_versioned::<Event, 1>(&bytes).is_err());
    }
}
