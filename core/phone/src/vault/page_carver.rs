//! Reads a damaged database and its log page by page, without SQLite.
//!
//! SQLite refuses a file as a whole where a few bytes of it are wrong. Here each
//! page stands for itself: a leaf of a table gives its rows even if nothing leads
//! to it any more. The formats are SQLite's
//! (<https://www.sqlite.org/fileformat2.html>, sections 1.6, 2.1 and 4). Nothing is
//! trusted: whatever is taken from here must prove itself by a digest or a seal.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::ToSql;
use rusqlite::types::{Null, ToSqlOutput};

use super::wal::{FRAME_HEADER_BYTES, Frames, HEADER_BYTES, Header};

/// What SQLite makes unless it is told otherwise.
const USUAL_PAGE_BYTES: usize = 4_096;
const DATABASE_HEADER: &[u8] = b"SQLite format 3\0";
/// Where the first page's content begins, after the database's header.
const FIRST_PAGE_START: usize = 100;
const TABLE_LEAF: u8 = 0x0d;
/// No row here is larger; a damaged length must not ask for more.
const MAX_ROW: usize = 16 << 20;

/// Reads a damaged database and its log.
pub(crate) struct PageCarver {
    database: Option<File>,
    log: Option<File>,
    page_bytes: usize,
    database_pages: u32,
    /// Where in the log the newest whole state of a page lies.
    newest: BTreeMap<u32, u64>,
    /// For a page whose newest state is damaged in the log, the one before that is not.
    before_damage: BTreeMap<u32, PageVersion>,
    /// Every frame of the log: page and place of its content.
    frames: Vec<(u32, u64)>,
}

/// One state of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageVersion {
    /// As the database has it.
    Database(u32),
    /// As the log has it, and where in the log.
    Log(u32, u64),
}

impl PageVersion {
    pub(crate) const fn page(self) -> u32 {
        match self {
            Self::Database(page) | Self::Log(page, _) => page,
        }
    }
}

/// In which state pages are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snapshot {
    /// As they were last.
    Newest,
    /// As the database has them, whatever the log says.
    Checkpoint,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Null,
    Integer(i64),
    Blob(Vec<u8>),
    /// Texts and real numbers, which this store does not have.
    Other,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its number, which orders the table.
    pub(crate) number: i64,
    pub(crate) columns: Vec<Column>,
}

impl Column {
    /// Whether it can be a hashed name, or none.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Blob(bytes) if bytes.len() == 32)
    }
}

impl ToSql for Column {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Null | Self::Other => Ok(ToSqlOutput::from(Null)),
            Self::Integer(number) => Ok(ToSqlOutput::from(*number)),
            Self::Blob(bytes) => Ok(ToSqlOutput::from(bytes.as_slice())),
        }
    }
}

impl PageCarver {
    /// Opens what there is of the two files.
    ///
    /// # Errors
    /// If neither file can be opened or the log's frames cannot be listed.
    pub(crate) fn open(database: &Path, log: &Path) -> io::Result<Self> {
        let (mut database, mut log) = (existing(database)?, existing(log)?);
        let of_database = database.as_mut().and_then(page_bytes_of_database);
        let header = log.as_mut().and_then(header_of_log);
        let page_bytes = of_database
            .or_else(|| header.map(|header| header.page_bytes))
            .unwrap_or(USUAL_PAGE_BYTES);
        let database_bytes = database.as_ref().map(File::metadata).transpose()?;
        let pages = database_bytes.map_or(0, |file| file.len().div_ceil(wide(page_bytes)));
        let mut carver = Self {
            database,
            log,
            page_bytes,
            database_pages: u32::try_from(pages).unwrap_or(u32::MAX),
            newest: BTreeMap::new(),
            before_damage: BTreeMap::new(),
            frames: Vec::new(),
        };
        carver.list_frames(header)?;
        Ok(carver)
    }

