//! The moving day.
