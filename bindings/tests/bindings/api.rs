//! The API as an app drives it: keys and clocks of its own, frames of bytes,
//! and nothing of the core's types.

use crewseal_ffi::{
    Act, Advice, AskedSignOff, Collected, Collector, Commission, Count, Countersign, Crew,
    CrewError, Decision, DrawnSignature, Finding, FindingCount, FindingKind, FrameFormat,
    GivingState, Introduction, Label, LabelFault, Language, Level, OpenHandoff, PadPoint, Purpose,
    ReceivingState, Refusal, Region, Role, Show, Sighting, SpotCheck, Step, TextFault, VouchedBy,
    four_words, read_frame, read_invitation,
};

use crate::hq::{self, BLANK, BOXES, Hq, JOB};
use crate::phone::{Frame, open, text};

/// The label of a sighting that has one.
fn label(sighting: &Sighting) -> Label {
    match sighting {
        Sighting::New { label }
        | Sighting::Again { label }
        | Sighting::Blank { label }
        | Sighting::OtherJob { label }
        | Sighting::UnknownLabel { label }
        | Sighting::Undone { label } => label.clone(),
        Sighting::NotOurs { fault } => panic!("no label: {fault:?}"),
    }
}

async fn enrolled(hq: &Hq) -> (tempfile::TempDir, Crew) {
    let directory = tempfile::tempdir().unwrap();
    let crew = open(directory.path()).await.unwrap();
    crew.enrol(hq.invitation(), None).await.unwrap();
    (directory, crew)
}

#[tokio::test]
async fn a_frame_says_what_is_on_the_boxes_and_what_is_missing() {
    let hq = Hq::open().await;
    let (_directory, crew) = enrolled(&hq).await;
    let fetched = crew.fetch(None).await.unwrap();
    assert_eq!((fetched.jobs, fetched.labels), (1, 1));
    let jobs = crew.jobs().await.unwrap();
    assert_eq!((jobs[0].id, jobs[0].title.as_str()), (JOB, "Third floor, no lift"));
    assert!(!format!("{jobs:?}").contains("lift"));

    let session = crew.begin_scan(JOB).await.unwrap();
    assert_eq!(session.count(), Count { seen: 0, expected: 3 });
    let frame = Frame::of(&[BOXES[0], BLANK]);
    let mut sighted = session.sight_frame(&frame.luma, &frame.format(), u32::MAX).unwrap();
    sighted.sort_by(|a, b| a.corners.top_left.x.total_cmp(&b.corners.top_left.x));
    let [mine, blank] = sighted.as_slice() else { panic!("{sighted:?}") };
    assert!(matches!(mine.sighting, Sighting::New { .. }), "{mine:?}");
    assert!(matches!(blank.sighting, Sighting::Blank { .. }), "{blank:?}");
    assert!(mine.corners.top_right.x < blank.corners.top_left.x);
    assert!(sighted.iter().all(|code| code.is_entering && code.age == 0), "{sighted:?}");

    let called: Vec<String> = session.missing().into_iter().map(|box_| box_.call_out).collect();
    let mut expected = [BOXES[1], BOXES[2]].map(|token| text(token)[25..].to_owned());
    expected.sort();
    assert!(expected.iter().all(|call_out| called.contains(call_out)), "{called:?}");

    let typed = text(BOXES[1]).to_lowercase();
    assert!(matches!(session.typed(&typed), Sighting::New { .. }));
    let blank = label(&blank.sighting);
    assert_eq!(session.commission(blank.clone()), Ok(Commission::FromRoll));
    assert_eq!(session.commissioned(), std::slice::from_ref(&blank));
    assert_eq!(session.count(), Count { seen: 3, expected: 4 });
    assert_eq!(session.undo(blank.clone()), Ok(true));
    assert_eq!(session.undo(blank), Ok(false));
    assert_eq!(session.count(), Count { seen: 2, expected: 3 });

    let elsewhere = session.typed("https://example.com/42");
    let fault = LabelFault::Character { position: 6 };
    assert_eq!(elsewhere, Sighting::NotOurs { fault });
    let unknown = session.typed(&text([77; 16]));
    assert!(matches!(unknown, Sighting::UnknownLabel { .. }));
    assert_eq!(session.foreign(), [unknown]);
    assert!(!format!("{sighted:?} {:?}", session.seen()).contains(&text(BOXES[0])));
}

