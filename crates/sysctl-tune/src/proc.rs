//! `/proc/sys`.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};

use crate::{Error, Key, Setting};

/// The parameter's value now.
///
/// # Errors
/// [`Error::Missing`], [`Error::Denied`], [`Error::NotANumber`], or what else the system says.
pub fn read(key: &Key) -> Result<i32, Error> {
    let path = key
        .path()
        .ok_or_else(|| Error::BadKey { key: key.clone() })?;
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(4096).read_to_string(&mut text))
        .map_err(|source| explain(key, "read", source))?;
    text.trim().parse().map_err(|_| Error::NotANumber {
        key: key.clone(),
        text: text.trim().chars().take(64).collect(),
    })
}

/// The values now of all that `wanted` names, as [`plan`](crate::plan) takes them.
///
/// # Errors
/// As [`read`]; the first error ends it.
pub fn read_all(wanted: &[Setting]) -> Result<BTreeMap<Key, i32>, Error> {
    wanted
        .iter()
        .map(|setting| Ok((setting.key.clone(), read(&setting.key)?)))
        .collect()
}

/// Writes the value.
///
/// # Errors
/// [`Error::Missing`], [`Error::Denied`], [`Error::ReadOnly`], [`Error::Refused`], or what else the system says.
pub fn write(key: &Key, value: i32) -> Result<(), Error> {
    let path = key
        .path()
        .ok_or_else(|| Error::BadKey { key: key.clone() })?;
    // No `create`: a key that is not there must be an error. One write, as the kernel takes each as a whole value.
    OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|mut file| file.write_all(value.to_string().as_bytes()))
        .map_err(|source| refusal(key, value, source))
}

fn refusal(key: &Key, value: i32, source: io::Error) -> Error {
    let key = key.clone();
    if source.kind() == ErrorKind::InvalidInput {
        Error::Refused { key, value }
    } else if source.kind() == ErrorKind::ReadOnlyFilesystem {
        Error::ReadOnly { key }
    } else {
        explain(&key, "written", source)
    }
}

fn explain(key: &Key, action: &'static str, source: io::Error) -> Error {
    let key = key.clone();
    if matches!(
        source.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory
    ) {
        Error::Missing { key }
    } else if source.kind() == ErrorKind::PermissionDenied {
        Error::Denied { key, action }
    } else {
        Error::Io {
            key,
            action,
            source,
        }
    }
}
