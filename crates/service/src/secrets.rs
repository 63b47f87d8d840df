//! Randomness, hashes of tokens, and the vault that seals secrets at rest.

use crate::Error;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce, aead::Aead};
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, io::Write as _, path::Path, sync::Arc};

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Fault(format!("the system gives no random numbers: {error}")))?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// A new token of 256 random bits and the hash under which it is stored.
///
/// # Errors
/// When the system gives no random numbers.
pub fn token(prefix: &str) -> Result<(String, String), Error> {
    let token = format!("{prefix}{}", hex(&random::<32>()?));
    let hash = token_hash(&token);
    Ok((token, hash))
}

/// 128 random bits.
pub(crate) fn bits() -> Result<u128, Error> {
    Ok(u128::from_be_bytes(random::<16>()?))
}

/// SHA-256 of a token: tokens are random, so a slow hash would add nothing.
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// argon2id hash of a password (RFC 9106, second recommended option's spirit:
/// 19 MiB, two passes), as a PHC string.
///
/// # Errors
/// When the system gives no random numbers.
pub fn password_hash(password: &str) -> Result<String, Error> {
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(|error| Error::Fault(error.to_string()))?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
    hash.map(|h| h.to_string()).map_err(|error| Error::Fault(error.to_string()))
}

/// Whether a password fits a stored hash. Without a hash the work is done all the
/// same, so that the time does not tell who has an account.
pub fn password_fits(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm8$bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm8";
    let known = hash.is_some();
    let fits = PasswordHash::new(hash.unwrap_or(NOBODY))
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    known && fits
}

/// Seals secrets with a key that lies beside the database, not in it.
#[derive(Clone)]
pub struct Vault(Arc<ChaCha20Poly1305>);

impl Vault {
    /// Reads the key file, or makes it readable for its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read, made, or holds something else.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fault = |error: std::io::Error| Error::Fault(format!("{}: {error}", path.display()));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = hex(&random::<32>()?);
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut file = options.open(path).map_err(fault)?;
                file.write_all(key.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
                key
            }
            Err(error) => return Err(fault(error)),
        };
        let key = unhex(text.trim()).filter(|key| key.len() == 32);
        let key = key.ok_or_else(|| Error::Fault(format!("{} does not hold a key of 64 hex digits", path.display())))?;
        Ok(Vault(Arc::new(ChaCha20Poly1305::new(Key::from_slice(&key)))))
    }

    /// A vault whose key is gone when the process ends, for tests.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn ephemeral() -> Result<Self, Error> {
        Ok(Vault(Arc::new(ChaCha20Poly1305::new(Key::from_slice(&random::<32>()?)))))
    }

    /// Encrypts (RFC 8439) under a fresh nonce.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn seal(&self, secret: &str) -> Result<String, Error> {
        let nonce = random::<12>()?;
        let sealed = self.0.encrypt(Nonce::from_slice(&nonce), secret.as_bytes());
        let sealed = sealed.map_err(|_| Error::Fault("the secret could not be sealed".into()))?;
        Ok(hex(&[&nonce[..], &sealed].concat()))
    }

    /// Decrypts what [`Vault::seal`] gave.
    ///
    /// # Errors
    /// When the key is another one or the text was changed.
    pub fn open_sealed(&self, sealed: &str) -> Result<String, Error> {
        let fault = || Error::Fault("a stored secret cannot be read: is secret.key the one it was sealed with?".into());
        let bytes = unhex(sealed).filter(|bytes| bytes.len() > 12).ok_or_else(fault)?;
        let plain = self.0.decrypt(Nonce::from_slice(&bytes[..12]), &bytes[12..]).map_err(|_| fault())?;
        String::from_utf8(plain).map_err(|_| fault())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_reads_back_with_the_same_key_only() {
        let dir = tempfile::tempdir().expect("directory");
        let path = dir.path().join("secret.key");
        let sealed = Vault::open(&path).expect("made").seal("s3cret").expect("sealed");
        assert!(!sealed.contains("s3cret"));
        assert_eq!(Vault::open(&path).expect("read").open_sealed(&sealed).expect("same key"), "s3cret");
        assert!(Vault::ephemeral().expect("random").open_sealed(&sealed).is_err());
        assert!(Vault::open(&path).expect("read").open_sealed("zz").is_err());
    }

    #[test]
    fn a_password_fits_its_own_hash() {
        let hash = password_hash("correct horse").expect("hash");
        assert!(hash.starts_with("$argon2id$"));
        assert!(password_fits("correct horse", Some(&hash)));
        assert!(!password_fits("wrong horse", Some(&hash)));
        assert!(!password_fits("nobody", None));
    }
}
