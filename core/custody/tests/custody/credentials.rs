//! HQ's word about devices: both formats, renewal, and vouchers.

use std::collections::BTreeSet;

use crewseal_custody::cbor::{self, CborError, Version, Versions};
use crewseal_custody::handoff::Hello;
use crewseal_custody::handoff::message::{Authority, ManifestVersions};
use crewseal_custody::handoff::text::{Purpose, Show};
use crewseal_custody::rules::Rule;
use crewseal_custody::signed::{SignedError, Unverified};
use crewseal_custody::{
    BoxClass, BoxList, CarrierId, Commitment, Credential, DeviceId, EventKind, Evidence, FaultKind,
    HqId, Licence, Nda, NewKeys, Outcome, Qualifications, Reading, Record, RecordError,
    RecoveryCode, Salt, Section, Voucher,
};
use fixtures::paper::{self, MORNING, Phone};

fn hq() -> HqId {
    paper::hq_keys().identity()
}

/// The keys of a phone, as those of a new device of this carrier.
fn new_keys(phone: &Phone, carrier: CarrierId) -> NewKeys {
    NewKeys {
        version: Version,
        hq: hq(),
        carrier,
        act_key: phone.act.public,
        handoff_key: phone.handoff.public,
    }
}

/// The driver's phone as a second device of the mover's carrier, with his voucher.
fn second_device(voucher: Option<Voucher>) -> Credential {
    Credential { carrier: paper::mover().carrier(), voucher, ..paper::driver().credential() }
}

fn by_the_mover(keys: NewKeys) -> Voucher {
    let mover = paper::mover();
    Voucher::by_device(mover.device(), &mover.handoff.sign(keys))
}

#[test]
fn a_credential_of_the_first_format_is_read_and_written_as_it_was() {
    let mover = paper::mover();
    let first = paper::in_first_format(mover.credential());
    let signed = paper::hq().sign(first.clone());
    let read = paper::hq_keys().open::<Credential>(signed.as_bytes()).unwrap();
    assert_eq!(*read, first);
    assert_eq!((read.carrier, read.serial), (CarrierId(mover.device().0), 0));
    assert_eq!(cbor::to_vec(&*read)[..3], [0xa7, 0, 1], "seven fields, and it says so");
    let second = cbor::to_vec(&mover.credential());
    assert_eq!(second[..3], [0xa9, 0, 2], "with carrier and serial");
    assert_eq!(cbor::from_versions(&second, 1..=2), Ok(mover.credential()));
}

#[test]
fn fields_of_one_format_are_refused_in_the_other() {
    let read = |bytes: &[u8]| cbor::from_versions::<Credential>(bytes, 1..=2);
    let malformed = |read| matches!(read, Err(CborError::Malformed { .. }));
    let mut first = cbor::to_vec(&paper::in_first_format(paper::mover().credential()));
    first[2] = 2;
    assert!(malformed(read(&first)), "no carrier and no serial");
    let mut second = cbor::to_vec(&paper::mover().credential());
    second[2] = 1;
    assert!(malformed(read(&second)), "a carrier and a serial");
    let uncounted = Credential { serial: 0, ..paper::mover().credential() };
    assert!(malformed(read(&cbor::to_vec(&uncounted))), "counted from 1");
    second[2] = 3;
    assert_eq!(read(&second), Err(CborError::Version { found: 3 }));
    let hq = paper::hq();
    let newer = hq.sign(Later { version: Version });
    let refused = Unverified::<Credential>::parse(newer.as_bytes()).map(|_| ());
    assert_eq!(refused, Err(SignedError::Payload(CborError::Version { found: 3 })));
}

/// A credential of a format to come.
#[derive(Clone, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
struct Later {
    #[n(0)]
    version: Version<3>,
}

impl crewseal_custody::signed::Message for Later {
    const NAMESPACE: crewseal_custody::signed::Namespace =
        crewseal_custody::signed::Namespace::Credential;
    const VERSIONS: std::ops::RangeInclusive<u64> = 3..=3;
}

#[test]
fn every_credential_crosses_in_a_greeting() {
    let driver = paper::driver();
    let code = RecoveryCode::from_bytes([3; 16]);
    let keys = new_keys(&driver, code.key().carrier(&paper::mover().device()));
    let recovered = Credential {
        carrier: keys.carrier,
        voucher: Some(Voucher::by_recovery_code(&code, paper::mover().device(), &keys)),
        ..driver.credential()
    };
    let vouched = second_device(Some(by_the_mover(new_keys(&driver, paper::mover().carrier()))));
    let own = CarrierId::of_device(driver.device());
    for credential in [
        paper::in_first_format(driver.credential()),
        driver.credential(),
        Credential { serial: u64::MAX, carrier: own, ..driver.credential() },
        vouched,
        recovered,
    ] {
        let hello = Hello {
            device: driver.device(),
            commitment: Commitment::to(&Salt([1; 16]), &driver.device()),
            tick: None,
            credential: Some(paper::hq().sign(credential.clone())),
            manifests: None,
        };
        let authority = Authority { hq: &paper::hq_keys(), origin: paper::ORIGIN };
        let read = Hello::read(&hello.to_bytes(), authority).unwrap();
        assert_eq!(read.credential.as_deref(), Some(&credential));
        assert_eq!(read.to_bytes(), hello.to_bytes());
    }
}

