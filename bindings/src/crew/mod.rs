//! The phone as apps hold it: every act of the core, with its types turned
//! into what other languages have.

mod acts;
mod customer;
mod enrolment;
mod handoffs;
mod lifecycle;
mod phone;
mod sync;

pub use phone::Crew;
