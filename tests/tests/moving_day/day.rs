//! The moving day, from printed labels to HQ's receipts, and everything that
//! the demo promises about what it leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;

use crewseal::vault::{KeyVault, SoftwareVault};
use crewseal_custody::signed::Signed;
use crewseal_custody::{DeviceId, Event, EventKind, FaultKind, FindingKind, Holder, Record};
use crewseal_hq::evidence::verdict::Standing;
use crewseal_hq::evidence::verify::verify;
use crewseal_label::Token;
use minicbor::Decoder;
use moving_day::day::{
    self, CUSTOMER, DESTINATION, ORIGIN, PASSPHRASE, Plan, Played, TITLE, photos_in,
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2;
use thief::Secret;

const BOXES: usize = 12;
/// How many phones there are. All of them act in the one job.
const PHONES: u64 = 5;

/// What was told: who, and what.
type Told = Vec<(String, String)>;

fn play(out: &Path, seed: u64, photos: Option<&Path>) -> (Played, Told) {
    let photos = photos.map(|directory| photos_in(directory).unwrap()).unwrap_or_default();
    let plan = Plan { boxes: BOXES, seed, out: out.to_owned(), photos };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut told = Vec::new();
    let played = runtime.block_on(day::play(&plan, &mut |_, who, what| {
        told.push((who.to_owned(), what.to_owned()));
    }));
    (played.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{told:#?}")), told)
}

#[test]
fn from_printed_labels_to_receipts() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("day");
    let (played, told) = play(&out, 7, None);

    everything_arrived_once(&played, &told);
    every_phone_said_what_it_knew(&played);
    what_went_wrong_is_found(&played);
    what_is_left_to_look_at(&played, &out);
    nothing_on_the_phones(&played, &out);
    every_byte_of_the_record_is_covered(&played);
}

/// Every act is at HQ, with a receipt that the phone verified; one answer was
/// lost on purpose and nothing is there twice.
fn everything_arrived_once(played: &Played, told: &Told) {
    assert_eq!(played.boxes.len(), BOXES);
    assert_eq!((played.acts, played.left), (19, 0));
    assert_eq!(played.receipted, played.acts + PHONES, "each phone said once what it knows");
    assert_eq!(played.lost_answers, 1);
    let stats = played.hq.stats().unwrap().total;
    assert_eq!((stats.stored, stats.refused), (played.receipted, 0));
    assert!(stats.repeated > 0, "the lost answer's entries were delivered again");
    assert_eq!(played.refused, 1, "somebody else's box");
    assert!(played.typed >= 1, "the torn label");
    assert!(told.iter().any(|(_, what)| what.ends_with("the check characters catch it")));
}

/// The record has the terms of each device, before all that it did in the job: HQ's word
/// about it, the job's pack, and no revocations, as HQ revoked nobody.
fn every_phone_said_what_it_knew(played: &Played) {
    let reading = Record::read(&played.record, Some(&played.hq.identity())).unwrap();
    let mut chains: BTreeMap<DeviceId, Vec<&Signed<Event>>> = BTreeMap::new();
    for event in reading.evidence.events.values() {
        chains.entry(event.device).or_default().push(event);
    }
    assert_eq!(u64::try_from(chains.len()).unwrap(), PHONES);
    let mut packs = BTreeSet::new();
    for (device, mut chain) in chains {
        chain.sort_by_key(|event| event.sequence);
        let (informed, acts) = chain.split_first().unwrap();
        assert_eq!((informed.kind, informed.job), (EventKind::Informed, played.job));
        assert!(acts.iter().all(|event| event.kind.row().is_act));
        let [credential, pack] = informed.attachments[..] else { panic!("{informed:?}") };
        let newest = reading.evidence.credentials.get(&device).map(Signed::id);
        assert_eq!(Some(credential), newest);
        packs.insert(pack);
    }
    assert_eq!(packs.len(), 1, "all had fetched the same");
}

/// The missing box and the broken seal are findings, signed by who saw them,
/// and the record says who had the box last.
fn what_went_wrong_is_found(played: &Played) {
    let reading = Record::read(&played.record, Some(&played.hq.identity())).unwrap();
    assert_eq!(reading.errors, []);
    let custody = reading.evidence.verify();
    for token in &played.boxes {
        let steps = &custody.steps[token];
        assert_eq!(steps.iter().filter(|step| step.kind == EventKind::Accept).count(), 3);
        assert!(steps.iter().all(|step| step.not_before.is_some() && step.not_after.is_some()));
        let delivered = custody.holders[token] == Holder::Customer;
        assert_eq!(delivered, *token != played.missing);
    }
    let last = |token: &Token| custody.steps[token].last().unwrap().findings.clone();
    assert_eq!(last(&played.missing), [FindingKind::Missing]);
    assert_eq!(last(&played.broken), [FindingKind::SealBroken]);
    let faults: Vec<_> = custody.faults.iter().map(|fault| (fault.kind, &fault.boxes)).collect();
    assert_eq!(faults, [(FaultKind::NotDelivered, &BTreeSet::from([played.missing]))]);
}

fn what_is_left_to_look_at(played: &Played, out: &Path) {
    assert_eq!(fs::read(out.join("custody.crewseal")).unwrap(), played.record);
    assert!(fs::read(out.join("labels.pdf")).unwrap().starts_with(b"%PDF-"));
    image::open(out.join("labels.png")).unwrap();
    let photos = photos_in(&out.join("photos")).unwrap();
    assert_eq!(photos.len(), usize::try_from(played.pictures).unwrap());
    photos.iter().for_each(|photo| assert!(image::open(photo).is_ok(), "{}", photo.display()));
    assert_eq!(played.shown, 3 * 4 + 3, "three handoffs, four QRs each; a sign-off, a receipt");
    assert_eq!(fs::read_dir(out.join("handoffs")).unwrap().count(), 15);
    assert!(out.join("hq/hq.db").exists());
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("11 of 12 boxes delivered") && page.contains(CUSTOMER));
    assert_eq!(page.matches("customer confirmed").count(), 2, "at pickup and at delivery");
    for address in ["http:", "https:", "src=", "<script"] {
        assert!(!page.contains(address), "the page stands alone, but has {address}");
    }
}

/// What a thief finds in the bytes of every file of every phone: nothing. The
/// same search finds each secret in a file that is planted beside them.
fn nothing_on_the_phones(played: &Played, out: &Path) {
    let phones = out.join("phones");
    let mut secrets = vec![
        secret("title", TITLE),
        secret("customer", CUSTOMER),
        secret("origin", ORIGIN),
        secret("destination", DESTINATION),
        secret("the other customer", "Customer 2"),
        secret("pseudonym", "Mover 17"),
        secret("passphrase", PASSPHRASE),
        secret("job", played.job.0),
    ];
    for token in &played.issued {
        let text = token.to_text();
        secrets.push(secret("a token", token.as_bytes()));
        secrets.push(secret("half a token", &token.as_bytes()[..8]));
        secrets.push(secret("a label's text", &text));
        secrets.push(secret("a label's groups", token.to_groups().join(" ")));
    }
    for phone in ["mover", "driver", "warehouse", "second-crew", "supervisor"] {
        secrets.extend(keys_of(&phones.join(phone)));
    }
    let finds = thief::search(&phones, &secrets).unwrap();
    assert!(finds.is_empty(), "{finds:?}");

    let control = out.join("control");
    fs::create_dir(&control).unwrap();
    let leaked: Vec<Vec<u8>> = secrets.iter().map(Secret::written).collect();
    fs::write(control.join("leaked"), leaked.concat()).unwrap();
    let found = thief::search(&control, &secrets).unwrap();
    for secret in &secrets {
        assert!(found.iter().any(|find| find.secret == secret.name), "{} not found", secret.name);
    }
}

fn secret(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Secret {
    Secret::new(name, bytes.as_ref()).unwrap()
}

/// The secret keys of a phone, as its own code sees them.
fn keys_of(phone: &Path) -> Vec<Secret> {
    let mut keys = Vec::new();
    let vault = SoftwareVault::open(phone, PASSPHRASE, 1).unwrap();
    let database = rusqlite::Connection::open_with_flags(
        phone.join("crewseal.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    );
    let wrapped: Vec<u8> =
        database.unwrap().query_row("SELECT storage_key FROM vault", [], |row| row.get(0)).unwrap();
    let storage = vault.unwrap(&wrapped).unwrap();
    keys.push(secret("a storage key", storage.as_slice()));
    keys.push(secret("half a storage key", &storage[16..]));
    keys.extend(opened(&fs::read(phone.join("vault.keys")).unwrap()));
    keys
}

/// What is sealed in a software vault's file, opened with its passphrase:
/// `{0: 1, 1: salt, 2: rounds, 3: nonce, ciphertext, tag}`, and within it
/// `{0: PKCS#8, 1: PKCS#8, 2: wrapping key}`.
fn opened(file: &[u8]) -> Vec<Secret> {
    let mut d = Decoder::new(file);
    assert_eq!(d.map().unwrap(), Some(4));
    assert_eq!([(); 3].map(|()| d.u8().unwrap()), [0, 1, 1]);
    let salt = d.bytes().unwrap();
    assert_eq!(d.u8().unwrap(), 2);
    let rounds = NonZeroU32::new(d.u32().unwrap()).unwrap();
    assert_eq!(d.u8().unwrap(), 3);
    let (nonce, sealed) = d.bytes().unwrap().split_first_chunk::<12>().unwrap();

    let mut key = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, PASSPHRASE.as_bytes(), &mut key);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
    let mut plain = sealed.to_vec();
    let aad = Aad::from(b"vault.keys/1");
    let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut plain).unwrap();

    let mut d = Decoder::new(plain);
    assert_eq!(d.map().unwrap(), Some(3));
    let mut secrets = Vec::new();
    for (place, name) in ["act key", "handoff key", "wrapping key"].into_iter().enumerate() {
        assert_eq!(usize::from(d.u8().unwrap()), place);
        let key = d.bytes().unwrap();
        // In a PKCS#8 of P-256 the secret number is the octet string 04 20 ...
        let number = match key.windows(2).position(|pair| pair == [0x04, 0x20]) {
            Some(at) if key.len() > 34 => &key[at + 2..at + 34],
            _ => key,
        };
        assert_eq!(number.len(), 32);
        secrets.push(secret(name, number));
        secrets.push(secret(format!("half of the {name}"), &number[16..]));
    }
    secrets
}

/// Any byte changed, anywhere: the record does not hold, and the verdict says
/// where.
fn every_byte_of_the_record_is_covered(played: &Played) {
    let record = &played.record;
    let verdict = verify(record, Some(&played.hq.identity()));
    assert_eq!(verdict.standing, Standing::HoldsWithOpenMatters);
    for at in (0..record.len()).step_by(13) {
        let mut changed = record.clone();
        changed[at] ^= 1 << (at % 8);
        let verdict = verify(&changed, Some(&played.hq.identity()));
        assert_eq!(verdict.standing, Standing::DoesNotHold, "byte {at}");
        assert!(!verdict.flaws.is_empty(), "byte {at}");
    }
}

/// `--seed`: the same acts by the same people, while every label, key and id is
/// another.
#[test]
fn a_seed_plays_the_same_acts_again() {
    let directory = tempfile::tempdir().unwrap();
    let acts = |told: Told| -> Told {
        // How many pictures it takes depends on the labels, which are random;
        // addresses and waits are the system's.
        let varies = ["picture", "opens at", "lost", "types"];
        told.into_iter().filter(|(_, what)| !varies.iter().any(|v| what.contains(v))).collect()
    };
    let (one, first) = play(&directory.path().join("one"), 3, None);
    let (two, second) = play(&directory.path().join("two"), 3, None);
    assert_eq!(acts(first), acts(second));
    assert!(one.boxes.iter().all(|token| !two.boxes.contains(token)));
    assert_ne!(one.record, two.record);
}

/// `--photos`: photographs of printed labels in place of rendered ones.
#[test]
fn own_photographs_are_scanned_instead() {
    let directory = tempfile::tempdir().unwrap();
    let prints = directory.path().join("prints");
    fs::create_dir(&prints).unwrap();
    let labels: Vec<Token> = (1..=9).map(|n| Token::from_bytes([n; 16])).collect();
    for (number, label) in labels.iter().enumerate() {
        let code = crewseal_label::Code::of(label, crewseal_label::Strength::Normal).unwrap();
        fs::write(prints.join(format!("{number}.png")), code.png(8).unwrap()).unwrap();
    }
    let (played, _) = play(&directory.path().join("day"), 1, Some(&prints));
    assert_eq!(played.boxes, labels);
    assert_eq!((played.typed, played.pictures), (0, 9));
    assert_eq!((played.receipted, played.left), (played.acts + PHONES, 0));
}

/// A directory of somebody's is never replaced.
#[test]
fn a_directory_that_is_not_a_days_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let theirs = directory.path().join("photos");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("holiday.txt"), "sea").unwrap();
    let plan = Plan { boxes: BOXES, seed: 1, out: directory.path().to_owned(), photos: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(day::play(&plan, &mut |_, _, _| {})).err().unwrap();
    assert!(refused.to_string().contains("is not empty"), "{refused}");
    assert_eq!(fs::read_to_string(theirs.join("holiday.txt")).unwrap(), "sea");
}
