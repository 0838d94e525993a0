//! Handing boxes over from phone to phone, screen to camera: no network, no
//! pairing, nothing but codes that one shows and the other reads.
//!
//! [`text`] turns the bytes of a message into what QRs say and back; [`words`]
//! gives two people something to read to each other.

pub mod text;
pub mod words;
