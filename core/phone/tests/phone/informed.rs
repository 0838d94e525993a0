//! What a phone says of the terms that it knows: before its first act in a job, and before
//! the next one after they changed. Never oftener, and nothing of it is an act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use EventKind::{Accept, Ack, Count, Found, Informed, Offer, TakeOver};
use crewseal::clock::Clock;
use crewseal::vault::VaultError;
use crewseal::{ActRequest, Crew, CrewError, Introduction};
use crewseal_custody::cbor::{self, Version};
use crewseal_custody::job::JobPack;
use crewseal_custody::signed::{Digest, Message, Signed};
use crewseal_custody::{
    BootId, DeviceId, Event, EventId, EventKind, Evidence, JobId, Protection, Revocations,
    SpotCheck,
};
use fixtures::clock::Standing;
use fixtures::files;
use fixtures::hq::MockHq;
use fixtures::paper::{self, JOB, OTHER_JOB, set};
use fixtures::vault::{self, Call, Hooked, Moment};

/// A phone's clock, which goes on as a test has it.
struct Watch(AtomicU64);

impl Clock for Watch {
    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn since_boot(&self) -> (BootId, u64) {
        (BootId([1; 4]), 60_000)
    }
}

struct Phone {
    home: tempfile::TempDir,
    clock: Arc<Watch>,
    crew: Option<Crew>,
}

impl Phone {
    async fn of(hq: &MockHq) -> Self {
        let home = tempfile::tempdir().unwrap();
        let clock = Arc::new(Watch(AtomicU64::new(paper::MORNING + 3_600)));
        let mut phone = Self { home, clock, crew: None };
        phone.restart();
        phone.crew().enrol(&hq.invitation()).await.unwrap();
        phone.crew().fetch().await.unwrap();
        phone
    }

    /// The app dies, if it runs, and starts again.
    fn restart(&mut self) {
        self.crew = None;
        let clock: Arc<dyn Clock> = Arc::<Watch>::clone(&self.clock);
        let vault = Arc::new(vault::software(self.home.path()));
        self.crew = Some(Crew::open(&files::store(self.home.path()), vault, clock).unwrap());
    }

    fn crew(&self) -> &Crew {
        self.crew.as_ref().unwrap()
    }

    fn counts(&self, job: JobId) -> EventId {
        let boxes = if job == JOB { set(0..3) } else { set(50..52) };
        self.crew().record(job, &ActRequest::new(Count, boxes)).unwrap()
    }

    fn finds(&self) -> EventId {
        self.crew().found(&set(500..501), None).unwrap()
    }

    /// HQ's newest word about it.
    fn credential(&self) -> Digest {
        self.crew().credentials().unwrap().last().unwrap().id()
    }

    fn pack(&self, job: JobId) -> Digest {
        let packs = self.crew().jobs().unwrap();
        let pack = packs.iter().find(|pack| pack.job == job).unwrap();
        JobPack::NAMESPACE.digest(&[&cbor::to_vec(pack)])
    }

    /// What it signed so far, as HQ has it.
    async fn signed(&self, hq: &MockHq) -> Vec<Signed<Event>> {
        let delivered = self.crew().sync().await.unwrap();
        assert_eq!((delivered.parked, delivered.unanswered), (0, 0));
        let device = self.crew().device();
        hq.events().into_iter().filter(|event| event.device == device).collect()
    }
}

fn list(epoch: u64) -> Signed<Revocations> {
    let since = [(DeviceId([9; 16]), paper::MORNING)].into();
    let origin = paper::ORIGIN.to_owned();
    paper::hq().sign(Revocations { version: Version, origin, epoch, since })
}

/// What, and in which job; each names the one before it.
fn in_short(events: &[Signed<Event>]) -> Vec<(EventKind, JobId)> {
    for pair in events.windows(2) {
        assert_eq!(pair[1].previous, Some(pair[0].id()));
    }
    events.iter().map(|event| (event.kind, event.job)).collect()
}