    /// Frames of the log's present round count up to the last transaction that
    /// ended, whether or not all before it are whole.
    fn list_frames(&mut self, header: Option<Header>) -> io::Result<()> {
        let Some(log) = self.log.as_mut() else { return Ok(()) };
        log.seek(SeekFrom::Start(HEADER_BYTES))?;
        let mut frames = Frames::of_pages(log, self.page_bytes);
        let mut salts = header.map(|header| header.salts);
        let mut sums = header.map(|header| header.sums());
        let mut place = HEADER_BYTES + FRAME_HEADER_BYTES;
        let mut transaction = Vec::new();
        while let Some(frame) = frames.next()? {
            self.frames.push((frame.page, place));
            if *salts.get_or_insert(frame.salts) == frame.salts {
                let fits = sums.as_mut().is_none_or(|sums| sums.fit(&frame, frames.page()));
                transaction.push((frame.page, place, fits));
                if frame.commit != 0 {
                    for (page, place, fits) in transaction.drain(..) {
                        let before = self.newest.insert(page, place);
                        if fits {
                            self.before_damage.remove(&page);
                        } else {
                            let before = before.map(|place| PageVersion::Log(page, place));
                            let before = before.unwrap_or(PageVersion::Database(page));
                            self.before_damage.entry(page).or_insert(before);
                        }
                    }
                }
            }
            place += FRAME_HEADER_BYTES + wide(self.page_bytes);
        }
        Ok(())
    }

    /// Each page as it was last.
    pub(crate) fn newest(&self) -> Vec<PageVersion> {
        let log = self.newest.iter().map(|(page, place)| PageVersion::Log(*page, *place));
        let database = (1..=self.database_pages)
            .filter(|page| !self.newest.contains_key(page))
            .map(PageVersion::Database);
        log.chain(database).collect()
    }

    /// Pages whose last state is damaged in the log, as they were before: what was not
    /// synced when the power failed looks like damage.
    pub(crate) fn before_damage(&self) -> Vec<PageVersion> {
        self.before_damage.values().copied().collect()
    }

    /// All other states of pages that are left somewhere.
    pub(crate) fn older(&self) -> Vec<PageVersion> {
        let log = self
            .frames
            .iter()
            .filter(|(page, place)| self.newest.get(page) != Some(place))
            .map(|(page, place)| PageVersion::Log(*page, *place));
        let database = (1..=self.database_pages)
            .filter(|page| self.newest.contains_key(page))
            .map(PageVersion::Database);
        database.chain(log).collect()
    }

    /// The bytes of a page; none where the disk does not give them.
    pub(crate) fn read(&mut self, version: PageVersion) -> Option<Vec<u8>> {
        let (file, place) = match version {
            PageVersion::Database(page) => {
                let before = u64::from(page.checked_sub(1)?);
                (self.database.as_mut()?, before * wide(self.page_bytes))
            }
            PageVersion::Log(_, place) => (self.log.as_mut()?, place),
        };
        file.seek(SeekFrom::Start(place)).ok()?;
        let mut bytes = Vec::with_capacity(self.page_bytes);
        file.take(wide(self.page_bytes)).read_to_end(&mut bytes).ok()?;
        // The database may be cut off within its last page.
        bytes.resize(self.page_bytes, 0);
        Some(bytes)
    }

    fn page(&mut self, page: u32, snapshot: Snapshot) -> Option<Vec<u8>> {
        let logged = self.newest.get(&page).filter(|_| snapshot == Snapshot::Newest);
        match logged.copied() {
            Some(place) => self.read(PageVersion::Log(page, place)),
            None if page <= self.database_pages => self.read(PageVersion::Database(page)),
            None => None,
        }
    }

    /// How much of a payload of this length lies in its leaf (section 1.6).
    pub(crate) fn local_bytes(&self, payload: usize) -> usize {
        let usable = self.page_bytes;
        let most = usable - 35;
        if payload <= most {
            return payload;
        }
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (payload - least) % (usable - 4);
        if fitting <= most { fitting } else { least }
    }

