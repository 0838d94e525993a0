//! HQ's end of Crewseal: what a dispatcher prepares, what phones deliver, and
//! what an auditor gets.
//!
//! An [`Hq`] is a directory with three files: `hq.db`, which may be copied, and
//! `hq.keys` and `hq.mark`, which may not. Whatever decides whether a signed act is believed
//! is `crewseal_custody`, the same code that runs on the phones.
//!
//! # The rooms
//!
//! From the ground up. A room uses those above it in this list and never one below.
//!
//! | room | what happens there |
//! |---|---|
//! | `error`, [`clock`], `random`, `hash`, `private_file`, `depot`, `log_end` | what everything stands on |
//! | `mark`, `seen_time` | what HQ signed last, and what the clocks do: to stop where it must |
//! | `keys` | the file of keys and its lists: HQ signs, opens envelopes, vouches for its server |
//! | `store` | the database, and what several rooms ask of it |
//! | `group` | who comes at the same time shares one commit |
//! | `hq` | an HQ is founded or opened; the other rooms add to [`Hq`] what it can do |
//! | [`log`] | what is stored gets its place in HQ's log; what that proves to anybody |
//! | `key_lists` | keys are exchanged: lists proposed, adopted, told to phones |
//! | `ticks` | HQ's time is signed |
//! | `people` | devices are invited, enrolled, moved to other depots and revoked |
//! | [`dispatch`] | labels are minted, jobs planned and opened, codes drawn, job packs made |
//! | `intake` | envelopes are opened, and events refused or stored and receipted |
//! | `objects` | photos come in by chunks and are given out whole |
//! | [`evidence`] | a job's record is exported, verified, and shown as a report |
//! | `phones` | the wire: sessions, delivery tokens, routes, problems |
//! | `operations` | the server listens and stops |
//!
//! The binary's commands are in `commands`, on top of it all.

pub mod clock;
mod depot;
pub mod dispatch;
mod error;
pub mod evidence;
mod group;
mod hash;
mod hq;
mod intake;
mod key_lists;
mod keys;
pub mod log;
mod log_end;
mod mark;
mod objects;
mod operations;
mod people;
mod phones;
mod private_file;
mod random;
mod seen_time;
mod store;
mod ticks;

pub use depot::{Depot, DepotError};
pub use dispatch::plan::JobPlan;
pub use dispatch::{CursorError, NewsError, NewsRequest};
pub use error::{HqError, KeysError};
pub use hq::Hq;
pub use intake::{Delivered, Stats};
pub use keys::{ListKey, Rotation};
pub use log::Restored;
pub use log_end::LogEnd;
pub use objects::photos::Photo;
pub use operations::{Listen, Running, serve};
pub use people::{DepotSummary, EnrolError, Invitee, RenewError};
