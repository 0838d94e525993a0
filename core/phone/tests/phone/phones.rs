//! Phones of a crew beside each other: what one shows, the other reads, and what is
//! kept of it when the app dies in between.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crewseal::clock::Clock;
use crewseal::{ActRequest, Crew, CrewError, Open};
use crewseal_custody::cbor::Version;
use crewseal_custody::handoff::message::MessageError;
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};
use crewseal_custody::handoff::{GivingState, HandoffError, ReceivingState};
use crewseal_custody::signed::{Digest, Signed};
use crewseal_custody::{
    BootId, Confirmation, CustomerReceipt, Drawing, Event, EventId, EventKind, Evidence, Fault,
    FaultKind, FindingKind, LAPSE, Manifest, OneTimeCode, Point, Role, SignOff, SpotCheck, Stroke,
};
use crewseal_label::Token;
use fixtures::hq::MockHq;
use fixtures::paper::{self, JOB, set};
use fixtures::{files, vault};

/// A phone's clock, which goes on and starts anew as a test has it.
struct Watch(Mutex<(u8, u64)>);

impl Clock for Watch {
    fn now(&self) -> u64 {
        paper::MORNING + 3_600
    }

    fn since_boot(&self) -> (BootId, u64) {
        let (boot, millis) = *self.0.lock().unwrap();
        (BootId([boot; 4]), millis)
    }
}

/// A phone and the one who carries it.
struct Phone {
    home: tempfile::TempDir,
    clock: Arc<Watch>,
    crew: Option<Crew>,
}

fn open(home: &Path, clock: &Arc<Watch>) -> Crew {
    let clock: Arc<dyn Clock> = Arc::<Watch>::clone(clock);
    Crew::open(&files::store(home), Arc::new(vault::software(home)), clock).unwrap()
}

impl Phone {
    async fn of(hq: &MockHq, role: Role, pseudonym: &'static str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(Watch(Mutex::new((1, 60_000))));
        let crew = open(home.path(), &clock);
        hq.enrol_as(role, pseudonym);
        crew.enrol(&hq.invitation()).await.unwrap();
        Self { home, clock, crew: Some(crew) }
    }

    fn crew(&self) -> &Crew {
        self.crew.as_ref().unwrap()
    }

    /// The app dies and starts again.
    fn restart(&mut self) {
        self.crew = None;
        self.crew = Some(open(self.home.path(), &self.clock));
    }

    /// The phone does.
    fn reboot(&mut self) {
        let mut clock = self.clock.0.lock().unwrap();
        *clock = (clock.0 + 1, 10);
        drop(clock);
        self.restart();
    }
}

/// HQ, a mover, a driver and a supervisor, who know each other.
async fn crew() -> (MockHq, [Phone; 3]) {
    let hq = MockHq::start().await;
    let phones = [
        Phone::of(&hq, Role::Mover, "Mover 17").await,
        Phone::of(&hq, Role::Driver, "Driver 4").await,
        Phone::of(&hq, Role::Supervisor, "Supervisor 2").await,
    ];
    for phone in &phones {
        phone.crew().fetch().await.unwrap();
    }
    (hq, phones)
}

/// What HQ can make of all that the phones delivered.
async fn evidence(hq: &MockHq, phones: &[Phone]) -> Evidence {
    for phone in phones {
        phone.crew().sync().await.unwrap();
    }
    let key = paper::hq();
    Evidence {
        credentials: hq.credentials().into_values().collect(),
        ticks: BTreeMap::from([(1, key.sign(paper::tick(1)))]),
        lists: paper::lists(),
        events: hq.events().into_iter().map(|event| (event.id(), event)).collect(),
        ..Evidence::default()
    }
}

fn event(evidence: &Evidence, id: EventId) -> &Signed<Event> {
    &evidence.events[&id]
}

mod handoff {
    use super::*;

