//! The authority of HQ's server, and the certificates that it gives the server.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

const DAY: Duration = Duration::from_secs(86_400);
/// For how many days an authority's certificate holds.
pub(super) const AUTHORITY_DAYS: u32 = 20 * 365;
/// For how many days the server's certificate holds. It is renewed while the server runs.
pub(crate) const SERVER_DAYS: u32 = 90;

/// An authority, ready for use.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    key: Zeroizing<Vec<u8>>,
    certificate: Vec<u8>,
}

impl Authority {
    /// A new one, from `now` on, in seconds since 1970-01-01 UTC.
    pub(super) fn draw(now: u64) -> Option<Self> {
        let key = KeyPair::generate().ok()?;
        let mut params = params();
        valid(&mut params, now, AUTHORITY_DAYS);
        let certificate = params.self_signed(&key).ok()?;
        Self::read(&key.serialize_der(), certificate.der())
    }

    /// One of which key (PKCS#8) and certificate (DER) are known.
    pub(super) fn read(key: &[u8], certificate: &[u8]) -> Option<Self> {
        let issuer = Issuer::new(params(), KeyPair::try_from(key).ok()?);
        Some(Self { issuer, key: key.to_vec().into(), certificate: certificate.to_vec() })
    }

    /// Its private key, PKCS#8.
    pub(super) fn key(&self) -> Vec<u8> {
        self.key.to_vec()
    }

    /// Its certificate, DER.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A certificate for a server on this machine and under `names`, from `now` on, with a
    /// fresh key.
    pub(super) fn certify(
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
        let certificate = params.signed_by(&key, &self.issuer).ok()?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Some((certificate.der().clone(), key.into()))
    }
}

/// The authority by which both its own certificate and the server's are made.
fn params() -> CertificateParams {
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