#[tokio::test]
async fn the_first_act_in_a_job_comes_after_the_terms_in_their_order() {
    let hq = MockHq::start().await;
    let revoked = list(1);
    hq.revoke(revoked.clone());
    let phone = Phone::of(&hq).await;
    let (first, second) = (phone.counts(JOB), phone.counts(JOB));
    assert_eq!(phone.crew().outbox().unwrap().waiting, 3, "an entry is an entry");
    let signed = phone.signed(&hq).await;
    assert_eq!(in_short(&signed), [(Informed, JOB), (Count, JOB), (Count, JOB)]);
    assert_eq!([signed[1].id(), signed[2].id()], [first, second]);
    let informed = &signed[0];
    let terms = [phone.credential(), phone.pack(JOB), revoked.id()];
    assert_eq!(informed.attachments, terms);
    assert_eq!((informed.protection, informed.check_form()), (Protection::Act, Ok(())));
    assert!(informed.boxes.is_empty() && informed.statement.is_none());
    // Nobody is asked to sign off that a phone knows something, nor gets a receipt of it.
    assert!(matches!(phone.crew().receipt(informed.id()), Err(CrewError::NoReceipt)));
    let asked =
        phone.crew().ask_sign_off(JOB, Some(informed.id()), Introduction::Omitted).unwrap_err();
    assert!(matches!(asked, CrewError::NothingToSign), "{asked:?}");
}

#[tokio::test]
async fn whatever_changed_is_said_once_before_the_next_act() {
    let hq = MockHq::start().await;
    hq.vouch_until(paper::MORNING + 43_200);
    let phone = Phone::of(&hq).await;
    phone.counts(JOB);
    let mut terms = vec![vec![phone.credential(), phone.pack(JOB)]];

    // A sync renews HQ's word, and nothing else.
    phone.clock.0.store(paper::MORNING + 20_000, Ordering::SeqCst);
    phone.crew().sync().await.unwrap();
    terms.push(vec![phone.credential(), terms[0][1]]);
    assert_ne!(terms[1], terms[0]);
    phone.counts(JOB);
    phone.counts(JOB);

    // The pack is another because the roster is.
    phone.crew().fetch().await.unwrap();
    terms.push(vec![phone.credential(), phone.pack(JOB)]);
    assert_ne!(terms[2], terms[1]);
    phone.counts(JOB);
    phone.counts(JOB);

    let mut revoked = list(1);
    hq.revoke(revoked.clone());
    phone.crew().fetch().await.unwrap();
    terms.push(vec![phone.credential(), phone.pack(JOB), revoked.id()]);
    phone.counts(JOB);
    phone.counts(JOB);

    // Nothing is new, then two things are.
    phone.crew().fetch().await.unwrap();
    phone.counts(JOB);
    revoked = list(2);
    hq.revoke(revoked.clone());
    phone.crew().fetch().await.unwrap();
    let first = paper::hq().sign(paper::manifest(1, None, &paper::tokens(0..10)));
    let grown = paper::manifest(2, Some(first.id()), &paper::tokens(200..201));
    hq.issue(vec![first, paper::hq().sign(grown)]);
    phone.crew().fetch().await.unwrap();
    terms.push(vec![phone.credential(), phone.pack(JOB), revoked.id()]);
    phone.counts(JOB);

    let signed = phone.signed(&hq).await;
    let kinds: Vec<EventKind> = in_short(&signed).into_iter().map(|(kind, _)| kind).collect();
    let expected: [&[EventKind]; 5] = [
        &[Informed, Count],
        &[Informed, Count, Count],
        &[Informed, Count, Count],
        &[Informed, Count, Count, Count],
        &[Informed, Count],
    ];
    assert_eq!(kinds, expected.concat());
    let said = signed.iter().filter(|event| event.kind == Informed);
    assert_eq!(said.map(|event| event.attachments.clone()).collect::<Vec<_>>(), terms);
}

