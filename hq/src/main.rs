//! HQ.
fn main() {}
