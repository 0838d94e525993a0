//! A real HQ in a process of its own, with one job.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::{SignedDuration, Timestamp};

use crate::trouble::Trouble;

/// Boxes of the job.
const BOXES: usize = 40;
/// Labels on the sheet that cameras see; they are on no box.
const ON_SHEET: usize = 12;

/// It ends when it goes out of scope.
pub struct Headquarters {
    server: Child,
    binary: PathBuf,
    directory: PathBuf,
    url: String,
    job: String,
    /// A sheet with labels of the job, as a picture.
    pub sheet: PathBuf,
}

impl Headquarters {
    pub fn start(binary: &Path, directory: &Path) -> Result<Self, Trouble> {
        let mut server = Command::new(binary)
            .args(["serve", "--data", "hq", "--listen", "127.0.0.1:0"])
            .current_dir(directory)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(directory.join("hq.log"))?)
            .spawn()?;
        let mut url = String::new();
        let said = server.stdout.take().ok_or("HQ says nothing")?;
        BufReader::new(said).read_line(&mut url)?;
        let (binary, directory) = (binary.to_owned(), directory.to_owned());
        let (url, sheet) = (url.trim().to_owned(), directory.join("labels.png"));
        let mut hq = Self { server, binary, directory, url, job: String::new(), sheet };
        hq.dispatch()?;
        Ok(hq)
    }

    /// Prints labels and sends the job out with them.
    fn dispatch(&mut self) -> Result<(), Trouble> {
        for (count, out) in [(BOXES, "labels.txt"), (ON_SHEET, "labels.png")] {
            let count = count.to_string();
            self.run(&["labels", "--data", "hq", "--count", &count, "--out", out])?;
        }
        let labels = fs::read_to_string(self.directory.join("labels.txt"))?;
        let labels: Vec<String> = labels.lines().map(|label| format!("\"{label}\"")).collect();
        let now = Timestamp::now();
        let day = SignedDuration::from_hours(24);
        let plan = format!(
            r#"{{"title": "Household move 1", "customer": "Customer 1",
                "origin": "5 Example Street", "destination": "12 Sample Road",
                "boxes": {BOXES}, "labelled": [{}],
                "opens_at": "{}", "closes_at": "{}"}}"#,
            labels.join(", "),
            now - day,
            now + day,
        );
        fs::write(self.directory.join("plan.json"), plan)?;
        self.job = self.run(&["job", "--data", "hq", "--plan", "plan.json"])?;
        Ok(())
    }

    /// What a new phone enrols with, in a file.
    pub fn invitation(&self, name: &str) -> Result<PathBuf, Trouble> {
        let who = ["--role", "mover", "--pseudonym", name, "--job", &self.job];
        let mut arguments = vec!["invite", "--data", "hq", "--url", &self.url, "--out", name];
        arguments.extend(who);
        self.run(&arguments)?;
        Ok(self.directory.join(name))
    }

    fn run(&self, arguments: &[&str]) -> Result<String, Trouble> {
        let output =
            Command::new(&self.binary).args(arguments).current_dir(&self.directory).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("crewseal-hq {arguments:?}: {said}").into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

impl Drop for Headquarters {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
