//! Custody on paper: box lists, events, and what verification makes of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what is not as it should be is what the tests are to fail on"
)]

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::rules::Rule;
use crewseal_custody::signed::{
    Digest, Message, Namespace, PublicKey, Signed, SignedError, Unverified,
};
use crewseal_custody::{
    Act, BoxList, BoxListError, Credential, Custody, DeviceId, Dispute, Event, EventId, Evidence,
    FaultKind, Finding, FindingKind, Holder, JobId, Kind, Lists, MAX_BOXES, Outcome, Protection,
    Receipt, Record, Refusal, Refused, Salt, Tick, admit,
};
use crewseal_label::Token;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use proptest::prelude::*;

mod crew_on_paper;
use crew_on_paper as paper;

fn set(numbers: impl IntoIterator<Item = u16>) -> BTreeSet<Token> {
    numbers.into_iter().map(paper::token).collect()
}

mod box_lists {
    use super::*;

    proptest! {
        #[test]
        fn name_the_same_boxes_to_everyone_who_has_the_lists(
            on_manifest in 1_u16..200,
            on_roll in 1_u16..200,
            picked in proptest::collection::btree_set(0_u16..600, 0..120),
        ) {
            let mut lists = Lists::new();
            lists.add_manifests(paper::manifests(&paper::tokens(0..on_manifest)));
            lists.add_roll(paper::roll(&paper::tokens(200..200 + on_roll)));
            let boxes = set(picked);
            let count = boxes.len();
            let named = lists.name(&boxes).unwrap();
            let bytes = cbor::to_vec(&named);
            let read: BoxList = cbor::from_slice(&bytes).unwrap();
            prop_assert_eq!(lists.resolve(&read), Ok(boxes));
            prop_assert_eq!(read.count(), count);
            prop_assert_eq!(lists.name(&lists.resolve(&read).unwrap()).unwrap(), named);
        }

        #[test]
        fn of_any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(list) = cbor::from_slice::<BoxList>(&bytes) {
                let _ = paper::lists().resolve(&list);
            }
        }

        #[test]
        fn of_damaged_bytes_are_read_or_refused(at: prop::sample::Index, flip in 1_u8..) {
            let lists = paper::lists();
            let mut bytes = cbor::to_vec(&lists.name(&set([0, 3, 9, 104, 118, 400])).unwrap());
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if let Ok(list) = cbor::from_slice::<BoxList>(&bytes)
                && let Ok(boxes) = lists.resolve(&list)
            {
                // Whoever reads it sees other boxes, never the same from other bytes.
                prop_assert_ne!(boxes, set([0, 3, 9, 104, 118, 400]), "byte {}", at);
            }
        }
    }

    /// A list as anybody could write it, canonical or not.
    fn written(segments: &[Vec<u8>]) -> BoxList {
        let head = 0x80 + u8::try_from(segments.len()).unwrap();
        let bytes = [vec![head], segments.concat()].concat();
        cbor::from_slice(&bytes).expect("a list in form")
    }

    fn of_manifest(number: u32, list: Digest, first: u32, bits: &[u8]) -> Vec<u8> {
        cbor::to_vec(&(0_u8, number, list, (first, ByteVec::from(bits.to_vec()))))
    }

    fn of_roll(list: Digest, first: u32, bits: &[u8]) -> Vec<u8> {
        cbor::to_vec(&(1_u8, list, (first, ByteVec::from(bits.to_vec()))))
    }

    fn of_tokens(bytes: &[u8]) -> Vec<u8> {
        cbor::to_vec(&(2_u8, ByteVec::from(bytes.to_vec())))
    }

    fn one_by_one(numbers: &[u16]) -> Vec<u8> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| *paper::token(*n).as_bytes()).collect();
        of_tokens(&bytes)
    }

    fn ids() -> (Digest, Digest) {
        let manifest = paper::manifests(&paper::tokens(0..10)).newest().unwrap().id();
        (manifest, paper::roll(&paper::tokens(100..120)).id())
    }

    #[test]
    fn in_any_other_form_are_refused() {
        let (manifest, roll) = ids();
        let (a, b) = if paper::token(400) < paper::token(401) { (400, 401) } else { (401, 400) };
        let good = written(&[
            of_manifest(1, manifest, 0, &[0b101]),
            of_roll(roll, 1, &[1]),
            one_by_one(&[a, b]),
        ]);
        assert_eq!(paper::lists().resolve(&good), Ok(set([0, 2, 108, 400, 401])));

        let others = [
            (
                "segments out of order",
                vec![of_roll(roll, 0, &[1]), of_manifest(1, manifest, 0, &[1])],
            ),
            ("a segment twice", vec![of_roll(roll, 0, &[1]), of_roll(roll, 0, &[1])]),
            ("one roll in two segments", vec![of_roll(roll, 0, &[1]), of_roll(roll, 0, &[2])]),
            (
                "one manifest in two segments",
                vec![of_manifest(1, manifest, 0, &[1]), of_manifest(1, manifest, 0, &[2])],
            ),
            ("single tokens in two segments", { vec![one_by_one(&[a]), one_by_one(&[b])] }),
            ("a manifest under another number", vec![of_manifest(2, manifest, 0, &[1])]),
            ("no bits", vec![of_roll(roll, 0, &[])]),
            ("zeros at the front", vec![of_roll(roll, 0, &[0, 1])]),
            ("zeros at the end", vec![of_roll(roll, 0, &[1, 0])]),
            ("no tokens", vec![of_tokens(&[])]),
            ("half a token", vec![of_tokens(&[7; 24])]),
            ("tokens falling", vec![one_by_one(&[b, a])]),
            ("a token twice", vec![one_by_one(&[a, a])]),
            (
                "a box by its list and by its token",
                vec![of_roll(roll, 0, &[1]), one_by_one(&[100])],
            ),
            ("more bits than a list may have", vec![of_roll(roll, 0, &[1; MAX_BOXES / 8 + 1])]),
        ];
        for (name, segments) in others {
            let resolved = paper::lists().resolve(&written(&segments));
            assert_eq!(resolved, Err(BoxListError::NotCanonical), "{name}");
        }
    }

    #[test]
    fn that_name_what_is_not_there_are_refused_whole() {
        let (manifest, roll) = ids();
        let lists = paper::lists();
        for (list, segment, index) in [
            (manifest, of_manifest(1, manifest, 1, &[0b100]), 10),
            (roll, of_roll(roll, 2, &[0b1_0000]), 20),
            (roll, of_roll(roll, 8_191, &[0x80]), 65_535),
            (roll, of_roll(roll, u32::MAX, &[0x80]), usize::try_from(u32::MAX).unwrap() * 8 + 7),
        ] {
            let resolved = lists.resolve(&written(&[segment]));
            assert_eq!(resolved, Err(BoxListError::NoSuchBox { list, index }));
        }
        let list = Digest([9; 32]);
        for segment in [of_manifest(1, list, 0, &[1]), of_roll(list, 0, &[1])] {
            let resolved = lists.resolve(&written(&[segment]));
            assert_eq!(resolved, Err(BoxListError::UnknownList { list }));
        }
    }

    #[test]
    fn keep_their_meaning_when_the_manifest_grows() {
        let first = paper::hq().sign(paper::manifest(1, None, &paper::tokens(0..5)));
        let second = paper::manifest(2, Some(first.id()), &paper::tokens(5..8));
        let mut manifests = crewseal_custody::Manifests::default();
        manifests.push(first).unwrap();
        let mut before = Lists::new();
        before.add_manifests(manifests.clone());
        let named = before.name(&set(0..5)).unwrap();

        manifests.push(paper::hq().sign(second)).unwrap();
        let mut after = Lists::new();
        after.add_manifests(manifests);
        assert_eq!(after.resolve(&named), Ok(set(0..5)));
        let newer = after.name(&set(0..8)).unwrap();
        assert!(matches!(before.resolve(&newer), Err(BoxListError::UnknownList { .. })));
    }

    #[test]
    fn show_nothing_of_labels_that_a_roll_hides() {
        let named = paper::boxes([100, 101]);
        let mut lists = Lists::new();
        let shown = paper::token(100);
        let roll = paper::roll(&paper::tokens(100..120));
        lists.add_roll(roll.disclosing(|token| *token == shown));
        let list = roll.id();
        assert_eq!(lists.resolve(&named), Err(BoxListError::NoSuchBox { list, index: 1 }));
    }
}

