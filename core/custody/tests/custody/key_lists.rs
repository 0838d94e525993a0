//! Key lists: which are gone on with, which are refused, and what HQ's keys make believable.

use crewseal_custody::cbor::{self, CborError};
use crewseal_custody::signed::Digest;
use crewseal_custody::{
    Credential, HqKeys, KeyList, KeyListError, KeyUse, SealingTerm, SigningKey, Tick,
    UnverifiedKeyList,
};
use fixtures::paper::{self, MORNING, next_key_list, signed_list};

/// When the keys of the second list begin.
const TURN: u64 = MORNING + 86_400;

fn first() -> KeyList {
    paper::key_list(&[0xca; 4])
}

fn both() -> [paper::Key; 2] {
    [paper::list_key(), paper::next_list_key()]
}

/// HQ's keys by its first list and then by this one.
fn following(list: &[u8]) -> Result<bool, KeyListError> {
    paper::hq_keys().follow(list)
}

#[test]
fn an_hq_is_its_first_list() {
    let keys = paper::hq_keys();
    assert_eq!(keys.identity().0, first().id().0);
    assert_eq!((keys.number(), keys.origin()), (1, paper::ORIGIN));
    assert_ne!(keys.identity(), paper::other_hq_keys().identity());
    let unsigned = UnverifiedKeyList::propose(first()).unwrap().to_bytes();
    assert_eq!(HqKeys::found(&unsigned), Err(KeyListError::Threshold), "nobody signed it");
    let by_another = signed_list(first(), &[paper::next_list_key()]);
    assert_eq!(HqKeys::found(&by_another), Err(KeyListError::Signature));
    let second = signed_list(next_key_list(&first()), &both());
    let no_first = KeyListError::Skipped { known: 0, found: 2 };
    assert_eq!(HqKeys::found(&second), Err(no_first));
    assert_eq!(HqKeys::read(&[]), Err(KeyListError::Envelope));
}

#[test]
fn the_next_list_is_gone_on_with_once() {
    let mut keys = paper::hq_keys();
    let second = signed_list(next_key_list(&first()), &both());
    assert_eq!(keys.follow(&second), Ok(true));
    assert_eq!(keys.follow(&second), Ok(false), "known");
    let again = signed_list(next_key_list(&first()), &both());
    assert_ne!(again, second, "signatures differ each time");
    assert_eq!(keys.follow(&again), Ok(false), "the same list, signed again");
    assert_eq!(keys.follow(&signed_list(first(), &[paper::list_key()])), Ok(false));
    assert_eq!(keys.identity().0, first().id().0, "it is the same HQ");
    assert_eq!(HqKeys::read(keys.lists()), Ok(keys.clone()));
    assert_eq!(HqKeys::read_verified(keys.lists()), Ok(keys));
}

#[test]
fn a_list_that_not_enough_keys_signed_is_refused() {
    let second = next_key_list(&first());
    for (who, keys, why) in [
        ("nobody", vec![], KeyListError::Threshold),
        ("one of two that must", vec![paper::list_key()], KeyListError::Threshold),
        ("the new one alone", vec![paper::next_list_key()], KeyListError::Threshold),
        ("HQ's online key, too", vec![paper::list_key(), paper::hq()], KeyListError::Signature),
        ("a stranger", vec![paper::mover().act], KeyListError::Signature),
    ] {
        assert_eq!(following(&signed_list(second.clone(), &keys)), Err(why), "{who}");
    }
    // Its own keys alone, without those of before, found nothing new.
    let usurped =
        KeyList { list_keys: vec![paper::next_list_key().public], threshold: 1, ..second };
    let by_itself = signed_list(usurped, &[paper::next_list_key()]);
    assert_eq!(following(&by_itself), Err(KeyListError::Threshold));
}

