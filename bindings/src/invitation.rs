//! What an invitation says, and who vouches for the phone that enrols by it.

use std::fmt;

use crewseal_custody::RecoveryCode;

use crate::CrewError;

/// What an invitation says, for a person to look at before the phone enrols by it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct InvitationPreview {
    /// Where HQ answers.
    pub url: String,
    /// The name of HQ's log.
    pub origin: String,
    /// HQ's fingerprint, eight groups of five digits. The person compares it with the one
    /// that HQ shows: an invitation that somebody else made has another.
    pub fingerprint: String,
    /// Whether it is for a further phone of somebody who has one, or had one. Then that
    /// phone, or his recovery code, should vouch for this one.
    pub is_for_further_phone: bool,
}

/// Reads an invitation. Nobody is asked, and nothing is believed of it yet.
#[uniffi::export]
pub fn read_invitation(invitation: Vec<u8>) -> Result<InvitationPreview, CrewError> {
    let preview = crewseal::Crew::preview(&invitation)?;
    let is_for_further_phone = preview.carrier.is_some();
    let crewseal::InvitationPreview { url, origin, fingerprint, .. } = preview;
    Ok(InvitationPreview { url, origin, fingerprint, is_for_further_phone })
}

/// Who vouches, besides HQ, for this phone being its carrier's.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Debug)]
pub enum VouchedBy {
    /// Nobody: it is his first phone, or his on HQ's word alone.
    HqAlone,
    /// An older phone of his.
    OlderPhone {
        /// What that phone's `vouch` gave.
        voucher: Vec<u8>,
    },
    /// The recovery code on his paper.
    RecoveryCode {
        /// As it was scanned or typed.
        text: String,
    },
}

/// Tells nothing of a code.
impl fmt::Debug for VouchedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HqAlone => "HqAlone",
            Self::OlderPhone { .. } => "OlderPhone(..)",
            Self::RecoveryCode { .. } => "RecoveryCode(..)",
        })
    }
}

impl TryFrom<VouchedBy> for crewseal::VouchedBy {
    type Error = CrewError;

    fn try_from(vouched_by: VouchedBy) -> Result<Self, CrewError> {
        match vouched_by {
            VouchedBy::HqAlone => Ok(Self::HqAlone),
            VouchedBy::OlderPhone { voucher } => Ok(Self::OlderDevice(voucher)),
            VouchedBy::RecoveryCode { text } => {
                let text = zeroize::Zeroizing::new(text);
                let code = RecoveryCode::parse(&text).map_err(|_| CrewError::WrongRecoveryCode)?;
                Ok(Self::RecoveryCode(code))
            }
        }
    }
}
