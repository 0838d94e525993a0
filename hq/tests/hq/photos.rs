//! Photos that arrive in parts: in order, again, out of order, wrong, from others.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::CHUNK_BYTES;
use crewseal_custody::envelope::{AttachmentKey, Beside, Entry, Envelope};
use crewseal_custody::signed::Signed;
use crewseal_custody::wire::{AttachmentPart, AttachmentState, MAX_PART};
use crewseal_custody::{AttachmentOutcome, AttachmentReceipt, Event, EventId, EventKind, Outcome};
use data_encoding::HEXLOWER;
use reqwest::StatusCode;

use crate::phone::{Phone, Site, outcomes, singly, success};

/// A photo of three chunks, sealed.
struct Photo {
    content: Vec<u8>,
    key: AttachmentKey,
    chunks: Vec<Vec<u8>>,
}

impl Photo {
    fn new(seed: u8) -> Self {
        let length = 2 * CHUNK_BYTES + 100;
        let content: Vec<u8> = (0..=250).chain([seed]).cycle().take(length).collect();
        let key = AttachmentKey::new(&content, crewseal_custody::Salt([5; 16]), &[6; 32]).unwrap();
        let chunks = key.seal(&content).collect::<Result<_, _>>().unwrap();
        Self { content, key, chunks }
    }

    fn part(&self, event: EventId, first: usize, end: usize) -> AttachmentPart {
        AttachmentPart {
            version: Version,
            event,
            digest: self.key.digest,
            first: first.try_into().unwrap(),
            chunks: self.chunks[first..end].iter().cloned().map(Into::into).collect(),
        }
    }
}

impl Phone {
    /// An act that names these photos; the keys go along.
    fn act_with(&mut self, site: &Site, photos: &[&Photo]) -> (EventId, Envelope) {
        let mut event = self.event(EventKind::Load, site.job, singly(&[site.label(0)]));
        event.attachments = photos.iter().map(|photo| photo.key.digest).collect();
        let keys: Vec<AttachmentKey> = photos.iter().map(|photo| photo.key.clone()).collect();
        self.seal_with(event, &keys)
    }

    fn seal_with(&mut self, event: Event, keys: &[AttachmentKey]) -> (EventId, Envelope) {
        let signed = self.sign(event);
        let content = Entry::to_bytes(signed.as_bytes(), Beside { keys, ..Beside::default() });
        (signed.id(), self.seal_as(&signed, signed.id(), &content))
    }

    async fn attach(&self, part: &AttachmentPart) -> Result<AttachmentState, StatusCode> {
        let bytes = success(self.post("/v1/attachments", cbor::to_vec(part)).await).await?;
        Ok(cbor::from_slice(&bytes).unwrap())
    }

    fn outcome(&self, state: &AttachmentState) -> Option<AttachmentOutcome> {
        let bytes = state.receipt.as_ref()?;
        let receipt: Signed<AttachmentReceipt> = self.keys.open(bytes).unwrap();
        Some(receipt.outcome)
    }
}

#[tokio::test]
async fn a_photo_comes_in_parts_and_is_receipted_when_it_is_whole() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let photo = Photo::new(1);
    let (event, envelope) = phone.act_with(&site, &[&photo]);
    let early = phone.attach(&photo.part(event, 0, 3)).await;
    assert_eq!(early, Err(StatusCode::NOT_FOUND), "before its act");
    assert_eq!(outcomes(&phone.deliver(&[envelope]).await), [Ok(Outcome::Stored)]);
    assert_eq!(site.hq.photos_of(&site.job).unwrap(), (Vec::new(), 1));

    // What HQ has after each part; a part that does not follow changes nothing, one that
    // was sent before neither.
    for (first, end, held) in [(0, 0, 0), (1, 3, 0), (0, 1, 1), (0, 1, 1), (0, 2, 2), (1, 1, 2)] {
        let state = phone.attach(&photo.part(event, first, end)).await.unwrap();
        assert_eq!((state.held, &state.receipt), (held, &None), "{first}..{end}");
        assert!(site.hq.photo(&event, &photo.key.digest).unwrap().is_none());
    }
    let whole = phone.attach(&photo.part(event, 1, 3)).await.unwrap();
    assert_eq!((whole.held, phone.outcome(&whole)), (3, Some(AttachmentOutcome::Stored)));
    site.clock.advance(60);
    let again = phone.attach(&photo.part(event, 0, 3)).await.unwrap();
    assert_eq!(again, whole, "the same receipt, byte by byte");

    let kept = site.hq.photo(&event, &photo.key.digest).unwrap().unwrap();
    assert_eq!((kept.event, kept.salt, &*kept.jpeg), (event, photo.key.salt, &photo.content));
    assert_eq!(site.hq.photos_of(&site.job).unwrap(), (vec![(event, photo.key.digest)], 0));
}

