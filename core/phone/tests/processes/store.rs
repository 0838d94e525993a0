//! Stores of which other processes have a part: a lock outlives nobody, and a directory
//! that belongs to another user is left alone.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crewseal::outbox::open_store;
use crewseal::vault::{SoftwareVault, Store, StoreError, VaultError};
use fixtures::customers::filled;
use fixtures::vault::software;
use fixtures::{files, stored};

use crate::lock::once_free;

/// Says to a child of this test, by its presence, where its store is.
const CHILD: &str = "CREWSEAL_TEST_CHILD";
/// What a child says when it holds the store.
const OPENED: &str = "the store is open";

fn open(home: &Path) -> Result<Store, StoreError> {
    once_free(|| stored::open(home), |error| *error == StoreError::InUse)
}

fn child(test: &str, home: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, home);
    command
}

#[test]
fn a_killed_process_leaves_no_lock() {
    if let Some(home) = std::env::var_os(CHILD) {
        let _store = stored::open(Path::new(&home)).unwrap();
        writeln!(std::io::stdout(), "{OPENED}").unwrap();
        // Until the parent kills it; its end of the pipe outlives it.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let home = filled();
    let mut holder = child("store::a_killed_process_leaves_no_lock", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains(OPENED)), "it ended before it had the store");
    let meanwhile = stored::open(home.path()).map(|_| ());
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(meanwhile, Err(StoreError::InUse));
    assert!(open(home.path()).is_ok());
}

/// Root may write anywhere, so as root the body runs in a child of another user.
#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_written_is_named() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    const NOBODY: u32 = 65_534;
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    if let Some(home) = std::env::var_os(CHILD) {
        for place in ["store", "empty"] {
            let vault = software(Path::new(&home));
            let opened = open_store(&Path::new(&home).join(place), &vault).map(|_| ());
            assert_eq!(opened, Err(StoreError::ReadOnly), "{place}");
        }
        let made = SoftwareVault::open(&Path::new(&home).join("empty"), "passphrase", 1);
        assert_eq!(made.map(|_| ()), Err(VaultError::Hardware));
        return;
    }
    let home = filled();
    fs::create_dir(home.path().join("empty")).unwrap();
    // The child must reach its own program, wherever that was built.
    let program = home.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let is_root = fs::metadata(home.path()).unwrap().uid() == 0;
    mode(&program, 0o755);
    mode(&home.path().join("keys/vault.keys"), 0o644);
    for entry in fs::read_dir(files::store(home.path())).unwrap() {
        mode(&entry.unwrap().path(), 0o444);
    }
    for directory in ["store", "empty", "keys", ""] {
        mode(&home.path().join(directory), 0o555);
    }
    let mut command = Command::new(&program);
    command
        .args(["--exact", "store::a_directory_that_cannot_be_written_is_named", "--nocapture"])
        .env(CHILD, home.path())
        .current_dir(home.path());
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    for directory in ["", "store", "empty", "keys"] {
        mode(&home.path().join(directory), 0o755);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(open(home.path()).is_ok() || !is_root, "the store is whole");
}
