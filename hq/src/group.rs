//! Group commit: what comes at the same time is written at once.
//!
//! Whoever comes while nobody writes writes for all that wait; whoever comes meanwhile waits,
//! and is written with the others next. So the wait for the disk, and the signature of the
//! checkpoint, are shared by as many as there are.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::HqError;
use crate::store::{LogWriter, Standing};

/// What one request writes.
pub(crate) type Job = Box<dyn FnOnce(&mut LogWriter<'_>) -> Result<(), HqError> + Send>;

/// What became of all that were written together, and how far the log is with them.
type Written = Result<(Vec<Result<(), HqError>>, Standing), HqError>;

/// The requests that wait.
#[derive(Default)]
pub(crate) struct Group {
    queue: Mutex<Queue>,
    written: Condvar,
}

#[derive(Default)]
struct Queue {
    is_writing: bool,
    next: u64,
    waiting: Vec<(u64, Job)>,
    done: HashMap<u64, Result<Standing, HqError>>,
}

impl Group {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a job. Of all that wait, the first writes for the others too.
    pub(crate) fn write(
        &self,
        job: Job,
        write_all: impl Fn(Vec<Job>) -> Written,
    ) -> Result<Standing, HqError> {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next = number.wrapping_add(1);
        queue.waiting.push((number, job));
        loop {
            if let Some(done) = queue.done.remove(&number) {
                return done;
            }
            if queue.is_writing {
                queue = self.written.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_writing = true;
            let (numbers, jobs): (Vec<u64>, Vec<Job>) =
                std::mem::take(&mut queue.waiting).into_iter().unzip();
            drop(queue);
            let turn = Turn { group: self, numbers };
            let written = write_all(jobs);
            turn.end(written);
            queue = self.queue();
        }
    }
}

/// One request's turn to write for these. However it ends, nobody is left waiting.
struct Turn<'g> {
    group: &'g Group,
    numbers: Vec<u64>,
}

impl Turn<'_> {
    /// Tells each what became of his job.
    fn end(mut self, written: Written) {
        let numbers = std::mem::take(&mut self.numbers).into_iter();
        let mut queue = self.group.queue();
        match written {
            Ok((each, standing)) => {
                let told = each.into_iter().map(|done| done.map(|()| standing.clone()));
                queue.done.extend(numbers.zip(told));
            }
            Err(error) if numbers.len() == 1 => {
                queue.done.extend(numbers.zip([Err(error)]));
            }
            Err(error) => {
                let error = Arc::new(error);
                let told = numbers.map(|number| (number, HqError::Shared(Arc::clone(&error))));
                queue.done.extend(told.map(|(number, error)| (number, Err(error))));
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = self.group.queue();
        // Only where the writing broke off.
        for number in std::mem::take(&mut self.numbers) {
            queue.done.insert(number, Err(HqError::Busy));
        }
        queue.is_writing = false;
        self.group.written.notify_all();
    }
}
