//! The command line of `lbd import`, and its exit codes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::{import, text};

fn import_in(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbd"));
    command
        .arg("import")
        .args(arguments)
        .current_dir(folder.path());
    command.output().unwrap()
}

#[test]
fn a_file_that_cannot_be_read_ends_with_3() {
    for path in ["nowhere.conf", "/", "/dev/zero"] {
        let output = import(&[path]);
        assert_eq!(output.status.code(), Some(3), "{path}");
        assert!(
            text(&output.stderr).contains(path),
            "{}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for arguments in [
        vec![],
        vec!["a.conf", "--node", "db1"],
        vec!["a.conf", "--node", "db1=here"],
    ] {
        assert_eq!(import(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_node_with_two_addresses_is_refused() {
    let output = import(&[
        "one-line.conf",
        "--node",
        "a=192.0.2.1",
        "--node",
        "a=192.0.2.2",
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("--node a is given twice"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn octets_that_are_no_utf8_do_no_harm_in_comments() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("a.conf"),
        b"# Z\xfcrich\nglobal_defs {\n  router_id a\n}\n",
    )
    .unwrap();
    let output = import_in(&folder, &["a.conf", "--node", "a=192.0.2.1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("a: { address: 192.0.2.1 }"));
}

#[test]
fn files_that_include_each_other_come_to_an_end() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("a.conf"),
        "include b.conf\ninclude b.conf\n",
    )
    .unwrap();
    fs::write(folder.path().join("b.conf"), "include a.conf\n").unwrap();
    let output = import_in(&folder, &["a.conf"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("files include each other"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn an_executable_file_is_not_included_as_keepalived_does_not() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("b.conf");
    fs::write(&script, "router_id b\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("a.conf"), "include *.conf\n").unwrap();
    let output = import_in(&folder, &["a.conf"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("is executable"),
        "{}",
        text(&output.stderr)
    );
}
