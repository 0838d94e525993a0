//! What the platform knows of its network, behind a trait that apps implement.

use std::sync::Arc;

use crate::CrewError;

/// What the phone knows of its network. It is asked before every call that talks to
/// HQ, on a thread where it may take a moment, but not long.
#[uniffi::export(foreign)]
pub trait NetworkState: Send + Sync {
    /// What connects the phone now. Where this throws, HQ is tried all the same.
    fn connection(&self) -> Result<Connection, NetworkError>;
}

/// What connects the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Connection {
    /// Nothing: calls that need HQ throw `Offline` at once, and nothing is tried.
    Offline,
    /// A network that costs by the byte. Acts are small and go over it.
    Metered,
    /// A network that costs nothing.
    Unmetered,
}

/// The state of the network is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum NetworkError {
    /// The platform does not say.
    #[error("the state of the network is not known")]
    Unknown,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for NetworkError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unknown
    }
}

/// Whether trying makes sense. What cannot be known forbids nothing.
pub fn check(network: Option<&Arc<dyn NetworkState>>) -> Result<(), CrewError> {
    match network.map(|network| network.connection()) {
        Some(Ok(Connection::Offline)) => Err(CrewError::Offline { again_after_millis: None }),
        _ => Ok(()),
    }
}
