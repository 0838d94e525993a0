//! The rules: each broken by an act that it forbids, kept by one that it allows,
//! and silent where nothing is proven.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::rules::{self, Broken, Interval, Person, Rule};
use crewseal_custody::signed::Signed;
use crewseal_custody::{
    Act, Batch, BoxClass, BoxList, Classes, Credential, DeviceId, Event, EventId, EventKind,
    Evidence, Fault, FaultKind, Finding, FindingKind, Licence, Nda, Outcome, Qualifications,
    Revocations, Role, Tick, classes,
};
use crewseal_label::Token;
use fixtures::paper::{self, Phone, set};
use proptest::prelude::*;

mod order;
mod signatures;

/// Boxes of the manifest that are not ordinary.
const PAPERS: u16 = 1;
const DEVICES: u16 = 2;
const VALUABLES: u16 = 3;
/// Sensitive, and nobody said what is in it.
const UNKNOWN: u16 = 4;
const ORDINARY: u16 = 5;

fn job_classes() -> Classes {
    let classed = BTreeMap::from([
        (BoxClass::Papers, paper::boxes([PAPERS])),
        (BoxClass::Devices, paper::boxes([DEVICES])),
        (BoxClass::Valuables, paper::boxes([VALUABLES])),
    ]);
    classes(&paper::boxes([PAPERS, UNKNOWN]), &classed, &paper::lists()).unwrap()
}

/// With everything that anything asks for, until the evening.
fn qualified() -> Qualifications {
    let until = paper::MORNING + 40_000;
    Qualifications {
        licences: [Licence::Driving, Licence::ConfidentialDestruction].into(),
        nda: Some(Nda { text: Nda::digest("I tell nobody."), until }),
        trained_until: Some(until),
        classes: BoxClass::ALL.into(),
    }
}

fn with(phone: Phone, qualifications: Qualifications) -> Phone {
    Phone { qualifications: Some(qualifications), ..phone }
}

/// What HQ knows of these phones, and of these acts received at these times.
fn known(phones: &[&Phone], events: &[(&Signed<Event>, u64)]) -> Evidence {
    let mut evidence = paper::evidence(phones);
    evidence.classes = job_classes();
    for (event, at) in events {
        evidence.events.insert(event.id(), Signed::clone(event));
        evidence.places.insert(event.id(), paper::place(event, Outcome::Stored, *at));
    }
    evidence
}

fn is_of_rules(fault: &&Fault) -> bool {
    matches!(fault.kind, FaultKind::Broken(_) | FaultKind::NotProvable(_))
}

/// The faults of rules, with what proves them.
fn faults(evidence: &Evidence) -> Vec<(FaultKind, BTreeSet<EventId>, BTreeSet<Token>)> {
    let faults = evidence.verify().faults;
    let faults = faults.iter().filter(is_of_rules);
    faults.map(|fault| (fault.kind, fault.events.clone(), fault.boxes.clone())).collect()
}

fn kinds(evidence: &Evidence) -> Vec<FaultKind> {
    faults(evidence).into_iter().map(|(kind, _, _)| kind).collect()
}

/// What comes of one act of a phone, anchored at the morning's first tick and
/// received an hour and a half later.
fn of_one(mut phone: Phone, act: Act) -> Vec<FaultKind> {
    let event = phone.signs(act);
    let evidence = known(&[&phone], &[(&event, event.claimed_at + 1_800)]);
    kinds(&evidence)
}

fn does(phone: Phone, kind: EventKind, number: u16) -> Vec<FaultKind> {
    of_one(phone, paper::act(kind, paper::boxes([number])))
}

/// Times of an act: the tick before it and HQ's receipt.
fn between(tick: u64, receipt: u64, phone: &Phone, kind: EventKind, number: u16) -> Evidence {
    let mut phone = Phone { tick, claims: paper::tick(tick).at, ..clone(phone) };
    let event = phone.signs(paper::act(kind, paper::boxes([number])));
    known(&[&phone], &[(&event, receipt)])
}