#[tokio::test]
async fn boxes_go_from_phone_to_phone_and_the_acts_to_hq() {
    let hq = Hq::open().await;
    let (_givers, giver) = enrolled(&hq).await;
    let (_receivers, receiver) = enrolled(&hq).await;
    giver.fetch(None).await.unwrap();
    receiver.fetch(None).await.unwrap();

    let session = giver.begin_scan(JOB).await.unwrap();
    for token in [BOXES[0], BOXES[1], BLANK] {
        session.typed(&text(token));
    }
    let blank = label(&session.typed(&text(BLANK)));
    session.commission(blank.clone()).unwrap();
    giver.commission(JOB, session.commissioned()).await.unwrap();
    let damaged = Finding { kind: FindingKind::Damaged, boxes: vec![blank], note: None };
    let needed = giver.needs(Act::Load, JOB, session.seen(), vec![damaged.clone()]).await;
    assert_eq!(needed, Ok(None), "ordinary boxes");
    let needed = giver.needs(Act::Destroy, JOB, session.seen(), Vec::new()).await;
    assert_eq!(needed, Ok(Some(Countersign::Supervisor)));
    giver.record(Act::Load, JOB, session.seen(), vec![damaged], None).await.unwrap();
    let hello = receiver.hello(Introduction::Omitted).await.unwrap();
    let offer = giver.offer(JOB, session.seen(), hello, Vec::new()).await.unwrap();

    let shown = receiver.read_offer(offer.clone()).await.unwrap();
    assert_eq!((shown.giver().device, shown.job()), (giver.device_id(), JOB));
    assert!(!shown.may_be_revoked(), "this HQ revokes nobody");
    assert_eq!(shown.boxes(), session.seen());
    let own = receiver.begin_scan(JOB).await.unwrap();
    let scanned = vec![label(&own.typed(&text(BOXES[0]))), label(&own.typed(&text(BLANK)))];
    let accept =
        receiver.accept(shown, scanned.clone(), SpotCheck::Done, Vec::new()).await.unwrap();
    let answer = giver.read_acceptance(accept).await.unwrap();
    assert_eq!((answer.passing.len(), answer.not_accepted.len()), (2, 1));
    assert!(scanned.iter().all(|box_| answer.passing.contains(box_)));
    let other = receiver.hello(Introduction::Omitted).await.unwrap();
    assert!(!other.is_empty(), "another handoff may begin before the ACK is read");
    receiver.read_ack(answer.ack.clone()).await.unwrap();
    receiver.read_ack(answer.ack).await.unwrap();
    let own_offer = giver.read_offer(offer).await.unwrap_err();
    assert_eq!((own_offer.advice(), own_offer), (Advice::AskUser, CrewError::NotForThisPhone));

    // Its acts, and before them the terms under which it did them.
    assert_eq!(giver.outbox().await.unwrap().waiting, 5);
    let delivered = giver.sync(None).await.unwrap();
    assert_eq!((delivered.receipted, delivered.parked, delivered.unanswered), (5, 0, 0));
    assert_eq!(giver.outbox().await.unwrap().waiting, 0);
}

/// What one screen shows and the other camera reads, every third code lost.
fn across(purpose: Purpose, message: Vec<u8>) -> Vec<u8> {
    let (show, collector) = (Show::of(purpose, message).unwrap(), Collector::new());
    let label = collector.add(&text(BOXES[0]));
    assert_eq!(label, Collected::Nothing { fault: TextFault::NotOurs });
    for shown in 1..=4 * show.pieces() {
        let text = show.next_text();
        if shown % 3 == 0 {
            continue;
        }
        match collector.add(&text) {
            Collected::Whole { purpose: of, message } => {
                assert_eq!(of, purpose);
                return message;
            }
            Collected::Part { have, of } => assert!(have < of && !show.is_one()),
            Collected::Nothing { fault } => panic!("{fault:?}"),
        }
    }
    panic!("{} pieces", show.pieces());
}

