//! The steps of a handoff, in their order: what was scanned is checked against
//! what this phone waits for, signed, committed with the state in one
//! transaction, and only then shown.

mod giving;
mod open;
mod receiving;

pub use self::giving::Acceptance;
pub use self::open::Open;
pub use self::receiving::OfferView;
