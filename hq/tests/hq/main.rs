//! HQ over real HTTPS with a real database, against a phone made of the core's own
//! parts; its commands; and the records that it exports, with what `verify` and the
//! report make of them.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod crew;
#[cfg(test)]
mod day;
#[cfg(test)]
mod depots;
#[cfg(test)]
mod door;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod log;
#[cfg(test)]
mod news;
#[cfg(test)]
mod people;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod photos;
#[cfg(test)]
mod record;
#[cfg(test)]
mod report;
#[cfg(test)]
mod sign_off;
#[cfg(test)]
mod verdict;
