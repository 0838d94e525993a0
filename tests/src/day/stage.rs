//! A day as it is played: the time, who is told, and what was counted.

use std::collections::BTreeSet;

use crewseal::{ActRequest, Crew, Found};
use crewseal_custody::{EventId, EventKind, JobId};
use crewseal_hq::evidence::wording;
use crewseal_label::Token;
use crewseal_scan::{Sighting, Tally};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::folder::Folder;
use crate::camera::{Camera, Seen, Stuck};
use crate::error::DayError;
use crate::network::Network;
use crate::screen::Screen;
use crate::time::DayClock;

/// Who is told what happens: the time of day, who, and what.
pub type Say<'s> = &'s mut (dyn FnMut(&str, &str, &str) + Send);

/// One phone and who carries it.
pub struct Phone {
    pub name: &'static str,
    pub crew: Crew,
    pub network: Network,
}

/// The boxes of the day.
pub struct Boxes {
    /// Labelled at home, before the crew came.
    pub labelled: Vec<Token>,
    /// Labelled by the crew, from a blank roll.
    pub blank: Vec<Token>,
    /// Somebody else's box, in the same room.
    pub foreign: Token,
}

impl Boxes {
    /// Those of the job.
    pub fn all(&self) -> Vec<Token> {
        [self.labelled.as_slice(), &self.blank].concat()
    }
}

/// Where somebody walks past boxes, who it is, and how many there should be.
pub struct Round {
    pub place: &'static str,
    pub who: &'static str,
    pub agreed: usize,
}

/// The day so far.
pub struct Day<'s> {
    pub rng: SmallRng,
    pub screen: Screen,
    pub folder: Folder,
    pub clock: DayClock,
    pub acts: u64,
    pub receipted: u64,
    pub typed: usize,
    pub refused: usize,
    say: Say<'s>,
}

impl<'s> Day<'s> {
    pub fn begin(seed: u64, folder: Folder, say: Say<'s>) -> Self {
        Self {
            rng: SmallRng::seed_from_u64(seed),
            screen: Screen::new(&folder.handoffs),
            folder,
            clock: DayClock::morning(),
            acts: 0,
            receipted: 0,
            typed: 0,
            refused: 0,
            say,
        }
    }

    pub fn tell(&mut self, who: &str, what: &str) {
        (self.say)(&self.clock.time_of_day(), who, what);
    }

    pub fn act(
        &mut self,
        phone: &Phone,
        kind: EventKind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
    ) -> Result<EventId, DayError> {
        let findings = findings.to_vec();
        let request = ActRequest { findings, ..ActRequest::new(kind, boxes.clone()) };
        let event = phone.crew.record(job, &request)?;
        self.acts += 1;
        self.clock.pass(5);
        Ok(event)
    }

    /// Walks past the boxes with the camera and tells of every picture.
    pub fn walk(
        &mut self,
        round: &Round,
        camera: &mut Camera,
        room: &[Stuck],
        tally: &mut Tally,
    ) -> Result<(), DayError> {
        let clock = self.clock.clone();
        let say = &mut *self.say;
        let mut refused = 0;
        camera.walk(round.place, room, tally, |number, Seen { sightings, count }| {
            clock.pass(1);
            let foreign = sightings.iter().filter(|s| matches!(s, Sighting::OtherJob(_))).count();
            refused += foreign;
            let here = wording::boxes(sightings.len() - foreign);
            let mut line = format!("picture {number}: {here}, {count} of {}", round.agreed);
            if foreign > 0 {
                line += "; one is another job's and is refused";
            }
            say(&clock.time_of_day(), round.who, &line);
        })?;
        self.refused += refused;
        Ok(())
    }

    /// One wrong character, somewhere.
    pub fn slip(&mut self, text: &str) -> String {
        let digits: Vec<usize> =
            text.char_indices().filter(|(_, c)| c.is_alphanumeric()).map(|(at, _)| at).collect();
        let at = digits[self.rng.random_range(1..digits.len())];
        let right = &text[at..=at];
        let wrong = if right == "7" { "9" } else { "7" };
        format!("{}{wrong}{}", &text[..at], &text[at + 1..])
    }

    /// What no picture showed well enough is typed.
    pub fn type_the_rest(&mut self, tally: &mut Tally, boxes: &[Token]) {
        for token in boxes {
            match tally.sight(&token.to_text()) {
                Sighting::New(_) => self.typed += 1,
                Sighting::Blank(token) => {
                    tally.commission(token);
                    self.typed += 1;
                }
                _ => {}
            }
        }
    }
}
