//! HQ over real HTTPS with a real database, and a phone made of the core's own
//! parts: `ring` keys, `Event`, `Epoch`, and the types of `sync::wire`.

#[cfg(test)]
mod door;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod photos;
#[cfg(test)]
mod record;
#[cfg(test)]
mod sign_off;
