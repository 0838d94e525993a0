//! News of rolls: the labels of its device's depot that a phone does not know yet.

use crewseal_custody::DeviceId;
use crewseal_custody::wire::{RollNews, RollPart};
use rusqlite::{Connection, OptionalExtension, params};

use super::answer::{Answer, NewsError};
use super::cursor::{CursorError, KnownRolls, Place};
use crate::depot::Depot;
use crate::error::HqError;
use crate::hq::Hq;
use crate::store::{self, column, depot_column, number};

/// So little more is not worth a part of a roll.
const LEAST: usize = 1 << 10;
/// The bytes of a label.
const LABEL: usize = 16;

/// A roll of which a phone knows something.
struct ToldRoll {
    number: u64,
    depot: Option<Depot>,
    labels: u64,
}

impl Hq {
    /// What is new on the rolls of the device's depot. One that was moved begins the rolls of
    /// the new depot, or goes on with them if it was there before.
    pub(super) fn new_labels(
        &self,
        db: &Connection,
        device: &DeviceId,
        known: &KnownRolls,
        answer: &mut Answer,
    ) -> Result<Option<RollNews>, NewsError> {
        let depot = store::depot_of(db, device)?;
        let KnownRolls { place: from, before } = self.going_on(db, known, depot.as_ref())?;
        let mut query = db.prepare_cached(
            "SELECT number, head FROM rolls WHERE depot IS ?1 AND number >= ?2 ORDER BY number",
        )?;
        let mut rows = query.query(params![depot_column(depot.as_ref()), column(from.number)])?;
        let (mut parts, mut to) = (Vec::new(), from);
        while let Some(row) = rows.next()? {
            let (roll, head): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let count = store::roll_head(&head, &self.keys())?.count.into();
            let within = if number(roll) == from.number { from.within } else { 0 };
            if within > count {
                return Err(CursorError::FromTheFuture.into());
            }
            if within < count {
                if answer.left < LEAST {
                    answer.more = true;
                    break;
                }
                answer.take(head.len());
                let part = part_of_roll(db, (roll, head), within, answer)?;
                let sent = u64::try_from(part.labels.len() / LABEL).unwrap_or(0);
                parts.push(part);
                to = Place { number: number(roll), within: within.saturating_add(sent) };
                if to.within < count {
                    answer.more = true;
                    break;
                }
            } else {
                to = Place { number: number(roll), within };
            }
        }
        if parts.is_empty() && to == from {
            return Ok(None);
        }
        let cursor = self.cursor_of_rolls(device, &KnownRolls { place: to, before });
        Ok(Some(RollNews { cursor, parts }))
    }

    /// Where a phone that knows these rolls goes on in this depot, and what it knows of others.
    fn going_on(
        &self,
        db: &Connection,
        known: &KnownRolls,
        depot: Option<&Depot>,
    ) -> Result<KnownRolls, NewsError> {
        if known.place.number == 0 {
            return Ok(KnownRolls::default());
        }
        let newest = self.told_roll(db, known.place.number)?;
        if newest.depot.as_ref() == depot {
            return Ok(known.clone());
        }
        let before = known.before.iter().map(|number| self.told_roll(db, *number));
        let mut before = before.collect::<Result<Vec<_>, _>>()?;
        let here = before.iter().position(|roll| roll.depot.as_ref() == depot);
        let place = here
            .map(|at| before.remove(at))
            .map_or_else(Place::default, |roll| Place { number: roll.number, within: roll.labels });
        let mut before: Vec<u64> = before.iter().map(|roll| roll.number).collect();
        if let Some(left) = known_whole(db, known.place, &newest)? {
            before.insert(0, left);
        }
        Ok(KnownRolls { place, before })
    }

    /// The roll of this number, which a cursor says that its phone was told.
    fn told_roll(&self, db: &Connection, number: u64) -> Result<ToldRoll, NewsError> {
        let row: Option<(Option<String>, Vec<u8>)> = db
            .prepare_cached("SELECT depot, head FROM rolls WHERE number = ?1")?
            .query_row([column(number)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (depot, head) = row.ok_or(CursorError::FromTheFuture)?;
        let labels = store::roll_head(&head, &self.keys())?.count.into();
        Ok(ToldRoll { number, depot: store::read_depot(depot)?, labels })
    }
}

/// The newest roll of a depot that is known whole, where its newest is known up to this place.
fn known_whole(db: &Connection, known: Place, newest: &ToldRoll) -> Result<Option<u64>, NewsError> {
    if known.within >= newest.labels {
        return Ok(Some(newest.number));
    }
    let before: Option<i64> = db
        .prepare_cached("SELECT max(number) FROM rolls WHERE depot IS ?1 AND number < ?2")?
        .query_row(params![depot_column(newest.depot.as_ref()), column(newest.number)], |row| {
            row.get(0)
        })?;
    Ok(before.map(number))
}

/// Labels of a roll from a place on, as many as there is room for.
fn part_of_roll(
    db: &Connection,
    (roll, head): (i64, Vec<u8>),
    first: u64,
    answer: &mut Answer,
) -> Result<RollPart, HqError> {
    let mut labels = Vec::new();
    let most = i64::try_from((answer.left / LABEL).max(1)).unwrap_or(i64::MAX);
    let mut query = db.prepare_cached(
        "SELECT token FROM labels WHERE roll = ?1 AND place >= ?2 ORDER BY place LIMIT ?3",
    )?;
    let mut rows = query.query(params![roll, column(first), most])?;
    while let Some(row) = rows.next()? {
        labels.extend(row.get::<_, [u8; LABEL]>(0)?);
    }
    if labels.is_empty() {
        return Err(HqError::Damaged { what: "a roll" });
    }
    answer.take(labels.len());
    let first = u32::try_from(first).map_err(|_| HqError::Damaged { what: "a roll" })?;
    Ok(RollPart { head: head.into(), first, labels: labels.into() })
}
