//! HQ's part: labels, jobs, who is of the crew, and the record in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crewseal::clock::Clock as _;
use crewseal::vault::SoftwareVault;
use crewseal::{Crew, Fetched};
use crewseal_custody::cbor;
use crewseal_custody::personal::Personal;
use crewseal_custody::roll::Roll;
use crewseal_custody::{BoxClass, JobId, Licence, Nda, Qualifications, Record, Role};
use crewseal_hq::evidence::job_summary::JobSummary;
use crewseal_hq::evidence::report::{self, Report};
use crewseal_hq::{Hq, JobPlan};
use crewseal_label::{Strength, Token};
use rand::seq::IndexedRandom;

use super::plan::{CUSTOMER, DESTINATION, FEWEST_BOXES, NDA, ORIGIN, PASSPHRASE, Plan, TITLE};
use super::stage::{Boxes, Day, Phone};
use crate::error::DayError;
use crate::network::Network;

/// Key stretching for the demo's phones: their passphrase is in the source, so
/// a thief's work is not the point here.
const PASSPHRASE_ROUNDS: u32 = 10_000;
/// Who carries a phone.
struct Carrier {
    name: &'static str,
    role: Role,
    pseudonym: &'static str,
}

const CREW: [Carrier; 5] = [
    Carrier { name: "mover", role: Role::Mover, pseudonym: "Mover 17" },
    Carrier { name: "driver", role: Role::Driver, pseudonym: "Driver 4" },
    Carrier { name: "warehouse", role: Role::Warehouse, pseudonym: "Keeper 2" },
    Carrier { name: "second-crew", role: Role::Mover, pseudonym: "Mover 23" },
    Carrier { name: "supervisor", role: Role::Supervisor, pseudonym: "Supervisor 1" },
];

