//! The keys by which apps find what to show for a coded value.
//!
//! `bindings/texts/texts.json` has the texts, in English and Chinese;
//! `crewseal-texts` writes the resources of Android and of Apple's systems from it.

use crate::{
    Act, Advice, AfterSalvage, Alarm, Commission, Connection, Countersign, CrewError, Damage,
    Decision, FindingKind, GivingState, HqOutcome, LabelFault, PhotoFault, Purpose, ReceivingState,
    Refusal, Role, Rule, Sighting, Step, TextFault, Undeliverable,
};

/// Gives each kind's variants their keys. A variant without one does not compile.
macro_rules! text_keys {
    ($($kind:ident $prefix:literal { $($variant:ident $name:literal)+ })+) => {
        $(
            #[uniffi::export]
            impl $kind {
                /// The key of its text in the table `bindings/texts/texts.json`.
                #[must_use]
                pub fn text_key(&self) -> String {
                    match self {
                        $(Self::$variant { .. } => concat!($prefix, "_", $name).to_owned(),)+
                    }
                }
            }
        )+

        /// Every kind with the keys of its variants.
        #[cfg(test)]
        pub(crate) const KEYS: &[(&str, &[&str])] =
            &[$((stringify!($kind), &[$(concat!($prefix, "_", $name)),+])),+];
    };
}

