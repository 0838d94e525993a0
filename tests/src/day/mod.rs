//! The scenario.

use std::collections::BTreeSet;
use std::sync::Arc;

use crewseal_custody::{EventKind, JobId};
use crewseal_hq::{Hq, Listen, serve};
use crewseal_label::Token;

use crate::camera::{Camera, Source};
use crate::error::DayError;
use door::Delivery;
use folder::Folder;
use stage::{Day, Phone, Say};

mod between;
mod door;
mod folder;
mod office;
mod plan;
mod stage;

pub use plan::{
    CUSTOMER, DESTINATION, FEWEST_BOXES, NDA, ORIGIN, PASSPHRASE, Plan, Played, TITLE, photos_in,
};

/// Plays the day. `say` is told what happens: the time of day, who, and what.
pub async fn play(plan: &Plan, say: Say<'_>) -> Result<Played, DayError> {
    let mut day = Day::begin(plan.seed, Folder::make(&plan.out)?, say);
    let hq = Hq::create(&day.folder.hq, "hq.example", Arc::new(day.clock.clone()))?;
    let running = serve(hq.clone(), Listen::default())?;
    day.tell("HQ", &format!("opens at {}, with an authority of its own", running.url()));

    let (rolls, boxes) = day.labels(&hq, plan)?;
    let jobs = day.jobs(&hq, &boxes)?;
    let codes = hq.release_codes(jobs[0], &[EventKind::TakeOver, EventKind::Deliver])?;
    day.tell("HQ", "sends the customer two release codes, one for pickup, one for delivery");
    let codes = [codes[0].to_grouped(), codes[1].to_grouped()];
    let phones = day.crew(&hq, running.address(), &jobs).await?;

    let source = match plan.photos.as_slice() {
        [] => Source::Rendered(plan.seed),
        photos => Source::Files(photos.to_vec()),
    };
    let mut camera = Camera::new(source, &day.folder.photos, boxes.all().len());
    let job = jobs[0];
    day.clock.pass(75);
    let (taken, taking) = day.pick_up(&phones[0], job, &boxes, &mut camera)?;
    day.confirm(&phones[0], job, EventKind::TakeOver, taking, &codes[0])?;
    day.carry(&phones, job, &taken)?;
    let [_, _, _, second, supervisor] = &phones;
    let Delivery { event, missing, broken } = day.deliver(second, job, &taken, &mut camera)?;
    day.clock.pass(15);
    day.confirm(second, job, EventKind::Deliver, event, &codes[1])?;
    day.screen.text(second.name, "receipt", &second.crew.receipt(event)?)?;
    day.tell(second.name, "shows the customer a receipt, for his own phone's camera");
    day.sign_off(second, supervisor, job, event)?;

    let left = day.report_to(&hq, &phones).await?;
    let record = hq.export(job)?;
    let verdict = day.leave(&record, &hq)?;
    phones.iter().for_each(|phone| phone.network.set_online(false));
    running.shutdown().await;
    Ok(Played {
        hq,
        job,
        boxes: boxes.all(),
        missing,
        broken,
        issued: rolls.iter().flat_map(|roll| roll.tokens().map(|(_, token)| token)).collect(),
        record,
        verdict,
        acts: day.acts,
        receipted: day.receipted,
        left,
        lost_answers: phones.iter().map(|phone| phone.network.lost_answers()).sum(),
        pictures: camera.taken(),
        shown: day.screen.shown(),
        typed: day.typed,
        refused: day.refused,
    })
}

impl Day<'_> {
    /// From the customer's door over a night in the warehouse into another crew's van.
    fn carry(
        &mut self,
        [mover, driver, keeper, second, _]: &[Phone; 5],
        job: JobId,
        boxes: &BTreeSet<Token>,
    ) -> Result<(), DayError> {
        self.clock.pass(50);
        self.hand_over(mover, driver, job, boxes)?;
        self.act(driver, EventKind::Load, job, boxes, &[])?;
        self.tell("driver", "loads them and locks the van");
        self.clock.pass(95);
        self.hand_over(driver, keeper, job, boxes)?;
        self.act(keeper, EventKind::Store, job, boxes, &[])?;
        self.tell("warehouse", "stores them");
        self.clock.pass(20 * 60);
        self.act(keeper, EventKind::Count, job, boxes, &[])?;
        self.tell("warehouse", &format!("counts {} boxes in the morning", boxes.len()));
        self.hand_over(keeper, second, job, boxes)?;
        self.act(second, EventKind::Load, job, boxes, &[])?;
        self.clock.pass(140);
        Ok(())
    }

    /// All phones deliver what waits. How much is left.
    async fn report_to(&mut self, hq: &Hq, phones: &[Phone; 5]) -> Result<u64, DayError> {
        self.clock.pass(40);
        self.tell("all phones", "have a network again");
        let mut left = 0;
        for phone in phones {
            phone.network.set_online(true);
            phone.crew.fetch().await?;
            left += self.sync(phone, phone.name == "driver").await?;
        }
        let stats = hq.stats()?.total;
        self.tell(
            "HQ",
            &format!(
                "verified and stored {} events; {} repeats got their first receipt",
                stats.stored, stats.repeated
            ),
        );
        Ok(left)
    }
}
