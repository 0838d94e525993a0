//! How numbers go into columns, and signed messages come out of them.

use crewseal_custody::signed::Signed;
use crewseal_custody::{HqKeys, HqMessage};

use crate::error::HqError;

/// A number for a column: SQLite's integers end at 2^63 - 1, which as a time
/// or a count is as good as never.
pub(crate) fn column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number out of a column.
pub(crate) fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// Reads back what HQ signed.
pub(crate) fn open_signed<T: HqMessage>(
    bytes: &[u8],
    hq: &HqKeys,
    what: &'static str,
) -> Result<Signed<T>, HqError> {
    hq.open(bytes).map_err(|_| HqError::Damaged { what })
}