    #[tokio::test]
    async fn what_is_taken_back_is_over_on_both_phones() {
        let (_hq, [giver, mut receiver, other]) = crew().await;
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let offer = giver.crew().offer(JOB, &set(0..3), &[], &hello).unwrap();
        let view = receiver.crew().read_offer(&offer).unwrap();
        let withdrawal = giver.crew().withdraw(view.offer).unwrap();
        assert_eq!(giver.crew().withdraw(view.offer).unwrap(), withdrawal, "identical bytes");
        let refused = other.crew().read_withdraw(&withdrawal);
        assert!(matches!(refused, Err(CrewError::NotForMe)), "{refused:?}");
        let unread = receiver.crew().read_withdraw(&offer);
        assert!(matches!(unread, Err(CrewError::Message(_))), "{unread:?}");

        let read = receiver.crew().read_withdraw(&withdrawal).unwrap();
        assert_eq!(read, ReceivingState::Withdrawn);
        receiver.restart();
        assert!(receiver.crew().handoffs().unwrap().is_empty());
        let read = receiver.crew().read_withdraw(&withdrawal).unwrap();
        assert_eq!(read, ReceivingState::Withdrawn, "again, after a restart");
        let refused = receiver.crew().accept(&view, &set(0..3), &[], SpotCheck::Done);
        assert!(matches!(refused, Err(CrewError::Handoff(HandoffError::Withdrawn))));
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        giver.crew().offer(JOB, &set(0..3), &[], &hello).unwrap();
    }

    #[tokio::test]
    async fn an_acceptance_and_a_withdrawal_that_cross_have_a_name() {
        let (_hq, [giver, mut receiver, _]) = crew().await;
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let offer = giver.crew().offer(JOB, &set(0..3), &[], &hello).unwrap();
        let view = receiver.crew().read_offer(&offer).unwrap();
        let accept = receiver.crew().accept(&view, &set(0..3), &[], SpotCheck::Done).unwrap();
        let withdrawal = giver.crew().withdraw(view.offer).unwrap();
        let refused = giver.crew().read_acceptance(&accept);
        assert!(matches!(refused, Err(CrewError::Handoff(HandoffError::Withdrawn))));
        // Another handoff may have begun meanwhile.
        receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let read = receiver.crew().read_withdraw(&withdrawal).unwrap();
        assert_eq!(read, ReceivingState::Crossed);
        receiver.restart();
        let open = receiver.crew().handoffs().unwrap();
        let crossed = open.iter().find_map(|open| match open {
            Open::Receiving { state: ReceivingState::Crossed, shown } => Some(shown),
            _ => None,
        });
        assert_eq!(crossed, Some(&accept), "{open:?}");
    }

    #[tokio::test]
    async fn an_acceptance_that_comes_after_the_givers_reboot_counts() {
        let (_hq, [mut giver, receiver, _]) = crew().await;
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let offer = giver.crew().offer(JOB, &set(0..3), &[], &hello).unwrap();
        let view = receiver.crew().read_offer(&offer).unwrap();
        let accept = receiver.crew().accept(&view, &set(0..3), &[], SpotCheck::Done).unwrap();
        giver.reboot();
        let open = giver.crew().handoffs().unwrap();
        let [Open::Giving { state, shown, .. }] = &open[..] else { panic!("{open:?}") };
        assert_eq!((state, shown), (&GivingState::Restarted, &offer));
        let again = giver.crew().offer(JOB, &set(0..1), &[], &hello);
        assert!(matches!(again, Err(CrewError::StillOffered { .. })), "it still binds");
        let answer = giver.crew().read_acceptance(&accept).unwrap();
        assert_eq!(answer.compared.passing, set(0..3));
        receiver.crew().read_ack(&answer.ack).unwrap();
    }

    #[tokio::test]
    async fn a_receiver_signs_nothing_after_his_reboot_or_when_the_time_is_over() {
        let (_hq, [giver, mut receiver, _]) = crew().await;
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let offer = giver.crew().offer(JOB, &set(0..3), &[], &hello).unwrap();
        let view = receiver.crew().read_offer(&offer).unwrap();
        receiver.clock.0.lock().unwrap().1 += LAPSE;
        let late = receiver.crew().accept(&view, &set(0..3), &[], SpotCheck::Done);
        assert!(matches!(late, Err(CrewError::Handoff(HandoffError::Lapsed))), "{late:?}");
        receiver.clock.0.lock().unwrap().1 -= LAPSE;
        receiver.reboot();
        let late = receiver.crew().accept(&view, &set(0..3), &[], SpotCheck::Done);
        assert!(matches!(late, Err(CrewError::Handoff(HandoffError::Lapsed))), "{late:?}");
    }
}