text_keys! {
    CrewError "error" {
        NotEnrolled "not_enrolled"
        HqNeverReached "hq_never_reached"
        UnknownJob "unknown_job"
        JobNotOpen "job_not_open"
        OtherJob "other_job"
        NotALabel "not_a_label"
        NotAnId "not_an_id"
        NotAFrame "not_a_frame"
        Invitation "invitation"
        NotForThisPhone "not_for_this_phone"
        Stranger "stranger"
        NotVouchedFor "not_vouched_for"
        NotAllowed "not_allowed"
        OtherNotAllowed "other_not_allowed"
        WrongCode "wrong_code"
        WrongRecoveryCode "wrong_recovery_code"
        OfferOver "offer_over"
        NotASupervisor "not_a_supervisor"
        NothingToSign "nothing_to_sign"
        NoteTooLong "note_too_long"
        NoReceipt "no_receipt"
        NotADrawing "not_a_drawing"
        TooMuch "too_much"
        StillOffered "still_offered"
        FromPhone "from_phone"
        FromHq "from_hq"
        AnswerDoesNotHold "answer_does_not_hold"
        UnknownBoxes "unknown_boxes"
        Unreceipted "unreceipted"
        KeyRemains "key_remains"
        LoggedOut "logged_out"
        EnrolledElsewhere "enrolled_elsewhere"
        Suspended "suspended"
        KeysLocked "keys_locked"
        Cancelled "cancelled"
        CallCancelled "call_cancelled"
        KeysGone "keys_gone"
        KeysFailed "keys_failed"
        KeysBusy "keys_busy"
        StoreInUse "store_in_use"
        StoreReadOnly "store_read_only"
        StoreFull "store_full"
        StoreDamaged "store_damaged"
        SystemFailed "system_failed"
        AppTooOld "app_too_old"
        Offline "offline"
        Metered "metered"
        HqBusy "hq_busy"
        AnswerCutOff "answer_cut_off"
        CaptivePortal "captive_portal"
        WrongClock "wrong_clock"
        HqCertificateEnded "hq_certificate_ended"
        WrongCertificate "wrong_certificate"
        NotAdmitted "not_admitted"
        HqRefused "hq_refused"
        FromWithin "from_within"
        Fault "fault"
    }
    HqOutcome "hq_outcome" {
        Stored "stored"
        StoredAfterGap "stored_after_gap"
        StoredInDispute "stored_in_dispute"
        Erased "erased"
    }
    Advice "advice" {
        TryLater "try_later"
        AskUser "ask_user"
        AskSupervisor "ask_supervisor"
        Enrol "enrol"
        Update "update"
        Report "report"
    }
    Act "act" {
        TakeOver "take_over"
        Load "load"
        Store "store"
        Count "count"
        Deliver "deliver"
        SignOff "sign_off"
        Pack "pack"
        Seal "seal"
        Depart "depart"
        Arrive "arrive"
        Unload "unload"
        Unpack "unpack"
        CollectForDestruction "collect_for_destruction"
        Destroy "destroy"
        HandBack "hand_back"
        VoidLabel "void_label"
    }
    Step "act" {
        Commission "commission"
        TakeOver "take_over"
        Load "load"
        Store "store"
        Count "count"
        Offer "offer"
        Accept "accept"
        Deliver "deliver"
        SignOff "sign_off"
        Pack "pack"
        Seal "seal"
        Depart "depart"
        Arrive "arrive"
        Unload "unload"
        Unpack "unpack"
        CollectForDestruction "collect_for_destruction"
        Destroy "destroy"
        Ack "ack"
        Withdraw "withdraw"
        Release "release"
        Resume "resume"
        Informed "informed"
        HandBack "hand_back"
        Found "found"
        VoidLabel "void_label"
    }
    FindingKind "finding" {
        Missing "missing"
        NotOurs "not_ours"
        Damaged "damaged"
        SealBroken "seal_broken"
        LabelTyped "label_typed"
        LabelReplaced "label_replaced"
        CountDiffers "count_differs"
        Absent "absent"
        Refused "refused"
        ClockDisagrees "clock_disagrees"
    }
    Countersign "countersign" {
        SecondPerson "second_person"
        Supervisor "supervisor"
    }
    Rule "rule" {
        Credential "credential"
        Revocation "revocation"
        Role "role"
        Training "training"
        Nda "nda"
        Classes "classes"
        Licence "licence"
        OwnSignOff "own_sign_off"
        SecondPerson "second_person"
        Supervisor "supervisor"
    }
    Role "role" {
        Mover "mover"
        Driver "driver"
        Warehouse "warehouse"
        Supervisor "supervisor"
        Contractor "contractor"
    }
    LabelFault "label" {
        Length "length"
        Character "character"
        Check "check"
        NewerVersion "newer_version"
        NeverIssued "never_issued"
    }
    Sighting "sighting" {
        New "new"
        Again "again"
        Blank "blank"
        OtherJob "other_job"
        UnknownLabel "unknown_label"
        Undone "undone"
        NotOurs "not_ours"
    }
    Commission "commission" {
        FromRoll "from_roll"
        Provisional "provisional"
        Already "already"
        OtherJob "other_job"
    }
    Purpose "purpose" {
        Hello "hello"
        Offer "offer"
        Accept "accept"
        Ack "ack"
        Withdraw "withdraw"
        SignOffRequest "sign_off_request"
        SignOff "sign_off"
        NewKeys "new_keys"
        Voucher "voucher"
    }
    TextFault "code" {
        NotOurs "not_ours"
        Damaged "damaged"
        AnotherMessage "another_message"
        Mismatch "mismatch"
    }
    GivingState "giving" {
        Offered "offered"
        Lapsed "lapsed"
        Restarted "restarted"
        Accepted "accepted"
        Acknowledged "acknowledged"
        Withdrawn "withdrawn"
    }
    ReceivingState "receiving" {
        Greeted "greeted"
        Offered "offered"
        Lapsed "lapsed"
        Withdrawn "withdrawn"
        Unconfirmed "unconfirmed"
        Crossed "crossed"
        Confirmed "confirmed"
    }
    Refusal "refusal" {
        Unreadable "unreadable"
        Malformed "malformed"
        UnknownVersion "unknown_version"
        UnknownDevice "unknown_device"
        Signature "signature"
        Mislabelled "mislabelled"
    }
    Undeliverable "undeliverable" {
        TooLarge "too_large"
        Differs "differs"
    }
    Decision "decision" {
        SendAgain "send_again"
        GiveUp "give_up"
    }
    Alarm "alarm" {
        StoreSalvaged "store_salvaged"
        StoreDamaged "store_damaged"
        KeysGone "keys_gone"
        KeyRemains "key_remains"
        NotVouchedFor "not_vouched_for"
        OtherNotVouchedFor "other_not_vouched_for"
        WrongCertificate "wrong_certificate"
        OtherJob "other_job"
        HandoffOverdue "handoff_overdue"
        HandoffCrossed "handoff_crossed"
        EntriesRefused "entries_refused"
    }
    Damage "damage" {
        Database "database"
        Log "log"
        Missing "missing"
        Key "key"
        Rows "rows"
    }
    AfterSalvage "after_salvage" {
        Nothing "nothing"
        Fetch "fetch"
        Enrol "enrol"
    }
    PhotoFault "photo" {
        NotAPhoto "not_a_photo"
        TooLarge "too_large"
        Quota "quota"
        Full "full"
    }
    Connection "connection" {
        Offline "offline"
        Metered "metered"
        Unmetered "unmetered"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    /// Of these an app shows nothing: it sets them, or they are numbers and places, or
    /// it throws them at the core.
    const NOT_SHOWN: [&str; 13] = [
        "VouchedBy",
        "Introduction",
        "SpotCheck",
        "UploadOver",
        "Protection",
        "Level",
        "Language",
        "Collected",
        "OpenHandoff",
        "ClockError",
        "KeyVaultError",
        "NetworkError",
        "ObserverError",
    ];

    fn table() -> BTreeMap<String, BTreeMap<String, String>> {
        serde_json::from_str(include_str!("../texts/texts.json")).unwrap()
    }

    #[test]
    fn every_key_has_a_text_in_both_languages_and_no_text_is_dead() {
        let table = table();
        let keys: BTreeSet<&str> = KEYS.iter().flat_map(|(_, keys)| *keys).copied().collect();
        let listed: BTreeSet<&str> = table.keys().map(String::as_str).collect();
        assert_eq!(keys.difference(&listed).collect::<Vec<_>>(), Vec::<&&str>::new(), "no text");
        assert_eq!(listed.difference(&keys).collect::<Vec<_>>(), Vec::<&&str>::new(), "dead");
        for (key, texts) in &table {
            assert_eq!(texts.keys().collect::<Vec<_>>(), ["en", "zh"], "{key}");
            let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(texts["en"].is_ascii() && texts["en"].trim().len() > 2, "{key}");
            assert!(texts["zh"].contains(is_chinese), "{key}");
        }
    }

    /// A text with room for something is a text into which a name may be put.
    #[test]
    fn no_text_has_a_placeholder() {
        for (key, texts) in table() {
            for text in texts.values() {
                assert!(!text.contains(['%', '{', '}', '$', '<', '@', '\\']), "{key}: {text}");
            }
        }
    }

    #[test]
    fn every_kind_that_the_api_has_is_here_or_is_not_shown() {
        let mut kinds = BTreeSet::new();
        let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path()));
                continue;
            }
            let source = std::fs::read_to_string(path).unwrap();
            for (at, _) in source.match_indices("\n#[") {
                let (attribute, rest) = source[at..].split_once(")]").unwrap_or_default();
                let kinds_of = ["uniffi::Enum", "uniffi::Error", "uniffi::remote(Enum"];
                if !kinds_of.iter().any(|kind| attribute.contains(kind)) {
                    continue;
                }
                // Another attribute may stand between.
                let name = rest.split("pub enum ").nth(1).unwrap();
                kinds.insert(name.split_whitespace().next().unwrap().to_owned());
            }
        }
        for (kind, _) in KEYS {
            assert!(kinds.remove(*kind), "{kind} is no kind of the API");
        }
        let left: Vec<_> =
            kinds.iter().filter(|kind| !NOT_SHOWN.contains(&kind.as_str())).collect();
        assert!(left.is_empty(), "no keys: {left:?}");
        assert!(kinds.len() <= NOT_SHOWN.len());
    }
}
