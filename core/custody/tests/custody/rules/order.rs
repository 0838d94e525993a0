//! In whatever order acts arrive and clocks run, the rules find the same.

use super::*;

/// Acts of four people on boxes of all classes, whatever comes of them.
#[derive(Debug, Clone)]
struct Step {
    by: usize,
    kind: EventKind,
    boxes: BTreeSet<u16>,
    finding: Option<(FindingKind, u16)>,
    /// Which earlier act is answered, and to whom is offered.
    about: prop::sample::Index,
    to: usize,
    tick: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop::sample::select(vec![
        EventKind::TakeOver,
        EventKind::Offer,
        EventKind::Accept,
        EventKind::Count,
        EventKind::Deliver,
        EventKind::Destroy,
        EventKind::SignOff,
        EventKind::CollectForDestruction,
        EventKind::Depart,
    ]);
    let finding = prop::option::of((
        prop::sample::select(vec![FindingKind::Missing, FindingKind::LabelTyped]),
        0_u16..6,
    ));
    let boxes = prop::collection::btree_set(0_u16..6, 1..4);
    let step =
        (0_usize..3, kind, boxes, finding, any::<prop::sample::Index>(), 0_usize..3, 1_u64..50);
    let step = step.prop_map(|(by, kind, boxes, finding, about, to, tick)| Step {
        by,
        kind,
        boxes,
        finding,
        about,
        to,
        tick,
    });
    prop::collection::vec(step, 1..14)
}

fn phones(off: [u64; 3]) -> [Phone; 3] {
    let some = Qualifications { classes: [BoxClass::Papers].into(), ..qualified() };
    let mut phones =
        [with(paper::mover(), some), with(paper::driver(), qualified()), paper::supervisor()];
    for (phone, off) in phones.iter_mut().zip(off) {
        phone.claims += off;
    }
    phones
}

fn played(steps: &[Step], off: [u64; 3]) -> ([Phone; 3], Vec<Signed<Event>>) {
    let mut phones = phones(off);
    let mut events: Vec<Signed<Event>> = Vec::new();
    for step in steps {
        let to = phones[step.to].device();
        let phone = &mut phones[step.by];
        phone.tick = phone.tick.max(step.tick);
        let mut act = paper::act(step.kind, paper::boxes(step.boxes.iter().copied()));
        if let Some((kind, number)) = step.finding {
            let boxes = paper::boxes([number]);
            act.findings.push(Finding { kind, boxes, photo: None });
        }
        act.to = (step.kind == EventKind::Offer).then_some(to);
        let answers =
            matches!(step.kind, EventKind::Accept | EventKind::SignOff) && !events.is_empty();
        act.about = answers.then(|| events[step.about.index(events.len())].id());
        events.push(phone.signs(act));
    }
    (phones, events)
}

/// An event by its place in its device's chain.
type Place = (DeviceId, u64);

/// What rules find, with events by their place in their device's chain.
fn found(evidence: &Evidence) -> BTreeSet<(FaultKind, BTreeSet<Place>, BTreeSet<Token>)> {
    let place = |id: &EventId| (evidence.events[id].device, evidence.events[id].sequence);
    let faults = evidence.verify().faults;
    let of_rules = faults.iter().filter(is_of_rules);
    of_rules
        // Whether a box went on by a handoff is a matter of who had it, which what
        // nothing else orders is told of by the clocks.
        .filter(|fault| fault.kind != FaultKind::Broken(Rule::SecondPerson))
        .map(|fault| (fault.kind, fault.events.iter().map(place).collect(), fault.boxes.clone()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn of_arrival_and_clocks_changes_nothing_that_rules_find(
        steps in steps(),
        turn: prop::sample::Index,
        off in any::<[u16; 3]>(),
        straddled in 1_u64..50,
    ) {
        let (phones, events) = played(&steps, [0; 3]);
        let whole = |events: &[&Signed<Event>], phones: &[Phone; 3]| {
            let received: Vec<_> =
                events.iter().map(|event| (*event, paper::MORNING + 36_000)).collect();
            let mut evidence = known(&[&phones[0], &phones[1], &phones[2]], &received);
            let since = paper::tick(straddled).at;
            evidence.revocations = Some(revoked(1, phones[0].device(), since));
            evidence
        };
        let told: Vec<&Signed<Event>> = events.iter().collect();
        let mut turned = told.clone();
        turned.rotate_left(turn.index(told.len()));
        turned.reverse();
        let expected = whole(&told, &phones);
        prop_assert_eq!(whole(&turned, &phones).verify(), expected.verify());

        // Whatever their own clocks say: HQ's bound the times.
        let (other_phones, skewed) = played(&steps, off.map(u64::from));
        let skewed: Vec<&Signed<Event>> = skewed.iter().collect();
        prop_assert_eq!(found(&whole(&skewed, &other_phones)), found(&expected));
    }
}
