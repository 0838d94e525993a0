//! Phones: HQ as a crew's phones reach it, over the wire of `crewseal_custody`. Who is
//! asking is settled first (`session`, `delivery_grant`, `auth`); the rooms below do what is
//! asked (`routes`); a refusal says what the phone can do about it (`problem`).

mod auth;
mod delivery_grant;
mod log_routes;
mod message;
mod problem;
mod routes;
mod session;
mod state;

pub(crate) use routes::router;
pub(crate) use state::AppState;
