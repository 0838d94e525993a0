//! Labels, box lists, and all that is signed but events.

use std::collections::{BTreeMap, BTreeSet};

use crewseal_custody::cbor::{self, Version, Versions};
use crewseal_custody::log::TreeHead;
use crewseal_custody::roll::{Leaf, RollHead};
use crewseal_custody::signed::Digest;
use crewseal_custody::wire::{EnrolClaim, EnrolmentCode, SessionRequest};
use crewseal_custody::{
    BoxClass, Credential, DeviceId, EventKind, HqKeys, KeyList, Licence, Lists, Nda, NewKeys,
    Qualifications, RecoveryCode, Refusal, Revocations, Tick, UnverifiedKeyList, Voucher,
    fingerprint,
};
use crewseal_label::Token;
use fixtures::paper;

use super::format::Vector;
use super::signed::signed_message;

/// What HQ and phones sign apart from events, and what they sign it over.
pub fn specimens() -> Vec<Vector> {
    [labels(), of_hq(), of_a_phone()].concat()
}

fn labels() -> Vec<Vector> {
    let lists = paper::lists();
    vec![
        label("label of zeros", [0; 16]),
        label("label of ones", [0xff; 16]),
        label("label counting up", std::array::from_fn(|i| u8::try_from(i).unwrap())),
        label("label of the first box", *paper::token(0).as_bytes()),
        label("label 1,000", *paper::token(1_000).as_bytes()),
        box_list("no boxes", &lists, &[]),
        box_list("boxes of a manifest", &lists, &[0, 1, 2, 7, 9]),
        box_list("only the last boxes of a manifest", &lists, &[8, 9]),
        box_list("boxes of a roll", &lists, &[100, 107, 108]),
        box_list("boxes of a roll, the first bytes left out", &lists, &[117, 119]),
        box_list("boxes one by one", &lists, &[300, 301, 500]),
        box_list("boxes of all three kinds", &lists, &[3, 4, 110, 300]),
    ]
}

fn of_hq() -> Vec<Vector> {
    let version_1 = paper::manifest(1, None, &paper::tokens(0..3));
    let id_1 = paper::hq().sign(version_1.clone()).id();
    let labels: Vec<Leaf> = paper::tokens(100..103).into_iter().map(Leaf::Token).collect();
    vec![
        rejection(),
        tick("tick 1", Tick { version: Versions::OLDEST, log: None, ..paper::tick(1) }),
        tick("tick with a log", Tick { log: Some(head()), ..paper::tick(9) }),
        first_credential("credential of a mover", &paper::mover()),
        first_credential("credential of a supervisor", &paper::supervisor()),
        tick("tick with an epoch of revocations", {
            let version = Versions::OLDEST;
            Tick { version, log: None, epoch: Some(3), ..paper::tick(2) }
        }),
        first_credential("credential with all qualifications", &{
            let qualifications = Some(qualifications());
            paper::Phone { qualifications, ..paper::driver() }
        }),
        first_credential("credential with no qualifications", &{
            let qualifications = Some(Qualifications::default());
            paper::Phone { qualifications, ..paper::driver() }
        }),
        revocations("revocations of nobody", 0, &[]),
        revocations(
            "revocations of two devices",
            3,
            &[
                (paper::mover().device(), paper::MORNING + 60),
                (paper::driver().device(), paper::MORNING),
            ],
        ),
        manifest("manifest, version 1", version_1),
        manifest("manifest, version 2", paper::manifest(2, Some(id_1), &[paper::token(3)])),
        roll_head("roll of three labels", &labels),
        roll_head("roll of one label", &labels[..1]),
        carried_credential("credential of a carrier", paper::mover().credential()),
        carried_credential("credential of a carrier, renewed, with all qualifications", {
            let driver = paper::driver();
            let qualifications = Some(qualifications());
            Credential { serial: 300, qualifications, ..driver.credential() }
        }),
        carried_credential("credential with the voucher of a recovery code", recovered()),
    ]
}

/// The recovery code of the vectors.
pub fn recovery_code() -> RecoveryCode {
    RecoveryCode::from_bytes(std::array::from_fn(|at| 0xa0 | u8::try_from(at).unwrap()))
}

/// The keys of the driver's phone, as those of the carrier with the recovery code.
pub fn new_keys() -> NewKeys {
    let driver = paper::driver();
    NewKeys {
        version: Version,
        hq: paper::hq_keys().identity(),
        carrier: recovery_code().key().carrier(&paper::mover().device()),
        act_key: driver.act.public,
        handoff_key: driver.handoff.public,
    }
}

/// The credential of a second device.
pub fn recovered() -> Credential {
    let voucher =
        Some(Voucher::by_recovery_code(&recovery_code(), paper::mover().device(), &new_keys()));
    let carrier = new_keys().carrier;
    Credential { carrier, voucher, ..paper::driver().credential() }
}

