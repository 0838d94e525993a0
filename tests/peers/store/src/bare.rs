//! What no phone can do without: one durable append, one signature, one
//! verification.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

/// The bare operations.
pub struct Bare {
    file: File,
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Bare {
    pub fn new(directory: &Path) -> Self {
        let file = File::options().create(true).append(true).open(directory.join("bare"));
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .expect("a random key");
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        Self { file: file.expect("a file"), pair: pair.expect("our own key"), random }
    }

    /// Appends and waits until the disk has it.
    pub fn append(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).and_then(|()| self.file.sync_data()).expect("a disk");
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&self.random, message).expect("random bytes").as_ref().to_vec()
    }

    pub fn verify(&self, message: &[u8], signature: &[u8]) {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref())
            .verify(message, signature)
            .expect("our own signature");
    }
}