/// The same phone before it did anything.
fn clone(phone: &Phone) -> Phone {
    let fresh = match phone.role {
        Role::Mover | Role::Contractor => paper::mover(),
        Role::Driver => paper::driver(),
        Role::Warehouse => paper::keeper(),
        Role::Supervisor => paper::supervisor(),
    };
    Phone { role: phone.role, qualifications: phone.qualifications.clone(), ..fresh }
}

mod classes_of_boxes {
    use super::*;

    #[test]
    fn a_sensitive_box_of_no_class_counts_as_of_every_class() {
        let classes = job_classes();
        assert_eq!(classes[&paper::token(UNKNOWN)], BoxClass::ALL.into());
        assert_eq!(classes[&paper::token(PAPERS)], [BoxClass::Papers].into());
        assert!(!classes.contains_key(&paper::token(ORDINARY)));
    }

    #[test]
    fn numbers_keep_their_meaning() {
        for class in BoxClass::ALL {
            assert_eq!(cbor::to_vec(&class), [class.number()]);
        }
        let licences = [
            (Licence::Driving, 1),
            (Licence::DrivingHeavy, 2),
            (Licence::Forklift, 3),
            (Licence::ConfidentialDestruction, 4),
        ];
        for (licence, number) in licences {
            assert_eq!(cbor::to_vec(&licence), [number]);
        }
        assert_eq!([1, 2, 3], BoxClass::ALL.map(BoxClass::number));
    }
}

mod people {
    use super::*;

    #[test]
    fn who_holds_no_boxes_takes_offers_and_is_offered_none() {
        let role = FaultKind::Broken(Rule::Role);
        for kind in [
            EventKind::TakeOver,
            EventKind::Load,
            EventKind::Store,
            EventKind::Depart,
            EventKind::Arrive,
            EventKind::Unload,
            EventKind::Deliver,
            EventKind::CollectForDestruction,
        ] {
            assert_eq!(does(paper::supervisor(), kind, ORDINARY), [role], "{kind:?}");
            for other in [paper::mover(), paper::driver(), paper::keeper()] {
                assert_eq!(does(other, kind, ORDINARY), [], "{kind:?}");
            }
        }
        assert_eq!(does(paper::supervisor(), EventKind::Count, ORDINARY), []);
        assert_eq!(does(paper::mover(), EventKind::SignOff, ORDINARY), [role]);

        let (mut giver, supervisor) = (paper::mover(), paper::supervisor());
        let took = giver.does(EventKind::TakeOver, paper::boxes([ORDINARY]));
        let offer = giver.offers(supervisor.device(), paper::boxes([ORDINARY]));
        let late = paper::MORNING + 9_000;
        let evidence = known(&[&giver, &supervisor], &[(&took, late), (&offer, late)]);
        assert_eq!(faults(&evidence), [(role, [offer.id()].into(), set([]))]);
    }

    #[test]
    fn a_contractor_takes_only_the_classes_that_he_may() {
        let classes = BTreeSet::from([BoxClass::Papers]);
        let contractor = || Phone {
            role: Role::Contractor,
            ..with(paper::mover(), Qualifications { classes: classes.clone(), ..qualified() })
        };
        let not_his = FaultKind::Broken(Rule::Classes);
        for (number, may) in [
            (ORDINARY, true),
            (PAPERS, true),
            (DEVICES, false),
            (VALUABLES, false),
            (UNKNOWN, false),
        ] {
            for kind in [EventKind::TakeOver, EventKind::CollectForDestruction, EventKind::Accept] {
                let found = does(contractor(), kind, number);
                assert_eq!(!found.contains(&not_his), may, "{kind:?} {number}");
            }
            // What he has he may always give away.
            for kind in [EventKind::Deliver, EventKind::Offer, EventKind::Unload] {
                assert!(!does(contractor(), kind, number).contains(&not_his), "{kind:?}");
            }
            // Nor may anybody hand it to him.
            let mut giver = with(paper::driver(), qualified());
            let offer = giver.offers(contractor().device(), paper::boxes([ORDINARY, number]));
            let evidence = known(&[&giver, &contractor()], &[(&offer, offer.claimed_at + 1_800)]);
            let expected = (not_his, [offer.id()].into(), set([number]));
            assert_eq!(faults(&evidence).contains(&expected), !may, "{number}");
        }
    }

