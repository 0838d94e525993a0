//! Epochs and envelopes: what is sealed opens at HQ alone, and what was altered nowhere.
//!
//! That the phone cannot open what it sealed needs no test: an `Epoch` has no
//! way to open, and an `OpenedEpoch` comes from HQ's `OpeningKey` only.

use crewseal_custody::DeviceId;
use crewseal_custody::cbor;
use crewseal_custody::envelope::{
    EPOCH_ENTRIES, Envelope, EnvelopeError, Epoch, EpochHeader, MAX_CONTENT, OpenedEpoch,
    OpeningKey, SealError, SealingKey, UnsealError,
};
use crewseal_custody::signed::Digest;
use fixtures::random;
use ring::digest::{SHA256, digest};

/// What stands before the sealed part of an envelope.
const ADDRESS: usize = 94;
/// The tag and the digest at its end.
const END: usize = 32;

fn hq() -> OpeningKey {
    OpeningKey::from_bytes(&[0x4b; 32]).unwrap()
}

fn header(epoch: &Epoch) -> EpochHeader {
    cbor::from_versioned::<_, 1>(&epoch.header()).unwrap()
}

fn opened(epoch: &Epoch) -> OpenedEpoch {
    hq().epoch(&header(epoch)).unwrap()
}

fn seal(epoch: &mut Epoch, content: &[u8]) -> Envelope {
    epoch.seal(DeviceId([1; 16]), 1, 7, Digest([2; 32]), content).unwrap()
}

/// As somebody would who may alter what he likes: the digest is made to fit.
fn with_fitting_digest(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 16;
    let fitting = digest(&SHA256, &bytes[..end]);
    bytes[end..].copy_from_slice(&fitting.as_ref()[..16]);
    bytes
}

mod epochs {
    use super::*;

    #[test]
    fn open_in_any_order_and_any_number_of_times() {
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let sealed: Vec<Envelope> =
            (0..40).map(|n| seal(&mut epoch, format!("act {n}").as_bytes())).collect();
        let opened = opened(&epoch);
        // 7 and 40 share no factor, so every place comes up, in disorder.
        for turn in 0..2 * sealed.len() {
            let place = turn * 7 % sealed.len();
            let content = opened.open(&sealed[place]).unwrap();
            assert_eq!(*content, format!("act {place}").into_bytes());
        }
    }

    #[test]
    fn seal_1024_entries_and_then_are_full() {
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let last = (0..EPOCH_ENTRIES).map(|_| seal(&mut epoch, b"act")).last().unwrap();
        assert_eq!(last.address().index, 1_023);
        assert_eq!(epoch.left(), 0);
        assert_eq!(*opened(&epoch).open(&last).unwrap(), b"act");
        let more = epoch.seal(DeviceId([1; 16]), 1, 7, Digest([2; 32]), b"act");
        assert_eq!(more.map(|_| ()), Err(SealError::Full));
    }

    #[test]
    fn take_contents_from_nothing_to_256_kib_in_steps_of_64() {
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let opened = opened(&epoch);
        for (length, padded) in [
            (0, 64),
            (1, 64),
            (63, 64),
            (64, 128),
            (65, 128),
            (1_000, 1_024),
            (MAX_CONTENT - 1, MAX_CONTENT),
        ] {
            // Ends in what could be taken for padding.
            let content: Vec<u8> = (0..length).map(|at| [0x80, 0][at % 2]).collect();
            let envelope = seal(&mut epoch, &content);
            assert_eq!(envelope.as_bytes().len(), ADDRESS + padded + END, "{length} bytes");
            let read = Envelope::parse(envelope.as_bytes()).unwrap();
            assert_eq!(*opened.open(&read).unwrap(), content, "{length} bytes");
        }
        let left = epoch.left();
        for length in [MAX_CONTENT, MAX_CONTENT + 1] {
            let content = vec![0; length];
            let sealed = epoch.seal(DeviceId([1; 16]), 1, 7, Digest([2; 32]), &content);
            assert_eq!(sealed.map(|_| ()), Err(SealError::TooLarge));
        }
        assert_eq!(epoch.left(), left, "what is too large burns no index");
    }

