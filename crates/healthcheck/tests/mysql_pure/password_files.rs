//! Files with passwords: who else could read or write them. Needs root, to make files that are somebody else's.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use healthcheck::mysql::{Password, PasswordError, read_credential, read_password_file};
use tempfile::TempDir;

fn file(folder: &TempDir, content: &[u8], mode: u32) -> PathBuf {
    let path = folder.path().join("password");
    let _ = fs::remove_file(&path);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn error(path: &Path) -> String {
    let error = read_password_file(path).unwrap_err().to_string();
    assert!(error.starts_with(path.to_str().unwrap()), "{error}");
    error
}

#[test]
fn one_line_end_is_no_part_of_the_password_and_anything_else_is() {
    let folder = tempfile::tempdir().unwrap();
    for (content, password) in [
        (b"secret".as_slice(), "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" se cret ", " se cret "),
    ] {
        for mode in [0o400, 0o600] {
            let read = read_password_file(&file(&folder, content, mode)).unwrap();
            assert_eq!(read, Password::new(password).unwrap());
        }
    }
}

#[test]
fn a_file_that_others_can_get_at_is_refused_with_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o644, 0o640, 0o620, 0o604, 0o601, 0o777] {
        let said = error(&file(&folder, b"secret", mode));
        assert!(said.contains(&format!("mode {mode:04o}")), "{said}");
        assert!(said.contains("chmod 0400"), "{said}");
    }
}

#[test]
fn a_file_of_somebody_else_is_refused_with_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, b"secret", 0o400);
    chown(&path, Some(12_345), None).expect("this test needs root");
    assert!(error(&path).contains("user 12345"));
}

#[test]
fn what_is_no_password_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for content in [b"".as_slice(), b"\n"] {
        assert!(error(&file(&folder, content, 0o400)).ends_with("is empty"));
    }
    let long = vec![b'x'; 257];
    assert!(error(&file(&folder, &long, 0o400)).contains("longer than 256"));
    let enormous = vec![b'x'; 1 << 24];
    assert!(error(&file(&folder, &enormous, 0o400)).contains("longer than 256"));
    assert!(error(&file(&folder, b"a\0b", 0o400)).contains("NUL"));
    let longest = vec![b'x'; 256];
    read_password_file(&file(
        &folder,
        &[&longest, b"\r\n".as_slice()].concat(),
        0o400,
    ))
    .unwrap();
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error(folder.path()).ends_with("not a regular file"));
    assert!(error(&folder.path().join("missing")).contains("cannot read"));
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    assert!(error(&pipe).ends_with("not a regular file"));
}

#[test]
fn a_credential_s_name_does_not_lead_out_of_its_folder_and_systemd_has_to_pass_it() {
    for name in ["", ".", "..", "../passwd", "a/b", ".hidden"] {
        let error = read_credential(name).unwrap_err();
        assert!(
            matches!(error, PasswordError::CredentialName(_)),
            "{name}: {error}"
        );
    }
    // Tests do not run as a service.
    let error = read_credential("mysql").unwrap_err();
    assert!(
        error.to_string().contains("LoadCredential=mysql:FILE"),
        "{error}"
    );
}

#[test]
fn a_password_is_not_shown() {
    let password = Password::new("secret").unwrap();
    let target = "192.0.2.1:3306".parse().unwrap();
    let settings = healthcheck::mysql::Settings::new(target, "probe", password);
    assert!(!format!("{settings:?}").contains("secret"));
}
