//! HQ's database: SQLite, one file, one writer.
//!
//! What was signed is kept as the bytes that were signed; the columns beside
//! them only find it. Events, leaves of the log, ticks, manifests, rolls and revocations
//! are evidence and the database itself refuses to change or delete them.
//!
//! Here are the database itself and what several rooms ask of it; what only one room
//! reads or writes stands in that room.

mod boxes;
mod columns;
mod database;
mod depots;
mod jobs;
mod key_lists;
mod log;
mod log_writer;
mod people;
mod rolls;
mod tiles;

pub(crate) use boxes::{lists, resolve};
pub(crate) use columns::{column, number};
pub(crate) use database::{FILE, Store};
pub(crate) use depots::{depot_column, depot_of, read_depot};
pub(crate) use jobs::{classes, has_job, is_in_crew, manifests, release_keys, unfinished_jobs};
pub(crate) use key_lists::{add_key_list, key_lists};
pub(crate) use log::{
    PlacedEvent, StoredLog, act_in, add_correction, begin_log, events_beginning, is_act, leaves,
    log_of, logs, newest_log, newest_time, note_checkpoint, note_replicated, note_time, placed,
    placed_of, tile,
};
pub(crate) use log_writer::{LogWriter, Standing};
pub(crate) use people::{
    add_credential, carrier, credential, credential_history, may_see, revocations, revoked_since,
};
pub(crate) use rolls::{roll, roll_head, roll_ids, roll_of};
pub(crate) use tiles::{TileCache, TileNodes};
