//! The section `health_check.mysql`.

use std::time::Duration;

use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::check::{MysqlLevel, MysqlProbe, MysqlTls, PasswordSource};
use crate::config::file_check::{self as file, Level};

pub(super) fn mysql(section: &file::Mysql, findings: &mut Findings) -> MysqlProbe {
    let user = findings.text(&section.user, "user");
    if user.len() > 128 {
        findings.add(
            section.user.referenced,
            "a user's name has at most 128 octets",
        );
    }
    MysqlProbe {
        user,
        password: password(section, findings),
        level: level(section, findings),
        fresh_login: findings.duration(
            section.fresh_login.as_ref(),
            "fresh_login",
            Duration::from_secs(30),
        ),
        tls: tls(section, findings),
    }
}

fn password(section: &file::Mysql, findings: &mut Findings) -> PasswordSource {
    match (&section.password_file, &section.credential) {
        (None, None) => PasswordSource::Empty,
        (Some(file), None) => {
            PasswordSource::File(findings.absolute_path(file, "password_file").into())
        }
        (None, Some(name)) => {
            if name.value.starts_with('.') || name.value.contains('/') {
                findings.add(
                    name.referenced,
                    "credential is a name: no slash, and no dot at its beginning",
                );
            }
            PasswordSource::Credential(findings.text(name, "credential"))
        }
        (Some(_), Some(name)) => {
            findings.add(
                name.referenced,
                "the password is either in password_file or in credential",
            );
            PasswordSource::Empty
        }
    }
}

fn level(section: &file::Mysql, findings: &mut Findings) -> MysqlLevel {
    let level = match (&section.level, &section.query) {
        (Some(level), _) => level.value,
        (None, Some(_)) => Level::Query,
        (None, None) => Level::Replica,
    };
    let mut only_with = |wanted: Level, name: &str, at: Option<serde_yaml::Location>| {
        if let Some(at) = at.filter(|_| level != wanted) {
            let key = format!("{wanted:?}").to_lowercase();
            findings.add(at, format!("{name} belongs to `level: {key}`"));
        }
    };
    only_with(
        Level::Query,
        "query",
        section.query.as_ref().map(|v| v.referenced),
    );
    only_with(
        Level::Replica,
        "heartbeat",
        section.heartbeat.as_ref().map(|v| v.referenced),
    );
    let read_only = section.require_read_only.as_ref();
    only_with(
        Level::Replica,
        "require_read_only",
        read_only.map(|v| v.referenced),
    );
    match level {
        Level::Ping => MysqlLevel::Ping,
        Level::Query => MysqlLevel::Query(match &section.query {
            Some(query) => findings.text(query, "query"),
            None => "SELECT 1".to_owned(),
        }),
        Level::Replica => MysqlLevel::Replica {
            heartbeat: section
                .heartbeat
                .as_ref()
                .map(|table| heartbeat(table, findings)),
            require_read_only: read_only.is_some_and(|value| value.value),
        },
    }
}

fn heartbeat(table: &Spanned<String>, findings: &mut Findings) -> String {
    let parts: Vec<&str> = table.value.splitn(2, '.').collect();
    let name =
        |part: &&str| (1..=64).contains(&part.chars().count()) && !part.contains(char::is_control);
    if parts.len() != 2 || !parts.iter().all(name) {
        findings.add(
            table.referenced,
            "heartbeat is a table as DATABASE.TABLE, such as percona.heartbeat",
        );
    }
    table.value.clone()
}

fn tls(section: &file::Mysql, findings: &mut Findings) -> MysqlTls {
    let ca = section.tls_ca.as_ref();
    let required = section.tls == Some(file::MysqlTls::Required);
    if let Some(ca) = ca.filter(|_| !required) {
        findings.add(ca.referenced, "tls_ca belongs to `tls: required`");
    }
    match section.tls {
        None | Some(file::MysqlTls::Off) => MysqlTls::Off,
        Some(file::MysqlTls::Preferred) => MysqlTls::Preferred,
        Some(file::MysqlTls::Required) => {
            MysqlTls::Required(ca.map(|ca| findings.absolute_path(ca, "tls_ca").into()))
        }
    }
}
