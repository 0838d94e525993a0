//! The vault: keys, and the store that they seal.
//!
//! It knows nothing of jobs or boxes. The keys live with the platform, behind
//! [`KeyVault`]; the [`Store`] is a SQLite file in which nothing that means
//! anything stands in clear. Others may have tables of their own in that file, of
//! which the vault knows one number: how many rows they say they have.
//!
//! Of its files each uses only what stands above it:
//!
//! | file | what |
//! |---|---|
//! | `keys`, `seal`, `error`, `durable`, `software` | the platform, or a file in its place; sealing; what goes wrong; writing files |
//! | `wal`, `files`, `database` | the log, the files by name, SQLite's settings and the formats |
//! | `page_carver` | a damaged database and its log, page by page |
//! | `keyring`, `compartment`, `contents` | the keys, and which rows there are |
//! | `quarantine`, `carry_over`, `recovery` | what becomes of a damaged database |
//! | `search`, `transaction`, `store` | what is read and written |
//! | `rotation`, `opening` | new keys; a store from its files, salvaged |

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
mod page_carver;
mod quarantine;
mod recovery;
mod rotation;
mod seal;
mod search;
mod software;
mod store;
mod transaction;
pub mod wal;

pub use compartment::Compartment;
pub use error::StoreError;
pub(crate) use keys::PATIENCE;
pub use keys::{KeyVault, Mark, PublicKeys, VaultError};
pub(crate) use page_carver::{Column, PageCarver, PageVersion, Snapshot};
pub(crate) use quarantine::Entries;
pub use quarantine::{Damage, Salvage};
pub use search::{Searched, WrapNonce};
pub use software::{PASSPHRASE_ROUNDS, SoftwareVault};
pub use store::Store;
pub use transaction::{Collection, Transaction};