fn of_a_phone() -> Vec<Vector> {
    let mover = paper::mover();
    let claim = EnrolClaim {
        version: Version,
        code: EnrolmentCode([0xc0; 16]),
        act_key: mover.act.public,
        handoff_key: mover.handoff.public,
        hq: new_keys().hq,
        origin: paper::ORIGIN.to_owned(),
        recovery_key: Some(recovery_code().key()),
        voucher: None,
    };
    let session = SessionRequest {
        version: Version,
        device: mover.device(),
        challenge: [0xcc; 32],
        hq: claim.hq,
        origin: paper::ORIGIN.to_owned(),
    };
    let vouched = EnrolClaim { recovery_key: None, voucher: recovered().voucher, ..claim.clone() };
    let enrolment = |name: &str, claim: EnrolClaim| {
        let v = Vector::new("enrolment", name).with_bytes("code", &claim.code.0);
        signed_message(v.with_bytes("hq", &claim.hq.0), &mover.act, claim)
    };
    vec![
        enrolment("enrolment of a mover at one HQ", claim),
        enrolment("enrolment with a voucher", vouched),
        signed_message(
            Vector::new("session", "session of a mover at one HQ")
                .with_bytes("challenge", &[0xcc; 32])
                .with_bytes("hq", &new_keys().hq.0),
            &mover.act,
            session,
        ),
        signed_message(
            Vector::new("new-keys", "keys of a carrier's new device")
                .with_bytes("carrier", &new_keys().carrier.0)
                .with_bytes("hq", &new_keys().hq.0),
            &mover.handoff,
            new_keys(),
        ),
        Vector::new("recovery-code", "recovery code")
            .with_bytes("code", &(0xa0..=0xaf).collect::<Vec<u8>>())
            .with("typed", &*recovery_code().to_grouped())
            .with_bytes("recovery-key", &recovery_code().key().0)
            .with_bytes("first", &paper::mover().device().0)
            .with_bytes("carrier", &recovery_code().key().carrier(&paper::mover().device()).0),
        key_list("key list that founds an HQ", &first_key_list(), &[paper::list_key()])
            .with_bytes("hq", &new_keys().hq.0)
            .with("fingerprint", fingerprint(&new_keys().hq)),
        key_list(
            "key list with other keys of every kind, by two list keys",
            &paper::next_key_list(&first_key_list()),
            &[paper::list_key(), paper::next_list_key()],
        ),
        Vector::new("device", "id of a device")
            .with_bytes("act-key", &mover.act.public.0)
            .with_bytes("handoff-key", &mover.handoff.public.0)
            .with_bytes("id", &mover.device().0),
    ]
}

fn first_key_list() -> KeyList {
    paper::key_list(&[0xca; 4])
}

/// A list as its keys sign it, and what they sign.
fn key_list(name: &str, list: &KeyList, keys: &[paper::Key]) -> Vector {
    let vector = Vector::new("key-list", name)
        .with("number", list.number)
        .with_bytes("payload", &cbor::to_vec(list))
        .with_bytes("id", &list.id().0);
    vector.with_bytes("cose", &paper::signed_list(list.clone(), keys))
}

/// A list still is what its list keys signed, the second after the first.
pub fn still_lists(vector: &Vector) {
    let bytes = vector.bytes("cose");
    let read = UnverifiedKeyList::parse(&bytes).unwrap();
    assert_eq!(read.message().id().0.to_vec(), vector.bytes("id"), "{}", vector.name);
    if read.message().number == 1 {
        let keys = HqKeys::found(&bytes).unwrap();
        assert_eq!(fingerprint(&keys.identity()), vector.fields["fingerprint"]);
    } else {
        assert_eq!(paper::hq_keys().follow(&bytes), Ok(true), "{}", vector.name);
    }
}

fn label(name: &str, bytes: [u8; 16]) -> Vector {
    let text = Token::from_bytes(bytes).to_text();
    Vector::new("label", name).with_bytes("token", &bytes).with("text", text)
}

fn box_list(name: &str, lists: &Lists, numbers: &[u16]) -> Vector {
    let named: BTreeSet<Token> = numbers.iter().copied().map(paper::token).collect();
    let list = lists.name(&named).unwrap();
    assert_eq!(lists.resolve(&list), Ok(named.clone()), "{name}");
    let tokens: Vec<u8> = named.iter().flat_map(|token| *token.as_bytes()).collect();
    Vector::new("box-list", name)
        .with_bytes("boxes", &tokens)
        .with_bytes("list", &cbor::to_vec(&list))
}