mod manifests {
    use super::*;

    /// Versions of the job's manifest: so many labels in the first, more later.
    fn versions(lengths: &[u16]) -> Vec<Signed<Manifest>> {
        let mut versions: Vec<Signed<Manifest>> = Vec::new();
        let mut from = 0;
        for (number, to) in (1..).zip(lengths) {
            let previous = versions.last().map(Signed::id);
            let added = paper::tokens(from..*to);
            versions.push(paper::hq().sign(paper::manifest(number, previous, &added)));
            from = *to;
        }
        versions
    }

    /// The giver's phone has so many versions, the receiver's so many, and all boxes
    /// pass all the same.
    async fn hand_over(giver_has: usize, receiver_has: usize) {
        let hq = MockHq::start().await;
        let giver = Phone::of(&hq, Role::Mover, "Mover 17").await;
        let receiver = Phone::of(&hq, Role::Driver, "Driver 4").await;
        let all = versions(&[4, 10, 12]);
        for (phone, has) in [(&giver, giver_has), (&receiver, receiver_has)] {
            hq.issue(all[..has].to_vec());
            phone.crew().fetch().await.unwrap();
        }
        // Of each version, of the roll, and of nothing that either knows.
        let boxes = set([0, 3, 4, 9, 10, 11, 100, 119, 500]);
        let damaged = [(FindingKind::Damaged, set([3, 9, 11, 119]))];
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        assert!(hello.len() <= 207, "version 10 holds it: {} bytes", hello.len());
        let offer = giver.crew().offer(JOB, &boxes, &damaged, &hello).unwrap();
        let view = receiver.crew().read_offer(&offer).unwrap();
        assert_eq!(view.boxes, boxes, "{giver_has} and {receiver_has}");
        let accept = receiver.crew().accept(&view, &boxes, &damaged, SpotCheck::Done).unwrap();
        let answer = giver.crew().read_acceptance(&accept).unwrap();
        assert_eq!(answer.compared.passing, boxes, "{giver_has} and {receiver_has}");
        receiver.crew().read_ack(&answer.ack).unwrap();
    }

    #[tokio::test]
    async fn of_different_versions_hand_over_by_the_older_one() {
        for giver_has in 0..=3 {
            for receiver_has in 0..=3 {
                hand_over(giver_has, receiver_has).await;
            }
        }
    }

    /// The most that a list may name, in many QRs of which every third is lost.
    #[tokio::test]
    async fn of_65_536_boxes_hand_over_all_of_them() {
        let hq = MockHq::start().await;
        let giver = Phone::of(&hq, Role::Mover, "Mover 17").await;
        let receiver = Phone::of(&hq, Role::Driver, "Driver 4").await;
        let all: Vec<Token> = (0..=u16::MAX).map(paper::token).collect();
        hq.issue(vec![paper::hq().sign(paper::manifest(1, None, &all))]);
        for phone in [&giver, &receiver] {
            phone.crew().fetch().await.unwrap();
        }
        let boxes: BTreeSet<Token> = all.into_iter().collect();
        assert_eq!(boxes.len(), 65_536);
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let offer = giver.crew().offer(JOB, &boxes, &[], &hello).unwrap();
        let offer = through_a_lossy_camera(Purpose::Offer, &offer);
        let view = receiver.crew().read_offer(&offer).unwrap();
        assert_eq!(view.boxes, boxes);
        let accept = receiver.crew().accept(&view, &boxes, &[], SpotCheck::Done).unwrap();
        let accept = through_a_lossy_camera(Purpose::Accept, &accept);
        let answer = giver.crew().read_acceptance(&accept).unwrap();
        assert_eq!(answer.compared.passing, boxes);
    }