    #[test]
    fn licences_are_asked_for_where_they_are_needed() {
        let licensed = |licences: &[Licence]| {
            let licences = licences.iter().copied().collect();
            with(paper::driver(), Qualifications { licences, ..qualified() })
        };
        let missing = FaultKind::Broken(Rule::Licence);
        let (depart, destroy) = (EventKind::Depart, EventKind::Destroy);
        for (kind, licences, may) in [
            (depart, &[][..], false),
            (depart, &[Licence::Forklift, Licence::ConfidentialDestruction], false),
            (depart, &[Licence::Driving], true),
            (depart, &[Licence::DrivingHeavy], true),
            (destroy, &[Licence::Driving, Licence::DrivingHeavy, Licence::Forklift], false),
            (destroy, &[Licence::ConfidentialDestruction], true),
            (EventKind::Load, &[], true),
        ] {
            let found = does(licensed(licences), kind, ORDINARY);
            assert_eq!(!found.contains(&missing), may, "{kind:?} with {licences:?}");
        }
    }

    /// Each of these ends at a time: an act is in order before it, against the rule
    /// if all of its proven time is after it, and not provable between.
    #[test]
    fn an_expired_revoked_or_untrained_key_is_judged_by_the_whole_interval() {
        let end = paper::tick(7).at;
        let trained = Qualifications { trained_until: Some(end), ..qualified() };
        let nda = Some(Nda { text: Nda::digest("I tell nobody."), until: end });
        let silent = Qualifications { nda, ..qualified() };
        let cases = [
            (Rule::Training, with(paper::mover(), trained), false),
            (Rule::Nda, with(paper::mover(), silent), false),
            (Rule::Revocation, paper::mover(), true),
            (Rule::Credential, paper::mover(), false),
        ];
        for (rule, phone, is_revoked) in cases {
            for (tick, receipt, expected) in [
                (1, end - 1, None),
                (1, end, Some(FaultKind::NotProvable(rule))),
                (6, end + 5_000, Some(FaultKind::NotProvable(rule))),
                (7, end + 5_000, Some(FaultKind::Broken(rule))),
                (9, end + 5_000, Some(FaultKind::Broken(rule))),
            ] {
                // Accepted from somebody, so that nobody else has to sign.
                let mut evidence = between(tick, receipt, &phone, EventKind::Accept, PAPERS);
                if is_revoked {
                    evidence.revocations = Some(revoked(1, phone.device(), end));
                }
                if rule == Rule::Credential {
                    let ended = Credential { valid_to: end, ..phone.credential() };
                    evidence.credentials.insert(paper::hq().sign(ended));
                }
                let found: Vec<FaultKind> = kinds(&evidence);
                let expected: Vec<FaultKind> = expected.into_iter().collect();
                assert_eq!(found, expected, "{rule:?}: tick {tick}, receipt {receipt}");
            }
            // Without a receipt nobody knows how late it was.
            let mut evidence = between(6, end, &phone, EventKind::Accept, PAPERS);
            evidence.places.clear();
            if is_revoked {
                evidence.revocations = Some(revoked(1, phone.device(), end));
            }
            assert_eq!(kinds(&evidence), [], "{rule:?}");
        }
    }

    #[test]
    fn what_a_credential_has_qualifications_for_it_must_name() {
        let nothing = || with(paper::mover(), Qualifications::default());
        let broken = |rules: &[Rule]| -> Vec<FaultKind> {
            rules.iter().map(|rule| FaultKind::Broken(*rule)).collect()
        };
        assert_eq!(does(nothing(), EventKind::Accept, ORDINARY), broken(&[Rule::Training]));
        let all = [Rule::Training, Rule::Nda, Rule::Classes];
        assert_eq!(does(nothing(), EventKind::Accept, PAPERS), broken(&all));
        let of_valuables = [Rule::Training, Rule::Classes];
        assert_eq!(does(nothing(), EventKind::Accept, VALUABLES), broken(&of_valuables));
        // Packing shows what is in the box; counting does not.
        let opened = [Rule::Training, Rule::Nda];
        assert_eq!(does(nothing(), EventKind::Pack, DEVICES), broken(&opened));
        assert_eq!(does(nothing(), EventKind::Count, DEVICES), broken(&[Rule::Training]));
    }

