//! Random bytes from the operating system: the one place where the phone draws them.

use getrandom::SysRng;
use getrandom::rand_core::{CryptoRng, UnwrapErr};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// The system gave no random bytes. Nothing was done; try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes; try again later")]
pub struct Unavailable;

/// Fresh random bytes.
///
/// # Errors
/// [`Unavailable`].
pub fn bytes<const N: usize>() -> Result<[u8; N], Unavailable> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Unavailable)?;
    Ok(bytes)
}

/// A fresh key, wiped when dropped.
///
/// # Errors
/// [`Unavailable`].
pub fn key() -> Result<Zeroizing<[u8; 32]>, Unavailable> {
    bytes().map(Zeroizing::new)
}

/// The system's generator, for what draws by itself how much it needs.
#[must_use]
pub const fn generator() -> impl CryptoRng {
    UnwrapErr(SysRng)
}
