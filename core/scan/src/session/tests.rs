use std::collections::BTreeSet;

use crewseal_label::{self as label, LabelError, Strength};
use proptest::prelude::*;

use super::*;
use crate::{Count, Level};

fn token(number: u8) -> Token {
    Token::from_bytes([number; 16])
}

/// Boxes 0 to 9 are of the job, 10 to 19 are blank, 20 to 29 elsewhere.
fn session() -> Session {
    let tally = Tally::new((0..10).map(token))
        .with_blank((10..20).map(token))
        .with_elsewhere((20..30).map(token));
    Session::new(tally)
}

fn reading(text: &str, x: f32) -> Reading {
    let corners = [(x, 0.0), (x + 9.0, 0.0), (x + 9.0, 9.0), (x, 9.0)];
    let corners = corners.map(|(x, y)| Point { x, y });
    Reading { text: text.to_owned(), corners, version: 2, level: Level::Q }
}

/// A frame that shows these labels side by side.
fn readings(labels: &[u8]) -> Vec<Reading> {
    let places = (0_u8..).map(|at| f32::from(at) * 10.0);
    labels.iter().zip(places).map(|(label, x)| reading(&token(*label).to_text(), x)).collect()
}

/// What a frame with one label says of it.
fn look(session: &mut Session, label: u8) -> (Sighting, bool) {
    let sighted = session.sight(&readings(&[label]));
    let read: Vec<&Sighted> = sighted.iter().filter(|code| code.age == 0).collect();
    let [code] = read.as_slice() else { panic!("{sighted:?}") };
    (code.sighting, code.is_entering)
}

fn look_away(session: &mut Session, frames: u32) {
    (0..frames).for_each(|_| drop(session.sight(&[])));
}

#[test]
fn a_code_enters_once_and_counts_once() {
    let mut session = session();
    assert_eq!(look(&mut session, 3), (Sighting::New(token(3)), true));
    for _ in 0..100 {
        assert_eq!(look(&mut session, 3), (Sighting::Again(token(3)), false));
    }
    look_away(&mut session, Session::GONE - 1);
    assert_eq!(look(&mut session, 3), (Sighting::Again(token(3)), false), "it is still there");
    look_away(&mut session, Session::GONE);
    assert_eq!(look(&mut session, 3), (Sighting::Again(token(3)), true), "it comes back");
    assert_eq!(session.tally().count(), Count { seen: 1, expected: 10 });
}

#[test]
fn foreign_codes_are_told_once_each_and_never_counted() {
    let mut session = session();
    let parcel = reading("https://example.com/parcel/1", 0.0);
    let other = reading("https://example.com/parcel/2", 20.0);
    let not_ours = Sighting::NotOurs(LabelError::Character { position: 6 });
    let told = |sighted: Vec<Sighted>| -> Vec<(Sighting, bool)> {
        sighted.iter().map(|code| (code.sighting, code.is_entering)).collect()
    };
    let sighted = session.sight(std::slice::from_ref(&parcel));
    assert_eq!(told(sighted), [(not_ours, true)]);
    let sighted = session.sight(&[parcel.clone(), other]);
    assert_eq!(told(sighted), [(not_ours, false), (not_ours, true)]);
    assert_eq!(look(&mut session, 20), (Sighting::OtherJob(token(20)), true));
    assert_eq!(look(&mut session, 20), (Sighting::OtherJob(token(20)), false));
    assert_eq!(look(&mut session, 99), (Sighting::UnknownLabel(token(99)), true));
    assert_eq!(session.tally().count().seen, 0);
    assert_eq!(session.tally().foreign().count(), 2);
    assert!(!format!("{session:?}").contains("example"));
}

#[test]
fn what_a_frame_misses_is_shown_a_little_longer() {
    let mut session = session();
    let both = readings(&[1, 2]);
    session.sight(&both);
    for age in 1..=Session::SHOWN {
        let sighted = session.sight(&both[..1]);
        let [read, missed] = sighted.as_slice() else { panic!("{sighted:?}") };
        assert_eq!((read.age, read.corners), (0, both[0].corners));
        assert_eq!((missed.age, missed.corners), (age, both[1].corners));
        assert_eq!((missed.sighting, missed.is_entering), (Sighting::Again(token(2)), false));
    }
    assert_eq!(session.sight(&both[..1]).len(), 1);
}