mod namespaces {
    use super::*;

    /// One message of no meaning for each namespace, all in the same bytes.
    macro_rules! probes {
        ($($namespace:ident),*) => {
            $(
                #[derive(Clone, Debug, PartialEq, Encode, Decode)]
                #[cbor(map)]
                struct $namespace {
                    #[n(0)]
                    version: Version<1>,
                }

                impl Message for $namespace {
                    const NAMESPACE: Namespace = Namespace::$namespace;
                }
            )*

            /// Who believes these bytes, by namespace.
            fn believers(bytes: &[u8], key: &PublicKey) -> Vec<Namespace> {
                let mut believers = Vec::new();
                $(
                    if Signed::<$namespace>::open(bytes, key).is_ok() {
                        believers.push(Namespace::$namespace);
                    }
                )*
                believers
            }

            fn one_of_each(key: &paper::Key) -> Vec<(Namespace, Vec<u8>, Digest)> {
                vec![$({
                    let signed = key.sign($namespace { version: Version });
                    (Namespace::$namespace, signed.as_bytes().to_vec(), signed.id())
                }),*]
            }

            /// Does not build when a namespace is missing above.
            const fn is_probed(namespace: Namespace) -> bool {
                match namespace { $(Namespace::$namespace => true),* }
            }
        };
    }
    probes!(
        Roll,
        Manifest,
        Credential,
        Tick,
        JobPack,
        Event,
        Receipt,
        Record,
        Enrolment,
        Session,
        Release,
        Device,
        RollLeaf,
        RollRoot,
        Epoch,
        SealingKey,
        ReleaseKey,
        Drawing,
        Batch,
        Commitment,
        SpotCheck,
        Revocations,
        Nda,
        SignOffRequest,
        OneTimeCode,
        Confirmation,
        CustomerReceipt,
        Erasure,
        Resolution,
        Attachment,
        AttachmentReceipt
    );

    #[test]
    fn a_signature_made_in_one_is_refused_in_every_other() {
        let key = paper::hq();
        let messages = one_of_each(&key);
        for (namespace, bytes, _) in &messages {
            assert!(is_probed(*namespace));
            assert_eq!(believers(bytes, &key.public), [*namespace]);
        }
        let ids: BTreeSet<Digest> = messages.iter().map(|(_, _, id)| *id).collect();
        assert_eq!(ids.len(), messages.len(), "the same payload has another id in each");
        let texts: BTreeSet<&str> = messages.iter().map(|(space, _, _)| space.as_str()).collect();
        assert_eq!(texts.len(), messages.len());
    }
}

mod signatures {
    use super::*;

