//! A phone as an app would provide it: key hardware that answers in DER, a
//! clock, and a camera that pads its rows.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crewseal_ffi::{
    Clock, ClockError, Crew, CrewError, FrameFormat, HighWaterMark, KeyVault, KeyVaultError,
    Protection, PublicKeys, SinceBoot,
};
use crewseal_label::{Code, Strength, Token};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

/// What the camera saw, rows padded to a stride.
pub struct Frame {
    pub width: u32,
    pub height: u32,
    pub stride: u32,
    pub luma: Vec<u8>,
}

/// Pixels to a side of a module.
const PIXELS: usize = 4;

struct Hardware {
    /// For acts and for handoffs.
    keys: Mutex<(EcdsaKeyPair, EcdsaKeyPair)>,
    /// What was wrapped stays in the hardware; its number is what comes out.
    wrapped: Mutex<Vec<Vec<u8>>>,
    /// While the wrapping key is exchanged: how much the one before wrapped.
    rotating: Mutex<Option<usize>>,
    mark: Mutex<Option<HighWaterMark>>,
}

struct Watch(Instant);

/// Opens a phone with keys of its own.
pub async fn open(directory: &Path) -> Result<Crew, CrewError> {
    let hardware = Hardware {
        keys: Mutex::new((key_pair(), key_pair())),
        wrapped: Mutex::default(),
        rotating: Mutex::default(),
        mark: Mutex::default(),
    };
    let directory = directory.to_str().unwrap().to_owned();
    Crew::open(directory, Arc::new(hardware), Arc::new(Watch(Instant::now())), None).await
}

/// What is printed on the label of a token.
pub fn text(token: [u8; 16]) -> String {
    Token::from_bytes(token).to_text()
}

impl Frame {
    /// Labels side by side.
    pub fn of(tokens: &[[u8; 16]]) -> Self {
        let codes: Vec<Code> = tokens
            .iter()
            .map(|token| Code::of(&Token::from_bytes(*token), Strength::Normal).unwrap())
            .collect();
        let side = (codes[0].size() + 2 * Code::QUIET) * PIXELS;
        let (width, stride) = (side * codes.len(), side * codes.len() + 24);
        let mut luma = vec![255; stride * side];
        for (at, pixel) in luma.iter_mut().enumerate() {
            let (x, y) = (at % stride, at / stride);
            let module = |pixel: usize| (pixel / PIXELS).wrapping_sub(Code::QUIET);
            let code = codes.get(x / side);
            if code.is_some_and(|code| code.is_dark(module(x % side), module(y))) {
                *pixel = 0;
            }
        }
        let pixels = |length: usize| u32::try_from(length).unwrap();
        Self { width: pixels(width), height: pixels(side), stride: pixels(stride), luma }
    }

    /// What an app says of it.
    pub fn format(&self) -> FrameFormat {
        FrameFormat::luma(self.width, self.height, self.stride, 1, 0)
    }

    /// The same frame with `bytes` bytes a pixel, and how far apart its rows are.
    pub fn widened(&self, bytes: usize) -> (Vec<u8>, u32) {
        let wide = self.luma.iter().flat_map(|pixel| std::iter::repeat_n(*pixel, bytes)).collect();
        (wide, self.stride * u32::try_from(bytes).unwrap())
    }
}

impl KeyVault for Hardware {
    fn public_keys(&self) -> Result<PublicKeys, KeyVaultError> {
        let key = |pair: &EcdsaKeyPair| pair.public_key().as_ref().to_vec();
        let keys = self.keys.lock().unwrap();
        Ok(PublicKeys { act: key(&keys.0), handoff: key(&keys.1) })
    }

    fn sign(&self, protection: Protection, message: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        let keys = self.keys.lock().unwrap();
        let pair = match protection {
            Protection::Act => &keys.0,
            Protection::Handoff => &keys.1,
        };
        let der = pair.sign(&SystemRandom::new(), &message);
        der.map(|der| der.as_ref().to_vec()).map_err(|_| KeyVaultError::Hardware)
    }

    fn wrap(&self, key: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        let mut wrapped = self.wrapped.lock().unwrap();
        wrapped.push(key);
        Ok(vec![u8::try_from(wrapped.len() - 1).unwrap()])
    }

    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyVaultError> {
        let keys = self.wrapped.lock().unwrap();
        let key = wrapped.first().and_then(|number| keys.get(usize::from(*number)));
        key.filter(|key| !key.is_empty()).cloned().ok_or(KeyVaultError::KeyGone)
    }

    fn attestation(&self) -> Result<Option<Vec<u8>>, KeyVaultError> {
        Ok(None)
    }

    fn begin_rotation(&self) -> Result<(), KeyVaultError> {
        let mut rotating = self.rotating.lock().unwrap();
        if rotating.is_none() {
            *rotating = Some(self.wrapped.lock().unwrap().len());
        }
        Ok(())
    }

    fn is_rotating(&self) -> Result<bool, KeyVaultError> {
        Ok(self.rotating.lock().unwrap().is_some())
    }

    fn finish_rotation(&self) -> Result<(), KeyVaultError> {
        if let Some(older) = self.rotating.lock().unwrap().take() {
            // What is deleted is no key of 32 bytes any more.
            self.wrapped.lock().unwrap()[..older].iter_mut().for_each(Vec::clear);
        }
        Ok(())
    }

    fn erase(&self) -> Result<(), KeyVaultError> {
        *self.keys.lock().unwrap() = (key_pair(), key_pair());
        self.wrapped.lock().unwrap().iter_mut().for_each(Vec::clear);
        *self.rotating.lock().unwrap() = None;
        *self.mark.lock().unwrap() = None;
        Ok(())
    }

    fn mark(&self) -> Result<Option<HighWaterMark>, KeyVaultError> {
        Ok(*self.mark.lock().unwrap())
    }

    fn raise_mark(&self, mark: HighWaterMark) -> Result<(), KeyVaultError> {
        *self.mark.lock().unwrap() = Some(mark);
        Ok(())
    }
}

impl Clock for Watch {
    fn now(&self) -> Result<u64, ClockError> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map(|since| since.as_secs()).map_err(|_| ClockError::Failed)
    }

    fn since_boot(&self) -> Result<SinceBoot, ClockError> {
        let millis = u64::try_from(self.0.elapsed().as_millis()).unwrap();
        Ok(SinceBoot { boot: 7, millis })
    }
}

fn key_pair() -> EcdsaKeyPair {
    let (scheme, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(scheme, pkcs8.as_ref(), &random).unwrap()
}
