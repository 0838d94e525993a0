//! The program in Rust, a process as the others are, which the same lines drive: so both
//! have been waiting for a line when they make a call.

use std::io::{BufRead as _, Write as _};
use std::path::Path;

use crate::core::Core;
use crate::picture::Picture;
use crate::rust::InRust;
use crate::trouble::Trouble;

#[derive(Default)]
struct Program {
    phone: Option<InRust>,
    without_face: Option<Core>,
    picture: Option<Picture>,
}

/// Answers lines until there are no more.
pub async fn answer_lines() -> Result<(), Trouble> {
    let mut program = Program::default();
    for line in std::io::stdin().lock().lines() {
        let answer = program.answer(&line?).await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

impl Program {
    async fn answer(&mut self, line: &str) -> Result<String, Trouble> {
        let words: Vec<&str> = line.split(' ').collect();
        let phone = self.phone.as_ref().ok_or("no store is open");
        match words.as_slice() {
            ["open", directory, invitation] => {
                let opened = InRust::open(Path::new(directory), Path::new(invitation)).await?;
                self.phone = Some(opened);
            }
            ["open-core", directory, invitation] => {
                let opened = Core::open(Path::new(directory), Path::new(invitation)).await?;
                self.without_face = Some(opened);
            }
            ["act"] => return Ok(phone?.act().await?.as_nanos().to_string()),
            ["act-core"] => {
                let core = self.without_face.as_ref().ok_or("no store is open")?;
                return Ok(core.act()?.as_nanos().to_string());
            }
            ["picture", file, width, height] => {
                let (width, height) = (width.parse()?, height.parse()?);
                self.picture = Some(Picture::read(Path::new(file), width, height)?);
            }
            ["frame"] => {
                let picture = self.picture.as_ref().ok_or("there is no picture")?;
                let (time, in_view) = phone?.frame(picture)?;
                return Ok(format!("{} {in_view}", time.as_nanos()));
            }
            _ => return Err(format!("there is no {line}").into()),
        }
        Ok("ok".to_owned())
    }
}
