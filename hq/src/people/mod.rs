//! People: whom HQ vouches for. A person of the crew is a device that somebody carries:
//! invited, enrolled with keys of its own, and revoked when HQ no longer vouches for it.

mod enrolment;
mod invitations;
mod revocations;

pub use enrolment::EnrolError;