#[test]
fn lists_follow_each_other_without_a_gap_and_without_a_second_of_a_number() {
    let second = next_key_list(&first());
    let third = KeyList { number: 3, previous: Some(second.id()), ..second.clone() };
    let (second, third) = (signed_list(second, &both()), signed_list(third, &both()));
    assert_eq!(following(&third), Err(KeyListError::Skipped { known: 1, found: 3 }));
    let mut keys = paper::hq_keys();
    assert_eq!((keys.follow(&second), keys.follow(&third)), (Ok(true), Ok(true)));

    let other = KeyList { at: MORNING + 1, ..next_key_list(&first()) };
    let forked = signed_list(other.clone(), &both());
    let before = keys.clone();
    assert_eq!(keys.follow(&forked), Err(KeyListError::Fork));
    assert_eq!(keys, before, "nothing has changed");
    assert_eq!(keys.same_number(&forked).unwrap().as_slice(), second);
    // What the list keys did not sign is no contradiction of theirs.
    let forged = signed_list(other, &[paper::list_key()]);
    assert_eq!(keys.follow(&forged), Err(KeyListError::Threshold));

    for (what, list) in [
        ("of another HQ", KeyList { previous: Some(Digest([9; 32])), ..next_key_list(&first()) }),
        ("of another log", KeyList { origin: "other".into(), ..next_key_list(&first()) }),
    ] {
        assert_eq!(following(&signed_list(list, &both())), Err(KeyListError::OtherHq), "{what}");
    }
    let refounded = signed_list(KeyList { at: 1, ..first() }, &[paper::list_key()]);
    assert_eq!(following(&refounded), Err(KeyListError::OtherHq));
}

#[test]
fn a_list_whose_keys_cannot_be_right_is_refused() {
    let good = first();
    let key = good.signing[0];
    let term = good.sealing[0].clone();
    let authority = good.authorities[0].clone();
    let more = |count| (0..count).map(|at| SigningKey { from: at, ..key });
    let cases: Vec<(&str, KeyList)> = vec![
        ("no number", KeyList { number: 0, ..good.clone() }),
        ("a first list after another", KeyList { previous: Some(good.id()), ..good.clone() }),
        ("a second one after none", KeyList { number: 2, ..good.clone() }),
        ("no log", KeyList { origin: String::new(), ..good.clone() }),
        ("a log with too long a name", KeyList { origin: "x".repeat(256), ..good.clone() }),
        ("no list key", KeyList { list_keys: vec![], ..good.clone() }),
        ("a list key twice", KeyList { list_keys: vec![good.list_keys[0]; 2], ..good.clone() }),
        ("no threshold", KeyList { threshold: 0, ..good.clone() }),
        ("more must sign than there are", KeyList { threshold: 2, ..good.clone() }),
        ("nothing signs", KeyList { signing: vec![], ..good.clone() }),
        ("no key for receipts", KeyList { signing: vec![key], ..good.clone() }),
        ("a key twice for a use", KeyList { signing: more(17).collect(), ..good.clone() }),
        (
            "a list key that signs other things",
            KeyList { list_keys: vec![paper::hq().public], ..good.clone() },
        ),
        (
            "a key that ends before it begins",
            KeyList {
                signing: good
                    .signing
                    .iter()
                    .map(|key| SigningKey { from: 1, until: 0, ..*key })
                    .collect(),
                ..good.clone()
            },
        ),
        ("nothing to seal to", KeyList { sealing: vec![], ..good.clone() }),
        ("two to seal to at once", KeyList { sealing: vec![term.clone(); 2], ..good.clone() }),
        (
            "what is no key to seal to",
            KeyList {
                sealing: vec![SealingTerm { key: vec![7; 9].into(), ..term }],
                ..good.clone()
            },
        ),
        ("no authority", KeyList { authorities: vec![], ..good.clone() }),
        ("too many authorities", KeyList { authorities: vec![authority; 17], ..good.clone() }),
    ];
    for (what, list) in cases {
        let proposed = UnverifiedKeyList::propose(list).map(drop);
        assert_eq!(proposed, Err(KeyListError::Form), "{what}");
    }
}

#[test]
fn a_list_has_one_form() {
    let signed = signed_list(first(), &[paper::list_key()]);
    for length in 0..signed.len() {
        assert!(UnverifiedKeyList::parse(&signed[..length]).is_err(), "{length} bytes of it");
    }
    let with_more = [signed.clone(), vec![0]].concat();
    assert!(UnverifiedKeyList::parse(&with_more).is_err());
    let huge = vec![0; (64 << 10) + 1];
    assert_eq!(UnverifiedKeyList::parse(&huge), Err(KeyListError::Envelope));
    for at in 0..signed.len() {
        let mut flipped = signed.clone();
        flipped[at] ^= 1;
        let read = UnverifiedKeyList::parse(&flipped).and_then(|_| HqKeys::found(&flipped));
        let found = read.map(|keys| keys.identity());
        assert_ne!(found, Ok(paper::hq_keys().identity()), "byte {at}");
    }
    // A list of a format to come is told apart.
    let mut payload = cbor::to_vec(&first());
    payload[2] = 9;
    let list = coset_sign(&payload);
    let told = KeyListError::Payload(CborError::Version { found: 9 });
    assert_eq!(UnverifiedKeyList::parse(&list), Err(told));
}

