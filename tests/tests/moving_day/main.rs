//! What crosses the parts: phones, HQ and what lies between, and whether the texts about
//! them name tests that exist.

mod day;
mod photos;
mod rules;
mod statements;
mod threats;
