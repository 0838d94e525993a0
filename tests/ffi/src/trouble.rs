//! What keeps a cost from being measured.

use std::error::Error;

/// Told to whoever runs the comparison, who cannot do anything but read it.
pub type Trouble = Box<dyn Error>;
