//! The file that a password is kept in.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// More than any password has, in octets.
const LONGEST: u64 = 4096;

/// The first line of the file, which nobody but its owner and root's group may get at.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let wrong = |what: String| format!("the password file {}: {what}", path.display());
    let found = fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if !found.is_file() {
        return Err(wrong("it is no file".to_owned()));
    }
    let mode = found.permissions().mode() & 0o777;
    let open_to_all = mode & 0o007 != 0;
    let open_to_group = mode & 0o070 != 0 && found.gid() != 0;
    if open_to_all || open_to_group {
        return Err(wrong(format!(
            "it has mode {mode:04o}; others must not get at it: chmod 0400"
        )));
    }
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| wrong(error.to_string()))?;
    match text.lines().next() {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        Some(_) | None => Err(wrong("its first line is empty".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_a_file_that_others_cannot_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "two words\nsecond line\n").unwrap();
        for (mode, readable) in [(0o400, true), (0o600, true), (0o604, false), (0o402, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = read(&path);
            match readable {
                true => assert_eq!(read.as_deref(), Ok("two words")),
                false => assert!(read.unwrap_err().contains("chmod 0400"), "{mode:o}"),
            }
        }
    }

    #[test]
    fn what_is_missing_empty_or_no_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        assert!(read(&path).unwrap_err().contains("password: No such file"));
        fs::write(&path, "\nx").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&path).unwrap_err().contains("is empty"));
        assert!(read(folder.path()).unwrap_err().contains("is no file"));
    }
}
