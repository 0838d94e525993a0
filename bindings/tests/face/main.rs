//! The face as an app drives it: keys and clocks of its own, frames of bytes,
//! and nothing of the core's types.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop"
)]

mod hq;
mod phone;

use crewseal_ffi::{
    Act, Advice, Commission, Count, Crew, CrewError, Finding, FindingKind, FrameFormat, Label,
    LabelFault, Layout, Level, Region, Sighting, read_frame,
};

use crate::hq::{BLANK, BOXES, Hq, JOB};
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
    crew.enrol(hq.invitation()).await.unwrap();
    (directory, crew)
}

#[tokio::test]
async fn a_frame_says_what_is_on_the_boxes_and_what_is_missing() {
    let hq = Hq::open().await;
    let (_directory, crew) = enrolled(&hq).await;
    let fetched = crew.fetch().await.unwrap();
    assert_eq!((fetched.jobs, fetched.labels), (1, 1));
    let jobs = crew.jobs().await.unwrap();
    assert_eq!((jobs[0].id, jobs[0].title.as_str()), (JOB, "Third floor, no lift"));
    assert!(!format!("{jobs:?}").contains("lift"));

    let session = crew.begin_scan(JOB).await.unwrap();
    assert_eq!(session.count(), Count { seen: 0, expected: 3 });
    let frame = Frame::of(&[BOXES[0], BLANK]);
    let mut sighted = session.sight_frame(&frame.luma, frame.format(), None).unwrap();
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
    assert!(matches!(session.sight(&typed), Sighting::New { .. }));
    let blank = label(&blank.sighting);
    assert_eq!(session.commission(blank.clone()), Ok(Commission::FromRoll));
    assert_eq!(session.commissioned(), std::slice::from_ref(&blank));
    assert_eq!(session.count(), Count { seen: 3, expected: 4 });
    assert_eq!(session.undo(blank.clone()), Ok(true));
    assert_eq!(session.undo(blank), Ok(false));
    assert_eq!(session.count(), Count { seen: 2, expected: 3 });

    let elsewhere = session.sight("https://example.com/42");
    let fault = LabelFault::Character { position: 6 };
    assert_eq!(elsewhere, Sighting::NotOurs { fault });
    let unknown = session.sight(&text([77; 16]));
    assert!(matches!(unknown, Sighting::UnknownLabel { .. }));
    assert_eq!(session.foreign(), [unknown]);
    assert!(!format!("{sighted:?} {:?}", session.seen()).contains(&text(BOXES[0])));
}