/// The QR's version of a greeting of a driver with papers of all kinds, at level M.
fn version_of(credential: Credential) -> i16 {
    let nda = Nda { text: Nda::digest("I tell nobody what I see."), until: MORNING + 86_400 };
    let qualifications = Some(Qualifications {
        licences: [Licence::Driving].into(),
        nda: Some(nda),
        trained_until: Some(MORNING + 172_800),
        classes: [BoxClass::Papers, BoxClass::Valuables].into(),
    });
    let device = credential.device();
    let hello = Hello {
        device,
        commitment: Commitment::to(&Salt([1; 16]), &device),
        tick: None,
        credential: Some(paper::hq().sign(Credential { qualifications, ..credential })),
        manifests: Some(ManifestVersions::of([&paper::manifests(&paper::tokens(0..1))])),
    };
    let shown = Show::of(Purpose::Hello, &hello.to_bytes()).unwrap().next_text();
    let code = qrcode::QrCode::with_error_correction_level(shown, qrcode::EcLevel::M).unwrap();
    match code.version() {
        qrcode::Version::Normal(version) | qrcode::Version::Micro(version) => version,
    }
}

#[test]
fn a_greeting_with_a_credential_is_a_small_code() {
    let driver = paper::driver();
    assert!(version_of(driver.credential()) <= 12);
    assert!(version_of(Credential { serial: 300, ..driver.credential() }) <= 12);
    let vouched = second_device(Some(by_the_mover(new_keys(&driver, paper::mover().carrier()))));
    assert!(version_of(vouched) <= 15, "with the older device's signature");
}

#[test]
fn a_voucher_is_for_one_device_of_one_carrier_at_one_hq() {
    let (mover, driver) = (paper::mover(), paper::driver());
    let keys = || new_keys(&driver, mover.carrier());
    let holds = |voucher: Voucher, older: Credential| {
        second_device(Some(voucher)).has_good_voucher(hq(), |_| Some(&older))
    };
    assert!(holds(by_the_mover(keys()), mover.credential()));
    assert!(second_device(None).has_good_voucher(hq(), |_| None), "none is claimed");

    let elsewhere = NewKeys { hq: HqId([9; 32]), ..keys() };
    let of_another = NewKeys { carrier: CarrierId([9; 16]), ..keys() };
    let of_other_keys = new_keys(&paper::keeper(), mover.carrier());
    for wrong in [elsewhere, of_another, of_other_keys] {
        assert!(!holds(by_the_mover(wrong), mover.credential()));
    }
    let by_act_key = Voucher::by_device(mover.device(), &mover.act.sign(keys()));
    assert!(!holds(by_act_key, mover.credential()), "the wrong key of the two");
    let by_itself = Voucher::by_device(driver.device(), &driver.handoff.sign(keys()));
    assert!(!holds(by_itself, second_device(None)), "nobody vouches for himself");
    let stranger = Credential { carrier: CarrierId([7; 16]), ..mover.credential() };
    assert!(!holds(by_the_mover(keys()), stranger), "another carrier's device");
    assert!(!holds(by_the_mover(keys()), paper::keeper().credential()), "another device");
    let alone = second_device(Some(by_the_mover(keys())));
    assert!(!alone.has_good_voucher(hq(), |_| None), "whoever vouches is not known");
}

#[test]
fn a_recovery_code_vouches_for_its_own_carrier_only() {
    let driver = paper::driver();
    let (code, other) = (RecoveryCode::from_bytes([1; 16]), RecoveryCode::from_bytes([2; 16]));
    let keys = new_keys(&driver, code.key().carrier(&paper::mover().device()));
    let holds = |carrier, voucher, hq| {
        let credential = Credential { carrier, voucher: Some(voucher), ..driver.credential() };
        credential.has_good_voucher(hq, |_| None)
    };
    assert!(holds(
        keys.carrier,
        Voucher::by_recovery_code(&code, paper::mover().device(), &keys),
        hq()
    ));
    assert!(!holds(
        keys.carrier,
        Voucher::by_recovery_code(&other, paper::mover().device(), &keys),
        hq()
    ));
    assert!(!holds(
        keys.carrier,
        Voucher::by_recovery_code(&code, paper::mover().device(), &keys),
        HqId([9; 32])
    ));
    let another_first = Voucher::by_recovery_code(&code, driver.device(), &keys);
    assert!(!holds(keys.carrier, another_first, hq()), "another device as his first");
    let moved = NewKeys { carrier: other.key().carrier(&paper::mover().device()), ..keys };
    assert!(!holds(
        moved.carrier,
        Voucher::by_recovery_code(&code, paper::mover().device(), &moved),
        hq()
    ));
}

