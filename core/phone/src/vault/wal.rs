//! Looks at a write-ahead log before SQLite recovers it.
//!
//! SQLite reads a log up to the first frame that does not fit and takes the rest
//! for a transaction that a power cut interrupted. Where that frame was damaged
//! later, transactions that were acknowledged long ago vanish without a word. So
//! the log is walked first, and the two are told apart.
//!
//! The format is SQLite's: <https://www.sqlite.org/fileformat2.html#walformat>.

use std::io::{self, Read};

/// Bytes of the log's own header.
pub(super) const HEADER_BYTES: u64 = 32;
/// Bytes before the page in each frame.
pub(super) const FRAME_HEADER_BYTES: u64 = 24;
/// The lowest bit says in which byte order the sums are made.
const MAGIC: u32 = 0x377f_0682;
const FORMAT: u32 = 3_007_000;

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With a whole transaction, or with what an earlier round of the log left.
    Whole,
    /// Within its last transaction, which was never acknowledged. SQLite drops it,
    /// rightly.
    Torn,
    /// A frame is not what was written, and others of this log follow it. SQLite
    /// would drop them too.
    Corrupt {
        /// The first such frame, counted from 0.
        frame: u64,
    },
}

/// What a walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Frames of whole transactions, which SQLite will recover.
    pub frames: u64,
    /// How the log ends.
    pub end: End,
}

/// Walks a log from its beginning, a frame at a time.
///
/// What is cut off anywhere in its last transaction is torn. A frame that does not
/// fit is damage if a later transaction follows it, or if the next frame goes on
/// from the sum that it states or from the sum of what it holds: then it was
/// written, and became another afterwards. A last transaction whose last frame is
/// damaged cannot be told from a torn one by anybody.
///
/// # Errors
/// Whatever reading fails with.
pub fn walk(mut log: impl Read) -> io::Result<Walk> {
    let mut bytes = [0; 32];
    if read_full(&mut log, &mut bytes)? < bytes.len() {
        return Ok(Walk { frames: 0, end: End::Torn });
    }
    let Some(header) = Header::parse(&bytes) else {
        let end = if is_blank(log)? { End::Torn } else { End::Corrupt { frame: 0 } };
        return Ok(Walk { frames: 0, end });
    };
    let mut frames = Frames::new(log, &header);
    let (mut sum, mut number, mut committed) = (header.sum, 0, 0);
    while let Some(frame) = frames.next()? {
        let is_of_this_log = frame.salts == header.salts;
        let held = frame.sum_after(sum, header.order, frames.page());
        if !is_of_this_log || frame.page == 0 || held != frame.sum {
            let end = after_misfit(&mut frames, &header, &frame, held, number, committed)?;
            return Ok(Walk { frames: committed, end });
        }
        sum = frame.sum;
        number += 1;
        if frame.commit != 0 {
            committed = number;
        }
    }
    let end = if committed == number && !frames.was_cut { End::Whole } else { End::Torn };
    Ok(Walk { frames: committed, end })
}

/// Says what a frame is that does not fit, from those that follow it.
fn after_misfit<R: Read>(
    frames: &mut Frames<R>,
    header: &Header,
    misfit: &Frame,
    held: Sum,
    number: u64,
    committed: u64,
) -> io::Result<End> {
    let corrupt = End::Corrupt { frame: number };
    let is_of_this_log = misfit.salts == header.salts;
    let mut transaction_ended = is_of_this_log && misfit.commit != 0;
    let mut is_torn = is_of_this_log || committed != number;
    let mut is_next = true;
    while let Some(frame) = frames.next()? {
        let goes_on = [misfit.sum, held]
            .iter()
            .any(|sum| frame.sum_after(*sum, header.order, frames.page()) == frame.sum);
        if frame.salts == header.salts {
            if transaction_ended || (is_next && goes_on) {
                return Ok(corrupt);
            }
            transaction_ended = frame.commit != 0;
            is_torn = true;
        }
        is_next = false;
    }
    // An earlier round of the log may have been longer; its frames have other salts.
    Ok(if is_torn || frames.was_cut { End::Torn } else { End::Whole })
}