#[tokio::test]
async fn an_offer_is_taken_back_and_whatever_is_open_is_shown_again() {
    let hq = Hq::open().await;
    let (_givers, giver) = enrolled(&hq).await;
    let (_receivers, receiver) = enrolled(&hq).await;
    giver.fetch(None).await.unwrap();
    receiver.fetch(None).await.unwrap();
    let session = giver.begin_scan(JOB).await.unwrap();
    session.typed(&text(BOXES[0]));
    let hello = across(Purpose::Hello, receiver.hello(Introduction::Included).await.unwrap());
    let offer = giver.offer(JOB, session.seen(), hello, Vec::new()).await.unwrap();
    let view = receiver.read_offer(across(Purpose::Offer, offer.clone())).await.unwrap();
    for language in [Language::English, Language::Chinese] {
        let words = four_words(view.id(), language);
        assert_eq!(words.len(), 4);
        assert!(words.iter().all(|word| !word.is_empty()), "{words:?}");
    }
    let open = giver.handoffs().await.unwrap();
    let to = receiver.device_id();
    let state = GivingState::Offered;
    let giving = OpenHandoff::Giving { offer: view.id(), to, state, shown: offer };
    assert_eq!(open, [giving]);
    let open = receiver.handoffs().await.unwrap();
    assert!(
        matches!(&open[..], [OpenHandoff::Receiving { state: ReceivingState::Offered, .. }]),
        "{open:?}"
    );

    let withdrawal = across(Purpose::Withdraw, giver.withdraw(view.id()).await.unwrap());
    let state = receiver.read_withdraw(withdrawal).await.unwrap();
    assert_eq!(state, ReceivingState::Withdrawn);
    let late =
        receiver.accept(view, session.seen(), SpotCheck::Done, Vec::new()).await.unwrap_err();
    assert_eq!((late.advice(), late), (Advice::AskUser, CrewError::OfferOver));
    assert_eq!(giver.handoffs().await.unwrap(), []);
    let much = Show::of(Purpose::Offer, vec![1; 70_000]).err().unwrap();
    assert_eq!((much.advice(), much), (Advice::AskUser, CrewError::TooMuch));
}

#[tokio::test]
async fn the_customer_confirms_draws_and_gets_a_receipt() {
    let hq = Hq::open().await;
    let (_directory, crew) = enrolled(&hq).await;
    crew.fetch(None).await.unwrap();
    let session = crew.begin_scan(JOB).await.unwrap();
    session.typed(&text(BOXES[0]));
    let points: Vec<PadPoint> =
        (0..9).map(|at| PadPoint { x: at, y: at, millis: u32::from(at) }).collect();
    let (act, boxes) = (Act::TakeOver, session.seen());
    let signature = |strokes| DrawnSignature { width: 20, height: 20, strokes };
    let good = signature(vec![points.clone()]);
    let drawn = crew.record_drawn(act, JOB, boxes.clone(), good, Vec::new()).await.unwrap();
    assert!(drawn.picture.starts_with(b"\x89PNG"));
    assert_eq!(format!("{points:?}").matches("..").count(), 9, "nothing of it in a log");
    let blank = crew.record_drawn(act, JOB, boxes, signature(Vec::new()), Vec::new()).await;
    assert!(matches!(blank, Err(CrewError::NotADrawing { .. })), "{blank:?}");

    let code = hq::release_code().to_grouped().to_string();
    let slip = code.replacen(&code[..1], "7", 1);
    let refused = crew.release(JOB, act, drawn.event, slip).await.unwrap_err();
    assert_eq!(refused, CrewError::WrongCode);
    let refused = crew.release(JOB, Act::Deliver, drawn.event, code.clone()).await.unwrap_err();
    assert_eq!(refused, CrewError::WrongCode);
    crew.release(JOB, act, drawn.event, code).await.unwrap();

    let receipt = crew.receipt(drawn.event).await.unwrap();
    assert!(receipt.starts_with("T:CREWSEAL RECEIPT. TAKEN OVER. BOXES: 1."), "{receipt}");
    let counted = crew.record(Act::Count, JOB, Vec::new(), Vec::new(), None).await.unwrap();
    let none = crew.receipt(counted).await.unwrap_err();
    assert_eq!((none.advice(), none), (Advice::Report, CrewError::NoReceipt));
}

