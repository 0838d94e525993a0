//! The vault: keys, and the store that they seal.
//!
//! It knows nothing of jobs or boxes. The keys live with the platform, behind
//! [`KeyVault`]; the [`Store`] is a SQLite file in which nothing that means
//! anything stands in clear.

mod carry_over;
mod compartment;
mod contents;
mod database;
mod durable;
mod error;
mod files;
mod keyring;
mod keys;
mod opening;
mod quarantine;
mod rotation;
mod seal;
mod search;
mod software;
mod store;
mod transaction;
mod unsalvaged;
pub mod wal;
mod wreck;

pub use compartment::Compartment;
pub use error::StoreError;
pub(crate) use keys::PATIENCE;
pub use keys::{KeyVault, Mark, PublicKeys, VaultError};
pub use quarantine::{Damage, Salvage};
pub use search::{Searched, WrapNonce};
pub use software::{PASSPHRASE_ROUNDS, SoftwareVault};
pub use store::Store;
pub use transaction::{Drawer, Transaction};
pub(crate) use wreck::{Column, Image, Wreck};