#[tokio::test]
async fn a_chunk_that_is_none_of_the_photo_is_refused_and_harms_nothing() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let (photo, other) = (Photo::new(1), Photo::new(2));
    let (event, envelope) = phone.act_with(&site, &[&photo]);
    phone.deliver(&[envelope]).await;
    phone.attach(&photo.part(event, 0, 1)).await.unwrap();
    let altered = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut chunks = photo.chunks.clone();
        change(&mut chunks);
        let chunks = chunks[1..].iter().cloned().map(Into::into).collect();
        AttachmentPart { chunks, ..photo.part(event, 1, 1) }
    };
    let wrong = [
        ("a bit", altered(&|chunks| chunks[2][5] ^= 1)),
        ("another's", altered(&|chunks| chunks[1].clone_from(&other.chunks[1]))),
        ("another place", altered(&|chunks| chunks.swap(1, 2))),
        ("too many", altered(&|chunks| chunks.push(chunks[2].clone()))),
        ("cut", altered(&|chunks| chunks[1].truncate(3))),
        ("nothing", altered(&|chunks| chunks[1].clear())),
    ];
    for (what, part) in wrong {
        let state = phone.attach(&part).await.unwrap();
        assert_eq!(phone.outcome(&state), Some(AttachmentOutcome::Altered), "{what}");
        assert_eq!(state.held, 1, "{what}");
    }
    let rest = phone.attach(&photo.part(event, 1, 3)).await.unwrap();
    assert_eq!(phone.outcome(&rest), Some(AttachmentOutcome::Stored));
}

#[tokio::test]
async fn any_carrier_may_bring_a_photo_and_only_devices_may() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let carrier = site.phone().await;
    let photo = Photo::new(1);
    let (event, envelope) = phone.act_with(&site, &[&photo]);
    phone.deliver(&[envelope]).await;
    phone.attach(&photo.part(event, 0, 2)).await.unwrap();
    let stranger = Phone::new(site.invite(&[site.job]), site.hq.keys());
    let refused = stranger.attach(&photo.part(event, 2, 3)).await;
    assert_eq!(refused, Err(StatusCode::UNAUTHORIZED));
    let state = carrier.attach(&photo.part(event, 2, 3)).await.unwrap();
    assert_eq!(carrier.outcome(&state), Some(AttachmentOutcome::Stored));
}

/// Who saw a digest before its act is at HQ cannot take its place with a key of his own.
#[tokio::test]
async fn a_digest_of_somebody_elses_photo_takes_nothing_away() {
    let site = Site::open();
    let (mut phone, mut thief) = (site.phone().await, site.phone().await);
    let (photo, mut own) = (Photo::new(1), Photo::new(2));
    own.key.digest = photo.key.digest;
    let (_, forged) = thief.act_with(&site, &[&own]);
    thief.deliver(&[forged]).await;
    let (event, envelope) = phone.act_with(&site, &[&photo]);
    phone.deliver(&[envelope]).await;
    let state = phone.attach(&photo.part(event, 0, 3)).await.unwrap();
    assert_eq!(phone.outcome(&state), Some(AttachmentOutcome::Stored));
}

/// The chunks open, and together they are not what was signed.
#[tokio::test]
async fn a_photo_that_is_not_the_one_that_was_signed_is_receipted_as_altered() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let mut photo = Photo::new(1);
    photo.key.salt.0[0] ^= 1;
    let (event, envelope) = phone.act_with(&site, &[&photo]);
    phone.deliver(&[envelope]).await;
    let state = phone.attach(&photo.part(event, 0, 3)).await.unwrap();
    assert_eq!(phone.outcome(&state), Some(AttachmentOutcome::Altered));
    assert!(site.hq.photo(&event, &photo.key.digest).is_err());
}

/// As a dispatcher does it, and again when more has come.
#[tokio::test]
async fn photos_are_written_and_what_is_none_of_them_is_named() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let (good, mut bad, late) = (Photo::new(1), Photo::new(2), Photo::new(3));
    bad.key.salt.0[0] ^= 1;
    let (event, envelope) = phone.act_with(&site, &[&bad, &good, &late]);
    phone.deliver(&[envelope]).await;
    for photo in [&bad, &good] {
        phone.attach(&photo.part(event, 0, 3)).await.unwrap();
    }
    let write = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_crewseal-hq"));
        let job = HEXLOWER.encode(&site.job.0);
        command.args(["photos", "--data", "data", "--out", "photos", "--job", &job]);
        let done = command.current_dir(site.dir.path()).output().unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let file = |photo: &Photo| {
        let name = format!("photos/{}.jpg", HEXLOWER.encode(&photo.key.digest.0));
        std::fs::read(site.dir.path().join(name)).ok()
    };
    let (status, said) = write();
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("is not what was signed") && said.contains("not here yet: 1"), "{said}");
    assert!(said.contains(&HEXLOWER.encode(&good.key.salt.0)), "{said}");
    assert_eq!(file(&good).as_ref(), Some(&good.content));
    assert_eq!((file(&bad), file(&late)), (None, None));

    phone.attach(&late.part(event, 0, 3)).await.unwrap();
    let (status, said) = write();
    assert_eq!(status, Some(1), "{said}");
    assert!(!said.contains("not here yet"), "{said}");
    assert_eq!(file(&good).as_ref(), Some(&good.content));
    assert_eq!(file(&late).as_ref(), Some(&late.content));
}

#[tokio::test]
async fn a_part_of_too_many_chunks_is_refused_before_it_is_read() {
    let site = Site::open();
    let mut phone = site.phone().await;
    let photo = Photo::new(1);
    let (event, envelope) = phone.act_with(&site, &[&photo]);
    phone.deliver(&[envelope]).await;
    let chunks = vec![vec![0].into(); MAX_PART + 1];
    let part = AttachmentPart { chunks, ..photo.part(event, 0, 0) };
    assert_eq!(phone.attach(&part).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
}
