//! The handoff on paper: what its messages carry, what its rules prevent, what
//! they leave in evidence, and three honest phones in any course of events.

mod detected;
mod exchange;
mod messages;
mod model;
mod much_and_little;
mod prevented;
mod spot_check;
