//! Runs the readers over the pictures.
//!
//! One picture after the other, each by all readers before the next, and in
//! another order each time: whatever else the machine does meets all alike.
//! The clock is the thread's CPU time, and of several rounds the least counts,
//! as nothing makes a call quicker than it is.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use cpu_time::ThreadTime;

use crate::corpus::Sample;
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

/// For each reader its calls, in the order of the samples.
pub fn run(readers: &[Reader], samples: &[Sample], rounds: usize) -> Vec<Vec<Calls>> {
    let mut all = vec![vec![Calls::default(); samples.len()]; readers.len()];
    // A panic is counted, not printed: some readers have many.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    for round in 0..rounds {
        for (index, sample) in samples.iter().enumerate() {
            if index % 100 == 0 {
                eprintln!("round {} of {rounds}: {index} of {}", round + 1, samples.len());
            }
            for turn in 0..readers.len() {
                let reader = (round + index + turn) % readers.len();
                call(&readers[reader], sample, round == 0, &mut all[reader][index]);
            }
        }
    }
    panic::set_hook(hook);
    all
}

fn call(reader: &Reader, sample: &Sample, is_first: bool, calls: &mut Calls) {
    if calls.is_cut_off {
        return;
    }
    let start = ThreadTime::now();
    let result = catch_unwind(AssertUnwindSafe(|| (reader.read)(&sample.picture)));
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
    use image::DynamicImage;

    use super::*;
    use crate::corpus::Truth;

    #[test]
    fn a_panic_reads_nothing_and_stops_nobody() {
        let truth = Truth {
            is_negative: false,
            source: "s".into(),
            set: "t".into(),
            codes: 1,
            payloads: Vec::new(),
        };
        let picture = DynamicImage::new_luma8(9, 9);
        let samples = [Sample { path: "p".into(), picture, truth }];
        let readers = [
            Reader { name: "falls", read: |_| panic!("as it does") },
            Reader { name: "reads", read: |_| vec![Read { text: "text".into(), corners: None }] },
        ];
        let all = run(&readers, &samples, 2);
        assert_eq!((all[0][0].panics, all[0][0].reads.len()), (2, 0));
        assert_eq!((all[1][0].panics, all[1][0].reads.len()), (0, 1));
    }
}