    /// The order of the group of P-256.
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];

    /// n - s, both big-endian.
    fn negated(s: &[u8]) -> Vec<u8> {
        let mut borrow = 0;
        let mut difference = vec![0; 32];
        for at in (0..32).rev() {
            let (first, under) = ORDER[at].overflowing_sub(s[at]);
            let (second, under_too) = first.overflowing_sub(borrow);
            difference[at] = second;
            borrow = u8::from(under || under_too);
        }
        difference
    }

    /// Whoever has a signature (r, s) can make (r, n - s) of it without any key,
    /// and it verifies as well. So the bytes of a message may come in two forms;
    /// its id is the payload's, so both are one event: no fork, no second entry,
    /// one receipt.
    #[test]
    fn malleated_leave_the_id_as_it_was() {
        let mut mover = paper::mover();
        let event = mover.does(Kind::Load, paper::boxes([1]));
        let mut bytes = event.as_bytes().to_vec();
        let s = bytes.len() - 32;
        let other = negated(&bytes[s..]);
        bytes[s..].copy_from_slice(&other);
        assert_ne!(bytes, event.as_bytes());
        let twin = Signed::<Event>::open(&bytes, &mover.act.public).expect("it verifies");
        assert_eq!(twin.id(), event.id());
        assert_eq!(*twin, *event);
    }

    #[test]
    fn in_any_other_envelope_are_refused() {
        let mut mover = paper::mover();
        let event = mover.does(Kind::Load, paper::boxes([1]));
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
            (
                "an unprotected header",
                with_head(&[0xd2, 0x84, 0x43, 0xa1, 1, 0x28, 0xa1, 4, 0x41, 0]),
            ),
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
        let event = mover.does(Kind::Load, paper::boxes([1, 101, 300]));
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
            (Kind::Commission, Protection::Act),
            (Kind::TakeOver, Protection::Act),
            (Kind::Load, Protection::Act),
            (Kind::Store, Protection::Act),
            (Kind::Count, Protection::Act),
            (Kind::Deliver, Protection::Act),
            (Kind::SignOff, Protection::Handoff),
        ] {
            let event = supervisor.writes(paper::act(kind, paper::boxes([1])));
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
        let event = paper::mover().does(Kind::Load, paper::boxes([1]));
        let read = Unverified::<Event>::parse(event.as_bytes()).unwrap();
        assert_eq!(admit(read.clone(), |_| None).map(|_| ()), Err(Refused::UnknownDevice));
        let others: Credential = paper::driver().credential();
        let admitted = admit(read, |_| Some(&others)).map(|_| ());
        assert_eq!(admitted, Err(Refused::Signed(SignedError::Signature)));
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
                ..paper::act(Kind::TakeOver, paper::boxes(0..10))
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
}

mod evidence {
    use crewseal_custody::{Finding, FindingKind, ReleaseCode, ReleaseKey, ReleaseProof};

    use super::*;

    /// A day as it should be: the mover labels and takes over, hands to the
    /// driver, who loads and delivers; the supervisor signs off.
    struct Day {
        events: Vec<Signed<Event>>,
        phones: [paper::Phone; 3],
    }

    fn day() -> Day {
        let (mut mover, mut driver, mut supervisor) =
            (paper::mover(), paper::driver(), paper::supervisor());
        let all = || paper::boxes((0..10).chain([100, 101]));
        let commission = mover.does(Kind::Commission, paper::boxes([100, 101]));
        let take_over = mover.does(Kind::TakeOver, all());
        let offer = mover.offers(driver.device(), all());
        driver.claims = mover.claims;
        let accept = driver.answers(Kind::Accept, offer.id(), all());
        let load = driver.does(Kind::Load, all());
        driver.claims += 3_600;
        let deliver = driver.does(Kind::Deliver, all());
        supervisor.claims = driver.claims;
        let sign_off = supervisor.answers(Kind::SignOff, deliver.id(), all());
        let events = vec![commission, take_over, offer, accept, load, deliver, sign_off];
        Day { events, phones: [mover, driver, supervisor] }
    }

