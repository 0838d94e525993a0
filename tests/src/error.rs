//! What stops a day.

use std::error::Error;

/// Anything that stops the day is a fault of the demo or of the product.
pub type DayError = Box<dyn Error + Send + Sync>;
