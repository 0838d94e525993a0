//! A signature made for one kind of message serves no other.

use std::collections::BTreeSet;

use crewseal_custody::cbor::Version;
use crewseal_custody::signed::{Digest, Message, Namespace, PublicKey, Signed};
use fixtures::paper;
use minicbor::{Decode, Encode};

/// One message of no meaning for each namespace, all in the same bytes.
macro_rules! probes {
    ($($namespace:ident),*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Encode, Decode)]
            #[cbor(map)]
            struct $namespace {
                #[n(0)]
                version: Version<1>,
            }

            impl Message for $namespace {
                const NAMESPACE: Namespace = Namespace::$namespace;
            }
        )*

        /// Who believes these bytes, by namespace.
        fn believers(bytes: &[u8], key: &PublicKey) -> Vec<Namespace> {
            let mut believers = Vec::new();
            $(
                if Signed::<$namespace>::open(bytes, key).is_ok() {
                    believers.push(Namespace::$namespace);
                }
            )*
            believers
        }

        fn one_of_each(key: &paper::Key) -> Vec<(Namespace, Vec<u8>, Digest)> {
            vec![$({
                let signed = key.sign($namespace { version: Version });
                (Namespace::$namespace, signed.as_bytes().to_vec(), signed.id())
            }),*]
        }

        /// Does not build when a namespace is missing above.
        const fn is_probed(namespace: Namespace) -> bool {
            match namespace { $(Namespace::$namespace => true),* }
        }
    };
}
probes!(
    Roll,
    Manifest,
    Credential,
    Tick,
    JobPack,
    Event,
    Rejection,
    Record,
    Enrolment,
    Session,
    Release,
    Device,
    RollLeaf,
    RollRoot,
    Epoch,
    SealingKey,
    ReleaseKey,
    Drawing,
    Batch,
    Commitment,
    SpotCheck,
    Revocations,
    Nda,
    SignOffRequest,
    OneTimeCode,
    Confirmation,
    CustomerReceipt,
    Erasure,
    Resolution,
    Attachment,
    AttachmentReceipt,
    Statement,
    Cursor,
    KeyList,
    ListKey,
    Voucher,
    Recovery,
    RecoveryKey,
    Carrier,
    LeafSalt,
    Logged,
    LogAct,
    Restore,
    ClockCorrection
);

#[test]
fn a_signature_made_in_one_is_refused_in_every_other() {
    let key = paper::hq();
    let messages = one_of_each(&key);
    for (namespace, bytes, _) in &messages {
        assert!(is_probed(*namespace));
        assert_eq!(believers(bytes, &key.public), [*namespace]);
    }
    let ids: BTreeSet<Digest> = messages.iter().map(|(_, _, id)| *id).collect();
    assert_eq!(ids.len(), messages.len(), "the same payload has another id in each");
    let texts: BTreeSet<&str> = messages.iter().map(|(space, _, _)| space.as_str()).collect();
    assert_eq!(texts.len(), messages.len());
}