#[tokio::test]
async fn each_job_has_its_own_and_so_has_what_is_of_none() {
    let hq = MockHq::start().await;
    let phone = Phone::of(&hq).await;
    for job in [JOB, OTHER_JOB, JOB] {
        phone.counts(job);
    }
    phone.finds();
    phone.finds();
    phone.counts(OTHER_JOB);
    let revoked = list(1);
    hq.revoke(revoked.clone());
    phone.crew().fetch().await.unwrap();
    phone.counts(JOB);
    phone.finds();
    phone.counts(OTHER_JOB);
    phone.counts(JOB);

    let signed = phone.signed(&hq).await;
    let before = [
        (Informed, JOB),
        (Count, JOB),
        (Informed, OTHER_JOB),
        (Count, OTHER_JOB),
        (Count, JOB),
        (Informed, JobId::NONE),
        (Found, JobId::NONE),
        (Found, JobId::NONE),
        (Count, OTHER_JOB),
    ];
    let after = [
        (Informed, JOB),
        (Count, JOB),
        (Informed, JobId::NONE),
        (Found, JobId::NONE),
        (Informed, OTHER_JOB),
        (Count, OTHER_JOB),
        (Count, JOB),
    ];
    assert_eq!(in_short(&signed), [&before[..], &after].concat());
    let said = |place: usize| signed[place].attachments.clone();
    let (credential, list) = (phone.credential(), revoked.id());
    assert_eq!(said(2), [credential, phone.pack(OTHER_JOB)]);
    assert_eq!(said(5), [credential], "of no job there is no pack");
    assert_eq!(said(11), [credential, list]);
    assert_eq!(said(13), [credential, phone.pack(OTHER_JOB), list]);
}