#[test]
fn two_stickers_with_one_text_are_one_box_in_two_places() {
    let mut session = session();
    let sighted = session.sight(&readings(&[4, 4]));
    let told: Vec<_> = sighted.iter().map(|code| (code.sighting, code.is_entering)).collect();
    assert_eq!(told, [(Sighting::New(token(4)), true), (Sighting::Again(token(4)), false)]);
    assert_ne!(sighted[0].corners, sighted[1].corners);
    assert_eq!(session.tally().count().seen, 1);
}

#[test]
fn what_is_taken_back_in_view_is_held_until_it_has_left() {
    let mut session = session();
    look(&mut session, 3);
    assert!(session.undo(&token(3)));
    assert!(!session.undo(&token(3)));
    let undone = Sighting::Undone(token(3));
    assert_eq!(session.sight(&[])[0].sighting, undone, "what is shown changes at once");
    for _ in 0..100 {
        assert_eq!(look(&mut session, 3), (undone, false));
    }
    assert_eq!(session.tally().count().seen, 0);
    look_away(&mut session, Session::GONE - 1);
    assert_eq!(look(&mut session, 3), (undone, false));
    look_away(&mut session, Session::GONE);
    assert_eq!(look(&mut session, 3), (Sighting::New(token(3)), true));
    // Out of view, nothing is held.
    look_away(&mut session, Session::GONE);
    look(&mut session, 4);
    session.undo(&token(3));
    look_away(&mut session, 1);
    assert_eq!(look(&mut session, 3), (Sighting::New(token(3)), true));
}

#[test]
fn typing_and_commissioning_end_the_waiting() {
    let mut session = session();
    look(&mut session, 3);
    session.undo(&token(3));
    let typed = token(3).to_text().to_lowercase();
    assert_eq!(session.typed(&typed), Sighting::New(token(3)));
    assert_eq!(session.sight(&[])[0].sighting, Sighting::Again(token(3)));
    assert_eq!(look(&mut session, 3), (Sighting::Again(token(3)), false));
    let slip = session.typed(&typed.replacen('1', "2", 1));
    assert!(matches!(slip, Sighting::NotOurs(_)), "{slip:?}");

    assert_eq!(look(&mut session, 10), (Sighting::Blank(token(10)), true));
    assert_eq!(session.commission(token(10)), Commission::FromRoll);
    assert_eq!(look(&mut session, 10), (Sighting::Again(token(10)), false));
    assert_eq!(session.undo_last(), Some(token(10)));
    assert_eq!(look(&mut session, 10), (Sighting::Undone(token(10)), false));
    assert_eq!(session.commission(token(10)), Commission::FromRoll);
    assert_eq!(look(&mut session, 10), (Sighting::Again(token(10)), false));
    assert_eq!(session.commission(token(20)), Commission::OtherJob);
    assert_eq!(session.tally().count(), Count { seen: 2, expected: 11 });
}

#[test]
fn the_last_counted_is_taken_back_first() {
    let mut session = session();
    session.sight(&readings(&[5, 20]));
    session.typed(&token(6).to_text());
    session.sight(&readings(&[7, 5]));
    session.undo(&token(6));
    assert_eq!(session.undo_last(), Some(token(7)));
    assert_eq!(session.undo_last(), Some(token(5)));
    assert_eq!(session.undo_last(), None);
    assert_eq!(session.tally().foreign().count(), 1, "what does not belong stays noted");
    assert_eq!(session.tally().count().seen, 0);
}

#[test]
fn nothing_in_view_asks_for_no_memory() {
    let mut session = session();
    assert_eq!(session.sight(&[]).capacity(), 0);
    assert_eq!(session.in_view.capacity(), 0);
    // What left the view makes room for what comes.
    for label in 0..200 {
        look(&mut session, label);
        look_away(&mut session, Session::GONE);
    }
    session.sight(&[]);
    assert!(session.in_view.is_empty() && session.in_view.capacity() < 16);
}

#[test]
fn frames_of_a_camera_are_counted() {
    let code = label::Code::of(&token(3), Strength::Normal).unwrap();
    let side = (code.size() + 2 * label::Code::QUIET) * 4;
    let module = |pixel: usize| (pixel / 4).wrapping_sub(label::Code::QUIET);
    let pixels: Vec<u8> = (0..side * side)
        .map(|at| if code.is_dark(module(at % side), module(at / side)) { 0 } else { 255 })
        .collect();
    let width = u32::try_from(side).unwrap();
    let frame = Luma::new(width, width, side, &pixels).unwrap();
    let mut session = session();
    let out_of_time = session.frame_within(&frame, &Look::until(&|| true));
    assert_eq!(out_of_time, []);
    let sighted = session.frame(&frame);
    assert_eq!(sighted[0].sighting, Sighting::New(token(3)));
    assert!(!format!("{session:?} {sighted:?}").contains(&token(3).to_text()));
}

