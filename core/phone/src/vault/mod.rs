//! The vault: keys, and the store that they seal.
//!
//! It knows nothing of jobs or boxes. The keys live with the platform, behind
//! [`KeyVault`]; the [`Store`] is a SQLite file in which nothing that means
//! anything stands in clear.

mod contents;
mod durable;
mod keyring;
mod keys;
mod quarantine;
mod seal;
mod software;
mod store;
pub mod wal;
mod wreck;

pub use keyring::{Searched, WrapNonce};
pub(crate) use keys::PATIENCE;
pub use keys::{KeyVault, Mark, PublicKeys, VaultError};
pub use quarantine::{Damage, Salvage};
pub use software::{PASSPHRASE_ROUNDS, SoftwareVault};
pub use store::{Compartment, Drawer, Store, StoreError, Transaction};
pub(crate) use wreck::{Column, Image, Wreck};
