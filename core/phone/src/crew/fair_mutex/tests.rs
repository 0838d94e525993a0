use std::thread;

use super::*;

/// A mutex that no test waits out.
fn patient(what: Vec<u32>) -> FairMutex<Vec<u32>> {
    let mut mutex = FairMutex::new(what);
    mutex.limit(Duration::from_secs(3_600));
    mutex
}

fn impatient() -> FairMutex<Vec<u32>> {
    let mut mutex = FairMutex::new(Vec::new());
    mutex.limit(Duration::from_millis(1));
    mutex
}

/// Returns when so many stand in line.
fn until_waiting(mutex: &FairMutex<Vec<u32>>, count: usize) {
    while mutex.waiting() != count {
        thread::yield_now();
    }
}

#[test]
fn whoever_waits_too_long_is_told_and_the_next_has_the_turn() {
    let mutex = impatient();
    let mut mine = mutex.lock().unwrap();
    for _ in 0..3 {
        assert_eq!(mutex.lock().err(), Some(TimedOut));
    }
    mine.push(1);
    drop(mine);
    // Whoever gave up is not in the way of anybody.
    assert_eq!(*mutex.lock().unwrap(), [1]);
    assert_eq!(*mutex.lock().unwrap(), [1]);
}

#[test]
fn the_turn_goes_to_those_who_wait_in_the_order_that_they_came() {
    let mutex = patient(Vec::new());
    let mine = mutex.lock().unwrap();
    thread::scope(|scope| {
        for number in 0..8 {
            let mutex = &mutex;
            scope.spawn(move || mutex.lock().unwrap().push(number));
            until_waiting(mutex, usize::try_from(number).unwrap() + 1);
        }
        drop(mine);
        // Whoever comes now does not pass them.
        assert_eq!(*mutex.lock().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    });
}

#[test]
fn a_call_that_panics_passes_its_turn_on() {
    let mutex = impatient();
    let panicked = thread::scope(|scope| {
        let panics = || {
            let mut turn = mutex.lock().unwrap();
            turn.push(1);
            panic!("a call that nobody tested");
        };
        scope.spawn(panics).join()
    });
    assert!(panicked.is_err());
    assert_eq!(*mutex.lock().unwrap(), [1]);
}