/// What a crew may do.
#[derive(Debug, Clone)]
enum Act {
    Frame(Vec<u8>),
    Typed(u8),
    Commission(u8),
    Undo(u8),
    UndoLast,
    LookAway,
}

fn act() -> impl Strategy<Value = Act> {
    let label = 0..32_u8;
    prop_oneof![
        4 => proptest::collection::vec(label.clone(), 0..6).prop_map(Act::Frame),
        1 => label.clone().prop_map(Act::Typed),
        1 => label.clone().prop_map(Act::Commission),
        1 => label.prop_map(Act::Undo),
        1 => Just(Act::UndoLast),
        1 => Just(Act::LookAway),
    ]
}

/// The session as sets: what counts, what joined, what is held back.
#[derive(Default)]
struct Model {
    counted: Vec<u8>,
    joined: BTreeSet<u8>,
    held: BTreeSet<u8>,
    strays: BTreeSet<u8>,
    in_view: BTreeSet<u8>,
}

impl Model {
    fn sight(&mut self, label: u8) {
        if label < 10 || self.joined.contains(&label) {
            if !self.counted.contains(&label) {
                self.counted.push(label);
            }
        } else if label >= 20 {
            self.strays.insert(label);
        }
    }

    fn undo(&mut self, label: u8) {
        let counted = self.counted.len();
        self.counted.retain(|other| *other != label);
        self.joined.remove(&label);
        let is_undone = self.strays.remove(&label) || self.counted.len() < counted;
        if is_undone && self.in_view.contains(&label) {
            self.held.insert(label);
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Frame(labels) => {
                for label in labels {
                    self.in_view.insert(*label);
                    if !self.held.contains(label) {
                        self.sight(*label);
                    }
                }
            }
            Act::Typed(label) => {
                self.held.remove(label);
                self.sight(*label);
            }
            Act::Commission(label) if (20..30).contains(label) => {}
            Act::Commission(label) => {
                self.held.remove(label);
                self.strays.remove(label);
                if *label >= 10 {
                    self.joined.insert(*label);
                }
                self.sight(*label);
            }
            Act::Undo(label) => self.undo(*label),
            Act::UndoLast => {
                if let Some(label) = self.counted.last() {
                    self.undo(*label);
                }
            }
            Act::LookAway => {
                self.held.clear();
                self.in_view.clear();
            }
        }
    }
}

proptest! {
    // Fewer acts than frames until a code has left the view, so that only
    // looking away ends that.
    #[test]
    fn the_count_is_that_of_sets(acts in proptest::collection::vec(act(), 0..28)) {
        let (mut session, mut model) = (session(), Model::default());
        for act in acts {
            let last = model.counted.last().copied();
            model.act(&act);
            match &act {
                Act::Frame(labels) => {
                    let sighted = session.sight(&readings(labels));
                    let news = |code: &&Sighted| matches!(code.sighting, Sighting::New(_));
                    prop_assert!(sighted.iter().filter(news).count() <= labels.len());
                    for (code, label) in sighted.iter().zip(labels) {
                        let is_undone = matches!(code.sighting, Sighting::Undone(_));
                        prop_assert_eq!(is_undone, model.held.contains(label));
                    }
                }
                Act::Typed(label) => {
                    session.typed(&token(*label).to_text());
                }
                Act::Commission(label) => {
                    session.commission(token(*label));
                }
                Act::Undo(label) => {
                    session.undo(&token(*label));
                }
                Act::UndoLast => prop_assert_eq!(session.undo_last(), last.map(token)),
                Act::LookAway => look_away(&mut session, Session::GONE + 1),
            }
            let seen: BTreeSet<Token> = session.tally().seen().copied().collect();
            let expected: BTreeSet<Token> = model.counted.iter().copied().map(token).collect();
            prop_assert_eq!(seen, expected);
            let joined = model.joined.iter().copied().map(token);
            prop_assert!(session.tally().commissioned().copied().eq(joined));
            prop_assert_eq!(session.tally().foreign().count(), model.strays.len());
        }
    }
}