    fn known<'e>(events: impl IntoIterator<Item = &'e Signed<Event>>) -> Evidence {
        let (mover, driver, supervisor) = (paper::mover(), paper::driver(), paper::supervisor());
        let mut evidence = paper::evidence(&[&mover, &driver, &supervisor]);
        evidence.events.extend(events.into_iter().map(|event| (event.id(), event.clone())));
        evidence
    }

    fn receipted(evidence: &mut Evidence, event: &Signed<Event>, outcome: Outcome, at: u64) {
        let receipt = paper::hq().sign(paper::receipt(event, outcome, at));
        evidence.receipts.insert(event.id(), receipt);
    }

    fn kinds(custody: &Custody) -> Vec<FaultKind> {
        custody.faults.iter().map(|fault| fault.kind).collect()
    }

    fn fault(custody: &Custody, kind: FaultKind) -> (BTreeSet<EventId>, BTreeSet<Token>) {
        let found = custody.faults.iter().find(|fault| fault.kind == kind);
        found.map(|fault| (fault.events.clone(), fault.boxes.clone())).unwrap_or_default()
    }

    fn holder(custody: &Custody, number: u16) -> Holder {
        custody.holders[&paper::token(number)]
    }

    #[test]
    fn of_a_clean_day_shows_no_fault_and_every_step() {
        let day = day();
        let mut evidence = known(&day.events);
        for event in &day.events {
            receipted(&mut evidence, event, Outcome::Stored, event.claimed_at + 60);
        }
        let custody = evidence.verify();
        assert_eq!(custody.faults, BTreeSet::new());
        for number in (0..10).chain([100, 101]) {
            assert_eq!(holder(&custody, number), Holder::Customer, "{number}");
        }
        let driver = Holder::Device(day.phones[1].device());
        let mover = Holder::Device(day.phones[0].device());
        let passing =
            Holder::InDoubt { giver: day.phones[0].device(), receiver: day.phones[1].device() };
        let steps = &custody.steps[&paper::token(100)];
        let story: Vec<_> = steps.iter().map(|step| (step.kind, step.holder)).collect();
        assert_eq!(
            story,
            [
                (Kind::Commission, Holder::Customer),
                (Kind::TakeOver, mover),
                (Kind::Offer, passing),
                (Kind::Accept, driver),
                (Kind::Load, driver),
                (Kind::Deliver, Holder::Customer),
                (Kind::SignOff, Holder::Customer),
            ]
        );
        for step in steps {
            assert_eq!(step.not_before, Some(paper::MORNING));
            assert_eq!(step.not_after.map(|at| at <= step.claimed_at + 60), Some(true));
        }
    }

    #[test]
    fn is_the_same_in_whatever_order_it_arrives() {
        let day = day();
        let mut whole = known(&day.events);
        for event in &day.events {
            receipted(&mut whole, event, Outcome::Stored, event.claimed_at + 60);
        }
        let expected = whole.verify();
        // Sets have no order of arrival; what could have one is the dates, and
        // the causes must win over them. Every event in turn is told first.
        for first in 0..day.events.len() {
            let turned = day.events[first..].iter().chain(&day.events[..first]);
            let mut evidence = known(turned);
            for event in day.events.iter().rev() {
                receipted(&mut evidence, event, Outcome::Stored, event.claimed_at + 60);
            }
            assert_eq!(evidence.verify(), expected, "starting with {first}");
        }
        let order: Vec<EventId> = whole.in_order().iter().map(|event| event.id()).collect();
        let told: Vec<EventId> = day.events.iter().map(Signed::id).collect();
        assert_eq!(order, told);
    }

    #[test]
    fn with_a_withheld_event_shows_a_gap_unless_a_receipt_covers_it() {
        let mut mover = paper::mover();
        let first = mover.does(Kind::TakeOver, paper::boxes([1]));
        let withheld = mover.acts_elsewhere();
        let third = mover.does(Kind::Deliver, paper::boxes([1]));
        let mut evidence = known([&first, &third]);
        let gap = FaultKind::Gap { device: mover.device(), generation: 1, from: 2, to: 3 };
        assert_eq!(kinds(&evidence.verify()), [gap]);

        receipted(&mut evidence, &withheld, Outcome::Stored, paper::MORNING + 7_200);
        assert_eq!(kinds(&evidence.verify()), []);
    }

    /// A refusal answers whoever sent the envelope; it shows no event of the
    /// device that the envelope names.
    #[test]
    fn a_refusal_neither_covers_a_gap_nor_makes_a_fork() {
        let mut mover = paper::mover();
        let first = mover.does(Kind::TakeOver, paper::boxes([1]));
        let withheld = mover.acts_elsewhere();
        let third = mover.does(Kind::Deliver, paper::boxes([1]));
        let refused = Outcome::Refused(Refusal::Unreadable);
        let mut evidence = known([&first, &third]);
        receipted(&mut evidence, &withheld, refused, paper::MORNING + 7_200);
        let gap = FaultKind::Gap { device: mover.device(), generation: 1, from: 2, to: 3 };
        assert_eq!(kinds(&evidence.verify()), [gap], "a refused event is not at HQ");

        let mut evidence = known([&first]);
        let mut forged = paper::receipt(&first, refused, paper::MORNING + 7_200);
        forged.event = Digest([0xbd; 32]);
        let forged = paper::hq().sign(forged);
        evidence.receipts.insert(forged.event, forged);
        assert_eq!(kinds(&evidence.verify()), [], "anybody can address an envelope");
    }

    #[test]
    fn two_events_of_one_number_are_a_fork() {
        let mut mover = paper::mover();
        let first = mover.does(Kind::TakeOver, paper::boxes([1]));
        let place = mover.link;
        let one = mover.does(Kind::Load, paper::boxes([1]));
        mover.link = place;
        let other = mover.does(Kind::Count, paper::boxes([1]));
        let custody = known([&first, &one, &other]).verify();
        assert_eq!(kinds(&custody), [FaultKind::Fork]);
        assert_eq!(fault(&custody, FaultKind::Fork).0, BTreeSet::from([one.id(), other.id()]));

        // HQ's receipt is enough to show the other.
        let mut evidence = known([&first, &one]);
        let outcome = Outcome::StoredInDispute(Dispute::Fork);
        receipted(&mut evidence, &other, outcome, paper::MORNING + 7_200);
        assert_eq!(kinds(&evidence.verify()), [FaultKind::Fork]);
    }

    #[test]
    fn a_new_generation_is_no_fork_and_its_numbers_begin_again() {
        let mut mover = paper::mover();
        let first = mover.does(Kind::TakeOver, paper::boxes([1]));
        (mover.link.generation, mover.link.sequence) = (2, 1);
        let resumed = mover.signs(Act::resume());
        let again = mover.does(Kind::Count, paper::boxes([1]));
        assert_eq!(kinds(&known([&first, &resumed, &again]).verify()), []);
        assert_eq!(resumed.job, JobId::NONE);
        let mut evidence = known([&first, &again]);
        receipted(&mut evidence, &resumed, Outcome::Stored, paper::MORNING + 7_200);
        assert_eq!(kinds(&evidence.verify()), [], "a receipt shows that something was there");
    }

    #[test]
    fn a_new_generation_that_does_not_say_that_the_store_was_restored_is_named() {
        let mut mover = paper::mover();
        let first = mover.does(Kind::TakeOver, paper::boxes([1]));
        (mover.link.generation, mover.link.sequence) = (2, 1);
        let again = mover.does(Kind::Count, paper::boxes([1]));
        let custody = known([&first, &again]).verify();
        assert_eq!(kinds(&custody), [FaultKind::Undeclared]);
        assert_eq!(fault(&custody, FaultKind::Undeclared).0, BTreeSet::from([again.id()]));

        let elsewhere = mover.signs(Act::resume());
        let custody = known([&first, &again, &elsewhere]).verify();
        let named = custody.faults.iter().flat_map(|fault| fault.events.clone());
        assert_eq!(named.collect::<BTreeSet<_>>(), BTreeSet::from([again.id(), elsewhere.id()]));
        let mut driver = paper::driver();
        let first = driver.signs(Act::resume());
        assert_eq!(kinds(&known([&first]).verify()), [FaultKind::Undeclared], "nothing before it");
    }

    #[test]
    fn an_event_that_names_another_before_it_breaks_the_chain() {
        let mut mover = paper::mover();
        let first = mover.does(Kind::TakeOver, paper::boxes([1]));
        mover.link.previous = Some(Digest([3; 32]));
        let second = mover.does(Kind::Load, paper::boxes([1]));
        let custody = known([&first, &second]).verify();
        assert_eq!(kinds(&custody), [FaultKind::BrokenChain]);
        assert_eq!(fault(&custody, FaultKind::BrokenChain).0, BTreeSet::from([second.id()]));

        let mut driver = paper::driver();
        driver.link.previous = Some(Digest([3; 32]));
        let first = driver.does(Kind::Count, BoxList::default());
        assert_eq!(kinds(&known([&first]).verify()), [FaultKind::BrokenChain], "a first event");
    }

    #[test]
    fn whoever_acts_on_anothers_boxes_is_told_so_and_moves_nothing() {
        let (mut mover, mut driver) = (paper::mover(), paper::driver());
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1, 2]));
        driver.claims = mover.claims;
        let load = driver.does(Kind::Load, paper::boxes([2, 3]));
        let custody = known([&take_over, &load]).verify();
        assert_eq!(kinds(&custody), [FaultKind::NotTheHolder]);
        let (events, boxes) = fault(&custody, FaultKind::NotTheHolder);
        assert_eq!((events, boxes), (BTreeSet::from([load.id()]), set([2, 3])));
        assert_eq!(holder(&custody, 2), Holder::Device(mover.device()));
    }

    #[test]
    fn custody_passes_for_what_both_have_signed() {
        let (mut mover, mut driver) = (paper::mover(), paper::driver());
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1, 2, 3, 4]));
        let offer = mover.offers(driver.device(), paper::boxes([1, 2, 3]));
        driver.claims = mover.claims;
        let accept = driver.answers(Kind::Accept, offer.id(), paper::boxes([2, 3, 4]));
        let custody = known([&take_over, &offer, &accept]).verify();
        assert_eq!(kinds(&custody), [FaultKind::NotAccepted, FaultKind::NotOffered]);
        let both = BTreeSet::from([offer.id(), accept.id()]);
        assert_eq!(fault(&custody, FaultKind::NotAccepted), (both.clone(), set([1])));
        assert_eq!(fault(&custody, FaultKind::NotOffered), (both, set([4])));
        for (number, phone) in [(1, &mover), (2, &driver), (3, &driver), (4, &mover)] {
            assert_eq!(holder(&custody, number), Holder::Device(phone.device()), "box {number}");
        }
    }

    #[test]
    fn an_acceptance_without_an_offer_to_its_device_moves_nothing() {
        let (mut mover, keeper) = (paper::mover(), paper::keeper());
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1]));
        let to_another = mover.offers(keeper.device(), paper::boxes([1]));
        for about in [to_another.id(), take_over.id(), Digest([1; 32])] {
            let accept = paper::driver().answers(Kind::Accept, about, paper::boxes([1]));
            let mut evidence = known([&take_over, &to_another, &accept]);
            evidence.credentials.insert(keeper.device(), paper::hq().sign(keeper.credential()));
            let custody = evidence.verify();
            assert_eq!(kinds(&custody), [FaultKind::NoSuchOffer]);
            let offered = Holder::InDoubt { giver: mover.device(), receiver: keeper.device() };
            assert_eq!(holder(&custody, 1), offered, "as before");
        }
    }

    /// A crew that takes over and delivers, and a customer with a code for each.
    struct Released {
        mover: paper::Phone,
        take_over: Signed<Event>,
        deliver: Signed<Event>,
        codes: [ReleaseCode; 2],
    }

    impl Released {
        fn new() -> Self {
            let mut mover = paper::mover();
            let take_over = mover.does(Kind::TakeOver, paper::boxes([1]));
            let deliver = mover.does(Kind::Deliver, paper::boxes([1]));
            let codes = [[0x11; 10], [0x22; 10]].map(ReleaseCode::from_bytes);
            Self { mover, take_over, deliver, codes }
        }

        fn release(&mut self, about: EventId, proof: ReleaseProof) -> Signed<Event> {
            let act = Act { about: Some(about), ..paper::act(Kind::Release, BoxList::default()) };
            let event = Event { proof: Some(proof), ..self.mover.writes(act) };
            let event = self.mover.act.sign(event);
            self.mover.link.previous = Some(event.id());
            event
        }

        fn faults(&self, releases: &[&Signed<Event>]) -> Vec<FaultKind> {
            let events =
                [&self.take_over, &self.deliver].into_iter().chain(releases.iter().copied());
            let mut evidence = known(events);
            for (number, kind) in [(1, Kind::TakeOver), (2, Kind::Deliver)] {
                let code = &self.codes[usize::from(number) - 1];
                let key = ReleaseKey::of(paper::JOB, number, kind, code);
                evidence.release_keys.insert(number, key);
            }
            kinds(&evidence.verify())
        }
    }

    #[test]
    fn a_release_confirms_the_act_that_it_cites() {
        let mut day = Released::new();
        let (taken, delivered) = (day.take_over.id(), day.deliver.id());
        assert_eq!(day.faults(&[]), [FaultKind::NotConfirmed, FaultKind::NotConfirmed]);
        let first = day.codes[0].sign(paper::JOB, 1, &taken);
        let first = day.release(taken, first);
        assert_eq!(day.faults(&[&first]), [FaultKind::NotConfirmed]);
        let second = day.codes[1].sign(paper::JOB, 2, &delivered);
        let second = day.release(delivered, second);
        assert_eq!(day.faults(&[&first, &second]), []);
        let again = day.codes[0].sign(paper::JOB, 1, &taken);
        let again = day.release(taken, again);
        assert_eq!(day.faults(&[&first, &second, &again]), [], "twice the same is once");
    }

    #[test]
    fn a_release_code_for_another_act_or_guessed_confirms_nothing() {
        let mut day = Released::new();
        let (taken, delivered) = (day.take_over.id(), day.deliver.id());
        let guessed = ReleaseCode::from_bytes([0x33; 10]);
        let proofs = [
            ("of another act", day.codes[1].sign(paper::JOB, 2, &taken)),
            ("under another number", day.codes[1].sign(paper::JOB, 1, &taken)),
            ("of another job", day.codes[0].sign(paper::OTHER_JOB, 1, &taken)),
            ("over another statement", day.codes[0].sign(paper::JOB, 1, &delivered)),
            ("guessed", guessed.sign(paper::JOB, 1, &taken)),
        ];
        for (name, proof) in proofs {
            let release = day.release(taken, proof);
            let faults = day.faults(&[&release]);
            assert!(faults.contains(&FaultKind::WrongRelease), "{name}: {faults:?}");
            assert_eq!(
                faults.iter().filter(|f| **f == FaultKind::NotConfirmed).count(),
                2,
                "{name}"
            );
        }
    }

    #[test]
    fn a_release_code_used_twice_confirms_neither() {
        let mut day = Released::new();
        let second_delivery = day.mover.does(Kind::Deliver, paper::boxes([1]));
        let releases = [day.deliver.id(), second_delivery.id()].map(|statement| {
            let proof = day.codes[1].sign(paper::JOB, 2, &statement);
            day.release(statement, proof)
        });
        let faults = day.faults(&[&second_delivery, &releases[0], &releases[1]]);
        assert!(faults.contains(&FaultKind::ReleasedTwice), "{faults:?}");
        assert_eq!(faults.iter().filter(|f| **f == FaultKind::NotConfirmed).count(), 3);
    }

    #[test]
    fn an_absent_or_refusing_customer_blocks_nothing_and_is_said() {
        for kind in [FindingKind::Absent, FindingKind::Refused] {
            let mut day = Released::new();
            let finding = Finding { kind, boxes: paper::boxes([1]), photo: None };
            let act = paper::act(Kind::Deliver, paper::boxes([1]));
            day.mover = paper::mover();
            day.take_over = day.mover.does(Kind::TakeOver, paper::boxes([1]));
            day.deliver = day.mover.signs(Act { findings: vec![finding], ..act });
            assert_eq!(day.faults(&[]), [FaultKind::NotConfirmed], "the taking over only");
        }
    }

    #[test]
    fn what_was_taken_over_and_is_not_delivered_is_named() {
        let mut mover = paper::mover();
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1, 2, 3]));
        assert_eq!(kinds(&known([&take_over]).verify()), [], "on the road nothing is missing");
        let deliver = mover.does(Kind::Deliver, paper::boxes([1, 3]));
        let custody = known([&take_over, &deliver]).verify();
        assert_eq!(kinds(&custody), [FaultKind::NotDelivered]);
        assert_eq!(fault(&custody, FaultKind::NotDelivered).1, set([2]));
    }

    #[test]
    fn only_a_supervisor_signs_off() {
        let (mut mover, mut supervisor) = (paper::mover(), paper::supervisor());
        let count = mover.does(Kind::Count, BoxList::default());
        let own = mover.answers(Kind::SignOff, count.id(), BoxList::default());
        supervisor.claims = mover.claims;
        let good = supervisor.answers(Kind::SignOff, count.id(), BoxList::default());
        let custody = known([&count, &own, &good]).verify();
        let expected = [FaultKind::Broken(Rule::Role), FaultKind::Broken(Rule::OwnSignOff)];
        assert_eq!(kinds(&custody), expected);
        assert_eq!(fault(&custody, FaultKind::Broken(Rule::Role)).0, BTreeSet::from([own.id()]));
    }

    #[test]
    fn a_tick_that_hq_never_signed_is_named() {
        let mut mover = paper::mover();
        mover.tick = 99;
        let unknown = mover.does(Kind::Count, BoxList::default());
        let mut evidence = known([&unknown]);
        assert_eq!(kinds(&evidence.verify()), [FaultKind::UnknownAnchor]);
        // The number is HQ's, the random bytes are not.
        let tick = crewseal_custody::Tick { nonce: paper::nonce(98), ..paper::tick(99) };
        evidence.ticks.insert(99, paper::hq().sign(tick));
        assert_eq!(kinds(&evidence.verify()), [FaultKind::UnknownAnchor]);
    }

    #[test]
    fn a_clock_disagrees_only_beyond_the_tolerance() {
        let earliest = paper::MORNING;
        let latest = paper::MORNING + 3_600;
        for (claimed, disagrees) in [
            (earliest - 121, true),
            (earliest - 120, false),
            (earliest, false),
            (latest + 120, false),
            (latest + 121, true),
            (0, true),
            (u64::MAX, true),
        ] {
            let mut mover = paper::mover();
            mover.claims = claimed.min(u64::MAX - 60);
            let count = mover.does(Kind::Count, BoxList::default());
            let mut evidence = known([&count]);
            receipted(&mut evidence, &count, Outcome::Stored, latest);
            let expected: &[FaultKind] = if disagrees { &[FaultKind::ClockDisagrees] } else { &[] };
            assert_eq!(kinds(&evidence.verify()), expected, "claimed {claimed}");
        }
    }

    #[test]
    fn a_credential_is_broken_only_if_the_whole_time_lies_outside() {
        let mut mover = paper::mover();
        mover.tick = 4;
        let count = mover.does(Kind::Count, BoxList::default());
        let (earliest, latest) = (paper::tick(4).at, paper::MORNING + 7_200);
        let (broken, straddled) =
            (FaultKind::Broken(Rule::Credential), FaultKind::NotProvable(Rule::Credential));
        for (valid_from, valid_to, expected) in [
            (earliest - 9, earliest - 1, Some(broken)),
            (earliest - 9, earliest, Some(broken)),
            (earliest - 9, earliest + 1, Some(straddled)),
            (earliest + 9, latest - 9, Some(straddled)),
            (latest - 1, latest + 9, Some(straddled)),
            (latest + 1, latest + 9, Some(broken)),
            (earliest, latest, Some(straddled)),
            (earliest, latest + 1, None),
        ] {
            let mut evidence = known([&count]);
            receipted(&mut evidence, &count, Outcome::Stored, latest);
            let credential = Credential { valid_from, valid_to, ..paper::mover().credential() };
            evidence.credentials.insert(mover.device(), paper::hq().sign(credential));
            let expected: Vec<FaultKind> = expected.into_iter().collect();
            assert_eq!(kinds(&evidence.verify()), expected, "{valid_from} to {valid_to}");
        }
    }

    /// Without a receipt nothing bounds the act from above, so it may have been
    /// made once the credential held: not provable, and so no fault.
    #[test]
    fn what_cannot_be_proven_is_no_fault() {
        let count = paper::mover().does(Kind::Count, BoxList::default());
        let mut evidence = known([&count]);
        let credential = Credential {
            valid_from: paper::MORNING + 86_400,
            valid_to: paper::MORNING + 90_000,
            ..paper::mover().credential()
        };
        evidence.credentials.insert(count.device, paper::hq().sign(credential));
        assert_eq!(kinds(&evidence.verify()), []);
    }

    #[test]
    fn bounds_come_from_causes_and_consequences_of_other_devices_too() {
        let (mut mover, mut driver) = (paper::mover(), paper::driver());
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1]));
        mover.tick = 5;
        let offer = mover.offers(driver.device(), paper::boxes([1]));
        driver.claims = mover.claims;
        let accept = driver.answers(Kind::Accept, offer.id(), paper::boxes([1]));
        let mut evidence = known([&take_over, &offer, &accept]);
        receipted(&mut evidence, &accept, Outcome::Stored, paper::MORNING + 5_000);
        let custody = evidence.verify();
        let bounds: Vec<_> = custody.steps[&paper::token(1)]
            .iter()
            .map(|step| (step.not_before.unwrap(), step.not_after.unwrap()))
            .collect();
        let (early, late) = (paper::tick(5).at, paper::MORNING + 5_000);
        assert_eq!(bounds, [(paper::MORNING, late), (early, late), (early, late)]);
    }

    /// The event between is of another job, so only its receipt is here, and
    /// meanwhile the phone's clock was put back. The numbers still say which
    /// act came first.
    #[test]
    fn a_devices_own_numbers_order_its_acts_even_across_what_is_not_shown() {
        let mut mover = paper::mover();
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1]));
        let elsewhere = mover.acts_elsewhere();
        mover.claims = paper::MORNING + 60;
        let deliver = mover.does(Kind::Deliver, paper::boxes([1]));
        let mut evidence = known([&take_over, &deliver]);
        receipted(&mut evidence, &elsewhere, Outcome::Stored, paper::MORNING + 9_000);
        let custody = evidence.verify();
        assert_eq!(kinds(&custody), []);
        assert_eq!(holder(&custody, 1), Holder::Customer);
    }

    /// Numbers and causes that contradict each other are for a liar to make;
    /// every event is still judged, in an order that all compute alike.
    #[test]
    fn no_event_is_lost_when_numbers_and_causes_run_in_a_circle() {
        let mut mover = paper::mover();
        mover.link.sequence = 7;
        let late = mover.does(Kind::Count, paper::boxes([1]));
        mover.link.sequence = 5;
        let early = mover.does(Kind::Count, paper::boxes([2]));
        assert_eq!(early.previous, Some(late.id()));
        let evidence = known([&late, &early]);
        let order: BTreeSet<EventId> = evidence.in_order().iter().map(|e| e.id()).collect();
        assert_eq!(order, BTreeSet::from([late.id(), early.id()]));
        let custody = evidence.verify();
        assert_eq!(fault(&custody, FaultKind::NotTheHolder).1.len(), 1);
        assert_eq!(custody.steps.len(), 2);
    }

    #[test]
    fn boxes_of_unknown_lists_are_said_and_the_rest_still_counts() {
        let mut mover = paper::mover();
        let take_over = mover.does(Kind::TakeOver, paper::boxes([1]));
        let mut other = Lists::new();
        other.add_roll(paper::roll(&paper::tokens(900..910)));
        let strange = other.name(&set([900])).unwrap();
        let load = mover.does(Kind::Load, strange.clone());
        let finding = Finding { kind: FindingKind::NotOurs, boxes: strange, photo: None };
        let count = mover
            .signs(Act { findings: vec![finding], ..paper::act(Kind::Count, paper::boxes([1])) });
        let custody = known([&take_over, &load, &count]).verify();
        assert_eq!(kinds(&custody), [FaultKind::UnknownBoxes; 2]);
        let events: BTreeSet<EventId> =
            custody.faults.iter().flat_map(|fault| fault.events.clone()).collect();
        assert_eq!(events, BTreeSet::from([load.id(), count.id()]));
        assert_eq!(custody.steps[&paper::token(1)].len(), 2);
    }

    #[test]
    fn findings_stand_at_the_step_of_their_box() {
        let finding = |kind, numbers: &[u16]| Finding {
            kind,
            boxes: paper::boxes(numbers.to_vec()),
            photo: None,
        };
        let mut mover = paper::mover();
        let take_over = mover.signs(Act {
            findings: vec![
                finding(FindingKind::Damaged, &[1, 2]),
                finding(FindingKind::SealBroken, &[2]),
                finding(FindingKind::Missing, &[9]),
            ],
            ..paper::act(Kind::TakeOver, paper::boxes([1, 2]))
        });
        let custody = known([&take_over]).verify();
        let found: BTreeMap<u16, Vec<FindingKind>> = [1, 2, 9]
            .map(|number| (number, custody.steps[&paper::token(number)][0].findings.clone()))
            .into();
        assert_eq!(found[&1], [FindingKind::Damaged]);
        assert_eq!(found[&2], [FindingKind::Damaged, FindingKind::SealBroken]);
        assert_eq!(found[&9], [FindingKind::Missing]);
        assert_eq!(holder(&custody, 9), Holder::Customer, "what is missing was not taken");
    }

    #[test]
    fn a_record_names_an_error_for_every_byte_that_was_changed() {
        let mut mover = paper::mover();
        let event = mover.does(Kind::TakeOver, paper::boxes([1, 101]));
        let bytes = |message: &[u8]| ByteVec::from(message.to_vec());
        let hq = paper::hq();
        let roll = paper::roll(&paper::tokens(100..120));
        let shown = paper::token(101);
        let record = hq.sign(Record {
            version: Version,
            job: paper::JOB,
            origin: paper::ORIGIN.to_owned(),
            hq: hq.public,
            at: paper::MORNING + 9_000,
            credentials: vec![bytes(hq.sign(mover.credential()).as_bytes())],
            ticks: vec![bytes(hq.sign(paper::tick(1)).as_bytes())],
            manifests: vec![bytes(
                hq.sign(paper::manifest(1, None, &paper::tokens(0..10))).as_bytes(),
            )],
            rolls: vec![roll.disclosing(|token| *token == shown).to_wire()],
            events: vec![bytes(event.as_bytes())],
            receipts: vec![bytes(
                hq.sign(paper::receipt(&event, Outcome::Stored, paper::MORNING + 5_000)).as_bytes(),
            )],
            release_keys: Vec::new(),
            sensitive: BoxList::default(),
            classes: BTreeMap::new(),
            revocations: None,
            inclusions: Vec::new(),
            confirmations: Vec::new(),
        });
        let whole = Record::read(record.as_bytes(), Some(&hq.public)).unwrap();
        assert_eq!(whole.errors, []);
        assert_eq!(whole.evidence.verify().faults, BTreeSet::new());

        for at in 0..record.as_bytes().len() {
            let mut damaged = record.as_bytes().to_vec();
            damaged[at] ^= 1 << (at % 8);
            if let Ok(reading) = Record::read(&damaged, Some(&hq.public)) {
                assert!(!reading.errors.is_empty(), "byte {at}");
            }
        }
        for end in 0..record.as_bytes().len() {
            assert!(Record::read(&record.as_bytes()[..end], None).is_err(), "cut after {end}");
        }
        let stranger = Record::read(record.as_bytes(), Some(&paper::other_hq().public)).unwrap();
        assert!(!stranger.errors.is_empty());
    }

    #[test]
    fn an_event_of_another_job_in_a_record_is_an_error() {
        let (mut mover, hq) = (paper::mover(), paper::hq());
        let event = mover.acts_elsewhere();
        assert_ne!(event.job, JobId([0x0a; 16]));
        let bytes = |message: &[u8]| ByteVec::from(message.to_vec());
        let record = hq.sign(Record {
            version: Version,
            job: paper::JOB,
            origin: paper::ORIGIN.to_owned(),
            hq: hq.public,
            at: paper::MORNING,
            credentials: vec![bytes(hq.sign(mover.credential()).as_bytes())],
            ticks: Vec::new(),
            manifests: Vec::new(),
            rolls: Vec::new(),
            events: vec![bytes(event.as_bytes()), bytes(event.as_bytes())],
            receipts: Vec::new(),
            release_keys: Vec::new(),
            sensitive: BoxList::default(),
            classes: BTreeMap::new(),
            revocations: None,
            inclusions: Vec::new(),
            confirmations: Vec::new(),
        });
        let reading = Record::read(record.as_bytes(), Some(&hq.public)).unwrap();
        let said: Vec<String> =
            reading.errors.iter().map(|(at, error)| format!("{at}: {error}")).collect();
        assert_eq!(
            said,
            [
                "event 1: belongs to another job",
                "event 2: belongs to another job",
                "event 2: stands in the record twice",
            ]
        );
    }

    #[test]
    fn a_tick_of_another_log_and_a_receipt_with_other_numbers_are_errors() {
        let (mut mover, hq) = (paper::mover(), paper::hq());
        let event = mover.acts_elsewhere();
        let bytes = |message: &[u8]| ByteVec::from(message.to_vec());
        let tick = hq.sign(Tick {
            version: Version,
            origin: "another log".to_owned(),
            number: 1,
            at: paper::MORNING,
            nonce: Salt([1; 16]),
            root: None,
            epoch: None,
        });
        let receipt = hq.sign(Receipt {
            version: Version,
            event: event.id(),
            device: event.device,
            generation: event.generation,
            sequence: event.sequence + 1,
            outcome: Outcome::Stored,
            at: paper::MORNING,
            origin: paper::ORIGIN.to_owned(),
        });
        let record = hq.sign(Record {
            version: Version,
            job: event.job,
            origin: paper::ORIGIN.to_owned(),
            hq: hq.public,
            at: paper::MORNING,
            credentials: vec![bytes(hq.sign(mover.credential()).as_bytes())],
            ticks: vec![bytes(tick.as_bytes())],
            manifests: Vec::new(),
            rolls: Vec::new(),
            events: vec![bytes(event.as_bytes())],
            receipts: vec![bytes(receipt.as_bytes())],
            release_keys: Vec::new(),
            sensitive: BoxList::default(),
            classes: BTreeMap::new(),
            revocations: None,
            inclusions: Vec::new(),
            confirmations: Vec::new(),
        });
        let reading = Record::read(record.as_bytes(), Some(&hq.public)).unwrap();
        let said: Vec<String> =
            reading.errors.iter().map(|(at, error)| format!("{at}: {error}")).collect();
        assert_eq!(
            said,
            [
                "tick 1: belongs to another log",
                "receipt 1: names its event's device or numbers otherwise",
            ]
        );
    }

    #[test]
    fn device_ids_follow_from_both_keys_and_their_order() {
        let mover = paper::mover();
        let (act, handoff) = (mover.act.public, mover.handoff.public);
        assert_eq!(DeviceId::of(&act, &handoff), mover.credential().device());
        assert_ne!(DeviceId::of(&act, &handoff), DeviceId::of(&handoff, &act));
    }
}