#[tokio::test]
async fn a_supervisor_signs_off_on_his_own_phone() {
    let hq = Hq::open().await;
    let (_movers, mover) = enrolled(&hq).await;
    let (_others, other) = enrolled(&hq).await;
    let (_supervisors, supervisor) = enrolled(&hq).await;
    for crew in [&mover, &other, &supervisor] {
        crew.fetch(None).await.unwrap();
    }
    let session = mover.begin_scan(JOB).await.unwrap();
    let damaged = label(&session.typed(&text(BOXES[0])));
    let findings = vec![Finding { kind: FindingKind::Damaged, boxes: vec![damaged], note: None }];
    let took = mover.record(Act::TakeOver, JOB, session.seen(), findings, None).await.unwrap();
    mover.record_scanned(Act::Load, session.clone(), Vec::new()).await.unwrap();
    let asked = mover.ask_sign_off(JOB, Introduction::Omitted, None).await.unwrap();
    let request = across(Purpose::SignOffRequest, asked.clone());
    let shown = supervisor.read_sign_off_request(request.clone()).await.unwrap();
    assert_eq!((shown.crew().device, shown.job()), (mover.device_id(), JOB));
    let entries = shown.entries();
    assert_eq!((entries.len(), entries[0].event, entries[0].step), (2, took, Step::TakeOver));
    let count = FindingCount { kind: FindingKind::Damaged, boxes: 1 };
    assert_eq!((entries[0].boxes, entries[0].findings.as_slice()), (1, &[count][..]));
    let refused = other.read_sign_off_request(request).await.unwrap();
    let refused = other.answer_sign_off(refused).await.unwrap_err();
    assert_eq!((refused.advice(), refused), (Advice::AskSupervisor, CrewError::NotASupervisor));
    let answer = across(Purpose::SignOff, supervisor.answer_sign_off(shown).await.unwrap());
    let signed = mover.read_sign_off(answer).await.unwrap();
    assert_eq!(
        (signed.supervisor.role, signed.supervisor.device),
        (Role::Supervisor, supervisor.device_id())
    );
    let kept = mover.sign_offs(JOB).await.unwrap();
    assert_eq!(kept, [AskedSignOff { entries, shown: asked, signed: Some(signed) }]);
    let nothing = mover.ask_sign_off(JOB, Introduction::Omitted, None).await.unwrap_err();
    assert_eq!((nothing.advice(), nothing), (Advice::AskUser, CrewError::NothingToSign));
    let code = hq::release_code().to_text().to_string();
    mover.claim_sign_off(JOB, code, Some(took)).await.unwrap();
}

#[tokio::test]
async fn what_goes_wrong_has_a_type_and_an_advice() {
    let directory = tempfile::tempdir().unwrap();
    let crew = open(directory.path()).await.unwrap();
    let failed = |error: CrewError| (error.advice(), error);
    let not_enrolled = (Advice::Enrol, CrewError::NotEnrolled);
    assert_eq!(failed(crew.jobs().await.unwrap_err()), not_enrolled);
    assert_eq!(failed(crew.fetch(None).await.unwrap_err()), not_enrolled);
    assert_eq!(failed(crew.sync(None).await.unwrap_err()), not_enrolled);
    assert_eq!(failed(crew.begin_scan(JOB).await.err().unwrap()), not_enrolled);
    let invitation = crew.enrol(b"not an invitation".to_vec(), None).await;
    assert_eq!(failed(invitation.unwrap_err()), (Advice::AskUser, CrewError::Invitation));
    let again = open(directory.path()).await.err().unwrap();
    assert_eq!(failed(again), (Advice::TryLater, CrewError::StoreInUse));

    let hq = Hq::open().await;
    crew.enrol(hq.invitation(), None).await.unwrap();
    let unknown = (Advice::AskSupervisor, CrewError::UnknownJob);
    assert_eq!(failed(crew.begin_scan(JOB).await.err().unwrap()), unknown);
    assert_eq!(failed(crew.commission(JOB, Vec::new()).await.unwrap_err()), unknown);
    crew.fetch(None).await.unwrap();
    let made_up = Label { text: "BOX 1".to_owned(), call_out: "BOX1".to_owned() };
    let fault = LabelFault::Length { characters: 4 };
    let recorded = crew.record(Act::Count, JOB, vec![made_up], Vec::new(), None).await;
    assert_eq!(failed(recorded.unwrap_err()), (Advice::AskUser, CrewError::NotALabel { fault }));
    drop(hq);
}

