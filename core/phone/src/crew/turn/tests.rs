use std::thread;

use super::*;

/// Turns that no test waits out.
fn patient(what: Vec<u32>) -> Turns<Vec<u32>> {
    let mut turns = Turns::new(what);
    turns.limit(Duration::from_secs(3_600));
    turns
}

fn impatient() -> Turns<Vec<u32>> {
    let mut turns = Turns::new(Vec::new());
    turns.limit(Duration::from_millis(1));
    turns
}

/// Returns when so many stand in line.
fn until_waiting(turns: &Turns<Vec<u32>>, count: usize) {
    while turns.waiting() != count {
        thread::yield_now();
    }
}

#[test]
fn whoever_waits_too_long_is_told_and_the_next_has_the_turn() {
    let turns = impatient();
    let mut mine = turns.take().unwrap();
    for _ in 0..3 {
        assert_eq!(turns.take().err(), Some(TooLong));
    }
    mine.push(1);
    drop(mine);
    // Whoever gave up is not in the way of anybody.
    assert_eq!(*turns.take().unwrap(), [1]);
    assert_eq!(*turns.take().unwrap(), [1]);
}

#[test]
fn the_turn_goes_to_those_who_wait_in_the_order_that_they_came() {
    let turns = patient(Vec::new());
    let mine = turns.take().unwrap();
    thread::scope(|scope| {
        for number in 0..8 {
            let turns = &turns;
            scope.spawn(move || turns.take().unwrap().push(number));
            until_waiting(turns, usize::try_from(number).unwrap() + 1);
        }
        drop(mine);
        // Whoever comes now does not pass them.
        assert_eq!(*turns.take().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    });
}

#[test]
fn a_call_that_panics_passes_its_turn_on() {
    let turns = impatient();
    let panicked = thread::scope(|scope| {
        let panics = || {
            let mut turn = turns.take().unwrap();
            turn.push(1);
            panic!("a call that nobody tested");
        };
        scope.spawn(panics).join()
    });
    assert!(panicked.is_err());
    assert_eq!(*turns.take().unwrap(), [1]);
}
