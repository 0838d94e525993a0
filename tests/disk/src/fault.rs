//! What SQLite asks of a disk, how that goes wrong, and what outlives it.

/// What SQLite asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reads from a file.
    Read,
    /// Writes into a file.
    Write,
    /// Cuts a file off.
    Truncate,
    /// Makes durable what was written.
    Sync,
}

/// How one operation goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and an error of the disk is told.
    Error,
    /// Nothing is done: the disk is full.
    Full,
    /// Less is read than was asked for; the rest is zeros, as at a file's end.
    Short,
    /// Half is written, and an error of the disk is told.
    Half,
    /// The power fails: nothing is done, now or later.
    PowerCut,
}

impl Fault {
    /// All that can befall an operation.
    #[must_use]
    pub const fn of(operation: Operation) -> &'static [Self] {
        match operation {
            Operation::Read => &[Self::Error, Self::Short],
            Operation::Write => &[Self::Error, Self::Full, Self::Half, Self::PowerCut],
            Operation::Truncate | Operation::Sync => &[Self::Error, Self::PowerCut],
        }
    }
}

/// What of that which was not synced outlives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survives {
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
    /// Some writes and not others, in whatever order they were made.
    Some,
    /// Some sectors of some writes.
    Sectors,
}

/// All that can outlive a power cut.
pub const SURVIVES: [Survives; 4] =
    [Survives::Nothing, Survives::Everything, Survives::Some, Survives::Sectors];
