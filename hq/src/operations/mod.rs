//! Operations: running HQ, on a machine, for others.

mod server;

pub use server::{Listen, Running, serve};