#[tokio::test]
async fn several_acts_in_one_commit_come_after_it_together() {
    let hq = MockHq::start().await;
    let phone = Phone::of(&hq).await;
    let requests = [Count, TakeOver, Count].map(|kind| ActRequest::new(kind, set(0..3)));
    let ids = phone.crew().record_all(JOB, &requests).unwrap();
    let signed = phone.signed(&hq).await;
    assert_eq!(in_short(&signed), [Informed, Count, TakeOver, Count].map(|kind| (kind, JOB)));
    assert_eq!(signed[1..].iter().map(Signed::id).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn what_was_said_outlasts_a_restart_and_goes_with_its_job() {
    let hq = MockHq::start().await;
    let mut phone = Phone::of(&hq).await;
    phone.counts(JOB);
    phone.counts(OTHER_JOB);
    phone.restart();
    phone.counts(JOB);
    phone.counts(OTHER_JOB);
    assert_eq!(phone.signed(&hq).await.len(), 2 + 4);
    phone.crew().forget(JOB).unwrap();
    phone.restart();
    phone.crew().fetch().await.unwrap();
    phone.counts(OTHER_JOB);
    phone.counts(JOB);
    let signed = phone.signed(&hq).await;
    assert_eq!(
        in_short(&signed)[6..],
        [(Count, OTHER_JOB), (Informed, JOB), (Count, JOB)],
        "nothing here says any more that it was said"
    );
}

#[tokio::test]
async fn a_signature_that_fails_after_it_leaves_neither() {
    let hq = MockHq::start().await;
    let home = tempfile::tempdir().unwrap();
    let (fails, signatures) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (told, counted) = (Arc::clone(&fails), Arc::clone(&signatures));
    let vault = Hooked::open(home.path(), move |moment, call| match (moment, call) {
        (Moment::Before, Call::Sign) if told.load(Ordering::SeqCst) => {
            let before = counted.fetch_add(1, Ordering::SeqCst);
            if before == 1 { Err(VaultError::Hardware) } else { Ok(()) }
        }
        _ => Ok(()),
    });
    let crew = Crew::open(&files::store(home.path()), Arc::new(vault), Arc::new(Standing)).unwrap();
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.fetch().await.unwrap();
    let count = || crew.record(JOB, &ActRequest::new(Count, set(0..3)));
    fails.store(true, Ordering::SeqCst);
    assert!(matches!(count(), Err(CrewError::Vault(VaultError::Hardware))));
    assert_eq!(signatures.load(Ordering::SeqCst), 2, "the terms were signed, the act was not");
    assert_eq!(crew.outbox().unwrap().waiting, 0);
    fails.store(false, Ordering::SeqCst);
    count().unwrap();
    count().unwrap();
    crew.sync().await.unwrap();
    assert_eq!(in_short(&hq.events()), [Informed, Count, Count].map(|kind| (kind, JOB)));
    let numbers: Vec<u64> = hq.events().iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

/// What one shows and the other reads, with the sizes of OFFER, ACCEPT and ACK.
fn hand_over(giver: &Phone, receiver: &Phone, meanwhile: impl FnOnce()) -> [usize; 3] {
    let hello = receiver.crew().hello(Introduction::Omitted).unwrap();
    let offer = giver.crew().offer(JOB, &set(0..3), &[], &hello).unwrap();
    let view = receiver.crew().read_offer(&offer).unwrap();
    let accept = receiver.crew().accept(&view, &set(0..3), &[], SpotCheck::Done).unwrap();
    meanwhile();
    let answer = giver.crew().read_acceptance(&accept).unwrap();
    assert_eq!(answer.compared.passing, set(0..3));
    receiver.crew().read_ack(&answer.ack).unwrap();
    [offer.len(), accept.len(), answer.ack.len()]
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_handoff_it_stands_in_the_chains_and_in_no_qr() {
    let hq = MockHq::start().await;
    let (one, other) = (Phone::of(&hq).await, Phone::of(&hq).await);
    // The roster is whole now.
    one.crew().fetch().await.unwrap();
    one.crew().record(JOB, &ActRequest::new(TakeOver, set(0..3))).unwrap();
    other.counts(OTHER_JOB);
    // The receiver is new to the job, the giver is not.
    let first = hand_over(&one, &other, || ());
    // Neither learnt anything since.
    let second = hand_over(&other, &one, || ());
    assert_eq!(first, second, "what is said besides makes no message larger");

    hq.revoke(list(1));
    for phone in [&one, &other] {
        phone.crew().fetch().await.unwrap();
    }
    let third = hand_over(&one, &other, || ());
    assert_eq!(third, second);

    // What the giver learns before the ACK comes before the ACK.
    hq.revoke(list(2));
    let runtime = tokio::runtime::Handle::current();
    let learn = || runtime.block_on(async { other.crew().fetch().await.map(drop) }).unwrap();
    tokio::task::block_in_place(|| hand_over(&other, &one, learn));

    let (ones, others) = (one.signed(&hq).await, other.signed(&hq).await);
    let kinds = |events: &[Signed<Event>]| -> Vec<EventKind> {
        in_short(events).into_iter().map(|(kind, _)| kind).collect()
    };
    let of_one = [Informed, TakeOver, Offer, Ack, Accept, Informed, Offer, Ack, Accept];
    assert_eq!(kinds(&ones), of_one);
    let of_other =
        [Informed, Count, Informed, Accept, Offer, Ack, Informed, Accept, Offer, Informed, Ack];
    assert_eq!(kinds(&others), of_other);

    let key = paper::hq();
    let evidence = Evidence {
        credentials: hq.credentials().into_values().collect(),
        ticks: BTreeMap::from([(1, key.sign(paper::tick(1)))]),
        lists: paper::lists(),
        events: hq.events().into_iter().map(|event| (event.id(), event)).collect(),
        ..Evidence::default()
    };
    let faults = evidence.verify().faults;
    let of_the_job = faults.iter().filter(|fault| {
        // Nobody took over what was counted in the other job.
        fault.events.iter().all(|event| evidence.events[event].job == JOB)
    });
    assert_eq!(of_the_job.collect::<BTreeSet<_>>(), BTreeSet::new());
}
