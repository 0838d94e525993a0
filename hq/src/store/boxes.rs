//! Which boxes a list names.

use std::collections::BTreeSet;

use crewseal_custody::{BoxList, BoxListError, HqKeys, JobId, Lists};
use crewseal_label::Token;
use rusqlite::Connection;

use super::jobs::manifests;
use super::rolls::roll;
use crate::error::HqError;

/// The manifest of a job, to resolve box lists by; rolls are added as lists
/// name them.
pub(crate) fn lists(db: &Connection, hq: &HqKeys, job: &JobId) -> Result<Lists, HqError> {
    let mut lists = Lists::new();
    lists.add_manifests(manifests(db, hq, job)?);
    Ok(lists)
}

/// The boxes that a list names, with the rolls that it needs added to `lists`;
/// none if it names what HQ did not issue.
pub(crate) fn resolve(
    db: &Connection,
    hq: &HqKeys,
    lists: &mut Lists,
    boxes: &BoxList,
) -> Result<Option<BTreeSet<Token>>, HqError> {
    let mut wanted = None;
    loop {
        match lists.resolve(boxes) {
            Ok(boxes) => return Ok(Some(boxes)),
            Err(BoxListError::UnknownList { list }) if wanted != Some(list) => {
                let Some(roll) = roll(db, hq, &list)? else { return Ok(None) };
                lists.add_roll(roll);
                wanted = Some(list);
            }
            Err(_) => return Ok(None),
        }
    }
}
