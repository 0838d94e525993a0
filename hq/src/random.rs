//! Random bytes from the system, for ids, codes, tokens and labels.

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::HqError;

/// As many random bytes as are asked for.
///
/// # Errors
/// [`HqError::Random`].
pub(crate) fn random<const N: usize>() -> Result<[u8; N], HqError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| HqError::Random)?;
    Ok(bytes)
}
