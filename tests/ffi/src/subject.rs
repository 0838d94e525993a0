//! A program, in another language or in Rust, that makes the same calls: it reads a line, does
//! what it says, and answers with one.
//!
//! | line | answer |
//! |---|---|
//! | `open DIRECTORY INVITATION` | `ok`: enrolled, fetched, all boxes scanned and taken over |
//! | `act` | nanoseconds to record that the scanned boxes were counted, without the keys' own |
//! | `picture FILE WIDTH HEIGHT` | `ok`: a plane of luma to look at |
//! | `frame` | nanoseconds to sight it, and how many codes were in view |
//! | `callbacks N` | `ok`: an observer was called so often |
//! | `open-core DIRECTORY INVITATION`, `act-core` | in Rust only: the same without the API |
//! | `cold DIRECTORY` | `ok`: a store with 1,000 acts that wait is there, closed; it was enrolled by the file `cold-invitation` beside it |
//!
//! Started with `cold DIRECTORY` on its command line it opens that store and answers
//! with the nanoseconds from the first statement of its `main`.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::trouble::Trouble;

/// How the names of Java's compilers and collectors begin.
const JAVAS: [&str; 4] = ["C1 ", "C2 ", "G1 ", "GC "];

/// It ends when it goes out of scope.
pub struct Subject {
    command: Vec<String>,
    program: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Subject {
    /// Starts one by its command line.
    pub fn start(command: &[String]) -> Result<Self, Trouble> {
        let mut program = of(command)?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let to = program.stdin.take().ok_or("it hears nothing")?;
        let from = BufReader::new(program.stdout.take().ok_or("it says nothing")?);
        Ok(Self { command: command.to_vec(), program, to, from })
    }

    /// Has it do something.
    pub fn ask(&mut self, line: &str) -> Result<String, Trouble> {
        writeln!(self.to, "{line}")?;
        self.to.flush()?;
        let mut answer = String::new();
        if self.from.read_line(&mut answer)? == 0 {
            return Err(format!("it ended at: {line}").into());
        }
        Ok(answer.trim().to_owned())
    }

    /// Has it do something that takes time or succeeds.
    pub fn do_it(&mut self, line: &str) -> Result<(), Trouble> {
        match self.ask(line)?.as_str() {
            "ok" => Ok(()),
            answer => Err(format!("{line}: {answer}").into()),
        }
    }

    pub fn time(&mut self, line: &str) -> Result<Duration, Trouble> {
        nanoseconds(&self.ask(line)?)
    }

    /// Opens a store in a program of its own, from the first statement of its main.
    pub fn cold(&self, directory: &Path) -> Result<Duration, Trouble> {
        let output = of(&self.command)?.arg("cold").arg(directory).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        nanoseconds(String::from_utf8(output.stdout)?.trim())
    }

    /// Its threads by their names, without Java's compilers and collectors, which come and
    /// go; nothing where the system does not say.
    pub fn threads(&self) -> Option<Vec<String>> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.program.id())).ok()?;
        let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
        let is_javas = |name: &String| JAVAS.iter().any(|start| name.starts_with(start));
        let names = tasks.flatten().filter_map(name).filter(|name| !is_javas(name));
        Some(names.map(|name| name.trim().to_owned()).collect())
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn of(command: &[String]) -> Result<Command, Trouble> {
    let (program, arguments) = command.split_first().ok_or("no program is named")?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

/// The first number of an answer.
pub fn nanoseconds(answer: &str) -> Result<Duration, Trouble> {
    let number = answer.split_whitespace().next().and_then(|number| number.parse().ok());
    Ok(Duration::from_nanos(number.ok_or_else(|| answer.to_owned())?))
}
