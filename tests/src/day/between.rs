//! From phone to phone: handoffs and sign-offs, and each phone's queue to HQ.

use std::collections::BTreeSet;

use crewseal::CrewError;
use crewseal_custody::handoff::text::Purpose;
use crewseal_custody::{EventId, JobId, SpotCheck};
use crewseal_label::Token;
use crewseal_scan::Tally;

use super::stage::{Day, Phone};
use crate::error::DayError;

impl Day<'_> {
    /// Giver and receiver each scan for themselves and each sign.
    pub fn hand_over(
        &mut self,
        giver: &Phone,
        receiver: &Phone,
        job: JobId,
        boxes: &BTreeSet<Token>,
    ) -> Result<(), DayError> {
        let (from, to) = (giver.name, receiver.name);
        let hello = self.screen.across(
            to,
            Purpose::Hello,
            &receiver.crew.hello(crewseal::Introduction::Omitted)?,
        )?;
        let offer = giver.crew.offer(job, boxes, &[], &hello)?;
        let offer = self.screen.across(from, Purpose::Offer, &offer)?;
        let view = receiver.crew.read_offer(&offer)?;
        let mut tally = Tally::new(view.boxes.iter().copied());
        for token in boxes {
            tally.sight(&token.to_text());
        }
        let scanned: BTreeSet<Token> = tally.seen().copied().collect();
        let accept = receiver.crew.accept(&view, &scanned, &[], SpotCheck::Done)?;
        let accept = self.screen.across(to, Purpose::Accept, &accept)?;
        let answer = giver.crew.read_acceptance(&accept)?;
        receiver.crew.read_ack(&self.screen.across(from, Purpose::Ack, &answer.ack)?)?;
        self.acts += 3;
        self.tell(
            giver.name,
            &format!(
                "hands {} boxes to the {}: {} checked by hand, both sign, confirmed",
                answer.compared.passing.len(),
                receiver.name,
                view.check.len()
            ),
        );
        self.clock.pass(10);
        Ok(())
    }

    /// The supervisor sees on his own phone what the crew did, and signs it there.
    pub fn sign_off(
        &mut self,
        crew: &Phone,
        supervisor: &Phone,
        job: JobId,
        event: EventId,
    ) -> Result<(), DayError> {
        let asked = crew.crew.ask_sign_off(job, Some(event), crewseal::Introduction::Omitted)?;
        let asked = self.screen.across(crew.name, Purpose::SignOffRequest, &asked)?;
        let asked = supervisor.crew.read_sign_off_request(&asked)?;
        let answer = supervisor.crew.answer_sign_off(&asked)?;
        let answer = self.screen.across(supervisor.name, Purpose::SignOff, &answer)?;
        crew.crew.read_sign_off(&answer)?;
        self.acts += 1;
        self.tell(supervisor.name, "signs off what he saw at the door, on his own phone");
        self.clock.pass(5);
        Ok(())
    }

    /// Delivers a phone's queue; on purpose, one answer is lost on the way.
    pub async fn sync(&mut self, phone: &Phone, lose: bool) -> Result<u64, DayError> {
        let waiting = phone.crew.outbox()?.waiting;
        if lose {
            phone.network.lose_next_answer();
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match phone.crew.sync().await {
                Ok(delivered) => {
                    self.receipted += delivered.receipted;
                    let status = phone.crew.outbox()?;
                    self.tell(
                        phone.name,
                        &format!(
                            "delivers what waits ({waiting}): receipts {}, left {}",
                            delivered.receipted,
                            status.waiting + status.parked.len() as u64
                        ),
                    );
                    return Ok(status.waiting + status.parked.len() as u64);
                }
                Err(CrewError::Sync { error, again_after: Some(wait) }) if tries < 4 => {
                    self.tell(
                        phone.name,
                        &format!("HQ's answer is lost ({error}); again in {} ms", wait.as_millis()),
                    );
                    tokio::time::sleep(wait).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