#[tokio::test]
async fn a_phone_rests_changes_its_keys_forgets_and_is_logged_out() {
    let hq = Hq::open().await;
    let (_directory, crew) = enrolled(&hq).await;
    crew.fetch(None).await.unwrap();
    let session = crew.begin_scan(JOB).await.unwrap();
    session.typed(&text(BOXES[0]));
    crew.record(Act::Count, JOB, session.seen(), Vec::new(), None).await.unwrap();
    crew.suspend().await.unwrap();
    let closed = crew.jobs().await.unwrap_err();
    assert_eq!((closed.advice(), closed), (Advice::TryLater, CrewError::Suspended));
    crew.resume().await.unwrap();
    crew.rotate_keys().await.unwrap();

    let waits = crew.forget(JOB).await.unwrap_err();
    // The act, and the terms before it.
    assert_eq!(waits, CrewError::Unreceipted { entries: 2 });
    assert_eq!(crew.sync(None).await.unwrap().receipted, 2);
    let erasure = crew.forget(JOB).await.unwrap();
    assert_eq!((erasure.job, erasure.found), (JOB, 0));
    assert_eq!(crew.erasures().await.unwrap(), [erasure]);
    assert_eq!(crew.jobs().await.unwrap(), []);

    assert_eq!(crew.log_out().await.unwrap().waiting, 0);
    assert_eq!(crew.jobs().await.unwrap_err(), CrewError::Suspended);
    assert_eq!(crew.resume().await.unwrap_err(), CrewError::LoggedOut);
}

#[tokio::test]
async fn a_box_that_is_taken_back_waits_until_it_is_meant() {
    let hq = Hq::open().await;
    let (_directory, crew) = enrolled(&hq).await;
    crew.fetch(None).await.unwrap();
    let session = crew.begin_scan(JOB).await.unwrap();
    assert_eq!(session.undo_last(), None);
    let frame = Frame::of(&[BOXES[0]]);
    let sight = || {
        let sighted = session.sight_frame(&frame.luma, &frame.format(), 60_000).unwrap();
        let [code] = sighted.as_slice() else { panic!("{sighted:?}") };
        (code.sighting.clone(), code.is_entering)
    };
    let (new, is_entering) = sight();
    let mine = label(&new);
    assert_eq!((new, is_entering), (Sighting::New { label: mine.clone() }, true));
    assert_eq!(sight(), (Sighting::Again { label: mine.clone() }, false));
    assert_eq!(session.undo_last(), Some(mine.clone()));
    assert_eq!(sight(), (Sighting::Undone { label: mine.clone() }, false));
    assert_eq!(session.count().seen, 0);
    assert_eq!(session.typed(&mine.text), Sighting::New { label: mine.clone() });
    assert_eq!(sight(), (Sighting::Again { label: mine }, false));
    assert_eq!(session.count().seen, 1);
}

