//! Photos: small, without a trace of where and when they were taken, readable by
//! HQ alone, and never in the way of the act that they belong to.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crewseal::outbox::attachment::{self, Attached, QUOTA};
use crewseal::outbox::{LONGEST_SIDE, open_store, prepare_photo};
use crewseal::{ActRequest, Crew, PhotoRefused, Uploaded};
use crewseal_custody::cbor::Version;
use crewseal_custody::wire::AttachmentState;
use crewseal_custody::{AttachmentOutcome, AttachmentReceipt, EventKind};
use crewseal_scan::photo::PhotoError;
use fixtures::clock::Standing;
use fixtures::hq::MockHq;
use fixtures::{files, paper, vault};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use thief::Secret;

const PLACE: &[u8] = b"GPS 48.13743 N, 11.57549 E, maker Example, 2026-06-01";

/// Red above, blue below, as a camera held upright takes it: lying on its side,
/// and the EXIF says so, and more.
fn photo(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }
    });
    let mut jpeg = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    // One directory with one entry: orientation 6, turned right by a quarter.
    let orientation: &[u8] = &[
        b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
    ];
    let exif = [b"Exif\0\0", orientation, PLACE].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

fn opened(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
}

#[test]
fn a_photo_leaves_scaled_upright_and_with_nothing_but_the_picture() {
    let taken = photo(900, 600);
    assert!(taken.windows(PLACE.len()).any(|bytes| bytes == PLACE));
    for (longest, size) in [(LONGEST_SIDE, (600, 900)), (300, (200, 300)), (1, (1, 1))] {
        let jpeg = prepare_photo(&taken, longest).unwrap();
        assert_eq!(opened(&jpeg).dimensions(), size);
        for trace in [PLACE, b"Exif", b"GPS", b"Example"] {
            assert!(!jpeg.windows(trace.len()).any(|bytes| bytes == trace));
        }
    }
    let upright = opened(&prepare_photo(&taken, 300).unwrap());
    let is_red = |x, y| upright.get_pixel(x, y)[0] > 200 && upright.get_pixel(x, y)[2] < 60;
    assert!(is_red(100, 50) && !is_red(100, 250), "red is above");
    // Only segments that a picture needs: no application data but JFIF's own.
    let jpeg = prepare_photo(&taken, 300).unwrap();
    let mut at = 2;
    while jpeg[at + 1] != 0xda {
        let (marker, length) =
            (jpeg[at + 1], usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]])));
        assert!(matches!(marker, 0xe0 | 0xdb | 0xc0 | 0xc4), "segment {marker:02x}");
        at += 2 + length;
    }
}

#[test]
fn what_is_no_photo_is_named() {
    assert_eq!(prepare_photo(b"not a photo", 100).map(|_| ()), Err(PhotoError::NotAPicture));
    let taken = photo(64, 64);
    let cut = prepare_photo(&taken[..taken.len() / 2], 100).map(|_| ());
    assert_eq!(cut, Err(PhotoError::Truncated));
}

fn open(home: &Path) -> Crew {
    Crew::open(&files::store(home), Arc::new(vault::software(home)), Arc::new(Standing)).unwrap()
}

async fn phone() -> (tempfile::TempDir, MockHq, Crew) {
    let home = tempfile::tempdir().unwrap();
    let hq = MockHq::start().await;
    let crew = open(home.path());
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.fetch().await.unwrap();
    (home, hq, crew)
}

fn request() -> ActRequest {
    let boxes: BTreeSet<_> = paper::tokens(0..3).into_iter().collect();
    ActRequest::new(EventKind::Load, boxes)
}

/// All chunks of a photo, from a store that nobody else has open.
fn chunks(home: &Path, digest: &crewseal_custody::signed::Digest) -> Vec<Vec<u8>> {
    let mut store = open_store(&files::store(home), &vault::software(home)).unwrap();
    store.transaction(|t| attachment::chunks(t, digest, 0, u32::MAX)).unwrap()
}

#[tokio::test]
async fn a_photo_opens_at_hq_with_the_key_in_its_acts_entry() {
    let (home, hq, crew) = phone().await;
    let taken = photo(900, 600);
    let recorded = crew.record_with_photos(paper::JOB, &request(), &[&taken], 300, QUOTA).unwrap();
    assert_eq!(recorded.refused, []);
    let waiting = crew.photos().unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].event, recorded.event);
    crew.sync().await.unwrap();
    let (acts, keys) = (hq.acts(), hq.attachment_keys());
    assert_eq!(acts[0].attachments, [waiting[0].digest]);
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].digest, waiting[0].digest);
    assert_eq!(crew.photos().unwrap(), waiting, "the act's receipt is not the photo's");

    drop(crew);
    let chunks = chunks(home.path(), &waiting[0].digest);
    let opened = keys[0].open(&chunks).unwrap();
    assert_eq!(*opened, *prepare_photo(&taken, 300).unwrap());

    // The thief finds the photo nowhere in the store.
    let secret = |bytes: &[u8]| Secret::new("photo", bytes).unwrap();
    let middle = opened.len() / 2;
    let secrets = [secret(&opened[middle..middle + 64]), secret(&opened[..64])];
    assert_eq!(thief::search(&files::store(home.path()), &secrets).unwrap(), []);
    std::fs::write(files::store(home.path()).join("leak"), opened.as_slice()).unwrap();
    assert!(!thief::search(&files::store(home.path()), &secrets).unwrap().is_empty());
}

