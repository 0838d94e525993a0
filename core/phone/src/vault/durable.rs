//! Files and directories that are as they should be after a power cut.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file so that after a power cut it is the old one or the new one.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut options = File::options();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename(&fresh, path)
}

/// Renames within one file system, durably.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    for directory in [to.parent(), from.parent()].into_iter().flatten() {
        sync_directory(directory)?;
    }
    Ok(())
}

/// Makes durable what was created in a directory, renamed or removed.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    // Windows does not open directories, and does without.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