#[test]
fn a_frame_is_read_however_it_lies() {
    let frame = Frame::of(&[BOXES[0]]);
    let read = |buffer: &[u8], format: FrameFormat| {
        let readings = read_frame(buffer, &format, u32::MAX).unwrap();
        let [code] = readings.as_slice() else { panic!("{readings:?}") };
        assert_eq!((code.text.as_str(), code.version), (text(BOXES[0]).as_str(), 2));
        assert_eq!(code.level, Level::Q);
        code.corners
    };
    let (width, height, stride) = (frame.width, frame.height, frame.stride);
    let plain = read(&frame.luma, FrameFormat::luma(width, height, stride, 1, 0));
    assert_eq!(read(&frame.luma, FrameFormat::nv21(width, height, stride, 0)), plain);
    let (gaps, stride) = frame.widened(2);
    assert_eq!(read(&gaps, FrameFormat::luma(width, height, stride, 2, 0)), plain);
    let (bgra, stride) = frame.widened(4);
    assert_eq!(read(&bgra, FrameFormat::bgra(width, height, stride, 0)), plain);

    // Turned clockwise, what is at the top left of the buffer comes to the right.
    let turned = FrameFormat::luma(width, height, frame.stride, 1, 90);
    let region = Region { left: 4, top: 4, width: width - 8, height: width - 8 };
    for format in [turned, turned.cropped(region)] {
        let turned = read(&frame.luma, format).top_left;
        let (x, y) = (plain.top_left.y, plain.top_left.x);
        let right = f32::from(u16::try_from(width).unwrap()) - x;
        assert!((turned.x - right).abs() < 1.5, "{turned:?} for {right}, {y}");
        assert!((turned.y - y).abs() < 1.5, "{turned:?} for {right}, {y}");
    }
    assert_eq!(read_frame(&frame.luma, &frame.format(), 0), Ok(Vec::new()));
}

#[tokio::test]
async fn a_supervisor_decides_on_what_hq_refused() {
    let hq = Hq::open().await;
    let (_one, crew) = enrolled(&hq).await;
    let (_two, _mover) = enrolled(&hq).await;
    // The third to come is the supervisor.
    let (_three, boss) = enrolled(&hq).await;
    crew.fetch(None).await.unwrap();
    let boxes = vec![Label { text: text(BOXES[0]), call_out: String::new() }];
    // The terms are at HQ before it refuses what comes.
    crew.record(Act::Count, JOB, boxes.clone(), Vec::new(), None).await.unwrap();
    assert_eq!(crew.sync(None).await.unwrap().receipted, 2);
    let event = crew.record(Act::Load, JOB, boxes, Vec::new(), None).await.unwrap();
    hq.refuse(true);
    assert_eq!(crew.sync(None).await.unwrap().parked, 1);
    let [parked] = <[_; 1]>::try_from(crew.outbox().await.unwrap().parked).unwrap();
    assert_eq!((parked.event, parked.refusal), (event, Refusal::UnknownDevice));
    assert_eq!(parked.given_up, None);
    let first = parked.refusal_id.unwrap();

    // Who carries the phone does not decide himself, nor does a mover.
    let note = || "Mrs Lin knows".to_owned();
    let decided = crew.decide(event, first, Decision::SendAgain, note()).await.unwrap();
    assert_eq!(crew.resolve(decided).await, Err(CrewError::Stranger));
    for bytes in [Vec::new(), vec![0xff; 200]] {
        let unreadable = crew.resolve(bytes).await;
        assert!(matches!(unreadable, Err(CrewError::FromPhone { .. })), "{unreadable:?}");
    }
    let long = boss.decide(event, first, Decision::GiveUp, "x".repeat(501)).await;
    assert_eq!(long, Err(CrewError::NoteTooLong));
    assert_eq!(CrewError::NoteTooLong.advice(), Advice::AskUser);

    let again = boss.decide(event, first, Decision::SendAgain, note()).await.unwrap();
    crew.resolve(again.clone()).await.unwrap();
    assert_eq!(crew.outbox().await.unwrap().waiting, 1);
    assert_eq!(crew.resolve(again.clone()).await, Err(CrewError::NotForThisPhone));
    assert_eq!(crew.sync(None).await.unwrap().parked, 1);
    let [parked] = <[_; 1]>::try_from(crew.outbox().await.unwrap().parked).unwrap();
    let second = parked.refusal_id.unwrap();
    assert_ne!(first, second);
    // The decision was on the refusal before.
    assert_eq!(crew.resolve(again).await, Err(CrewError::NotForThisPhone));

    let given_up = boss.decide(event, second, Decision::GiveUp, note()).await.unwrap();
    crew.resolve(given_up).await.unwrap();
    hq.refuse(false);
    assert_eq!(crew.sync(None).await.unwrap().receipted, 0);
    let outbox = crew.outbox().await.unwrap();
    let [parked] = <[_; 1]>::try_from(outbox.parked).unwrap();
    assert_eq!((outbox.waiting, parked.given_up.as_deref()), (0, Some("Mrs Lin knows")));
    assert!(!format!("{parked:?}").contains("Lin"));
}

