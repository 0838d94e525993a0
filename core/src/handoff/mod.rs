//! Handing boxes over from phone to phone, screen to camera: no network, no
//! pairing, nothing but codes that one shows and the other reads.
//!
//! [`words`] gives two people something to read to each other.

pub mod words;
