//! The layer between SQLite and its own files.
#![expect(
    unsafe_code,
    reason = "SQLite is told of a disk by C functions only; they are all here, and only for tests"
)]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::{Arc, Mutex, Once, OnceLock};

use rusqlite::ffi::{
    SQLITE_ERROR, SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ,
    SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_OK, sqlite3_file, sqlite3_filename,
    sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::fault::{Fault, Operation};
use crate::state::{Change, State, lock};

type Watched = Arc<Mutex<State>>;

/// The disks under directories.
static DISKS: Mutex<BTreeMap<PathBuf, Watched>> = Mutex::new(BTreeMap::new());
/// The system's own layer.
static SYSTEM: OnceLock<System> = OnceLock::new();
/// Whether ours is before it.
static REGISTERED: Once = Once::new();

struct System(sqlite3_vfs);

// SAFETY: it is a table of functions that SQLite itself calls from every thread; it
// is never written after it was made.
unsafe impl Send for System {}
// SAFETY: as above.
unsafe impl Sync for System {}

/// What stands behind the system's own file, where its functions do not look.
struct Tail {
    path: PathBuf,
    disk: Watched,
    /// The system has other functions for databases than for logs.
    theirs: sqlite3_io_methods,
    ours: sqlite3_io_methods,
}

pub(crate) fn watch(directory: &Path, disk: &Watched) {
    install();
    lock(&DISKS).insert(directory.to_owned(), Arc::clone(disk));
}

pub(crate) fn forget(directory: &Path) {
    lock(&DISKS).remove(directory);
}

/// Makes our layer the one that SQLite uses unless it is told otherwise. Whoever opens a
/// database at that moment finds the system's own functions where ours look for them.
fn install() {
    let system = SYSTEM.get_or_init(|| {
        // SAFETY: null asks for the default; SQLite has one on every system, and it
        // lives as long as the process.
        System(unsafe { *sqlite3_vfs_find(std::ptr::null()) })
    });
    REGISTERED.call_once(|| {
        let ours = sqlite3_vfs {
            szOsFile: tail_at(&system.0) + size_of::<*mut Tail>().try_into().unwrap_or(8),
            pNext: std::ptr::null_mut(),
            zName: c"disk".as_ptr(),
            xOpen: Some(open),
            xDelete: Some(delete),
            ..system.0
        };
        // SAFETY: it is leaked, so it lives as long as SQLite may use it.
        let taken = unsafe { sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) };
        assert_eq!(taken, SQLITE_OK, "SQLite does not take the disk");
    });
}

/// Where our part of a file begins: after the system's, aligned for a pointer.
const fn tail_at(system: &sqlite3_vfs) -> c_int {
    (system.szOsFile + 7) / 8 * 8
}

fn system() -> Option<&'static sqlite3_vfs> {
    SYSTEM.get().map(|system| &system.0)
}

/// # Safety
/// `file` was opened by [`open`], which left room for the tail.
unsafe fn tail_of(file: *mut sqlite3_file) -> *mut *mut Tail {
    let at = usize::try_from(system().map_or(0, tail_at)).unwrap_or(0);
    // SAFETY: SQLite gave as many bytes as `szOsFile` says.
    unsafe { file.cast::<u8>().add(at).cast() }
}

/// # Safety
/// `file` was opened by [`open`] and is not closed.
unsafe fn tail<'f>(file: *mut sqlite3_file) -> &'f Tail {
    // SAFETY: `open` put it there, and only `close` takes it away.
    unsafe { &**tail_of(file) }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Some(open) = system().and_then(|system| system.xOpen) else { return SQLITE_ERROR };
    // SAFETY: as SQLite calls us, so we call the system.
    let opened = unsafe { open(vfs, name, file, flags, out) };
    if opened != SQLITE_OK || name.is_null() {
        return opened;
    }
    // SAFETY: SQLite's names end with a zero and live as long as the file is open.
    let path = path_of(unsafe { CStr::from_ptr(name) });
    let disk = path.parent().and_then(|directory| lock(&DISKS).get(directory).cloned());
    let Some(disk) = disk else { return opened };
    lock(&disk).opened(&path);
    // SAFETY: the system has filled in its functions. The tail lies in the room that
    // `szOsFile` asked for, and lives until the file is closed.
    unsafe {
        let theirs = *(*file).pMethods;
        let tail = Box::into_raw(Box::new(Tail { path, disk, theirs, ours: with_ours(theirs) }));
        (*file).pMethods = &raw const (*tail).ours;
        *tail_of(file) = tail;
    }
    opened
}

