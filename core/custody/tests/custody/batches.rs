//! Batches: what HQ rebuilds is what the phone sealed, to the byte, or nothing at all.

use crewseal_custody::DeviceId;
use crewseal_custody::cbor;
use crewseal_custody::envelope::{Batch, BatchError, Envelope, Epoch, MAX_BATCH, OpeningKey};
use crewseal_custody::signed::Digest;
use fixtures::random;
use proptest::prelude::*;

fn epoch() -> Epoch {
    let hq = OpeningKey::from_bytes(&[0x4b; 32]).unwrap();
    Epoch::begin(hq.public(), &mut random::generator()).unwrap()
}

fn read(bytes: &[u8]) -> Result<Batch, cbor::CborError> {
    cbor::from_versioned::<_, 2>(bytes)
}

/// So many entries of one device, each of 300 bytes.
fn entries(epoch: &mut Epoch, count: u64) -> Vec<Envelope> {
    (1..=count).map(|sequence| sealed(epoch, 1, 1, sequence, 300)).collect()
}

fn sealed(epoch: &mut Epoch, device: u8, generation: u32, sequence: u64, size: usize) -> Envelope {
    let event = Digest([sequence.to_be_bytes()[7]; 32]);
    epoch.seal(DeviceId([device; 16]), generation, sequence, event, &vec![7; size]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_envelopes_come_out_as_they_went_in(
        acts in proptest::collection::vec(
            (0..3_usize, 0..2_u8, 1..3_u32, 0..5_u64, 0..700_usize), 0..60,
        ),
        with_headers in 0..4_usize,
    ) {
        let mut epochs = [epoch(), epoch(), epoch()];
        let mut sequence = 0;
        let envelopes: Vec<Envelope> = acts
            .into_iter()
            .map(|(at, device, generation, gap, size)| {
                sequence += gap;
                sealed(&mut epochs[at], device, generation, sequence, size)
            })
            .collect();
        let headers: Vec<Vec<u8>> =
            epochs.iter().map(Epoch::header).take(with_headers).collect();
        let bytes = cbor::to_vec(&Batch::of(&headers, &envelopes));
        let rebuilt = read(&bytes).unwrap().envelopes().unwrap();
        prop_assert!(rebuilt == envelopes);
        for (rebuilt, sent) in rebuilt.iter().zip(&envelopes) {
            prop_assert_eq!(rebuilt.as_bytes(), sent.as_bytes());
        }
    }

    #[test]
    fn bytes_of_anybody_are_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = read(&bytes).map(|batch| batch.envelopes());
        let mut begun = vec![0xa4, 0, 2, 1, 0x80, 2, 0x81, 0x87];
        begun.extend(bytes);
        let _ = read(&begun).map(|batch| batch.envelopes());
    }

    #[test]
    fn an_altered_batch_gives_what_was_sent_or_nothing(
        changes in proptest::collection::vec((any::<usize>(), 1..=u8::MAX), 1..4),
    ) {
        let mut epoch = epoch();
        let sent = entries(&mut epoch, 5);
        let mut bytes = cbor::to_vec(&Batch::of(&[epoch.header()], &sent));
        for (at, change) in changes {
            let at = at % bytes.len();
            bytes[at] ^= change;
        }
        if let Ok(Ok(rebuilt)) = read(&bytes).map(|batch| batch.envelopes()) {
            prop_assert!(rebuilt == sent);
        }
    }
}

#[test]
fn every_altered_byte_is_noticed() {
    let mut epoch = epoch();
    let sent = entries(&mut epoch, 3);
    let whole = cbor::to_vec(&Batch::of(&[epoch.header()], &sent));
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1 << (at % 8);
        let rebuilt = read(&altered).map(|batch| batch.envelopes());
        assert!(!matches!(rebuilt, Ok(Ok(_))), "byte {at}");
    }
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "cut off after {end}");
    }
}

#[test]
fn as_many_as_a_batch_may_have_and_no_more() {
    let mut epoch = epoch();
    let all = entries(&mut epoch, u64::try_from(MAX_BATCH).unwrap() + 1);
    let full = Batch::of(&[epoch.header()], &all[1..]);
    assert_eq!(full.envelopes().unwrap().len(), MAX_BATCH);
    let over = Batch::of(&[epoch.header()], &all);
    assert_eq!(over.envelopes(), Err(BatchError::TooMany));
}

/// Small messages that claim much must not cost much.
#[test]
fn claims_that_nothing_stands_behind_are_refused() {
    let group = |runs: &[u8], steps: &[u8]| {
        let mut bytes = vec![0xa4, 0, 2, 1, 0x80, 2, 0x81, 0x87, 0x82, 0x48];
        bytes.extend([1; 8]);
        bytes.push(0x50);
        bytes.extend([2; 16]);
        bytes.push(0x50);
        bytes.extend([3; 16]);
        bytes.push(1);
        bytes.extend(runs);
        bytes.extend(steps);
        bytes.extend([0x40, 0x40, 3, 0x50]);
        bytes.extend([0; 16]);
        bytes
    };
    let endless = [0x81, 0x83, 0, 1, 0x19, 0xff, 0xff];
    let past_the_last =
        [0x81, 0x83, 0x19, 0xff, 0xff, 0x1b, 255, 255, 255, 255, 255, 255, 255, 255, 2];
    let of_none = [0x81, 0x83, 0, 1, 0];
    for (name, runs, steps) in [
        ("a run without entries", &endless[..], &[0x80][..]),
        ("a run of none", &of_none, &[0x80]),
        ("a length without an entry", &[0x80], &[0x81, 1]),
        ("numbers beyond the last", &past_the_last, &[0x82, 1, 1]),
        ("the longest content", &[0x80], &[0x81, 0x19, 0xff, 0xff]),
    ] {
        let batch = read(&group(runs, steps)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(batch.envelopes(), Err(BatchError::Malformed), "{name}");
    }
}

#[test]
fn an_entry_of_300_bytes_takes_no_more_than_its_content_its_id_and_a_little() {
    let mut epoch = epoch();
    let sent = entries(&mut epoch, 100);
    let bytes = cbor::to_vec(&Batch::of(&[epoch.header()], &sent)).len();
    // 320 of content, 16 of its tag, 32 of its event, one of its length.
    assert!(bytes < 100 * (320 + 16 + 32 + 1) + epoch.header().len() + 80, "{bytes}");
}