    #[test]
    fn old_credentials_break_no_rule_about_qualifications() {
        for kind in [
            EventKind::Accept,
            EventKind::Pack,
            EventKind::Depart,
            EventKind::Offer,
            EventKind::Count,
        ] {
            for number in [ORDINARY, PAPERS, UNKNOWN] {
                assert_eq!(does(paper::driver(), kind, number), [], "{kind:?} {number}");
            }
        }
        // Nor does an old record, which knows of no classes, ask for a second person.
        let mut mover = paper::mover();
        let took = mover.does(EventKind::TakeOver, paper::boxes([PAPERS]));
        let mut evidence = known(&[&mover], &[(&took, took.claimed_at + 60)]);
        evidence.classes.clear();
        assert_eq!(kinds(&evidence), []);
    }

    proptest! {
        /// All of the interval, a part of it, or nothing: as anybody would count it,
        /// second by second.
        #[test]
        fn of_a_time_follow_from_every_second_of_the_interval(
            earliest in 0_u64..40,
            length in 0_u64..40,
            end in 0_u64..80,
        ) {
            let latest = earliest + length;
            let when = Interval { not_before: Some(earliest), not_after: Some(latest) };
            let credential = Credential { valid_from: 0, valid_to: 1_000, ..paper::mover().credential() };
            let person = Person { credential: &credential, revoked_since: Some(end) };
            let broken = rules::of_person(EventKind::Count, &BTreeSet::new(), person, when);
            let outside = (earliest..=latest).filter(|second| *second >= end).count();
            let all = usize::try_from(length + 1).unwrap();
            let expected: Vec<Broken> = (outside > 0)
                .then_some(if outside == all { Broken::Proven(Rule::Revocation) } else { Broken::NotProvable(Rule::Revocation) })
                .into_iter()
                .collect();
            prop_assert_eq!(broken, expected);
        }
    }
}

#[test]
fn what_a_device_says_of_itself_is_no_act_and_breaks_none() {
    let mut mover = paper::mover();
    let terms = vec![paper::hq().sign(mover.credential()).id()];
    let informed = mover.signs(Act::informed(paper::JOB, terms));
    let count = mover.does(EventKind::Count, paper::boxes([ORDINARY]));
    let late = count.claimed_at + 1_800;
    let mut evidence = known(&[&mover], &[(&informed, late), (&count, late)]);
    evidence.revocations = Some(revoked(1, mover.device(), 0));
    let broken = FaultKind::Broken(Rule::Revocation);
    assert_eq!(faults(&evidence), [(broken, [count.id()].into(), set([]))]);
}

fn revoked(epoch: u64, device: DeviceId, since: u64) -> Signed<Revocations> {
    let origin = paper::ORIGIN.to_owned();
    paper::hq().sign(Revocations {
        version: Version,
        origin,
        epoch,
        since: [(device, since)].into(),
    })
}

#[test]
fn an_older_list_of_revocations_than_hq_s_clock_tells_of_is_said() {
    let mut mover = paper::mover();
    let count = mover.does(EventKind::Count, BoxList::default());
    let mut evidence = known(&[&mover], &[(&count, count.claimed_at + 60)]);
    let tick = Tick { epoch: Some(2), ..paper::tick(1) };
    evidence.ticks.insert(1, paper::hq().sign(tick));
    let missing = |evidence: &Evidence| {
        let faults = evidence.verify().faults;
        faults.iter().any(|fault| {
            fault.kind == FaultKind::RevocationsMissing && fault.events == [count.id()].into()
        })
    };
    assert!(missing(&evidence), "no list at all");
    evidence.revocations = Some(revoked(1, paper::driver().device(), paper::MORNING));
    assert!(missing(&evidence), "one too old");
    evidence.revocations = Some(revoked(2, paper::driver().device(), paper::MORNING));
    assert!(!missing(&evidence));
}