    /// However often it is said: what was found is one finding for each kind.
    #[tokio::test]
    async fn with_ten_thousand_findings_an_act_goes_to_the_other_phone_and_to_hq() {
        let (hq, phones) = crew().await;
        let [giver, receiver, _] = &phones;
        let kinds = [FindingKind::Damaged, FindingKind::SealBroken, FindingKind::LabelTyped];
        let finding = |at: usize| (kinds[at % 3], set([u16::try_from(at % 10).unwrap()]));
        let findings: Vec<_> = (0..10_000).map(finding).collect();
        let request = ActRequest::new(EventKind::TakeOver, set(0..10));
        let request = ActRequest { findings: findings.clone(), ..request };
        let id = giver.crew().record(JOB, &request).unwrap();
        let hello = receiver.crew().hello(crewseal::Introduction::Omitted).unwrap();
        let offer = giver.crew().offer(JOB, &set(0..10), &findings, &hello).unwrap();
        assert!(receiver.crew().read_offer(&offer).is_ok());
        let evidence = evidence(&hq, &phones).await;
        let found = event(&evidence, id).findings.iter();
        let found: Vec<_> =
            found.map(|f| (f.kind, evidence.lists.resolve(&f.boxes).unwrap())).collect();
        assert_eq!(found, kinds.map(|kind| (kind, set(0..10))));
    }
}

/// As many QRs as it takes, of which every third is not read. What is in the later ones
/// hangs on what the message says, which is another at every run, so that how many it takes
/// varies. The limit is for what would never end.
fn through_a_lossy_camera(purpose: Purpose, message: &[u8]) -> Vec<u8> {
    let mut show = Show::of(purpose, message).unwrap();
    let mut collector = Collector::new();
    for shown in 1..=100 * show.pieces() {
        let text = show.next_text();
        if shown % 3 == 0 && !show.is_one() {
            continue;
        }
        if let Collected::Whole(of, whole) = collector.add(&text).unwrap() {
            assert_eq!(of, purpose);
            return whole;
        }
    }
    panic!("{} pieces did not come through", show.pieces());
}

mod sign_off {
    use super::*;

    #[tokio::test]
    async fn of_one_act_on_the_supervisors_own_phone() {
        let (hq, mut phones) = crew().await;
        let [mover, _, supervisor] = &mut phones;
        let damaged = (FindingKind::Damaged, set(1..3));
        let request = ActRequest::new(EventKind::TakeOver, set(0..5));
        let request = ActRequest { findings: vec![damaged], ..request };
        let took = mover.crew().record(JOB, &request).unwrap();
        let shown =
            mover.crew().ask_sign_off(JOB, Some(took), crewseal::Introduction::Omitted).unwrap();
        mover.restart();
        let again =
            mover.crew().ask_sign_off(JOB, Some(took), crewseal::Introduction::Omitted).unwrap();
        assert_eq!(again, shown, "the identical bytes");

        let asked = supervisor.crew().read_sign_off_request(&shown).unwrap();
        assert_eq!(asked.crew.pseudonym, "Mover 17");
        let [entry] = &asked.request.entries[..] else { panic!("one act") };
        assert_eq!((entry.event, entry.kind, entry.boxes), (took, EventKind::TakeOver, 5));
        assert_eq!(entry.findings, [(FindingKind::Damaged, 2)]);
        let answer = supervisor.crew().answer_sign_off(&asked).unwrap();
        supervisor.restart();
        let asked = supervisor.crew().read_sign_off_request(&shown).unwrap();
        assert_eq!(supervisor.crew().answer_sign_off(&asked).unwrap(), answer, "signed once");

        let signed = mover.crew().read_sign_off(&answer).unwrap();
        assert_eq!(signed.supervisor.pseudonym, "Supervisor 2");
        assert_eq!((signed.event.about, signed.event.root), (Some(took), None));
        assert_eq!(signed.event.attachments, [asked.request.id()], "what he saw");
        mover.crew().read_sign_off(&answer).unwrap();
        mover.restart();
        let kept = mover.crew().sign_offs(JOB).unwrap();
        assert_eq!((kept.len(), &kept[0].shown), (1, &shown));
        assert_eq!(kept[0].signed.as_ref().unwrap().event.id(), signed.event.id());

        let device = supervisor.crew().device();
        let custody = evidence(&hq, &phones).await.verify();
        assert_eq!(custody.faults, BTreeSet::new());
        let by = BTreeMap::from([(signed.event.id(), SignOff::Signed(device))]);
        assert_eq!(custody.sign_offs, BTreeMap::from([(took, by)]));
    }

