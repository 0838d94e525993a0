//! People: whom HQ vouches for. A person of the crew is a carrier with one device or several:
//! each invited, enrolled with keys of its own at a depot, its credential renewed for as long
//! as HQ vouches for it, and revoked when HQ no longer does.

mod depots;
mod enrolment;
mod invitations;
mod renewal;
mod revocations;

pub use depots::DepotSummary;
pub use enrolment::EnrolError;
pub use invitations::Invitee;
pub use renewal::RenewError;
