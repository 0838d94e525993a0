//! The scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crewseal::clock::Clock;
use crewseal::vault::SoftwareVault;
use crewseal::{Crew, CrewError, Fetched, Found};
use crewseal_custody::cbor;
use crewseal_custody::handoff::text::Purpose;
use crewseal_custody::personal::Personal;
use crewseal_custody::roll::Roll;
use crewseal_custody::{
    BoxClass, EventId, FindingKind, JobId, Kind, Licence, Nda, Qualifications, Record, Role,
};
use crewseal_hq::account::Account;
use crewseal_hq::report::{self, Report};
use crewseal_hq::{Hq, JobPlan, Listen, serve, words};
use crewseal_label::{LabelError, Strength, Token};
use crewseal_scan::{Sighting, Tally};
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

use crate::camera::{Camera, Seen, Source, Stuck};
use crate::network::Network;
use crate::screen::Screen;
use crate::time::DayClock;

/// The customer of the day; plainly made up.
pub const CUSTOMER: &str = "Customer 1";
/// Where the boxes are.
pub const ORIGIN: &str = "5 Example Street";
/// Where they go.
pub const DESTINATION: &str = "12 Sample Road";
/// What the crew calls the job.
pub const TITLE: &str = "Household move 1";
/// What everybody of the crew signed before he was enrolled.
pub const NDA: &str = "I tell nobody what I see in customers' boxes and homes.";
/// What opens the phones' key files.
pub const PASSPHRASE: &str = "only for the demo";

/// Key stretching for the demo's phones: their passphrase is in the source, so
/// a thief's work is not the point here.
const PASSPHRASE_ROUNDS: u32 = 10_000;
/// The fewest boxes with which everything that should happen can happen.
pub const FEWEST_BOXES: usize = 8;

/// What is to be played.
pub struct Plan {
    /// How many boxes, [`FEWEST_BOXES`] at least.
    pub boxes: usize,
    /// The same seed plays the same scene and acts; keys, labels, signatures
    /// and ids differ each time.
    pub seed: u64,
    /// Where everything is left.
    pub out: PathBuf,
    /// Photographs of printed labels to scan instead of rendered pictures.
    pub photos: Vec<PathBuf>,
}

/// What there is to see and to check afterwards.
pub struct Played {
    /// HQ, still open.
    pub hq: Hq,
    /// The job.
    pub job: JobId,
    /// The labels of the job's boxes.
    pub boxes: Vec<Token>,
    /// The box that went missing.
    pub missing: Token,
    /// The box whose seal was broken.
    pub broken: Token,
    /// All labels that HQ ever issued here.
    pub issued: Vec<Token>,
    /// The exported custody record.
    pub record: Vec<u8>,
    /// What verification says of it, in a line.
    pub verdict: String,
    /// How many acts the phones recorded.
    pub acts: u64,
    /// How many receipts they got.
    pub receipted: u64,
    /// How many entries wait or are parked on all phones.
    pub left: u64,
    /// How many answers the network lost.
    pub lost_answers: usize,
    /// How many pictures were taken.
    pub pictures: u32,
    /// How many QRs one phone showed another.
    pub shown: u32,
    /// Labels that were typed because no picture could be read.
    pub typed: usize,
    /// Boxes that were refused because they are somebody else's.
    pub refused: usize,
}

/// Anything that stops the day is a fault of the demo or of the product.
pub type DayError = Box<dyn Error + Send + Sync>;

/// One phone and who carries it.
struct Phone {
    name: &'static str,
    crew: Crew,
    network: Network,
}

/// Plays the day. `say` is told what happens: the time of day, who, and what.
pub async fn play(
    plan: &Plan,
    say: &mut (dyn FnMut(&str, &str, &str) + Send),
) -> Result<Played, DayError> {
    let clock = DayClock::morning();
    let folder = Folder::make(&plan.out)?;
    let mut day = Day {
        rng: SmallRng::seed_from_u64(plan.seed),
        screen: Screen::new(&folder.handoffs),
        folder,
        clock,
        say,
        acts: 0,
        receipted: 0,
        typed: 0,
        refused: 0,
    };
    day.play(plan).await
}