#[test]
fn a_buffer_that_is_no_frame_is_refused_by_its_numbers() {
    let frame = Frame::of(&[BOXES[0]]);
    let read = |buffer: &[u8], format: FrameFormat| read_frame(buffer, &format, u32::MAX);
    let short = read(&frame.luma[1_000..], frame.format()).unwrap_err();
    assert_eq!(short.advice(), Advice::Report);
    let CrewError::NotAFrame { reason } = short else { panic!("{short:?}") };
    assert!(reason.contains(&(frame.luma.len() - 1_000).to_string()), "{reason}");
    let (width, height, stride) = (frame.width, frame.height, frame.stride);
    let sizes = [(0, 10), (10, 0), (u32::MAX, u32::MAX), (stride + 1, 1)];
    let sized = sizes.map(|(width, height)| FrameFormat::luma(width, height, stride, 1, 0));
    let laid = [
        FrameFormat::luma(width, height, 0, 1, 0),
        FrameFormat::luma(width, height, stride, 0, 0),
        FrameFormat::luma(width, height, stride, 2, 0),
        FrameFormat::luma(width, height, u32::MAX, u32::MAX, 0),
        FrameFormat::nv21(width, height, width - 1, 0),
        FrameFormat::bgra(width, height, stride, 0),
    ];
    let turned = [1, 45, -1, i32::MAX, i32::MIN];
    let turned = turned.map(|degrees| FrameFormat::luma(width, height, stride, 1, degrees));
    let regions = [
        Region { left: 0, top: 0, width: 0, height },
        Region { left: 1, top: 0, width, height },
        Region { left: u32::MAX, top: 0, width: u32::MAX, height },
    ];
    let cropped = regions.map(|region| frame.format().cropped(region));
    for format in sized.into_iter().chain(laid).chain(turned).chain(cropped) {
        let refused = read(&frame.luma, format);
        assert!(matches!(refused, Err(CrewError::NotAFrame { .. })), "{format:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_phone_shows_whose_invitation_it_is_and_its_carriers_recovery_code() {
    let hq = Hq::open().await;
    let preview = read_invitation(hq.invitation()).unwrap();
    let groups: Vec<&str> = preview.fingerprint.split(' ').collect();
    assert_eq!(groups.len(), 8);
    assert!(groups.iter().all(|group| group.len() == 5), "{groups:?}");
    assert!(!preview.is_for_further_phone);
    assert_eq!(read_invitation(b"nothing".to_vec()), Err(CrewError::Invitation));

    let (_directory, crew) = enrolled(&hq).await;
    let code = crew.recovery_code().await.unwrap().unwrap();
    assert_eq!(code.split('-').count(), 7);
    crew.recovery_code_noted().await.unwrap();
    assert_eq!(crew.recovery_code().await.unwrap(), None);

    // A first phone is nobody's further one.
    let asked = crew.ask_for_voucher(hq.invitation()).await;
    assert_eq!(asked, Err(CrewError::NotForThisPhone));
    let vouched = VouchedBy::RecoveryCode { text: code };
    assert!(!format!("{vouched:?}").contains('-'));
    let refused = crew.enrol_vouched(hq.invitation(), vouched, None).await;
    assert_eq!(refused, Err(CrewError::NotForThisPhone));
    let mistyped = VouchedBy::RecoveryCode { text: "0000".to_owned() };
    let refused = crew.enrol_vouched(hq.invitation(), mistyped, None).await;
    assert_eq!(refused, Err(CrewError::WrongRecoveryCode));
    assert_eq!(crew.vouch(vec![1, 2, 3]).await, Err(CrewError::NotForThisPhone));
}
