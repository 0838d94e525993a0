//! HQ in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::cpu;
use crate::office::Site;

/// HQ that serves, until this is dropped.
pub struct HqProcess {
    child: Child,
    pub url: String,
    /// Whether all of it is on one core.
    pub is_on_one_core: bool,
}

impl HqProcess {
    /// Has a program serve what lies at a site.
    pub fn start(program: &Path, site: &Site) -> Self {
        let (is_on_one_core, child) = cpu::on_one_core(|| {
            Command::new(program)
                .args(["serve", "--listen", "127.0.0.1:0", "--name", "127.0.0.1", "--data"])
                .arg(site.data())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
        });
        let mut child = child.expect("HQ, built with --release");
        let output = child.stdout.take().expect("it has one");
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url).expect("HQ says where it listens");
        Self { child, url: url.trim().to_owned(), is_on_one_core }
    }

    /// What each of its threads took so far.
    pub fn threads(&self) -> cpu::Threads {
        cpu::Threads::of(self.child.id())
    }
}

impl Drop for HqProcess {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
