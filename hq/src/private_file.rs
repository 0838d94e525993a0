//! Files that nobody else on the machine may read: the keys and the database.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that only the user who runs HQ may read, and that was not there.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
