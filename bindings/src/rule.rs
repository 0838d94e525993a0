//! The rules of who may do what, by name.

use crewseal_custody::rules;

/// A rule that forbids an act, or asks for another signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Rule {
    /// HQ vouches for the device at that time.
    Credential,
    /// HQ has not revoked the device.
    Revocation,
    /// The role does such things.
    Role,
    /// The training has not run out.
    Training,
    /// Papers and devices need a signed agreement that holds.
    Nda,
    /// Whoever takes boxes may take their class.
    Classes,
    /// Driving off and destroying ask for a licence.
    Licence,
    /// Nobody signs off what he did himself.
    OwnSignOff,
    /// A second person must sign.
    SecondPerson,
    /// A supervisor must sign it off.
    Supervisor,
}

impl From<rules::Rule> for Rule {
    fn from(rule: rules::Rule) -> Self {
        match rule {
            rules::Rule::Credential => Self::Credential,
            rules::Rule::Revocation => Self::Revocation,
            rules::Rule::Role => Self::Role,
            rules::Rule::Training => Self::Training,
            rules::Rule::Nda => Self::Nda,
            rules::Rule::Classes => Self::Classes,
            rules::Rule::Licence => Self::Licence,
            rules::Rule::OwnSignOff => Self::OwnSignOff,
            rules::Rule::SecondPerson => Self::SecondPerson,
            rules::Rule::Supervisor => Self::Supervisor,
        }
    }
}
