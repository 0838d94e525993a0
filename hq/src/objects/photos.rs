//! Photos: taken in chunk by chunk, each opened as it comes, and given out whole.
//!
//! The key of a photo comes in the entry of its act, so HQ knows of every chunk whether it
//! is the right one, and keeps no other. Chunks are kept as they were sealed.

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::AttachmentKey;
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{AttachmentPart, AttachmentState};
use crewseal_custody::{AttachmentOutcome, AttachmentReceipt, EventId, JobId, Salt};
use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use crate::error::HqError;
use crate::hq::Hq;

/// A photo that HQ has.
pub struct Photo {
    /// The digest by which its event names it.
    pub digest: Digest,
    /// The event.
    pub event: EventId,
    /// What the digest is salted with: with it and the photo anybody can compute the
    /// digest that was signed.
    pub salt: Salt,
    /// The photo, JPEG.
    pub jpeg: Zeroizing<Vec<u8>>,
}

/// What HQ knows of an attachment whose event it has.
struct Attachment {
    number: i64,
    event: EventId,
    key: AttachmentKey,
    held: u32,
    receipt: Option<Vec<u8>>,
}

impl Hq {
    /// Takes in chunks of a photo; none comes back if no event names it. When this
    /// returns, the chunks are on the disk.
    ///
    /// # Errors
    /// The database; then nothing of the part is stored.
    pub fn take_in_part(&self, part: &AttachmentPart) -> Result<Option<AttachmentState>, HqError> {
        let Some(attachment) =
            self.store.read(|db| Attachment::read(db, &part.event, &part.digest))?
        else {
            return Ok(None);
        };
        if attachment.receipt.is_some() {
            return Ok(Some(attachment.state()));
        }
        // Chunks that are here already are not looked at again.
        let behind = attachment.held.saturating_sub(part.first);
        let skipped = usize::try_from(behind).unwrap_or(usize::MAX);
        let new = part.chunks.get(skipped..).filter(|_| part.first <= attachment.held);
        let new = new.unwrap_or_default();
        if attachment.key.check(attachment.held, new.iter().map(|chunk| chunk.as_slice())).is_err()
        {
            // Said to this client, and not kept: it says nothing of what is held.
            let receipt = self.photo_receipt(&attachment, AttachmentOutcome::Altered)?;
            return Ok(Some(AttachmentState {
                receipt: Some(receipt.into()),
                ..attachment.state()
            }));
        }
        let state = self.store.write(|db| {
            self.time(db)?;
            // Another client may have brought some of them meanwhile.
            let mut insert = db.prepare_cached(
                "INSERT OR IGNORE INTO attachment_chunks (attachment, place, sealed)
                 VALUES (?1, ?2, ?3)",
            )?;
            for (place, chunk) in (attachment.held..).zip(new) {
                insert.execute(params![attachment.number, place, chunk.as_slice()])?;
            }
            let Some(attachment) = Attachment::read(db, &part.event, &part.digest)? else {
                return Ok(None);
            };
            if attachment.receipt.is_some() || attachment.held < attachment.key.chunks() {
                return Ok(Some(attachment.state()));
            }
            let outcome = match attachment.open(db) {
                Ok(_) => AttachmentOutcome::Stored,
                Err(HqError::Damaged { .. }) => AttachmentOutcome::Altered,
                Err(error) => return Err(error),
            };
            let receipt = self.photo_receipt(&attachment, outcome)?;
            db.execute(
                "INSERT INTO attachment_receipts (attachment, bytes) VALUES (?1, ?2)",
                params![attachment.number, receipt],
            )?;
            Ok(Some(AttachmentState { receipt: Some(receipt.into()), ..attachment.state() }))
        })?;
        Ok(state)
    }

    /// A job's photos that HQ has, by event and digest, in the order of their events, and
    /// how many it still waits for.
    ///
    /// # Errors
    /// The database.
    pub fn photos_of(&self, job: &JobId) -> Result<(Vec<(EventId, Digest)>, u64), HqError> {
        self.store.read(|db| {
            let mut query = db.prepare(
                "SELECT a.event, a.digest, r.attachment IS NOT NULL FROM attachments a
                 JOIN events e ON e.id = a.event
                 LEFT JOIN attachment_receipts r ON r.attachment = a.number
                 WHERE e.job = ?1 ORDER BY e.arrival, a.number",
            )?;
            let mut rows = query.query([job.0])?;
            let (mut here, mut awaited) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let names = (Digest(row.get(0)?), Digest(row.get(1)?));
                if row.get(2)? { here.push(names) } else { awaited += 1 }
            }
            Ok((here, awaited))
        })
    }

    /// A photo, opened; none if HQ does not have all of it.
    ///
    /// # Errors
    /// [`HqError::Damaged`] if it is not what its event names, or the database.
    pub fn photo(&self, event: &EventId, digest: &Digest) -> Result<Option<Photo>, HqError> {
        self.store.read(|db| {
            let attachment = Attachment::read(db, event, digest)?
                .filter(|attachment| attachment.receipt.is_some());
            let Some(attachment) = attachment else { return Ok(None) };
            let jpeg = attachment.open(db)?;
            Ok(Some(Photo { digest: *digest, event: *event, salt: attachment.key.salt, jpeg }))
        })
    }

    fn photo_receipt(
        &self,
        attachment: &Attachment,
        outcome: AttachmentOutcome,
    ) -> Result<Vec<u8>, HqError> {
        let receipt = self.sign(AttachmentReceipt {
            version: Version,
            digest: attachment.key.digest,
            event: attachment.event,
            outcome,
            at: self.now(),
            origin: self.origin().to_owned(),
        })?;
        Ok(receipt.as_bytes().to_vec())
    }
}

impl Attachment {
    fn read(db: &Connection, event: &EventId, digest: &Digest) -> Result<Option<Self>, HqError> {
        type Row = (i64, Vec<u8>, u32, Option<Vec<u8>>);
        let row: Option<Row> = db
            .prepare_cached(
                "SELECT number, key,
                   (SELECT count(*) FROM attachment_chunks WHERE attachment = number),
                   (SELECT bytes FROM attachment_receipts WHERE attachment = number)
                 FROM attachments WHERE event = ?1 AND digest = ?2",
            )?
            .query_row([event.0, digest.0], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((number, key, held, receipt)) = row else { return Ok(None) };
        let key = Zeroizing::new(key);
        let key =
            cbor::from_slice(&key).map_err(|_| HqError::Damaged { what: "the key of a photo" })?;
        Ok(Some(Self { number, event: *event, key, held, receipt }))
    }

    fn state(&self) -> AttachmentState {
        let receipt = self.receipt.clone().map(Into::into);
        AttachmentState { version: Version, held: self.held, receipt }
    }

    fn open(&self, db: &Connection) -> Result<Zeroizing<Vec<u8>>, HqError> {
        let mut query = db.prepare_cached(
            "SELECT sealed FROM attachment_chunks WHERE attachment = ?1 ORDER BY place",
        )?;
        let chunks = query.query_map([self.number], |row| row.get::<_, Vec<u8>>(0))?;
        let chunks: Vec<Vec<u8>> = chunks.collect::<Result<_, _>>()?;
        self.key.open(&chunks).map_err(|_| HqError::Damaged { what: "a photo" })
    }
}
