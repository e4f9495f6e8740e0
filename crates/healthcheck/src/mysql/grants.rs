//! What the probing user needs, as statements.

use super::replica::Heartbeat;
use super::{Flavour, Level, Version};

/// The user that a probe logs in as, as the server knows it.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The name.
    pub user: &'a str,
    /// From where: an address or a pattern, such as `10.243.95.%`.
    pub host: &'a str,
    /// The password in clear; what is printed in its place is the caller's choice.
    pub password: &'a str,
}

/// The statements that make `account` and give it what a probe at `level` needs on a server of this version, and
/// nothing more; one a line, each ended by `;`. Without a version they suit MariaDB from 10.5.9 and MySQL from 5.7
/// alike, by [comments] that only one of the two executes.
///
/// [comments]: https://mariadb.com/kb/en/comment-syntax/
///
/// They are to be run on the primary: replicas get them by replication. Strings are quoted for a server that
/// does not run with `NO_BACKSLASH_ESCAPES`. What the statement of [`Level::Query`] needs only its author knows; a comment says so.
#[must_use]
pub fn grants(account: &Account<'_>, version: Option<&Version>, level: &Level) -> String {
    let (user, host) = (quoted(account.user), quoted(account.host));
    let password = quoted(account.password);
    let mut statements =
        format!("CREATE USER IF NOT EXISTS {user}@{host} IDENTIFIED BY {password};\n");
    let mut grant = |right: &str, on: &str| {
        statements.push_str(&format!("GRANT {right} ON {on} TO {user}@{host};\n"));
    };
    match level {
        Level::Ping => {}
        Level::Query(statement) => {
            let statement: String = statement.lines().collect::<Vec<_>>().join(" ");
            statements.push_str(&format!("-- And what this needs: {statement}\n"));
        }
        Level::Replica(options) => {
            grant(status_right(version), "*.*");
            let table = options.heartbeat.as_ref().map(Heartbeat::to_string);
            table.iter().for_each(|table| grant("SELECT", table));
        }
    }
    statements
}

/// The right to see the state of replication.
fn status_right(version: Option<&Version>) -> &'static str {
    let Some(version) = version else {
        // MariaDB passes over comments for MySQL 5.7 and later, and MySQL over those with an M.
        return "/*M!100509 REPLICA MONITOR *//*!50700 REPLICATION CLIENT */";
    };
    match (version.flavour, version.number) {
        // https://mariadb.com/kb/en/grant/#replica-monitor
        (Flavour::MariaDb, number) if number >= (10, 5, 9) => "REPLICA MONITOR",
        // In these few versions only an administrator of replication may look.
        (Flavour::MariaDb, number) if number >= (10, 5, 2) => "REPLICATION SLAVE ADMIN",
        (Flavour::MariaDb | Flavour::MySql, _) => "REPLICATION CLIENT",
    }
}

/// A string literal.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('\'', "''")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\0', "\\0");
    format!("'{escaped}'")
}
