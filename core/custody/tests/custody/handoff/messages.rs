//! What the messages carry, and what is not taken for one of them.

use crewseal_custody::Salt;
use crewseal_custody::handoff::Hello;
use crewseal_custody::handoff::message::MessageError;
use crewseal_custody::handoff::text::{Collected, Collector, Purpose, Show};

use super::exchange::{ANSWERS, EVENTS, Exchange, KINDS, authority};

/// Each message as it travels: with credential and tick, with one, and bare.
fn all(exchange: &Exchange) -> Vec<(Purpose, Vec<u8>)> {
    let mut messages = Vec::new();
    for purpose in KINDS {
        for (has_credential, has_tick) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            messages.push((purpose, exchange.message(purpose, has_credential, has_tick)));
        }
    }
    messages
}

#[test]
fn are_read_as_they_were_written() {
    let exchange = Exchange::new();
    for purpose in EVENTS {
        for (has_credential, has_tick) in
            [(false, false), (true, false), (false, true), (true, true)]
        {
            let bytes = exchange.message(purpose, has_credential, has_tick);
            let (_, enclosed) = exchange.read(purpose, &bytes).unwrap();
            let may = matches!(purpose, Purpose::Offer | Purpose::Accept);
            assert_eq!(enclosed.credential.is_some(), has_credential && may);
            assert_eq!(enclosed.tick.is_some(), has_tick && may);
            let read = exchange.believed(purpose, &bytes).unwrap();
            assert!(read == *exchange.event(purpose), "{purpose:?}");
        }
    }
    for (has_credential, has_tick) in [(false, false), (true, false), (false, true), (true, true)] {
        let bytes = exchange.message(Purpose::Hello, has_credential, has_tick);
        let hello = Hello::read(&bytes, authority()).unwrap();
        assert_eq!(hello.device, exchange.hello.device);
        assert_eq!(hello.commitment, exchange.hello.commitment);
        assert_eq!(hello.tick.map(|tick| tick.number), has_tick.then_some(3));
        let device = hello.credential.map(|credential| credential.device());
        assert_eq!(device, has_credential.then_some(hello.device));
    }
}

#[test]
fn come_through_as_texts() {
    for (purpose, bytes) in all(&Exchange::new()) {
        let mut show = Show::of(purpose, &bytes).unwrap();
        let mut collector = Collector::new();
        let whole = (0..100).find_map(|_| match collector.add(&show.next_text()).unwrap() {
            Collected::Whole(purpose, bytes) => Some((purpose, bytes)),
            Collected::Part { .. } => None,
        });
        assert_eq!(whole, Some((purpose, bytes)));
    }
}

#[test]
fn with_a_byte_changed_are_never_another_event() {
    let exchange = Exchange::new();
    for (purpose, bytes) in all(&exchange) {
        for (at, mask) in (0..bytes.len()).flat_map(|at| [(at, 1), (at, 0x80)]) {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            if purpose == Purpose::Hello {
                // Nothing is signed there: it may be another greeting, and then
                // it is what it says.
                if let Ok(hello) = Hello::read(&changed, authority()) {
                    assert_eq!(hello.to_bytes(), changed, "byte {at}");
                }
            } else if let Some(read) = exchange.believed(purpose, &changed) {
                assert!(read == *exchange.event(purpose), "{purpose:?}, byte {at}");
            }
        }
    }
}

#[test]
fn cut_off_or_with_more_after_them_are_refused() {
    let exchange = Exchange::new();
    let is_read = |purpose, bytes: &[u8]| match purpose {
        Purpose::Hello => Hello::read(bytes, authority()).is_ok(),
        _ => exchange.read(purpose, bytes).is_ok(),
    };
    for (purpose, bytes) in all(&exchange) {
        assert!(is_read(purpose, &bytes));
        for length in 0..bytes.len() {
            assert!(!is_read(purpose, &bytes[..length]), "{purpose:?}, {length} bytes");
        }
        for more in [&[0][..], &[0xf6], &[0xff], &bytes] {
            assert!(!is_read(purpose, &[&bytes, more].concat()), "{purpose:?}");
        }
    }
}

#[test]
fn of_another_handoff_are_said_to_be() {
    let (one, other) = (Exchange::new(), Exchange::with(Salt([0x0c; 16]), 9));
    for purpose in EVENTS {
        let error = one.read(purpose, &other.message(purpose, true, true)).unwrap_err();
        assert_eq!(error, MessageError::OtherHandoff, "{purpose:?}");
    }
}

#[test]
fn of_one_kind_are_none_of_another() {
    let exchange = Exchange::new();
    for (purpose, bytes) in all(&exchange) {
        for other in EVENTS.into_iter().filter(|other| *other != purpose) {
            assert!(exchange.read(other, &bytes).is_err(), "{purpose:?} as {other:?}");
            // And with the beginning that this other would have.
            let mut begun = bytes.clone();
            begun[ANSWERS].copy_from_slice(&exchange.message(other, false, false)[ANSWERS]);
            assert!(exchange.believed(other, &begun).is_none(), "{purpose:?} as {other:?}");
        }
        if purpose != Purpose::Hello {
            assert!(Hello::read(&bytes, authority()).is_err(), "{purpose:?}");
        }
    }
}