fn rejection() -> Vector {
    let act = paper::mover().does(EventKind::TakeOver, paper::boxes(0..3));
    let rejection = paper::rejection(&act, Refusal::Mislabelled, paper::MORNING + 7_200);
    let v = Vector::new("rejection", "an event that HQ refused")
        .with_bytes("event", &rejection.event.0)
        .with_bytes("device", &rejection.device.0)
        .with("generation", rejection.generation)
        .with("sequence", rejection.sequence)
        .with("refusal", rejection.refusal.number())
        .with("at", rejection.at)
        .with("origin", &rejection.origin);
    signed_message(v, &paper::hq(), rejection)
}

fn head() -> TreeHead {
    TreeHead { generation: 2, size: 70_000, root: Digest([7; 32]) }
}

fn tick(name: &str, tick: Tick) -> Vector {
    let mut v = Vector::new("tick", name)
        .with("origin", &tick.origin)
        .with("number", tick.number)
        .with("at", tick.at)
        .with_bytes("nonce", &tick.nonce.0);
    if let Some(head) = tick.log {
        v = v.with("log", head.generation).with("size", head.size).with_bytes("root", &head.root.0);
    }
    signed_message(v, &paper::hq(), tick)
}

fn manifest(name: &str, manifest: crewseal_custody::Manifest) -> Vector {
    let mut v = Vector::new("manifest", name)
        .with_bytes("job", &manifest.job.0)
        .with("number", manifest.number)
        .with_bytes("added", &manifest.added);
    if let Some(previous) = manifest.previous {
        v = v.with_bytes("previous", &previous.0);
    }
    signed_message(v, &paper::hq(), manifest)
}

fn roll_head(name: &str, leaves: &[Leaf]) -> Vector {
    let head = RollHead::over(leaves).unwrap();
    let tokens: Vec<u8> = leaves
        .iter()
        .flat_map(|leaf| match leaf {
            Leaf::Token(token) => *token.as_bytes(),
            Leaf::Hidden(_) => panic!("the labels of a vector are shown"),
        })
        .collect();
    let v = Vector::new("roll", name)
        .with_bytes("tokens", &tokens)
        .with("count", head.count)
        .with_bytes("root", &head.root.0);
    signed_message(v, &paper::hq(), head)
}

/// As HQ wrote them in the first format.
fn first_credential(name: &str, phone: &paper::Phone) -> Vector {
    credential(name, paper::in_first_format(phone.credential()))
}

/// A credential and, in the second format, who vouches for it.
fn carried_credential(name: &str, message: Credential) -> Vector {
    let mut v = credential(name, message.clone())
        .with_bytes("carrier", &message.carrier.0)
        .with("serial", message.serial);
    match message.voucher {
        Some(Voucher::Device { device, .. }) => v = v.with_bytes("vouching-device", &device.0),
        Some(Voucher::Recovery { key, first, .. }) => {
            v = v.with_bytes("recovery-key", &key.0).with_bytes("first", &first.0);
        }
        None => {}
    }
    v
}

fn credential(name: &str, credential: Credential) -> Vector {
    let mut v = Vector::new("credential", name)
        .with_bytes("act-key", &credential.act_key.0)
        .with_bytes("handoff-key", &credential.handoff_key.0)
        .with_bytes("device", &credential.device().0)
        .with("pseudonym", &credential.pseudonym)
        .with("role", format!("{:?}", credential.role))
        .with("valid-from", credential.valid_from)
        .with("valid-to", credential.valid_to);
    if let Some(Qualifications { licences, nda, trained_until, classes }) =
        &credential.qualifications
    {
        v = v.with("licences", format!("{licences:?}")).with("classes", format!("{classes:?}"));
        if let Some(nda) = nda {
            v = v.with_bytes("nda", &nda.text.0).with("nda-until", nda.until);
        }
        if let Some(until) = trained_until {
            v = v.with("trained-until", until);
        }
    }
    signed_message(v, &paper::hq(), credential)
}

fn revocations(name: &str, epoch: u64, since: &[(DeviceId, u64)]) -> Vector {
    let since: BTreeMap<DeviceId, u64> = since.iter().copied().collect();
    let mut v = Vector::new("revocations", name).with("origin", paper::ORIGIN).with("epoch", epoch);
    for (place, (device, since)) in (1..).zip(&since) {
        v = v
            .with_bytes(&format!("device-{place}"), &device.0)
            .with(&format!("since-{place}"), since);
    }
    let origin = paper::ORIGIN.to_owned();
    signed_message(v, &paper::hq(), Revocations { version: Version, origin, epoch, since })
}

/// HELLO with a tick that tells of revocations, of a log without a root.
/// Everything that a credential can say of its carrier.
pub fn qualifications() -> Qualifications {
    let text = Nda::digest("I tell nobody what I see.");
    Qualifications {
        licences: [Licence::Driving, Licence::ConfidentialDestruction].into(),
        nda: Some(Nda { text, until: paper::MORNING + 86_400 }),
        trained_until: Some(paper::MORNING + 172_800),
        classes: [BoxClass::Papers, BoxClass::Valuables].into(),
    }
}