/// What HQ says of a photo, signed by whoever it is.
fn said(signer: &paper::Key, photo: Attached, held: u32) -> AttachmentState {
    let receipt = signer.sign(AttachmentReceipt {
        version: Version,
        digest: photo.digest,
        event: photo.event,
        outcome: AttachmentOutcome::Stored,
        at: paper::MORNING,
        origin: "hq.test".to_owned(),
    });
    AttachmentState { version: Version, held, receipt: Some(receipt.as_bytes().to_vec().into()) }
}

#[tokio::test]
async fn a_photo_leaves_the_phone_only_against_hqs_receipt_for_it() {
    let (_home, hq, crew) = phone().await;
    let taken = photo(900, 600);
    for longest in [300, 400] {
        crew.record_with_photos(paper::JOB, &request(), &[&taken], longest, QUOTA).unwrap();
    }
    let [first, second] = crew.photos().unwrap()[..] else { panic!("two photos wait") };
    let none = Uploaded { unanswered: 2, ..Uploaded::default() };
    assert_eq!(crew.upload().await.unwrap(), none, "HQ does not have their acts");

    let other_event = Attached { event: second.event, ..first };
    let without = AttachmentState { version: Version, held: 0, receipt: None };
    for state in [
        said(&paper::other_hq(), first, 1),
        said(&paper::hq(), second, 1),
        said(&paper::hq(), other_event, 1),
        AttachmentState { receipt: Some(b"no receipt".to_vec().into()), ..without.clone() },
        without,
    ] {
        hq.answer_part(AttachmentState { held: 0, ..state });
        assert_eq!(crew.upload().await.unwrap(), none);
        assert_eq!(crew.photos().unwrap(), [first, second]);
    }
    let before = hq.parts().len();
    hq.answer_part(said(&paper::hq(), first, 1));
    let gone = Uploaded { receipted: 1, unanswered: 1, ..Uploaded::default() };
    assert_eq!(crew.upload().await.unwrap(), gone);
    assert_eq!(crew.photos().unwrap(), [second]);
    assert!(hq.parts()[before..].iter().all(|part| part.first == 0));
}

#[tokio::test]
async fn photos_that_wait_outlast_a_damaged_store_and_its_lost_key() {
    let (home, hq, crew) = phone().await;
    let taken = photo(900, 600);
    crew.record_with_photos(paper::JOB, &request(), &[&taken], LONGEST_SIDE, QUOTA).unwrap();
    let waiting = crew.photos().unwrap();
    drop(crew);
    let before = chunks(home.path(), &waiting[0].digest);
    assert!(!before.is_empty());
    let database = files::database(home.path());
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[..100].fill(7);
    std::fs::write(&database, bytes).unwrap();
    std::fs::remove_dir_all(home.path().join("keys")).unwrap();
    let crew = open(home.path());
    assert_eq!(crew.salvages().unwrap().len(), 1);
    assert_eq!(crew.photos().unwrap(), waiting);
    crew.enrol(&hq.invitation()).await.unwrap();
    crew.sync().await.unwrap();
    drop(crew);
    assert_eq!(chunks(home.path(), &waiting[0].digest), before);
    let opened = hq.attachment_keys()[0].open(&before).unwrap();
    assert_eq!(*opened, *prepare_photo(&taken, LONGEST_SIDE).unwrap());
}

#[tokio::test]
async fn an_act_is_recorded_even_when_its_photos_cannot_be_kept() {
    let (_home, hq, crew) = phone().await;
    let taken = photo(900, 600);
    let size = u64::try_from(prepare_photo(&taken, 300).unwrap().len()).unwrap();
    let photos: [&[u8]; 3] = [&taken, b"not a photo", &taken];
    let recorded = crew.record_with_photos(paper::JOB, &request(), &photos, 300, size).unwrap();
    let expected = [
        (1, PhotoRefused::Photo(PhotoError::NotAPicture)),
        (2, PhotoRefused::Quota { quota: size }),
    ];
    assert_eq!(recorded.refused, expected);
    let without = crew.record_with_photos(paper::JOB, &request(), &[&taken], 300, size).unwrap();
    assert_eq!(without.refused, [(0, PhotoRefused::Quota { quota: size })]);
    assert_eq!(crew.photos().unwrap().len(), 1);
    crew.sync().await.unwrap();
    let acts = hq.acts();
    let attached: Vec<usize> = acts.iter().map(|event| event.attachments.len()).collect();
    assert_eq!(attached, [1, 0]);
    assert_eq!(acts[1].id(), without.event);
}
