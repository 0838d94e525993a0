//! SQLCipher, in a process of its own that knows nothing of our crates.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The other process.
pub struct SqlCipher {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub version: String,
}

impl SqlCipher {
    /// Starts it on these signed acts; none if it was not built.
    pub fn start(program: &Path, directory: &Path, acts: &[Vec<u8>]) -> Option<Self> {
        let rows = directory.join("acts");
        let mut bytes = Vec::new();
        for act in acts {
            bytes.extend(u32::try_from(act.len()).expect("a small act").to_be_bytes());
            bytes.extend(act);
        }
        std::fs::write(&rows, bytes).expect("a disk");
        let mut child = Command::new(program)
            .arg(directory.join("peer.db"))
            .arg(rows)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take()?);
        let mut version = String::new();
        output.read_line(&mut version).ok()?;
        if version.is_empty() {
            return None;
        }
        Some(Self { child, input, output, version: version.trim().to_owned() })
    }

    /// Records so many acts and says how long each took.
    pub fn record(&mut self, acts: usize) -> Vec<Duration> {
        let mut input = self.input.as_ref().expect("it runs");
        writeln!(input, "{acts}").expect("it runs");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("it runs");
        let nanoseconds = answer.split_whitespace().map(|number| number.parse().expect("a number"));
        let times: Vec<_> = nanoseconds.map(Duration::from_nanos).collect();
        assert_eq!(times.len(), acts, "it stopped");
        times
    }
}

impl Drop for SqlCipher {
    fn drop(&mut self) {
        // Without input it ends by itself.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
