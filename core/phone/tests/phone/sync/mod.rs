//! The phone and HQ over real HTTPS: whatever goes wrong between them, nothing
//! is lost, and what went wrong is named.

mod answers;
mod credential;
mod keys;
pub mod morning;
mod network;
mod news;
mod store;
