//! Groups: batches that came at the same time are written in one commit.
//!
//! Whoever comes while nobody writes writes all that wait; whoever comes meanwhile waits, and is
//! written with the others next. So the wait for the disk, and the signature of the checkpoint,
//! are shared by as many as there are.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{ReadBatch, WrittenBatch};
use crate::error::HqError;
use crate::log::Standing;

/// What became of all that were written together.
type Written = Result<(Vec<Result<WrittenBatch, HqError>>, Standing), HqError>;
/// What became of one of them.
type Done = Result<(ReadBatch, WrittenBatch, Standing), HqError>;

/// The batches that wait to be written.
#[derive(Default)]
pub(crate) struct Group {
    queue: Mutex<Queue>,
    written: Condvar,
}

#[derive(Default)]
struct Queue {
    is_writing: bool,
    next: u64,
    waiting: Vec<(u64, ReadBatch)>,
    done: HashMap<u64, Done>,
}

impl Group {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a batch written, with others if there are any, by the first of them.
    pub(super) fn write(
        &self,
        batch: ReadBatch,
        write_all: impl Fn(&[ReadBatch]) -> Written,
    ) -> Done {
        let mut queue = self.queue();
        let number = queue.next;
        queue.next = number.wrapping_add(1);
        queue.waiting.push((number, batch));
        loop {
            if let Some(done) = queue.done.remove(&number) {
                return done;
            }
            if queue.is_writing {
                queue = self.written.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.is_writing = true;
            let (numbers, batches): (Vec<u64>, Vec<ReadBatch>) =
                std::mem::take(&mut queue.waiting).into_iter().unzip();
            drop(queue);
            let turn = Turn { group: self, numbers };
            let written = write_all(&batches);
            turn.end(batches, written);
            queue = self.queue();
        }
    }
}

/// The time in which one writes for these. However it ends, nobody waits for ever.
struct Turn<'g> {
    group: &'g Group,
    numbers: Vec<u64>,
}

impl Turn<'_> {
    /// Tells each what became of his batch.
    fn end(mut self, batches: Vec<ReadBatch>, written: Written) {
        let numbers = std::mem::take(&mut self.numbers).into_iter();
        let mut queue = self.group.queue();
        match written {
            Ok((each, standing)) => {
                for ((number, batch), written) in numbers.zip(batches).zip(each) {
                    let done = written.map(|written| (batch, written, standing.clone()));
                    queue.done.insert(number, done);
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                queue.done.extend(
                    numbers.map(|number| (number, Err(HqError::Shared(Arc::clone(&error))))),
                );
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