/// A COSE_Sign with this payload and no signature, by its bytes.
fn coset_sign(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [0xd8, 98, 0x84, 0x40, 0xa0, 0x59, length[0], length[1]];
    [&head[..], payload, &[0x80]].concat()
}

#[test]
fn each_key_signs_what_it_is_for_and_in_its_time() {
    let mut keys = paper::hq_keys();
    keys.follow(&signed_list(next_key_list(&first()), &both())).unwrap();
    let (old, new) = (paper::hq(), paper::next_hq());
    let tick = |at| Tick { at, ..paper::tick(1) };
    let is_believed =
        |key: &paper::Key, at| keys.open::<Tick>(key.sign(tick(at)).as_bytes()).is_ok();
    assert!(is_believed(&old, TURN - 1), "what was signed before stays good");
    assert!(!is_believed(&old, TURN), "whoever stole the old key cannot go on with it");
    assert!(!is_believed(&new, TURN - 1));
    assert!(is_believed(&new, TURN));
    assert_eq!(keys.signing_key(KeyUse::Receipt, TURN - 1), Some(&old.public));
    assert_eq!(keys.signing_key(KeyUse::Receipt, TURN), Some(&new.public));
    // A credential does not say when it was signed: by either.
    let credential = || paper::mover().credential();
    for key in [&old, &new] {
        let signed = key.sign(credential());
        assert!(keys.open::<Credential>(signed.as_bytes()).is_ok());
    }
    assert_eq!(keys.sealing_key(0), Some(first().sealing[0].key.as_slice()));
    assert_eq!(keys.sealing_key(TURN - 1), Some(first().sealing[0].key.as_slice()));
    let next = paper::next_opening_key().public().to_bytes();
    assert_eq!(keys.sealing_key(TURN), Some(next.as_slice()));
}

#[test]
fn a_key_for_one_use_is_none_for_the_other() {
    let mut list = first();
    list.signing[0].key = paper::next_hq().public;
    let keys = HqKeys::found(&signed_list(list, &[paper::list_key()])).unwrap();
    let (credentials, receipts) = (paper::next_hq(), paper::hq());
    let credential = || paper::mover().credential();
    assert!(keys.open::<Credential>(credentials.sign(credential()).as_bytes()).is_ok());
    assert!(keys.open::<Credential>(receipts.sign(credential()).as_bytes()).is_err());
    let tick = || paper::tick(1);
    assert!(keys.open::<Tick>(receipts.sign(tick()).as_bytes()).is_ok());
    assert!(keys.open::<Tick>(credentials.sign(tick()).as_bytes()).is_err());
}

#[test]
fn a_key_can_be_taken_back_before_its_time() {
    let mut keys = paper::hq_keys();
    let second = next_key_list(&first());
    keys.follow(&signed_list(second.clone(), &both())).unwrap();
    let mut third = KeyList { number: 3, previous: Some(second.id()), ..second };
    for key in third.signing.iter_mut().filter(|key| key.key == paper::next_hq().public) {
        key.until = key.from;
    }
    keys.follow(&signed_list(third, &both())).unwrap();
    let tick = Tick { at: TURN, ..paper::tick(1) };
    assert!(keys.open::<Tick>(paper::next_hq().sign(tick).as_bytes()).is_err());
    assert_eq!(keys.signing_key(KeyUse::Receipt, TURN), None);
}

#[test]
fn a_key_can_be_ended_early() {
    let mut keys = paper::hq_keys();
    let stolen_at = MORNING + 7_200;
    let mut second = next_key_list(&first());
    for key in second.signing.iter_mut().filter(|key| key.key == paper::hq().public) {
        key.until = stolen_at;
    }
    keys.follow(&signed_list(second, &both())).unwrap();
    let tick = Tick { at: stolen_at, ..paper::tick(1) };
    let signed = paper::hq().sign(tick);
    assert!(keys.open::<Tick>(signed.as_bytes()).is_err());
    assert!(keys.has_ended(&paper::hq().public, stolen_at));
    assert!(!keys.has_ended(&paper::hq().public, stolen_at - 1));
    assert!(!keys.has_ended(&paper::other_hq().public, u64::MAX), "it never was HQ's");
}
