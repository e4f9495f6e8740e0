//! What proves the password to the server, by the plugins' rules.

use core::fmt;

use getrandom::SysRng;
use rsa::Oaep;
use rsa::pkcs8::DecodePublicKey;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::Password;

/// `mysql_native_password`: `SHA1(password) XOR SHA1(scramble + SHA1(SHA1(password)))`. Nothing for an empty password.
pub(super) fn native(password: &Password, scramble: &[u8; 20]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password.octets());
    let stored = Sha1::digest(once);
    let mask = Sha1::new().chain_update(scramble).chain_update(stored);
    xor(&once, &mask.finalize())
}

/// `caching_sha2_password`, for the server's cache: `SHA256(password) XOR SHA256(SHA256(SHA256(password)) + scramble)`.
/// Nothing for an empty password.
pub(super) fn sha2(password: &Password, scramble: &[u8; 20]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha256::digest(password.octets());
    let stored = Sha256::digest(once);
    let mask = Sha256::new().chain_update(stored).chain_update(scramble);
    xor(&once, &mask.finalize())
}

/// The password itself and its NUL, for a connection that is encrypted.
pub(super) fn with_nul(password: &Password) -> Vec<u8> {
    [password.octets(), &[0]].concat()
}

/// The same mixed with the scramble, over and over: what goes under RSA.
pub(super) fn mixed(password: &Password, scramble: &[u8; 20]) -> Vec<u8> {
    let mask: Vec<u8> = scramble
        .iter()
        .copied()
        .cycle()
        .take(password.len() + 1)
        .collect();
    xor(&with_nul(password), &mask)
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter()
        .zip(right)
        .map(|(left, right)| left ^ right)
        .collect()
}

/// A server's RSA key (`caching_sha2_password_public_key_path`), for a full `caching_sha2_password` login without TLS.
///
/// Given beforehand, it keeps somebody in the middle from getting at the password; asked for on the way, it
/// only keeps out listeners.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(rsa::PublicKey);

/// What is wrong with a server's RSA key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It does not read, or has less than 1024 or more than 8192 bits.
    #[error(
        "not an RSA public key in PEM (`-----BEGIN PUBLIC KEY-----`) of 1024 to 8192 bits: {0}"
    )]
    Unreadable(String),
    /// The password does not fit under it.
    #[error("the key cannot encrypt the password (a longer key, or a shorter password?): {0}")]
    Encrypt(String),
}

impl PublicKey {
    /// Reads PEM, as the server sends it and keeps it in its `public_key.pem`.
    ///
    /// # Errors
    /// When it is none, or its size is unusual.
    pub fn read(pem: &[u8]) -> Result<Self, KeyError> {
        let text =
            core::str::from_utf8(pem).map_err(|why| KeyError::Unreadable(why.to_string()))?;
        let text = text.trim_end_matches(['\0', '\n', '\r', ' ']);
        rsa::PublicKey::from_public_key_pem(text)
            .map(Self)
            .map_err(|why| KeyError::Unreadable(why.to_string()))
    }

    /// By OAEP with SHA-1, the only padding that the plugin knows.
    pub(super) fn encrypt(&self, secret: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0
            .encrypt(&mut SysRng, Oaep::<Sha1>::new(), secret)
            .map_err(|why| KeyError::Encrypt(why.to_string()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}