    /// More than the store's head takes, and more than a page; with a restart anywhere.
    #[tokio::test]
    async fn of_many_acts_of_two_jobs_in_turn_names_each_once() {
        let (hq, mut phones) = crew().await;
        let other = paper::OTHER_JOB;
        let mut did = BTreeMap::from([(JOB, BTreeSet::new()), (other, BTreeSet::new())]);
        let mut signed = Vec::new();
        let mut code = 0_u8;
        for turns in [
            vec![(JOB, 15), (other, 1), (JOB, 1), (JOB, 1)],
            vec![(other, 40), (JOB, 600), (other, 33)],
        ] {
            for (job, acts) in turns {
                let boxes = if job == JOB { set(0..2) } else { set(50..52) };
                let request = ActRequest::new(EventKind::Load, boxes);
                let ids = phones[0].crew().record_all(job, &vec![request; acts]).unwrap();
                did.get_mut(&job).unwrap().extend(ids);
                phones[0].restart();
            }
            for (job, acts) in &mut did {
                code += 1;
                let text = OneTimeCode::from_bytes([code; 10]).to_text();
                let mover = phones[0].crew();
                let event = mover.claim_sign_off(*job, None, &text).unwrap();
                // What was signed off alone is among the next ones, as is the claim.
                let of = acts.clone();
                if of.len() > 1 {
                    acts.clear();
                }
                acts.insert(event);
                signed.push((event, of));
            }
        }
        let evidence = evidence(&hq, &phones).await;
        // And the terms of each of the two jobs, once.
        assert_eq!(evidence.events.len(), 17 + 600 + 74 + signed.len() + 2);
        for (sign_off, acts) in signed {
            let root = if acts.len() == 1 {
                None
            } else {
                Some(crewseal_custody::Batch::of(&acts).unwrap().root())
            };
            assert_eq!(event(&evidence, sign_off).root, root, "of {} acts", acts.len());
        }
    }

    #[tokio::test]
    async fn of_a_days_acts_of_which_each_is_provable_alone() {
        let (hq, phones) = crew().await;
        let [mover, _, supervisor] = &phones;
        let record = |kind| mover.crew().record(JOB, &ActRequest::new(kind, set(0..5))).unwrap();
        let first: Vec<EventId> = [EventKind::TakeOver, EventKind::Load, EventKind::Depart]
            .into_iter()
            .map(record)
            .collect();
        let sign_off = |of: Option<EventId>| {
            let shown =
                mover.crew().ask_sign_off(JOB, of, crewseal::Introduction::Included).unwrap();
            let asked = supervisor.crew().read_sign_off_request(&shown).unwrap();
            let answer = supervisor.crew().answer_sign_off(&asked).unwrap();
            let events: Vec<_> = asked.request.entries.iter().map(|entry| entry.event).collect();
            (events, mover.crew().read_sign_off(&answer).unwrap().event)
        };
        sign_off(Some(first[1]));
        let (morning, one) = sign_off(None);
        assert_eq!(morning, first, "what was signed off alone is among the day's, too");
        assert_eq!(one.about, first.last().copied());
        let second = [record(EventKind::Arrive), record(EventKind::Unload)];
        let (evening, two) = sign_off(None);
        assert_eq!(evening, second, "from where the last one ended");
        let nothing = mover.crew().ask_sign_off(JOB, None, crewseal::Introduction::Omitted);
        assert!(matches!(nothing, Err(CrewError::NothingToSign)), "{nothing:?}");

        let mut evidence = evidence(&hq, &phones).await;
        let custody = evidence.verify();
        assert_eq!(custody.sign_offs.len(), 1, "a root alone names none");
        for (sign_off, of) in [(&one, &first[..]), (&two, &second)] {
            let root = event(&evidence, sign_off.id()).root.unwrap();
            let mut did: Vec<_> = evidence
                .events
                .values()
                .filter(|event| event.device == mover.crew().device() && event.kind.row().is_act)
                .filter(|event| {
                    event.sequence <= self::event(&evidence, *of.last().unwrap()).sequence
                })
                .collect();
            did.sort_by_key(|event| std::cmp::Reverse(event.sequence));
            let ids = did.iter().map(|event| event.id());
            let batch = crewseal_custody::Batch::ending(&root, ids).unwrap();
            assert_eq!(
                batch.events().iter().copied().collect::<BTreeSet<_>>(),
                of.iter().copied().collect()
            );
            for id in of {
                let proof = batch.proof(id).unwrap();
                evidence.inclusions.insert((sign_off.id(), *id), proof);
            }
        }
        // A proof of one act under the other's root shows nothing.
        let stolen = evidence.inclusions[&(one.id(), first[0])].clone();
        evidence.inclusions.insert((two.id(), first[0]), stolen);
        let custody = evidence.verify();
        let by = |id: &EventId| custody.sign_offs[id].keys().copied().collect::<Vec<_>>();
        assert_eq!(by(&first[0]), [one.id()]);
        assert_eq!(by(&first[1]).len(), 2);
        assert_eq!(by(&second[1]), [two.id()]);
        assert_eq!(custody.faults, BTreeSet::new());
    }

