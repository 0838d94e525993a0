//! HQ's keys: what signs, what opens outboxes, and what vouches for the server.
//!
//! They lie in one file beside the database and never in it, so a copy of the
//! database for a report or a backup holds no key. The server's own key is made
//! anew at every start and never touches the disk.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crewseal_custody::cbor::{self, Version};
use crewseal_custody::envelope::OpeningKey;
use crewseal_custody::signed::PublicKey;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::error::{HqError, KeysError};
use crate::private_file;
use crate::random::random;

/// The file's name.
pub(crate) const FILE: &str = "hq.keys";

const DAY: Duration = Duration::from_secs(86_400);
/// Phones keep the authority for as long as they are enrolled.
const AUTHORITY_DAYS: u32 = 20 * 365;
/// Longer than any server runs without a restart.
const SERVER_DAYS: u32 = 2 * 365;

/// HQ's keys, ready for use.
pub(crate) struct Keys {
    signing: EcdsaKeyPair,
    public: PublicKey,
    opening: OpeningKey,
    authority: Issuer<'static, KeyPair>,
    authority_certificate: Vec<u8>,
}

/// The keys as they lie in the file.
#[derive(Encode, Decode)]
#[cbor(map)]
struct KeyFile {
    #[n(0)]
    version: Version<1>,
    /// P-256, PKCS#8.
    #[n(1)]
    signing: ByteVec,
    /// X-Wing.
    #[n(2)]
    opening: ByteVec,
    /// P-256, PKCS#8.
    #[n(3)]
    authority: ByteVec,
    /// The authority's certificate, DER.
    #[n(4)]
    certificate: ByteVec,
}

/// Makes new keys and writes their file, which must not be there yet. `now` is
/// in seconds since 1970-01-01 UTC.
pub(crate) fn create(path: &Path, now: u64) -> Result<Keys, HqError> {
    let file = KeyFile::generate(now).ok_or(HqError::Keys(KeysError::Generate))?;
    let keys = Keys::load(&file).ok_or(HqError::Keys(KeysError::Generate))?;
    let bytes = Zeroizing::new(cbor::to_vec(&file));
    let mut written = private_file::create(path)?;
    written.write_all(&bytes)?;
    written.sync_all()?;
    // The name, too, must survive a power cut.
    #[cfg(unix)]
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(keys)
}

impl Keys {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, HqError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
                return Err(HqError::Keys(KeysError::Exposed));
            }
        }
        let bytes = Zeroizing::new(fs::read(path)?);
        let file = cbor::from_versioned::<KeyFile, 1>(&bytes).ok();
        file.as_ref().and_then(Self::load).ok_or(HqError::Keys(KeysError::Unreadable))
    }

    fn load(file: &KeyFile) -> Option<Self> {
        let rng = SystemRandom::new();
        let signing =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &file.signing, &rng).ok()?;
        let public = PublicKey(signing.public_key().as_ref().try_into().ok()?);
        let authority = KeyPair::try_from(file.authority.as_slice()).ok()?;
        Some(Self {
            signing,
            public,
            opening: OpeningKey::from_bytes(&file.opening).ok()?,
            authority: Issuer::new(authority_params(), authority),
            authority_certificate: file.certificate.to_vec(),
        })
    }

    /// HQ's public signing key.
    pub(crate) const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs: r and s, 32 bytes each.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], HqError> {
        let signature =
            self.signing.sign(&SystemRandom::new(), bytes).map_err(|_| HqError::Random)?;
        signature.as_ref().try_into().map_err(|_| HqError::Random)
    }

    /// What opens outboxes.
    pub(crate) const fn opening(&self) -> &OpeningKey {
        &self.opening
    }

    /// The certificate (DER) that phones trust, and no other.
    pub(crate) fn authority(&self) -> &[u8] {
        &self.authority_certificate
    }

    /// TLS for this machine and `names`, from `now` on, with a fresh key.
    pub(crate) fn tls(&self, names: &[String], now: u64) -> Result<ServerConfig, HqError> {
        let (certificate, key) = self.certify(names, now).ok_or(HqError::ServerName)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|tls| tls.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(|_| HqError::ServerName)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(tls)
    }

    fn certify(
        &self,
        names: &[String],
        now: u64,
    ) -> Option<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
        let mut all = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        all.extend(names.iter().cloned());
        all.sort();
        all.dedup();
        let mut params = CertificateParams::new(all).ok()?;
        params.distinguished_name.push(DnType::CommonName, "Crewseal HQ");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now, SERVER_DAYS);
        let key = KeyPair::generate().ok()?;
        let certificate = params.signed_by(&key, &self.authority).ok()?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Some((certificate.der().clone(), key.into()))
    }
}

impl KeyFile {
    fn generate(now: u64) -> Option<Self> {
        let signing =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .ok()?;
        let opening = OpeningKey::from_bytes(&random::<32>().ok()?).ok()?;
        let authority = KeyPair::generate().ok()?;
        let mut params = authority_params();
        valid(&mut params, now, AUTHORITY_DAYS);
        let certificate = params.self_signed(&authority).ok()?;
        Some(Self {
            version: Version,
            signing: signing.as_ref().to_vec().into(),
            opening: opening.to_bytes().to_vec().into(),
            authority: authority.serialize_der().into(),
            certificate: certificate.der().to_vec().into(),
        })
    }
}

/// The authority by which both its own certificate and the server's are made.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Crewseal HQ authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// From the day before, for phones whose clock is a little slow.
fn valid(params: &mut CertificateParams, now: u64, days: u32) {
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(now);
    params.not_before = now - DAY;
    params.not_after = now + DAY * days;
}
