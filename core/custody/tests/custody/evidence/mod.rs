//! What verification makes of the evidence, whoever brings it and in whatever order.

mod custody;
mod day;
mod released;
mod times;
