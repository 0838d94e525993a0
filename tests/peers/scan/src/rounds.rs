//! Runs the readers over the pictures.
//!
//! One picture after the other, each by all readers before the next, and in
//! another order each time: whatever else the machine does meets all alike.
//! The clock is the thread's CPU time, and of several rounds the least counts,
//! as nothing makes a call quicker than it is.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cpu_time::ThreadTime;
use image::DynamicImage;

use crate::readers::{Read, Reader};

/// A call cannot be stopped, but one that took longer is not made again.
const LONGEST_CALL: Duration = Duration::from_secs(20);

/// What came of one reader's calls on one picture.
#[derive(Debug, Default, Clone)]
pub struct Calls {
    /// As in the first round.
    pub reads: Vec<Read>,
    /// The least CPU time of a call.
    pub least: Duration,
    pub panics: usize,
    /// Whether later rounds left this picture out.
    pub is_cut_off: bool,
}

/// For each reader its calls, in the order of the pictures.
pub fn run(readers: &[Reader], pictures: &[&DynamicImage], rounds: usize) -> Vec<Vec<Calls>> {
    let mut all = vec![vec![Calls::default(); pictures.len()]; readers.len()];
    // A panic is counted, not printed: some readers have many.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    for round in 0..rounds {
        for (index, picture) in pictures.iter().enumerate() {
            if index % 100 == 0 {
                eprintln!("round {} of {rounds}: {index} of {}", round + 1, pictures.len());
            }
            for turn in 0..readers.len() {
                let reader = (round + index + turn) % readers.len();
                call(&readers[reader], picture, round == 0, &mut all[reader][index]);
            }
        }
    }
    panic::set_hook(hook);
    all
}

fn call(reader: &Reader, picture: &DynamicImage, is_first: bool, calls: &mut Calls) {
    if calls.is_cut_off {
        return;
    }
    let start = ThreadTime::now();
    let result = catch_unwind(AssertUnwindSafe(|| (reader.read)(picture)));
    let time = start.elapsed();
    calls.panics += usize::from(result.is_err());
    calls.is_cut_off = time > LONGEST_CALL;
    if is_first {
        calls.reads = result.unwrap_or_default();
        calls.least = time;
    } else {
        calls.least = calls.least.min(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_reads_nothing_and_stops_nobody() {
        let readers = [
            Reader { name: "falls", read: |_| panic!("as it does") },
            Reader { name: "reads", read: |_| vec![Read { text: "text".into(), corners: None }] },
        ];
        let all = run(&readers, &[&DynamicImage::new_luma8(9, 9)], 2);
        assert_eq!((all[0][0].panics, all[0][0].reads.len()), (2, 0));
        assert_eq!((all[1][0].panics, all[1][0].reads.len()), (0, 1));
    }
}
