//! How a phone becomes one of HQ's, and its carrier's.

use std::sync::Arc;

use crate::{CancelToken, Crew, CrewError, VouchedBy};

#[uniffi::export(async_runtime = "tokio")]
impl Crew {
    /// Whether this device is enrolled: if not, the app begins with an invitation.
    pub async fn is_enrolled(&self) -> Result<bool, CrewError> {
        self.ask(|phone| Ok(phone.is_enrolled()?)).await
    }

    /// Enrols this device with HQ, by the bytes of an invitation that HQ made. Show the
    /// fingerprint of `readInvitation` before. If it is its carrier's first phone, there is
    /// a recovery code afterwards: show it, too.
    #[uniffi::method(default(cancel = None))]
    pub async fn enrol(
        &self,
        invitation: Vec<u8>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), CrewError> {
        self.with_hq(cancel, async { Ok(self.phone.enrol(&invitation).await?) }).await
    }

    /// The same for a further phone of somebody who has one, or had one.
    /// `WrongRecoveryCode` says that the recovery code is mistyped or somebody else's.
    #[uniffi::method(default(cancel = None))]
    pub async fn enrol_vouched(
        &self,
        invitation: Vec<u8>,
        vouched_by: VouchedBy,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), CrewError> {
        let vouched_by = vouched_by.try_into()?;
        let enrolling = async { Ok(self.phone.enrol_vouched(&invitation, vouched_by).await?) };
        self.with_hq(cancel, enrolling).await
    }

    /// Goes by HQ's newest keys, by the bytes of a file that HQ made (`crewseal-hq keys
    /// export`): where HQ's server has another certificate by now than this phone knows, since
    /// it was offline for more than half a year. Lists of another HQ change nothing.
    pub async fn follow_key_lists(&self, lists: Vec<u8>) -> Result<(), CrewError> {
        self.ask(move |phone| Ok(phone.follow_key_lists(&lists)?)).await
    }

    /// What an older phone of this carrier is asked to vouch for, by the bytes of the
    /// invitation: to be shown to it, for its `vouch`.
    pub async fn ask_for_voucher(&self, invitation: Vec<u8>) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.ask_for_voucher(&invitation)?)).await
    }

    /// Vouches for a new phone of this phone's own carrier, by what that one showed. The
    /// person is asked to confirm: whoever has the new phone acts in his name. The bytes are
    /// to be shown to the new phone, for its `enrolVouched`.
    pub async fn vouch(&self, asked: Vec<u8>) -> Result<Vec<u8>, CrewError> {
        self.ask(move |phone| Ok(phone.vouch(&asked)?)).await
    }

    /// The recovery code of this phone's carrier, in seven groups of four characters, to be
    /// written down or printed: with it his next phone is his although this one is lost. None
    /// once he has noted it, and on phones that are not his first.
    pub async fn recovery_code(&self) -> Result<Option<String>, CrewError> {
        self.ask(|phone| {
            let code = phone.recovery_code()?;
            Ok(code.map(|code| code.to_grouped().to_string()))
        })
        .await
    }

    /// The carrier has his recovery code on paper: this phone forgets it.
    pub async fn recovery_code_noted(&self) -> Result<(), CrewError> {
        self.ask(|phone| Ok(phone.recovery_code_noted()?)).await
    }
}
