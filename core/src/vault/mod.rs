//! The vault: keys, and the store that they seal.
//!
//! It knows nothing of jobs or boxes. The keys live with the platform, behind
//! [`KeyVault`]; the [`Store`] is a SQLite file in which nothing that means
//! anything stands in clear.

mod keys;
mod seal;
mod software;
mod store;
pub(crate) mod wipe;

pub use keys::{KeyVault, Mark, PublicKeys, VaultError};
pub use software::{PASSPHRASE_ROUNDS, SoftwareVault};
pub use store::{Compartment, Drawer, Store, StoreError, Transaction};