/// The header of a log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    order: Order,
    pub(super) page_bytes: usize,
    pub(super) salts: [u8; 8],
    sum: Sum,
}

impl Header {
    /// A header that is whole; none if it is not.
    pub(super) fn parse(bytes: &[u8; 32]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |at: usize| words.get(at).map(|word| u32::from_be_bytes(*word));
        let order = match word(0)? {
            MAGIC => Order::Little,
            magic if magic == MAGIC | 1 => Order::Big,
            _ => return None,
        };
        let page_bytes = usize::try_from(word(2)?).ok()?;
        let is_page = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        let sum = Sum::default().after(order, bytes.get(..24)?);
        let is_whole = word(1)? == FORMAT && sum == Sum(word(6)?, word(7)?);
        let salts = *bytes.get(16..)?.first_chunk()?;
        (is_page && is_whole).then_some(Self { order, page_bytes, salts, sum })
    }

    pub(super) const fn sums(&self) -> Sums {
        Sums { order: self.order, sum: self.sum }
    }
}

/// The sums of a log, from one frame to the next.
pub(super) struct Sums {
    order: Order,
    sum: Sum,
}

impl Sums {
    /// Whether a frame is as it was written, if the one before it is as that says of
    /// itself.
    pub(super) fn fit(&mut self, frame: &Frame, page: &[u8]) -> bool {
        let before = std::mem::replace(&mut self.sum, frame.sum);
        frame.sum_after(before, self.order, page) == frame.sum
    }
}

/// What stands before a page in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Which page it is; none has the number 0.
    pub(super) page: u32,
    /// In the last frame of a transaction the pages of the database, else 0.
    pub(super) commit: u32,
    pub(super) salts: [u8; 8],
    sum: Sum,
    head: [u8; 8],
}

impl Frame {
    fn parse(bytes: &[u8; 24]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<4>();
        let word = |at: usize| words.get(at).map(|word| u32::from_be_bytes(*word));
        Some(Self {
            page: word(0)?,
            commit: word(1)?,
            salts: *bytes.get(8..)?.first_chunk()?,
            sum: Sum(word(4)?, word(5)?),
            head: *bytes.first_chunk()?,
        })
    }

    fn sum_after(&self, before: Sum, order: Order, page: &[u8]) -> Sum {
        before.after(order, &self.head).after(order, page)
    }
}

/// Reads frames one after the other into the same buffer.
pub(super) struct Frames<R> {
    log: R,
    page: Vec<u8>,
    /// Whether the log ended within a frame.
    pub(super) was_cut: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(log: R, header: &Header) -> Self {
        Self::of_pages(log, header.page_bytes)
    }

    /// For a log whose header is lost.
    pub(super) fn of_pages(log: R, page_bytes: usize) -> Self {
        Self { log, page: vec![0; page_bytes], was_cut: false }
    }

    /// The page of the frame that was read last.
    pub(super) fn page(&self) -> &[u8] {
        &self.page
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut head = [0; 24];
        let read = read_full(&mut self.log, &mut head)?;
        let is_whole =
            read == head.len() && read_full(&mut self.log, &mut self.page)? == self.page.len();
        self.was_cut |= !is_whole && read > 0;
        Ok(if is_whole { Frame::parse(&head) } else { None })
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// The running sum over a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum(u32, u32);

impl Sum {
    fn after(self, order: Order, bytes: &[u8]) -> Self {
        let word = |bytes: [u8; 4]| match order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        };
        let (words, _) = bytes.as_chunks::<4>();
        let (pairs, _) = words.as_chunks::<2>();
        pairs.iter().fold(self, |Self(one, two), [first, second]| {
            let one = one.wrapping_add(word(*first)).wrapping_add(two);
            let two = two.wrapping_add(word(*second)).wrapping_add(one);
            Self(one, two)
        })
    }
}

/// Reads until the buffer is full or nothing is left; says how much was read.
fn read_full(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn is_blank(mut rest: impl Read) -> io::Result<bool> {
    let mut buffer = [0; 4_096];
    loop {
        match read_full(&mut rest, &mut buffer)? {
            0 => return Ok(true),
            read if buffer.iter().take(read).any(|byte| *byte != 0) => return Ok(false),
            _ => {}
        }
    }
}
