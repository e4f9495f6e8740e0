//! The command line as a user meets it: what it says, and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const REFERENCE: &str = include_str!("../../../testdata/lbd.yaml");

fn lbd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lbd"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Runs lbd in a network of its own that has `lo` and a `eth0` with this address.
fn lbd_at(address: &str, arguments: &[&str]) -> Output {
    let setup = format!(
        "ip link set lo up && ip link add eth0 type veth peer name far && ip addr add {address}/24 dev eth0 \
         && ip link set eth0 up && ip link set far up && exec \"$@\""
    );
    Command::new("unshare")
        .args(["--net", "sh", "-c", &setup, "sh", env!("CARGO_BIN_EXE_lbd")])
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("lbd.yaml");
    fs::write(&path, text).unwrap();
    path
}

fn as_str(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `lbd run` with this file on a host with this address: exit code and message.
fn run_at(address: &str, text: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let (path, runtime) = (file(&folder, text), folder.path().join("run"));
    let arguments = [
        "run",
        "--config",
        as_str(&path),
        "--runtime-dir",
        as_str(&runtime),
    ];
    let output = lbd_at(address, &arguments);
    (output.status.code(), said(&output))
}

#[test]
fn a_valid_file_is_summed_up() {
    let folder = TempDir::new().unwrap();
    let output = lbd(&["check", as_str(&file(&folder, REFERENCE))]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("valid; cluster `orders` with 3 nodes"),
        "{text}"
    );
}

#[test]
fn an_invalid_file_ends_with_3_and_its_line_and_column() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &REFERENCE.replace("weight: 3", "wieght: 3"));
    for command in [
        vec!["check", as_str(&path)],
        vec!["run", "--config", as_str(&path)],
    ] {
        let output = lbd(&command);
        assert_eq!(output.status.code(), Some(3), "{command:?}");
        let place = format!("{}:36:5: unknown field `wieght`", path.display());
        assert!(said(&output).contains(&place), "{}", said(&output));
    }
}

#[test]
fn a_file_that_cannot_be_read_ends_with_3() {
    for path in ["/nonexistent/lbd.yaml", "/dev/zero", "/"] {
        let output = lbd(&["check", path]);
        assert_eq!(output.status.code(), Some(3), "{path}");
        assert!(said(&output).contains(path), "{}", said(&output));
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    assert_eq!(lbd(&["rnu"]).status.code(), Some(2));
    let output = lbd(&["--log", "lbd=loud", "check", "x"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_host_that_is_not_in_the_file_ends_with_4() {
    let (code, said) = run_at("10.243.95.77", REFERENCE);
    assert_eq!(code, Some(4), "{said}");
    assert!(
        said.contains("10.243.95.77") && said.contains("add the host to `nodes`"),
        "{said}"
    );
}

#[test]
fn an_interface_that_does_not_exist_ends_with_4() {
    let (code, said) = run_at(
        "10.243.95.3",
        &REFERENCE.replace("interface: eth0", "interface: ens9"),
    );
    assert_eq!(code, Some(4), "{said}");
    assert!(
        said.contains("ens9, which this host does not have; it has lo"),
        "{said}"
    );
}

#[test]
fn a_user_who_may_not_change_the_network_ends_with_5() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, REFERENCE);
    let output = Command::new("setpriv")
        .args(["--bounding-set", "-all", "--inh-caps", "-all"])
        .args([env!("CARGO_BIN_EXE_lbd"), "run", "--config", as_str(&path)])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    assert!(
        said(&output).contains("CAP_NET_ADMIN and CAP_NET_RAW"),
        "{}",
        said(&output)
    );
}

#[test]
fn asking_a_daemon_that_does_not_run_says_so() {
    let folder = TempDir::new().unwrap();
    let output = lbd(&["handover", "--runtime-dir", as_str(folder.path())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("is lbd running"),
        "{}",
        said(&output)
    );
}

/// The reference file with a MySQL check and a password file of this mode.
fn with_mysql_check(folder: &TempDir, mode: u32) -> PathBuf {
    let password = folder.path().join("password");
    fs::write(&password, "it's secret\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(mode)).unwrap();
    let check = format!(
        "      mysql:\n        user: lbd\n        password_file: {}\n",
        password.display()
    );
    let begin = REFERENCE.find("      tcp:").unwrap();
    let end = REFERENCE.find("notifications:").unwrap();
    let text = format!("{}{check}\n{}", &REFERENCE[..begin], &REFERENCE[end..]);
    file(folder, &text)
}

#[test]
fn the_statements_that_make_the_checks_users_are_printed() {
    let folder = TempDir::new().unwrap();
    let path = with_mysql_check(&folder, 0o400);
    let output = lbd(&[
        "mysql-grants",
        as_str(&path),
        "--server-version",
        "10.11.6-MariaDB",
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let statements: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("--"))
        .collect();
    assert_eq!(
        statements,
        [
            "CREATE USER IF NOT EXISTS 'lbd'@'10.243.95.3' IDENTIFIED BY 'it''s secret';",
            "GRANT REPLICA MONITOR ON *.* TO 'lbd'@'10.243.95.3';",
            "CREATE USER IF NOT EXISTS 'lbd'@'10.243.95.4' IDENTIFIED BY 'it''s secret';",
            "GRANT REPLICA MONITOR ON *.* TO 'lbd'@'10.243.95.4';"
        ]
    );
    let hidden = lbd(&["mysql-grants", as_str(&path), "--hide-password"]);
    let text = String::from_utf8(hidden.stdout).unwrap();
    assert!(text.contains("PUT THE PASSWORD HERE") && !text.contains("secret"));
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = with_mysql_check(&folder, 0o644);
    let output = lbd(&["mysql-grants", as_str(&path)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("chmod 0400"), "{}", said(&output));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_status_without_a_daemon_says_where_it_looked() {
    let folder = TempDir::new().unwrap();
    let output = lbd(&["status", "--runtime-dir", as_str(folder.path())]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("is lbd running"),
        "{}",
        said(&output)
    );
}

#[test]
fn completions_of_each_shell_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = lbd(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(
            script.contains("mysql-grants") && script.contains("doctor"),
            "{shell}"
        );
    }
    assert_eq!(lbd(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn each_command_has_a_man_page_and_hidden_ones_have_none() {
    let folder = TempDir::new().unwrap();
    let output = lbd(&["man", as_str(folder.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(page("lbd.1").contains("Exit codes"), "{}", page("lbd.1"));
    for command in ["run", "status", "doctor", "plan", "import"] {
        assert!(
            page(&format!("lbd-{command}.1")).starts_with(".ie"),
            "{command}"
        );
    }
    assert!(!folder.path().join("lbd-man.1").exists());
    assert_eq!(lbd(&["man", "/nonexistent"]).status.code(), Some(1));
}
