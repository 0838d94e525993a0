//! Photos in chunks: they open whole or not at all, by the key in their act's entry.

use crewseal_custody::envelope::{
    AttachmentKey, Beside, CHUNK_BYTES, Entry, MAX_ATTACHMENT, SealError, UnsealError,
};
use crewseal_custody::{EventKind, Salt};
use fixtures::paper;

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn sealed(key: &AttachmentKey, content: &[u8]) -> Vec<Vec<u8>> {
    key.seal(content).collect::<Result<_, _>>().unwrap()
}

#[test]
fn chunks_open_again_whatever_their_number() {
    for (length, chunks) in [
        (0, 1),
        (1, 1),
        (CHUNK_BYTES - 1, 1),
        (CHUNK_BYTES, 1),
        (CHUNK_BYTES + 1, 2),
        (3 * CHUNK_BYTES, 3),
    ] {
        let content = content(length);
        let key = AttachmentKey::new(&content, Salt([5; 16]), &[6; 32]).unwrap();
        let sealed = sealed(&key, &content);
        assert_eq!(sealed.len(), chunks, "{length} bytes");
        let size: usize = sealed.iter().map(Vec::len).sum();
        assert_eq!(key.sealed_size(), u64::try_from(size).unwrap(), "{length} bytes");
        assert_eq!(*key.open(&sealed).unwrap(), content, "{length} bytes");
    }
    let large = vec![0; MAX_ATTACHMENT + 1];
    assert_eq!(
        AttachmentKey::new(&large, Salt([5; 16]), &[6; 32]).map(|_| ()),
        Err(SealError::TooLarge)
    );
}

#[test]
fn chunks_that_are_not_all_or_not_the_same_do_not_open() {
    let content = content(3 * CHUNK_BYTES + 5);
    let key = AttachmentKey::new(&content, Salt([5; 16]), &[6; 32]).unwrap();
    let whole = sealed(&key, &content);
    let altered = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut chunks = whole.clone();
        change(&mut chunks);
        key.open(chunks).map(|_| ())
    };
    let none = Err(UnsealError::Altered);
    for at in 0..4 {
        assert_eq!(altered(&|chunks| drop(chunks.remove(at))), none, "without {at}");
        assert_eq!(altered(&|chunks| chunks[at][0] ^= 1), none, "byte of {at}");
        assert_eq!(altered(&|chunks| chunks[at].truncate(15)), none, "{at} cut");
        assert_eq!(altered(&|chunks| chunks.truncate(at)), none, "only {at}");
    }
    assert_eq!(altered(&|chunks| chunks.swap(0, 1)), none);
    assert_eq!(altered(&|chunks| chunks.push(chunks[3].clone())), none);
    let other = AttachmentKey::new(&content, Salt([7; 16]), &[8; 32]).unwrap();
    assert_ne!(other.digest, key.digest, "the salt hides what it is");
    assert_eq!(other.open(&whole).map(|_| ()), none);
    assert!(altered(&|_| ()).is_ok());
}

#[test]
fn an_entry_without_keys_is_the_event_alone() {
    let mut mover = paper::mover();
    let event = mover.does(EventKind::Load, paper::boxes([0]));
    assert_eq!(*Entry::to_bytes(event.as_bytes(), Beside::default()), event.as_bytes());
    let key = AttachmentKey::new(b"photo", Salt([5; 16]), &[6; 32]).unwrap();
    let with = Entry::to_bytes(
        event.as_bytes(),
        Beside { keys: std::slice::from_ref(&key), ..Beside::default() },
    );
    for (content, keys) in [(event.as_bytes(), 0), (&with, 1)] {
        let entry = Entry::read(content).unwrap();
        assert_eq!((entry.event.as_slice(), entry.keys.len()), (event.as_bytes(), keys));
    }
    for end in 0..with.len() {
        assert!(Entry::read(&with[..end]).is_err(), "cut after {end}");
    }
    let shown = format!("{key:?} {:?}", Entry::read(&with));
    assert!(!shown.contains("key: ["), "{shown}");
}