#[tokio::test]
async fn boxes_go_from_phone_to_phone_and_the_acts_to_hq() {
    let hq = Hq::open().await;
    let (_givers, giver) = enrolled(&hq).await;
    let (_receivers, receiver) = enrolled(&hq).await;
    giver.fetch().await.unwrap();
    receiver.fetch().await.unwrap();

    let session = giver.begin_scan(JOB).await.unwrap();
    for token in [BOXES[0], BOXES[1], BLANK] {
        session.sight(&text(token));
    }
    let blank = label(&session.sight(&text(BLANK)));
    session.commission(blank.clone()).unwrap();
    giver.commission(JOB, session.commissioned()).await.unwrap();
    let damaged = Finding { kind: FindingKind::Damaged, boxes: vec![blank] };
    giver.record(Act::Load, JOB, session.seen(), vec![damaged], None).await.unwrap();
    let hello = receiver.hello(false).await.unwrap();
    let offer = giver.offer(JOB, session.seen(), hello, Vec::new()).await.unwrap();

    let shown = receiver.read_offer(offer.clone()).await.unwrap();
    assert_eq!((shown.giver().device, shown.job()), (giver.device_id(), JOB));
    assert_eq!(shown.boxes(), session.seen());
    let own = receiver.begin_scan(JOB).await.unwrap();
    let scanned = vec![label(&own.sight(&text(BOXES[0]))), label(&own.sight(&text(BLANK)))];
    let accept = receiver.accept(shown, scanned.clone(), true, Vec::new()).await.unwrap();
    let answer = giver.read_acceptance(accept).await.unwrap();
    assert_eq!((answer.passing.len(), answer.not_accepted.len()), (2, 1));
    assert!(scanned.iter().all(|box_| answer.passing.contains(box_)));
    let other = receiver.hello(false).await.unwrap();
    assert!(!other.is_empty(), "another handoff may begin before the ACK is read");
    receiver.read_ack(answer.ack.clone()).await.unwrap();
    receiver.read_ack(answer.ack).await.unwrap();
    let own_offer = giver.read_offer(offer).await.unwrap_err();
    assert_eq!((own_offer.advice(), own_offer), (Advice::AskUser, CrewError::NotForThisPhone));

    assert_eq!(giver.outbox().await.unwrap().waiting, 4);
    let delivered = giver.sync().await.unwrap();
    assert_eq!((delivered.receipted, delivered.parked, delivered.unanswered), (4, 0, 0));
    assert_eq!(giver.outbox().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn what_goes_wrong_has_a_type_and_an_advice() {
    let directory = tempfile::tempdir().unwrap();
    let crew = open(directory.path()).await.unwrap();
    let failed = |error: CrewError| (error.advice(), error);
    let not_enrolled = (Advice::Enrol, CrewError::NotEnrolled);
    assert_eq!(failed(crew.jobs().await.unwrap_err()), not_enrolled);
    assert_eq!(failed(crew.fetch().await.unwrap_err()), not_enrolled);
    assert_eq!(failed(crew.sync().await.unwrap_err()), not_enrolled);
    assert_eq!(failed(crew.begin_scan(JOB).await.err().unwrap()), not_enrolled);
    let invitation = crew.enrol(b"not an invitation".to_vec()).await;
    assert_eq!(failed(invitation.unwrap_err()), (Advice::AskUser, CrewError::Invitation));
    let again = open(directory.path()).await.err().unwrap();
    assert_eq!(failed(again), (Advice::TryLater, CrewError::StoreInUse));

    let hq = Hq::open().await;
    crew.enrol(hq.invitation()).await.unwrap();
    let unknown = (Advice::AskSupervisor, CrewError::UnknownJob);
    assert_eq!(failed(crew.begin_scan(JOB).await.err().unwrap()), unknown);
    assert_eq!(failed(crew.commission(JOB, Vec::new()).await.unwrap_err()), unknown);
    crew.fetch().await.unwrap();
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
    crew.fetch().await.unwrap();
    let session = crew.begin_scan(JOB).await.unwrap();
    session.sight(&text(BOXES[0]));
    crew.record(Act::Count, JOB, session.seen(), Vec::new(), None).await.unwrap();
    crew.suspend().await.unwrap();
    let closed = crew.jobs().await.unwrap_err();
    assert_eq!((closed.advice(), closed), (Advice::TryLater, CrewError::Suspended));
    crew.resume().await.unwrap();
    crew.rotate_keys().await.unwrap();

    let waits = crew.forget(JOB).await.unwrap_err();
    assert_eq!(waits, CrewError::Unreceipted { entries: 1 });
    assert_eq!(crew.sync().await.unwrap().receipted, 1);
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
    crew.fetch().await.unwrap();
    let session = crew.begin_scan(JOB).await.unwrap();
    assert_eq!(session.undo_last(), None);
    let frame = Frame::of(&[BOXES[0]]);
    let sight = || {
        let sighted = session.sight_frame(&frame.luma, frame.format(), Some(60_000)).unwrap();
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
    assert_eq!(session.sight(&mine.text), Sighting::New { label: mine.clone() });
    assert_eq!(sight(), (Sighting::Again { label: mine }, false));
    assert_eq!(session.count().seen, 1);
}

#[test]
fn a_frame_is_read_however_it_lies() {
    let frame = Frame::of(&[BOXES[0]]);
    let read = |buffer: &[u8], layout, rotation_degrees, region| {
        let format = FrameFormat { layout, rotation_degrees, region, ..frame.format() };
        let readings = read_frame(buffer, format, None).unwrap();
        let [code] = readings.as_slice() else { panic!("{readings:?}") };
        assert_eq!((code.text.as_str(), code.version), (text(BOXES[0]).as_str(), 2));
        assert_eq!(code.level, Level::Q);
        code.corners
    };
    let row_stride = frame.stride;
    let plain = read(&frame.luma, Layout::Luma { row_stride, pixel_stride: 1 }, 0, None);
    assert_eq!(read(&frame.luma, Layout::Nv21 { row_stride }, 0, None), plain);
    let (gaps, row_stride) = frame.widened(2);
    assert_eq!(read(&gaps, Layout::Luma { row_stride, pixel_stride: 2 }, 0, None), plain);
    let (bgra, row_stride) = frame.widened(4);
    assert_eq!(read(&bgra, Layout::Bgra { row_stride }, 0, None), plain);

    // Turned clockwise, what is at the top left of the buffer comes to the right.
    let side = frame.width;
    let region = Region { left: 4, top: 4, width: side - 8, height: side - 8 };
    let layout = frame.format().layout;
    for region in [None, Some(region)] {
        let turned = read(&frame.luma, layout, 90, region).top_left;
        let (x, y) = (plain.top_left.y, plain.top_left.x);
        let right = f32::from(u16::try_from(side).unwrap()) - x;
        assert!((turned.x - right).abs() < 1.5, "{turned:?} for {right}, {y}");
        assert!((turned.y - y).abs() < 1.5, "{turned:?} for {right}, {y}");
    }
    assert_eq!(read_frame(&frame.luma, frame.format(), Some(0)), Ok(Vec::new()));
}

#[test]
fn a_buffer_that_is_no_frame_is_refused_by_its_numbers() {
    let frame = Frame::of(&[BOXES[0]]);
    let read = |buffer: &[u8], format| read_frame(buffer, format, None);
    let short = read(&frame.luma[1_000..], frame.format()).unwrap_err();
    assert_eq!(short.advice(), Advice::Report);
    let CrewError::NotAFrame { reason } = short else { panic!("{short:?}") };
    assert!(reason.contains(&(frame.luma.len() - 1_000).to_string()), "{reason}");
    let format = frame.format();
    let sizes = [(0, 10), (10, 0), (u32::MAX, u32::MAX), (frame.stride + 1, 1)];
    let sized = sizes.map(|(width, height)| FrameFormat { width, height, ..format });
    let laid = [
        Layout::Luma { row_stride: 0, pixel_stride: 1 },
        Layout::Luma { row_stride: frame.stride, pixel_stride: 0 },
        Layout::Luma { row_stride: frame.stride, pixel_stride: 2 },
        Layout::Luma { row_stride: u32::MAX, pixel_stride: u32::MAX },
        Layout::Nv21 { row_stride: frame.width - 1 },
        Layout::Bgra { row_stride: frame.stride },
    ];
    let laid = laid.map(|layout| FrameFormat { layout, ..format });
    let turned = [1, 45, -1, i32::MAX, i32::MIN];
    let turned = turned.map(|rotation_degrees| FrameFormat { rotation_degrees, ..format });
    let (width, height) = (frame.width, frame.height);
    let regions = [
        Region { left: 0, top: 0, width: 0, height },
        Region { left: 1, top: 0, width, height },
        Region { left: u32::MAX, top: 0, width: u32::MAX, height },
    ];
    let cropped = regions.map(|region| FrameFormat { region: Some(region), ..format });
    for format in sized.into_iter().chain(laid).chain(turned).chain(cropped) {
        let refused = read(&frame.luma, format);
        assert!(matches!(refused, Err(CrewError::NotAFrame { .. })), "{format:?}: {refused:?}");
    }
}
