//! The statements that are printed. That MariaDB's suffice is shown by the tests with real servers.

use healthcheck::mysql::{Account, Heartbeat, Level, ReplicaOptions, Version, grants};

const ACCOUNT: Account<'_> = Account {
    user: "probe",
    host: "10.0.0.%",
    password: "it's \\ secret",
};

fn replica(heartbeat: Option<Heartbeat>) -> Level {
    Level::Replica(ReplicaOptions { heartbeat })
}

#[test]
fn a_ping_needs_the_user_and_no_right() {
    let version = Version::read("8.4.3");
    assert_eq!(
        grants(&ACCOUNT, Some(&version), &Level::Ping),
        "CREATE USER IF NOT EXISTS 'probe'@'10.0.0.%' IDENTIFIED BY 'it''s \\\\ secret';\n"
    );
}

#[test]
fn the_right_to_see_replication_is_that_of_the_version() {
    for (version, right) in [
        ("5.7.44", "REPLICATION CLIENT"),
        ("8.4.3", "REPLICATION CLIENT"),
        ("5.5.5-10.4.34-MariaDB", "REPLICATION CLIENT"),
        ("5.5.5-10.5.8-MariaDB", "REPLICATION SLAVE ADMIN"),
        ("5.5.5-10.5.9-MariaDB", "REPLICA MONITOR"),
        ("11.4.2-MariaDB", "REPLICA MONITOR"),
    ] {
        let said = grants(&ACCOUNT, Some(&Version::read(version)), &replica(None));
        let grant = format!("GRANT {right} ON *.* TO 'probe'@'10.0.0.%';");
        assert_eq!(said.lines().nth(1), Some(grant.as_str()), "{version}");
        assert_eq!(said.lines().count(), 2);
    }
}

#[test]
fn a_heartbeat_table_is_granted_alone_and_quoted() {
    let level = replica(Some(Heartbeat::new("percona.heart`beat", None).unwrap()));
    let said = grants(&ACCOUNT, Some(&Version::read("8.4.3")), &level);
    assert!(
        said.ends_with("GRANT SELECT ON `percona`.`heart``beat` TO 'probe'@'10.0.0.%';\n"),
        "{said}"
    );
}

#[test]
fn a_statement_of_several_lines_stays_in_its_comment() {
    let level = Level::Query("SELECT 1\nFROM t; DROP USER u".to_owned());
    let said = grants(&ACCOUNT, Some(&Version::read("8.4.3")), &level);
    assert_eq!(
        said.lines().nth(1),
        Some("-- And what this needs: SELECT 1 FROM t; DROP USER u")
    );
    assert_eq!(said.lines().count(), 2);
}

#[test]
fn what_is_no_heartbeat_table_is_refused() {
    for table in [
        "heartbeat",
        ".heartbeat",
        "percona.",
        "percona.heart\nbeat",
        "",
    ] {
        assert!(Heartbeat::new(table, None).is_err(), "{table:?}");
    }
    assert!(Heartbeat::new("percona.heartbeat", Some("")).is_err());
    assert!(Heartbeat::new(&format!("percona.{}", "x".repeat(65)), None).is_err());
}