    #[tokio::test]
    async fn by_anybody_else_or_of_anything_else_is_refused() {
        let (_hq, [mover, driver, supervisor]) = crew().await;
        let took =
            mover.crew().record(JOB, &ActRequest::new(EventKind::TakeOver, set(0..5))).unwrap();
        let load = mover.crew().record(JOB, &ActRequest::new(EventKind::Load, set(0..5))).unwrap();
        let shown =
            mover.crew().ask_sign_off(JOB, Some(took), crewseal::Introduction::Omitted).unwrap();
        let asked = driver.crew().read_sign_off_request(&shown).unwrap();
        let refused = driver.crew().answer_sign_off(&asked);
        assert!(matches!(refused, Err(CrewError::NotASupervisor)), "{refused:?}");
        let unknown =
            mover.crew().ask_sign_off(JOB, Some(Digest([7; 32])), crewseal::Introduction::Omitted);
        assert!(matches!(unknown, Err(CrewError::NothingToSign)), "{unknown:?}");

        // A summary that is not what the crew's phone signed.
        for at in 0..shown.len() {
            let mut changed = shown.clone();
            changed[at] ^= 1;
            assert!(supervisor.crew().read_sign_off_request(&changed).is_err(), "byte {at}");
        }
        let asked = supervisor.crew().read_sign_off_request(&shown).unwrap();
        let answer = supervisor.crew().answer_sign_off(&asked).unwrap();
        for at in 0..answer.len() {
            let mut changed = answer.clone();
            changed[at] ^= 1;
            assert!(mover.crew().read_sign_off(&changed).is_err(), "byte {at}");
        }
        let refused = driver.crew().read_sign_off(&answer);
        assert!(matches!(refused, Err(CrewError::NotForMe)), "{refused:?}");
        // Another phone that asked something else, and the same phone about another act.
        driver.crew().record(JOB, &ActRequest::new(EventKind::Count, set(0..5))).unwrap();
        driver.crew().ask_sign_off(JOB, None, crewseal::Introduction::Omitted).unwrap();
        let refused = driver.crew().read_sign_off(&answer);
        let other = MessageError::OtherHandoff;
        assert!(matches!(refused, Err(CrewError::Message(error)) if error == other));
        mover.crew().ask_sign_off(JOB, Some(load), crewseal::Introduction::Omitted).unwrap();
        let signed = mover.crew().read_sign_off(&answer).unwrap();
        assert_eq!(signed.event.about, Some(took));
    }