const fn with_ours(theirs: sqlite3_io_methods) -> sqlite3_io_methods {
    sqlite3_io_methods {
        // Without memory mapping: every read is asked for.
        iVersion: 2,
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        ..theirs
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    let Some(delete) = system().and_then(|system| system.xDelete) else { return SQLITE_ERROR };
    // SAFETY: SQLite's names end with a zero.
    let path = path_of(unsafe { CStr::from_ptr(name) });
    let disk = path.parent().and_then(|directory| lock(&DISKS).get(directory).cloned());
    if let Some(disk) = disk {
        let mut disk = lock(&disk);
        if disk.is_dead {
            return SQLITE_IOERR_WRITE;
        }
        disk.deleted(&path);
    }
    // SAFETY: as SQLite calls us, so we call the system.
    unsafe { delete(vfs, name, sync) }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: `open` made the tail with a box; SQLite closes a file once.
    let tail = unsafe { Box::from_raw(*tail_of(file)) };
    let Some(close) = tail.theirs.xClose else { return SQLITE_ERROR };
    // SAFETY: as SQLite calls us, so we call the system, with its own functions.
    unsafe {
        (*file).pMethods = &raw const tail.theirs;
        close(file)
    }
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    to: *mut c_void,
    amount: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: an open file of ours.
    let tail = unsafe { tail(file) };
    let Some(read) = tail.theirs.xRead else { return SQLITE_ERROR };
    let fault = lock(&tail.disk).next(Operation::Read);
    match fault {
        None => {
            // SAFETY: as SQLite calls us, so we call the system.
            unsafe { read(file, to, amount, at) }
        }
        Some(Fault::Short) => {
            let whole = usize::try_from(amount).unwrap_or(0);
            // SAFETY: SQLite gives a buffer of this length.
            unsafe {
                read(file, to, amount / 2, at);
                slice::from_raw_parts_mut(to.cast::<u8>(), whole)
                    .iter_mut()
                    .skip(whole / 2)
                    .for_each(|byte| *byte = 0);
            }
            SQLITE_IOERR_SHORT_READ
        }
        Some(_) => SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: an open file of ours, and a buffer of this length.
    let (tail, bytes) = unsafe {
        let length = usize::try_from(amount).unwrap_or(0);
        (tail(file), slice::from_raw_parts(from.cast::<u8>(), length))
    };
    let Some(write) = tail.theirs.xWrite else { return SQLITE_ERROR };
    let mut disk = lock(&tail.disk);
    let (done, answer) = match disk.next(Operation::Write) {
        None => (bytes.len(), SQLITE_OK),
        Some(Fault::Half) => (bytes.len() / 2, SQLITE_IOERR_WRITE),
        Some(Fault::Full) => (0, SQLITE_FULL),
        Some(_) => (0, SQLITE_IOERR_WRITE),
    };
    if done > 0 {
        let place = usize::try_from(at).unwrap_or(0);
        let bytes = bytes.iter().take(done).copied().collect();
        disk.change(&tail.path, Change::Write { at: place, bytes });
        let amount = c_int::try_from(done).unwrap_or(0);
        // SAFETY: as SQLite calls us, so we call the system, with no more bytes.
        let written = unsafe { write(file, from, amount, at) };
        if written != SQLITE_OK {
            return written;
        }
    }
    answer
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, to: sqlite3_int64) -> c_int {
    // SAFETY: an open file of ours.
    let tail = unsafe { tail(file) };
    let Some(truncate) = tail.theirs.xTruncate else { return SQLITE_ERROR };
    let mut disk = lock(&tail.disk);
    if disk.next(Operation::Truncate).is_some() {
        return SQLITE_IOERR_TRUNCATE;
    }
    disk.change(&tail.path, Change::Truncate { to: usize::try_from(to).unwrap_or(0) });
    // SAFETY: as SQLite calls us, so we call the system.
    unsafe { truncate(file, to) }
}

/// What is synced is known here; the real disk need not be troubled.
unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file of ours.
    let tail = unsafe { tail(file) };
    let mut disk = lock(&tail.disk);
    match disk.next(Operation::Sync) {
        None => {
            disk.synced(&tail.path);
            SQLITE_OK
        }
        Some(Fault::PowerCut) => SQLITE_IOERR_FSYNC,
        Some(_) => {
            disk.lost(&tail.path);
            SQLITE_IOERR_FSYNC
        }
    }
}

fn path_of(name: &CStr) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes()))
}
