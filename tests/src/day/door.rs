//! At the customers' doors: boxes are scanned, signed for, and confirmed by a code.

use std::collections::BTreeSet;

use crewseal::Found;
use crewseal_custody::{EventId, EventKind, FindingKind, JobId};
use crewseal_label::{LabelError, Token};
use crewseal_scan::{Sighting, Tally};
use rand::seq::{IndexedRandom, SliceRandom};

use super::stage::{Boxes, Day, Phone, Round};
use crate::camera::{Camera, Source, Stuck};
use crate::error::DayError;

/// How the day ended at the new home.
pub struct Delivery {
    /// What was signed there.
    pub event: EventId,
    /// The box that is not there.
    pub missing: Token,
    /// The box with the broken seal.
    pub broken: Token,
}

impl Day<'_> {
    /// At the customer's: blank labels go onto boxes, everything is scanned,
    /// one label is torn, one box is somebody else's.
    pub fn pick_up(
        &mut self,
        mover: &Phone,
        job: JobId,
        boxes: &Boxes,
        camera: &mut Camera,
    ) -> Result<(BTreeSet<Token>, EventId), DayError> {
        let torn = *boxes.labelled.choose(&mut self.rng).ok_or("no box")?;
        let mut room: Vec<Token> = boxes.all();
        room.push(boxes.foreign);
        room.shuffle(&mut self.rng);
        let room: Vec<Stuck> =
            room.into_iter().map(|token| Stuck { token, torn: token == torn }).collect();

        let agreed = boxes.all().len();
        self.tell("mover", &format!("sticks blank labels on {} boxes", boxes.blank.len()));
        let mut tally = mover.crew.tally(job)?;
        let round = Round { place: "pickup", who: mover.name, agreed };
        self.walk(&round, camera, &room, &mut tally)?;

        let unread = tally.missing().any(|token| *token == torn);
        if unread {
            self.type_label(&torn, &mut tally);
        }
        self.type_the_rest(&mut tally, &boxes.all());

        let seen: BTreeSet<Token> = tally.seen().copied().collect();
        let blank: BTreeSet<Token> = boxes.blank.iter().copied().collect();
        let commissioned = &seen & &blank;
        mover.crew.commission(job, &commissioned)?;
        self.acts += 1;
        let typed: Vec<Found> =
            unread.then(|| (FindingKind::LabelTyped, BTreeSet::from([torn]))).into_iter().collect();
        let taking = self.act(mover, EventKind::TakeOver, job, &seen, &typed)?;
        self.tell("mover", &format!("signs for {} boxes at the customer's door", seen.len()));
        Ok((seen, taking))
    }

    /// A torn label's text is typed, first with a slip.
    fn type_label(&mut self, label: &Token, tally: &mut Tally) {
        let text = label.to_groups().join(" ");
        let slip = self.slip(&text);
        let answer = match tally.sight(&slip) {
            Sighting::NotOurs(LabelError::Check) => "the check characters catch it",
            _ => "it went through",
        };
        self.tell("mover", &format!("types a torn label with a slip: {answer}"));
        if matches!(tally.sight(&text), Sighting::New(_)) {
            self.typed += 1;
            self.tell("mover", "types it again, right");
        }
    }

    /// The customer reads his code out, the crew types it, and the phone checks it
    /// without a network.
    pub fn confirm(
        &mut self,
        crew: &Phone,
        job: JobId,
        kind: EventKind,
        statement: EventId,
        code: &str,
    ) -> Result<(), DayError> {
        let wrong = self.slip(code);
        if crew.crew.release(job, kind, statement, &wrong).is_ok() {
            return Err("a mistyped release code was taken".into());
        }
        crew.crew.release(job, kind, statement, code)?;
        self.acts += 1;
        self.tell(crew.name, "types the customer's release code: it confirms what was signed");
        Ok(())
    }

    /// At the new home: one box is not there, one seal is broken.
    pub fn deliver(
        &mut self,
        crew: &Phone,
        job: JobId,
        taken: &BTreeSet<Token>,
        camera: &mut Camera,
    ) -> Result<Delivery, DayError> {
        let mut order: Vec<Token> = taken.iter().copied().collect();
        order.shuffle(&mut self.rng);
        let (missing, broken) = (order[0], order[1]);
        let there: Vec<Token> = order[1..].to_vec();
        let mut tally = Tally::new(taken.iter().copied());
        match camera.source() {
            Source::Rendered(_) => {
                let room: Vec<Stuck> =
                    there.iter().map(|token| Stuck { token: *token, torn: false }).collect();
                let round = Round { place: "delivery", who: crew.name, agreed: taken.len() };
                self.walk(&round, camera, &room, &mut tally)?;
                self.type_the_rest(&mut tally, &there);
            }
            // One's own photographs show every box: here they are scanned one by
            // one, without a picture.
            Source::Files(_) => there.iter().for_each(|token| {
                tally.sight(&token.to_text());
            }),
        }
        let delivered: BTreeSet<Token> = tally.seen().copied().collect();
        let absent: BTreeSet<Token> = tally.missing().copied().collect();
        let findings =
            [(FindingKind::Missing, absent), (FindingKind::SealBroken, BTreeSet::from([broken]))];
        let event = self.act(crew, EventKind::Deliver, job, &delivered, &findings)?;
        self.tell(
            crew.name,
            &format!(
                "delivers {} boxes and signs two findings: one missing, one seal broken",
                delivered.len()
            ),
        );
        Ok(Delivery { event, missing, broken })
    }
}