    #[tokio::test]
    async fn with_a_one_time_code_is_a_claim_until_hq_confirms_it() {
        let (hq, phones) = crew().await;
        let [mover, _, supervisor] = &phones;
        let took =
            mover.crew().record(JOB, &ActRequest::new(EventKind::TakeOver, set(0..5))).unwrap();
        let code = OneTimeCode::from_bytes([0x5c; 10]);
        let slip = code.to_grouped().replacen(&code.to_grouped()[..1], "7", 1);
        let refused = mover.crew().claim_sign_off(JOB, Some(took), &slip);
        assert!(matches!(refused, Err(CrewError::ReleaseCode(_))), "{refused:?}");
        let typed = mover.crew().claim_sign_off(JOB, Some(took), &code.to_grouped()).unwrap();
        mover.crew().record(JOB, &ActRequest::new(EventKind::Load, set(0..5))).unwrap();
        let scanned = mover.crew().claim_sign_off(JOB, None, &code.to_text()).unwrap();

        let mut evidence = evidence(&hq, &phones).await;
        assert!(event(&evidence, typed).code.as_ref().is_some_and(|said| *said == code));
        assert!(event(&evidence, scanned).root.is_some());
        assert!(!format!("{:?}", event(&evidence, typed).code).contains("92"), "not in a log");
        let how = |evidence: &Evidence| evidence.verify().sign_offs[&took][&typed];
        assert_eq!(how(&evidence), SignOff::Claimed);
        assert_eq!(evidence.verify().faults, BTreeSet::new(), "a claim accuses nobody");

        let device = supervisor.crew().device();
        let said = |event, supervisor| {
            paper::hq().sign(Confirmation {
                version: Version,
                event,
                supervisor,
                at: paper::MORNING + 6_000,
                origin: paper::ORIGIN.to_owned(),
            })
        };
        evidence.confirmations.insert(typed, said(typed, Some(device)));
        assert_eq!(how(&evidence), SignOff::Confirmed(device));
        evidence.confirmations.insert(scanned, said(scanned, None));
        let refused = Fault {
            kind: FaultKind::SignOffRefused,
            events: BTreeSet::from([scanned]),
            boxes: BTreeSet::new(),
        };
        assert_eq!(evidence.verify().faults, BTreeSet::from([refused]));
    }
}

mod customer {
    use super::*;

    #[tokio::test]
    async fn keeps_a_receipt_that_the_crews_key_signed() {
        let (hq, phones) = crew().await;
        let [mover, driver, _] = &phones;
        let took =
            mover.crew().record(JOB, &ActRequest::new(EventKind::TakeOver, set(0..5))).unwrap();
        let load = mover.crew().record(JOB, &ActRequest::new(EventKind::Load, set(0..5))).unwrap();
        let text = mover.crew().receipt(took).unwrap();
        assert!(text.starts_with("T:CREWSEAL RECEIPT. TAKEN OVER. BOXES: 5. EVENT: "), "{text}");
        let receipt = CustomerReceipt::parse(&text).unwrap();
        let key = |phone: &Phone| hq.credentials()[&phone.crew().device()].act_key;
        assert!(receipt.clone().verify(&key(driver)).is_err());
        let receipt = receipt.verify(&key(mover)).unwrap();
        assert_eq!((receipt.event, receipt.boxes), (took, 5));
        let more = CustomerReceipt::parse(&text.replace("BOXES: 5", "BOXES: 6")).unwrap();
        assert!(more.verify(&key(mover)).is_err());
        for (phone, event) in [(mover, load), (driver, took), (mover, Digest([1; 32]))] {
            let refused = phone.crew().receipt(event);
            assert!(matches!(refused, Err(CrewError::NoReceipt)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn draws_a_signature_whose_digest_is_in_the_event() {
        let (hq, phones) = crew().await;
        let points = (0..20).map(|at| Point { x: at, y: at / 2, millis: u32::from(at) });
        let strokes = vec![Stroke { points: points.collect() }];
        let drawing = Drawing::new(60, 40, strokes).unwrap();
        let crew = phones[0].crew();
        let drawn = crew
            .record_drawn(JOB, &ActRequest::new(EventKind::TakeOver, set(0..5)), &drawing)
            .unwrap();
        assert!(drawn.picture.starts_with(b"\x89PNG"));
        let evidence = evidence(&hq, &phones).await;
        assert_eq!(event(&evidence, drawn.event).attachments, [drawing.digest(&drawn.salt)]);
        let blank = Drawing::new(60, 40, Vec::new());
        assert!(blank.is_err(), "nobody accepts a signature that is none");
    }
}