    #[test]
    fn do_not_open_with_another_key_or_header() {
        let (mut one, mut other) = (
            Epoch::begin(hq().public(), &mut random::generator()).unwrap(),
            Epoch::begin(hq().public(), &mut random::generator()).unwrap(),
        );
        assert_ne!(one.id(), other.id());
        let (of_one, of_other) = (seal(&mut one, b"act"), seal(&mut other, b"act"));
        assert_eq!(opened(&one).open(&of_other).map(|_| ()), Err(UnsealError::OtherEpoch));
        assert_eq!(opened(&other).open(&of_one).map(|_| ()), Err(UnsealError::OtherEpoch));

        let stranger = OpeningKey::from_bytes(&[0x4c; 32]).unwrap();
        let refused = stranger.epoch(&header(&one)).map(|_| ());
        assert_eq!(refused, Err(UnsealError::OtherKey));
        let theirs = Epoch::begin(stranger.public(), &mut random::generator()).unwrap();
        let epoch = stranger.epoch(&header(&theirs)).unwrap();
        assert_eq!(epoch.open(&of_one).map(|_| ()), Err(UnsealError::OtherKey));
    }

    #[test]
    fn with_an_altered_header_open_nothing() {
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let envelope = seal(&mut epoch, b"act");
        let whole = epoch.header();
        for at in (0..whole.len()).step_by(13) {
            let mut altered = whole.clone();
            altered[at] ^= 1 << (at % 8);
            let Ok(header) = cbor::from_versioned::<EpochHeader, 1>(&altered) else { continue };
            let content = hq().epoch(&header).and_then(|epoch| epoch.open(&envelope));
            assert!(content.is_err(), "byte {at}");
        }
    }

    #[test]
    fn need_a_key_that_is_one() {
        for bytes in [&[][..], &[0; 32], &[7; 1_215]] {
            assert!(matches!(SealingKey::from_bytes(bytes), Err(SealError::Key)));
        }
        assert!(matches!(OpeningKey::from_bytes(&[7; 31]), Err(SealError::Key)));
        let public = hq().public().to_bytes();
        assert_eq!(SealingKey::from_bytes(&public).unwrap().id(), hq().public().id());
    }
}

mod envelopes {
    use super::*;

    #[test]
    fn with_a_damaged_byte_are_refused() {
        let whole =
            seal(&mut Epoch::begin(hq().public(), &mut random::generator()).unwrap(), b"act");
        for at in 0..whole.as_bytes().len() {
            let mut damaged = whole.as_bytes().to_vec();
            damaged[at] ^= 1 << (at % 8);
            let expected = match at {
                0..3 => EnvelopeError::NotAnEnvelope,
                3 => EnvelopeError::Version { version: damaged[3] },
                4..8 => EnvelopeError::Length,
                _ => EnvelopeError::Damaged,
            };
            assert_eq!(Envelope::parse(&damaged), Err(expected), "byte {at}");
        }
    }

    #[test]
    fn that_somebody_altered_with_care_open_to_nothing() {
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let whole = seal(&mut epoch, b"act");
        let opened = opened(&epoch);
        for at in 8..whole.as_bytes().len() - 16 {
            let mut altered = whole.as_bytes().to_vec();
            altered[at] ^= 1 << (at % 8);
            let read = Envelope::parse(&with_fitting_digest(altered)).unwrap();
            let expected = match at {
                8..16 => UnsealError::OtherKey,
                16..32 => UnsealError::OtherEpoch,
                _ if read.address().index >= EPOCH_ENTRIES => UnsealError::OtherEpoch,
                _ => UnsealError::Altered,
            };
            assert_eq!(opened.open(&read).map(|_| ()), Err(expected), "byte {at}");
        }
    }

    #[test]
    fn exchange_neither_addresses_nor_contents() {
        let mut epoch = Epoch::begin(hq().public(), &mut random::generator()).unwrap();
        let (one, other) = (seal(&mut epoch, b"one"), seal(&mut epoch, b"two"));
        let mixed = [&one.as_bytes()[..ADDRESS], &other.as_bytes()[ADDRESS..]].concat();
        let read = Envelope::parse(&with_fitting_digest(mixed)).unwrap();
        assert_eq!(opened(&epoch).open(&read).map(|_| ()), Err(UnsealError::Altered));
    }

    #[test]
    fn cut_off_or_too_long_are_refused() {
        let whole =
            seal(&mut Epoch::begin(hq().public(), &mut random::generator()).unwrap(), b"act");
        for end in 0..whole.as_bytes().len() {
            let cut = Envelope::parse(&whole.as_bytes()[..end]);
            assert_eq!(cut, Err(EnvelopeError::Length), "after {end} bytes");
        }
        let longer = [whole.as_bytes(), &[0]].concat();
        assert_eq!(Envelope::parse(&longer), Err(EnvelopeError::Length));
        assert_eq!(Envelope::parse(&[0; 200]), Err(EnvelopeError::NotAnEnvelope));
    }
}
