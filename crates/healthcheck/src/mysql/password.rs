//! The password, and the file that it is kept in.

use core::fmt;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The longest password, in octets. MySQL's `caching_sha2_password` takes 256 at most.
const LONGEST: usize = 256;

/// The name of the variable in which systemd says where a service's credentials are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A password. Shown to nobody by accident: not by `Debug` either.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Password(Box<[u8]>);

impl Password {
    /// A password of at most 256 octets without NUL; empty means that the user has none.
    ///
    /// # Errors
    /// When it is longer or has a NUL.
    pub fn new(password: impl Into<Vec<u8>>) -> Result<Self, PasswordError> {
        let password = password.into();
        if password.len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        if password.contains(&0) {
            return Err(PasswordError::Nul);
        }
        Ok(Self(password.into()))
    }

    /// Whether it is no password at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The password as text, for a statement that sets it; none when it is not UTF-8.
    #[must_use]
    pub fn reveal(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Why a password cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Longer than 256 octets.
    #[error("the password is longer than {LONGEST} octets")]
    TooLong,
    /// It has a NUL octet, which the protocol cannot carry.
    #[error("the password contains a NUL octet")]
    Nul,
    /// The file cannot be read.
    #[error("{}: cannot read the password file: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not a file: a folder, a device, a pipe.
    #[error("{}: the password file is not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Others can read or write the file.
    #[error("{}: the password file has mode {mode:04o}; others must not get at it: chmod 0400", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file belongs to somebody else, who could change it.
    #[error("{}: the password file belongs to user {owner}; it has to be root's or ours: chown root", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// There is nothing in the file.
    #[error("{}: the password file is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// What is in the file is no password.
    #[error("{}: {error}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Box<PasswordError>,
    },
    /// systemd has passed no credentials.
    #[error(
        "there is no credential {0}: ${CREDENTIALS} is not set; give the unit LoadCredential={0}:FILE"
    )]
    NoCredentials(String),
    /// A name that would lead out of the credentials' folder.
    #[error(
        "{0:?} is no credential's name: it must not be empty, begin with a dot or contain a slash"
    )]
    CredentialName(String),
}

/// Reads a password from a file: all of it but for one line end after it.
///
/// # Errors
/// When it is not a regular file of root's or of the user who runs this that is closed to everybody
/// else (no bits of 0077), is empty, or holds more than 256 octets.
pub fn read_password_file(path: &Path) -> Result<Password, PasswordError> {
    read(path, 0o077)
}

/// Reads a password that systemd passed to this service as the credential `name`
/// (`LoadCredential=`, `LoadCredentialEncrypted=`, `SetCredential=`).
///
/// # Errors
/// As [`read_password_file`]; also when systemd has passed no credentials. The file may be readable by its
/// group: that is how the access list shows that systemd gives a service which is not root's.
pub fn read_credential(name: &str) -> Result<Password, PasswordError> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
        return Err(PasswordError::CredentialName(name.to_owned()));
    }
    let folder =
        env::var_os(CREDENTIALS).ok_or_else(|| PasswordError::NoCredentials(name.to_owned()))?;
    read(&Path::new(&folder).join(name), 0o037)
}

fn read(path: &Path, forbidden: u32) -> Result<Password, PasswordError> {
    let octets = read_octets(path, forbidden)?;
    let line = octets.strip_suffix(b"\n").unwrap_or(&octets);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let path = || path.to_owned();
    if line.is_empty() {
        return Err(PasswordError::Empty { path: path() });
    }
    Password::new(line).map_err(|error| PasswordError::Content {
        path: path(),
        error: error.into(),
    })
}

fn read_octets(path: &Path, forbidden: u32) -> Result<Vec<u8>, PasswordError> {
    let failed = |error| PasswordError::Read {
        path: path.to_owned(),
        error,
    };
    // Before it is opened: to open a pipe would wait for its other end.
    if !path.metadata().map_err(failed)?.is_file() {
        let path = path.to_owned();
        return Err(PasswordError::NotAFile { path });
    }
    let file = File::open(path).map_err(failed)?;
    check(&file, path, forbidden)?;
    let mut octets = Vec::new();
    // Room for the longest, its line end, and one more octet that is too many.
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(3);
    file.take(most).read_to_end(&mut octets).map_err(failed)?;
    Ok(octets)
}

/// On the open file: what a name stands for can change.
fn check(file: &File, path: &Path, forbidden: u32) -> Result<(), PasswordError> {
    let path = || path.to_owned();
    let metadata = file.metadata().map_err(|error| PasswordError::Read {
        path: path(),
        error,
    })?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    if mode & forbidden != 0 {
        return Err(PasswordError::Mode { path: path(), mode });
    }
    if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
        return Err(PasswordError::Owner {
            path: path(),
            owner,
        });
    }
    Ok(())
}