struct Day<'s> {
    rng: SmallRng,
    screen: Screen,
    folder: Folder,
    clock: DayClock,
    say: &'s mut (dyn FnMut(&str, &str, &str) + Send),
    acts: u64,
    receipted: u64,
    typed: usize,
    refused: usize,
}

/// Where things are left.
struct Folder {
    hq: PathBuf,
    phones: PathBuf,
    photos: PathBuf,
    handoffs: PathBuf,
    out: PathBuf,
}

/// The boxes of the day.
struct Boxes {
    /// Labelled at home, before the crew came.
    labelled: Vec<Token>,
    /// Labelled by the crew, from a blank roll.
    blank: Vec<Token>,
    /// Somebody else's box, in the same room.
    foreign: Token,
}

impl Boxes {
    fn all(&self) -> Vec<Token> {
        [self.labelled.as_slice(), &self.blank].concat()
    }
}

impl Day<'_> {
    async fn play(&mut self, plan: &Plan) -> Result<Played, DayError> {
        let hq = Hq::create(&self.folder.hq, "hq.example", Arc::new(self.clock.clone()))?;
        let running = serve(hq.clone(), Listen::default())?;
        self.tell("HQ", &format!("opens at {}, with an authority of its own", running.url()));

        let (rolls, boxes) = self.labels(&hq, plan)?;
        let jobs = self.jobs(&hq, &boxes)?;
        let codes = hq.release_codes(jobs[0], &[Kind::TakeOver, Kind::Deliver])?;
        self.tell("HQ", "sends the customer two release codes, one for pickup, one for delivery");
        let roles = [
            ("mover", Role::Mover, "Mover 17"),
            ("driver", Role::Driver, "Driver 4"),
            ("warehouse", Role::Warehouse, "Keeper 2"),
            ("second-crew", Role::Mover, "Mover 23"),
            ("supervisor", Role::Supervisor, "Supervisor 1"),
        ];
        let mut phones = Vec::new();
        for (name, role, pseudonym) in roles {
            phones.push(self.enrol(&hq, running.address(), &jobs, name, role, pseudonym).await?);
        }
        let [mover, driver, keeper, second, supervisor] =
            phones.try_into().map_err(|_| "five phones")?;
        let phones = [&mover, &driver, &keeper, &second, &supervisor];
        for phone in phones {
            let Fetched { jobs, labels } = phone.crew.fetch().await?;
            self.tell(
                phone.name,
                &format!("fetches {jobs} job packs and {labels} labels of rolls"),
            );
            phone.network.set_online(false);
        }
        self.tell("all phones", "go offline");
        let job = jobs[0];

        let source = if plan.photos.is_empty() {
            Source::Rendered(plan.seed)
        } else {
            Source::Files(plan.photos.clone())
        };
        let mut camera = Camera::new(source, &self.folder.photos, boxes.all().len());

        self.clock.pass(75);
        let (taken, taking) = self.pick_up(&mover, job, &boxes, &mut camera)?;
        self.confirm(&mover, job, Kind::TakeOver, taking, &codes[0].to_grouped())?;
        self.clock.pass(50);
        self.hand_over(&mover, &driver, job, &taken)?;
        self.act(&driver, Kind::Load, job, &taken, &[], None)?;
        self.tell("driver", "loads them and locks the van");
        self.clock.pass(95);
        self.hand_over(&driver, &keeper, job, &taken)?;
        self.act(&keeper, Kind::Store, job, &taken, &[], None)?;
        self.tell("warehouse", "stores them");
        self.clock.pass(20 * 60);
        self.act(&keeper, Kind::Count, job, &taken, &[], None)?;
        self.tell("warehouse", &format!("counts {} boxes in the morning", taken.len()));
        self.hand_over(&keeper, &second, job, &taken)?;
        self.act(&second, Kind::Load, job, &taken, &[], None)?;
        self.clock.pass(140);
        let (delivery, missing, broken) = self.deliver(&second, job, &taken, &mut camera)?;
        self.clock.pass(15);
        self.confirm(&second, job, Kind::Deliver, delivery, &codes[1].to_grouped())?;
        self.screen.text(second.name, "receipt", &second.crew.receipt(delivery)?)?;
        self.tell(second.name, "shows the customer a receipt, for his own phone's camera");
        self.sign_off(&second, &supervisor, job, delivery)?;

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
        let record = hq.export(job)?;
        let verdict = self.leave(&record, &hq)?;
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
            acts: self.acts,
            receipted: self.receipted,
            left,
            lost_answers: phones.iter().map(|phone| phone.network.lost_answers()).sum(),
            pictures: camera.taken(),
            shown: self.screen.shown(),
            typed: self.typed,
            refused: self.refused,
        })
    }

    /// Leaves the record and the report; answers how the day stands, in a line.
    fn leave(&self, record: &[u8], hq: &Hq) -> Result<String, DayError> {
        let file = "custody.crewseal";
        std::fs::write(self.folder.out.join(file), record)?;
        let reading = Record::read(record, Some(hq.key()))?;
        let page = report::render(&Report {
            title: &Personal::new(TITLE),
            customer: Some(&Personal::new(CUSTOMER)),
            origin: Some(&Personal::new(ORIGIN)),
            destination: Some(&Personal::new(DESTINATION)),
            reading: &reading,
            file,
        });
        std::fs::write(self.folder.out.join("report.html"), page)?;
        Ok(Account::of(&reading).headline())
    }

    fn tell(&mut self, who: &str, what: &str) {
        (self.say)(&self.clock.time_of_day(), who, what);
    }

    /// HQ mints rolls; some of the labels are on boxes already.
    fn labels(&mut self, hq: &Hq, plan: &Plan) -> Result<(Vec<Roll>, Boxes), DayError> {
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
        use crewseal_hq::labels::print;
        let grid = crewseal_label::Grid::ThreeByEight;
        print(labels, &self.folder.out.join("labels.pdf"), grid, Strength::Normal)?;
        let page = &labels[..labels.len().min(24)];
        print(page, &self.folder.out.join("labels.png"), grid, Strength::Normal)?;
        Ok(())
    }

    /// The day's job, and another one that the mover has on his phone too.
    fn jobs(&mut self, hq: &Hq, boxes: &Boxes) -> Result<Vec<JobId>, DayError> {
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

    async fn enrol(
        &mut self,
        hq: &Hq,
        server: std::net::SocketAddr,
        jobs: &[JobId],
        name: &'static str,
        role: Role,
        pseudonym: &str,
    ) -> Result<Phone, DayError> {
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

    /// At the customer's: blank labels go onto boxes, everything is scanned,
    /// one label is torn, one box is somebody else's.
    fn pick_up(
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
        self.walk("pickup", camera, &room, &mut tally, "mover", agreed)?;

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
        let taking = self.act(mover, Kind::TakeOver, job, &seen, &typed, None)?;
        self.tell("mover", &format!("signs for {} boxes at the customer's door", seen.len()));
        Ok((seen, taking))
    }

    /// The customer reads his code out, the crew types it, and the phone checks it
    /// without a network.
    fn confirm(
        &mut self,
        crew: &Phone,
        job: JobId,
        kind: Kind,
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

    /// Walks past the boxes with the camera and tells of every picture.
    fn walk(
        &mut self,
        place: &str,
        camera: &mut Camera,
        room: &[Stuck],
        tally: &mut Tally,
        who: &str,
        agreed: usize,
    ) -> Result<(), DayError> {
        let clock = self.clock.clone();
        let say = &mut *self.say;
        let mut refused = 0;
        camera.walk(place, room, tally, |number, Seen { sightings, count }| {
            clock.pass(1);
            let foreign = sightings.iter().filter(|s| matches!(s, Sighting::OtherJob(_))).count();
            refused += foreign;
            let here = words::boxes(sightings.len() - foreign);
            let mut line = format!("picture {number}: {here}, {count} of {agreed}");
            if foreign > 0 {
                line += "; one is another job's and is refused";
            }
            say(&clock.time_of_day(), who, &line);
        })?;
        self.refused += refused;
        Ok(())
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

    /// One wrong character, somewhere.
    fn slip(&mut self, text: &str) -> String {
        let digits: Vec<usize> =
            text.char_indices().filter(|(_, c)| c.is_alphanumeric()).map(|(at, _)| at).collect();
        let at = digits[self.rng.random_range(1..digits.len())];
        let right = &text[at..=at];
        let wrong = if right == "7" { "9" } else { "7" };
        format!("{}{wrong}{}", &text[..at], &text[at + 1..])
    }

    /// What no picture showed well enough is typed.
    fn type_the_rest(&mut self, tally: &mut Tally, boxes: &[Token]) {
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

    /// Giver and receiver each scan for themselves and each sign.
    fn hand_over(
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
        let accept = receiver.crew.accept(&view, &scanned, &[], crewseal::SpotCheck::Done)?;
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
    fn sign_off(
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

    /// At the new home: one box is not there, one seal is broken.
    fn deliver(
        &mut self,
        crew: &Phone,
        job: JobId,
        taken: &BTreeSet<Token>,
        camera: &mut Camera,
    ) -> Result<(EventId, Token, Token), DayError> {
        let mut order: Vec<Token> = taken.iter().copied().collect();
        order.shuffle(&mut self.rng);
        let (missing, broken) = (order[0], order[1]);
        let there: Vec<Token> = order[1..].to_vec();
        let mut tally = Tally::new(taken.iter().copied());
        match camera.source() {
            Source::Rendered(_) => {
                let room: Vec<Stuck> =
                    there.iter().map(|token| Stuck { token: *token, torn: false }).collect();
                self.walk("delivery", camera, &room, &mut tally, crew.name, taken.len())?;
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
        let delivery = self.act(crew, Kind::Deliver, job, &delivered, &findings, None)?;
        self.tell(
            crew.name,
            &format!(
                "delivers {} boxes and signs two findings: one missing, one seal broken",
                delivered.len()
            ),
        );
        Ok((delivery, missing, broken))
    }

    fn act(
        &mut self,
        phone: &Phone,
        kind: Kind,
        job: JobId,
        boxes: &BTreeSet<Token>,
        findings: &[Found],
        about: Option<EventId>,
    ) -> Result<EventId, DayError> {
        let event = phone.crew.record(kind, job, boxes, findings, about)?;
        self.acts += 1;
        self.clock.pass(5);
        Ok(event)
    }

    /// Delivers a phone's queue; on purpose, one answer is lost on the way.
    async fn sync(&mut self, phone: &Phone, lose: bool) -> Result<u64, DayError> {
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

/// The photographs in a directory, by name.
pub fn photos_in(directory: &Path) -> Result<Vec<PathBuf>, DayError> {
    let mut photos = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if ["jpg", "jpeg", "png", "webp"].contains(&extension.to_lowercase().as_str()) {
            photos.push(path);
        }
    }
    photos.sort();
    if photos.is_empty() {
        return Err(format!("{} holds no JPEG, PNG or WebP", directory.display()).into());
    }
    Ok(photos)
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

/// Names a directory as one that a day left, and that the next may replace.
const LEFT_BY_A_DAY: &str = "left-by-a-moving-day";

impl Folder {
    /// Makes the directory, in place of what an earlier day left there; any
    /// other directory that is not empty is refused.
    fn make(out: &Path) -> Result<Self, DayError> {
        let folder = Self {
            hq: out.join("hq"),
            phones: out.join("phones"),
            photos: out.join("photos"),
            handoffs: out.join("handoffs"),
            out: out.to_owned(),
        };
        let theirs = out.exists() && out.read_dir()?.next().is_some();
        if theirs && !out.join(LEFT_BY_A_DAY).exists() {
            return Err(format!("{} is not empty; choose another --out", out.display()).into());
        }
        if theirs {
            std::fs::remove_dir_all(out)?;
        }
        for directory in [&folder.hq, &folder.phones, &folder.photos, &folder.handoffs] {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(out.join(LEFT_BY_A_DAY), "")?;
        Ok(folder)
    }
}