    /// A payload that begins in a leaf and goes on in overflow pages; none if its
    /// chain of pages does not end where it must.
    pub(crate) fn payload(
        &mut self,
        local: &[u8],
        overflow: u32,
        length: usize,
        snapshot: Snapshot,
    ) -> Option<Vec<u8>> {
        let mut payload = local.to_vec();
        let mut next = overflow;
        while payload.len() < length {
            let page = self.page(next, snapshot).filter(|_| next != 0)?;
            let (link, content) = page.split_first_chunk()?;
            next = u32::from_be_bytes(*link);
            let missing = length - payload.len();
            payload.extend(content.iter().take(missing));
        }
        (next == 0).then_some(payload)
    }

    /// The rows of a page, if it is a leaf of a table: as many as can be read.
    pub(crate) fn rows(&mut self, version: PageVersion) -> Vec<Row> {
        let Some(page) = self.read(version) else { return Vec::new() };
        let start = if version.page() == 1 { FIRST_PAGE_START } else { 0 };
        if page.get(start) != Some(&TABLE_LEAF) {
            return Vec::new();
        }
        let pointers = page.get(start + 8..).unwrap_or_default().as_chunks::<2>().0;
        let count = page.get(start + 3..).and_then(|bytes| bytes.first_chunk());
        let count = count.map_or(0, |count| usize::from(u16::from_be_bytes(*count)));
        pointers
            .iter()
            .take(count)
            .filter_map(|pointer| self.row(&page, usize::from(u16::from_be_bytes(*pointer))))
            .collect()
    }

    fn row(&mut self, page: &[u8], at: usize) -> Option<Row> {
        let (length, rest) = varint(page.get(at..)?)?;
        let (number, rest) = varint(rest)?;
        let number = number.cast_signed();
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_ROW)?;
        let (local, rest) = rest.split_at_checked(self.local_bytes(length))?;
        if local.len() == length {
            return Some(Row { number, columns: record(local)? });
        }
        let overflow = u32::from_be_bytes(*rest.first_chunk()?);
        let columns = record(&self.payload(local, overflow, length, Snapshot::Newest)?)?;
        Some(Row { number, columns })
    }
}

/// The values of a row (section 2.1).
fn record(payload: &[u8]) -> Option<Vec<Column>> {
    let (header, after) = varint(payload)?;
    let header = usize::try_from(header).ok()?;
    let size = payload.len() - after.len();
    let mut types = payload.get(size..header)?;
    let mut body = payload.get(header..)?;
    let mut columns = Vec::new();
    while !types.is_empty() {
        let (kind, rest) = varint(types)?;
        types = rest;
        let bytes = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let (value, rest) = body.split_at_checked(bytes)?;
        body = rest;
        columns.push(match kind {
            0 => Column::Null,
            8 => Column::Integer(0),
            9 => Column::Integer(1),
            1..=6 => Column::Integer(integer(value)),
            _ if kind >= 12 && kind % 2 == 0 => Column::Blob(value.to_vec()),
            _ => Column::Other,
        });
    }
    Some(columns)
}

/// A big-endian number of up to 8 bytes in two's complement.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| (number << 8) | i64::from(*byte))
}

/// SQLite's numbers of variable length: seven bits a byte, the ninth has eight.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        let rest = bytes.get(at + 1..)?;
        if at == 8 {
            return Some(((number << 8) | u64::from(*byte), rest));
        }
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, rest));
        }
    }
    None
}

fn existing(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn page_bytes_of_database(file: &mut File) -> Option<usize> {
    let mut header = [0; 18];
    file.read_exact(&mut header).ok()?;
    let bytes = match u16::from_be_bytes(*header.last_chunk()?) {
        1 => 65_536,
        bytes => usize::from(bytes),
    };
    let is_page = bytes.is_power_of_two() && bytes >= 512;
    (header.starts_with(DATABASE_HEADER) && is_page).then_some(bytes)
}

fn header_of_log(file: &mut File) -> Option<Header> {
    let mut header = [0; 32];
    file.read_exact(&mut header).ok()?;
    Header::parse(&header)
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
