//! What is rendered is the same every time and says what is in it; the core reads it.

mod stills;
mod warehouse;