fn record(credentials: &[Credential]) -> Reading {
    let hq = paper::hq();
    let signed = credentials.iter().map(|one| hq.sign(one.clone()).as_bytes().to_vec().into());
    let record = hq.sign(Record { credentials: signed.collect(), ..paper::record() });
    Record::read(record.as_bytes(), Some(&paper::hq_keys().identity())).unwrap()
}

#[test]
fn a_record_with_a_voucher_that_does_not_verify_says_so() {
    let (mover, driver) = (paper::mover(), paper::driver());
    let good = second_device(Some(by_the_mover(new_keys(&driver, mover.carrier()))));
    let reading = record(&[mover.credential(), good.clone()]);
    assert_eq!(reading.errors, []);
    assert_eq!(reading.evidence.credentials.iter().count(), 2);

    // A device that is the carrier's on HQ's word, and says that he vouches for it.
    let of_other_keys = by_the_mover(new_keys(&paper::keeper(), mover.carrier()));
    let lying = second_device(Some(of_other_keys));
    for (credentials, place) in [(vec![mover.credential(), lying], 1), (vec![good], 0)] {
        let reading = record(&credentials);
        assert_eq!(reading.errors, [(Section::Credential(place), RecordError::Voucher)]);
        assert!(reading.evidence.credentials.get(&driver.device()).is_none());
    }
}

#[test]
fn a_record_with_two_carriers_for_the_same_keys_says_so() {
    let mover = paper::mover();
    let other = Credential { carrier: CarrierId([9; 16]), serial: 2, ..mover.credential() };
    let reading = record(&[mover.credential(), other]);
    assert_eq!(reading.errors, [(Section::Credential(1), RecordError::OtherCarrier)]);
    let twice = record(&[mover.credential(), mover.credential()]);
    assert_eq!(twice.errors, [(Section::Credential(1), RecordError::Repeated)]);
    let renewed = Credential { serial: 2, ..mover.credential() };
    let reading = record(&[mover.credential(), renewed]);
    assert_eq!(reading.errors, []);
    assert_eq!(reading.evidence.credentials.of(&mover.device()).count(), 2);
}

#[test]
fn an_act_is_judged_by_the_credential_whose_time_fits() {
    let mut mover = paper::mover();
    let count = mover.does(EventKind::Count, BoxList::default());
    let judged = |terms: &[(u64, u64)]| {
        let mut evidence: Evidence = paper::evidence(&[]);
        for (serial, (valid_from, valid_to)) in (1..).zip(terms) {
            let (valid_from, valid_to) = (*valid_from, *valid_to);
            let credential = Credential { serial, valid_from, valid_to, ..mover.credential() };
            evidence.credentials.insert(paper::hq().sign(credential));
        }
        let place = paper::place(&count, Outcome::Stored, MORNING + 600);
        evidence.places.insert(count.id(), place);
        evidence.events.insert(count.id(), count.clone());
        evidence.verify().faults.iter().map(|fault| fault.kind).collect::<BTreeSet<_>>()
    };
    let (before, during, after) =
        ((0, MORNING - 1), (MORNING - 60, MORNING + 9_000), (MORNING + 9_000, MORNING + 90_000));
    let broken = BTreeSet::from([FaultKind::Broken(Rule::Credential)]);
    let fine = |faults: BTreeSet<FaultKind>| !faults.contains(&FaultKind::Broken(Rule::Credential));
    assert!(fine(judged(&[during])));
    assert!(fine(judged(&[before, during, after])));
    assert!(fine(judged(&[during, after])), "renewed since");
    assert!(judged(&[before, after]).is_superset(&broken), "between two");
}

#[test]
fn a_credential_is_renewed_in_the_last_third_of_its_time_and_after_it() {
    let credential = Credential {
        version: Versions::NEWEST,
        valid_from: 1_000,
        valid_to: 1_900,
        ..paper::mover().credential()
    };
    for (now, is_due) in [(1_000, false), (1_599, false), (1_600, true), (2_500, true)] {
        assert_eq!(credential.is_to_be_renewed(now), is_due, "{now}");
    }
    let device = DeviceId::of(&credential.act_key, &credential.handoff_key);
    assert_eq!(device, credential.device());
}
