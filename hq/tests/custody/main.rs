//! Records as HQ exports them, and what `verify` and the report make of them.

#[cfg(test)]
mod day;
#[cfg(test)]
mod report;
#[cfg(test)]
mod verdict;
