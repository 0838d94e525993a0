//! The customer, who has no app of ours: the code that stands for his word, the signature
//! that he draws on the crew's phone, and the receipt that he keeps.

mod code;
mod drawing;
mod receipt;

pub use code::{ReleaseCode, ReleaseCodeError, ReleaseKey, ReleaseProof};
pub use drawing::{Drawing, DrawingError, Point, Stroke};
pub use receipt::{CustomerReceipt, CustomerReceiptError};