impl Day<'_> {
    /// Five phones that know their jobs, and have no network any more.
    pub async fn crew(
        &mut self,
        hq: &Hq,
        server: SocketAddr,
        jobs: &[JobId],
    ) -> Result<[Phone; 5], DayError> {
        let mut phones = Vec::new();
        for carrier in &CREW {
            phones.push(self.enrol(hq, server, jobs, carrier).await?);
        }
        for phone in &phones {
            let Fetched { jobs, labels } = phone.crew.fetch().await?;
            self.tell(
                phone.name,
                &format!("fetches {jobs} job packs and {labels} labels of rolls"),
            );
            phone.network.set_online(false);
        }
        self.tell("all phones", "go offline");
        Ok(phones.try_into().map_err(|_| "five phones")?)
    }

    async fn enrol(
        &mut self,
        hq: &Hq,
        server: SocketAddr,
        jobs: &[JobId],
        carrier: &Carrier,
    ) -> Result<Phone, DayError> {
        let Carrier { name, role, pseudonym } = *carrier;
        let network = Network::to(server).await?;
        let directory = self.folder.phones.join(name);
        let vault = SoftwareVault::open(&directory, PASSPHRASE, PASSPHRASE_ROUNDS)?;
        let crew = Crew::open(&directory, Arc::new(vault), Arc::new(self.clock.clone()))?;
        let qualifications = self.qualifications(role);
        let invitation =
            hq.invite_qualified(role, pseudonym, &qualifications, jobs, &network.url())?;
        crew.enrol(&cbor::to_vec(&invitation)).await?;
        self.tell(name, &format!("enrols as {pseudonym}"));
        Ok(Phone { name, crew, network })
    }

    /// What HQ has seen papers of, as a mover's crew needs them.
    fn qualifications(&self, role: Role) -> Qualifications {
        let in_a_year = self.clock.now() + 365 * 24 * 60 * 60;
        let licence = match role {
            Role::Driver => Some(Licence::Driving),
            Role::Warehouse => Some(Licence::Forklift),
            _ => None,
        };
        Qualifications {
            licences: licence.into_iter().collect(),
            nda: Some(Nda { text: Nda::digest(NDA), until: in_a_year }),
            trained_until: Some(in_a_year),
            classes: BoxClass::ALL.into(),
        }
    }

    /// HQ mints rolls; some of the labels are on boxes already.
    pub fn labels(&mut self, hq: &Hq, plan: &Plan) -> Result<(Vec<Roll>, Boxes), DayError> {
        let photographed = labels_in(&plan.photos)?;
        let count = if photographed.is_empty() { plan.boxes } else { photographed.len() };
        if count < FEWEST_BOXES {
            return Err(format!("the day needs {FEWEST_BOXES} boxes at least, not {count}").into());
        }
        let agreed = u32::try_from(count)?;
        let (home, depot) = if photographed.is_empty() {
            (hq.mint_roll(agreed)?, hq.mint_roll(agreed * 2)?)
        } else {
            (hq.adopt_roll(&photographed)?, hq.mint_roll(agreed)?)
        };
        let home_labels: Vec<Token> = home.tokens().map(|(_, token)| token).collect();
        let depot_labels: Vec<Token> = depot.tokens().map(|(_, token)| token).collect();
        let labelled = count * 20 / 42;
        let foreign = *depot_labels.last().ok_or("an empty roll")?;
        let boxes = if photographed.is_empty() {
            Boxes {
                labelled: home_labels[..labelled].to_vec(),
                blank: depot_labels[..count - labelled].to_vec(),
                foreign,
            }
        } else {
            let (labelled, blank) = home_labels.split_at(labelled);
            Boxes { labelled: labelled.to_vec(), blank: blank.to_vec(), foreign }
        };
        let mut to_print = boxes.all();
        to_print.push(boxes.foreign);
        self.print(&to_print)?;
        self.tell(
            "HQ",
            &format!("mints two rolls, {} labels in all", home_labels.len() + depot_labels.len()),
        );
        Ok((vec![home, depot], boxes))
    }

    fn print(&mut self, labels: &[Token]) -> Result<(), DayError> {
        use crewseal_hq::dispatch::printing::print;
        let grid = crewseal_label::Grid::ThreeByEight;
        print(labels, &self.folder.out.join("labels.pdf"), grid, Strength::Normal)?;
        let page = &labels[..labels.len().min(24)];
        print(page, &self.folder.out.join("labels.png"), grid, Strength::Normal)?;
        Ok(())
    }

    /// The day's job, and another one that the mover has on his phone too.
    pub fn jobs(&mut self, hq: &Hq, boxes: &Boxes) -> Result<Vec<JobId>, DayError> {
        let agreed = boxes.all().len();
        let with_papers: BTreeSet<Token> =
            boxes.labelled.choose_multiple(&mut self.rng, 3).copied().collect();
        let papers = BTreeSet::from([BoxClass::Papers]);
        let opens_at = self.clock.now();
        let closes_at = opens_at + 3 * 24 * 60 * 60;
        let job = hq.open_job(&JobPlan {
            title: Personal::new(TITLE),
            customer: Personal::new(CUSTOMER),
            origin: Personal::new(ORIGIN),
            destination: Personal::new(DESTINATION),
            boxes: u32::try_from(agreed)?,
            labelled: boxes.labelled.clone(),
            sensitive: BTreeSet::new(),
            classes: with_papers.iter().map(|token| (*token, papers.clone())).collect(),
            opens_at,
            closes_at,
        })?;
        let other = hq.open_job(&JobPlan {
            title: Personal::new("Household move 2"),
            customer: Personal::new("Customer 2"),
            origin: Personal::new("7 Example Street"),
            destination: Personal::new("3 Sample Road"),
            boxes: 1,
            labelled: vec![boxes.foreign],
            sensitive: BTreeSet::new(),
            classes: BTreeMap::new(),
            opens_at,
            closes_at,
        })?;
        self.tell(
            "HQ",
            &format!(
                "opens a job of {agreed} boxes: {} labelled beforehand, 3 of them with papers",
                boxes.labelled.len()
            ),
        );
        Ok(vec![job, other])
    }

    /// Leaves the record and the report; answers how the day stands, in a line.
    pub fn leave(&self, record: &[u8], hq: &Hq) -> Result<String, DayError> {
        let file = "custody.crewseal";
        std::fs::write(self.folder.out.join(file), record)?;
        let reading = Record::read(record, Some(&hq.identity()))?;
        let page = report::render(&Report {
            title: &Personal::new(TITLE),
            customer: Some(&Personal::new(CUSTOMER)),
            origin: Some(&Personal::new(ORIGIN)),
            destination: Some(&Personal::new(DESTINATION)),
            reading: &reading,
            file,
        });
        std::fs::write(self.folder.out.join("report.html"), page)?;
        Ok(JobSummary::of(&reading).headline())
    }
}

/// The labels on photographs of printed labels, in the order of their reading.
fn labels_in(photos: &[PathBuf]) -> Result<Vec<Token>, DayError> {
    let mut labels = Vec::new();
    for file in photos {
        let readings = crewseal_scan::photo::read_photo(&std::fs::read(file)?)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        for token in readings.iter().filter_map(|reading| Token::parse(&reading.text).ok()) {
            if !labels.contains(&token) {
                labels.push(token);
            }
        }
    }
    if !photos.is_empty() && labels.is_empty() {
        return Err("no label of Crewseal could be read in the photos".into());
    }
    Ok(labels)
}
