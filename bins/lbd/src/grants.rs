//! `lbd mysql-grants`: the users that the MySQL checks of a file need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use healthcheck::mysql::{Account, Version, grants};
use lbd_core::config::{Config, MysqlProbe, PasswordSource, Probe, VirtualService};

use crate::failure::Failure;
use crate::say::say;
use crate::{file, mysql};

/// What stands in the place of a password that is not to be shown.
const PLACEHOLDER: &str = "PUT THE PASSWORD HERE";

/// Prints the statements, for servers of this version or else for usual ones.
pub(crate) fn mysql_grants(
    path: &Path,
    server: Option<&str>,
    hide_password: bool,
) -> Result<(), Failure> {
    let config = file::load(path)?;
    let version = server.map(Version::read);
    let mut text = match &version {
        Some(version) => format!("-- For {version}.\n"),
        None => "-- For MariaDB from 10.5.9 and MySQL from 5.7.\n".to_owned(),
    };
    text.push_str("-- Run these on the primary; replicas get them by replication.\n");
    let wanted: Vec<_> = config.services.iter().filter_map(checked).collect();
    if wanted.is_empty() {
        text = format!(
            "-- {}: no service has a MySQL check, so no user is needed\n",
            path.display()
        );
    }
    let (mut said, mut users) = (BTreeSet::new(), BTreeMap::new());
    for (service, probe) in wanted {
        text.push_str(&heading(service, probe));
        for statement in statements(&config, service, probe, version.as_ref(), hide_password)? {
            // Several services may ask as one user.
            let user = statement.split(" IDENTIFIED ").next().unwrap_or_default();
            let known = users.insert(user.to_owned(), statement.clone());
            if known.is_some_and(|known| known != statement) {
                return Err(Failure::Config(format!(
                    "{}: two services ask as `{}` with different passwords",
                    path.display(),
                    probe.user
                )));
            }
            if said.insert(statement.clone()) {
                text.push_str(&format!("{statement}\n"));
            }
        }
    }
    say(text.trim_end())
}

fn checked(service: &VirtualService) -> Option<(&VirtualService, &MysqlProbe)> {
    match &service.health_check.as_ref()?.probe {
        Probe::Mysql(probe) => Some((service, probe)),
        Probe::Tcp | Probe::Exec(_) | Probe::Http(_) => None,
    }
}

fn heading(service: &VirtualService, probe: &MysqlProbe) -> String {
    let password = match &probe.password {
        PasswordSource::Empty => "the file gives no password".to_owned(),
        PasswordSource::File(file) => format!("the password of {}", file.display()),
        PasswordSource::Credential(name) => format!("the password of the credential {name}"),
    };
    format!("-- Service {}, with {password}:\n", service.name)
}

/// One account for each director, which asks from its own address.
fn statements(
    config: &Config,
    service: &VirtualService,
    probe: &MysqlProbe,
    version: Option<&Version>,
    hide_password: bool,
) -> Result<Vec<String>, Failure> {
    let level = mysql::level(&probe.level).map_err(|error| Failure::Config(error.to_string()))?;
    let password = match (hide_password, &probe.password) {
        (_, PasswordSource::Empty) => String::new(),
        (true, _) => PLACEHOLDER.to_owned(),
        (false, source) => password(source)?,
    };
    let nodes = service.directors.iter();
    let accounts = nodes
        .filter_map(|director| config.nodes.get(director))
        .map(|node| {
            let host = node.address.to_string();
            let account = Account {
                user: &probe.user,
                host: &host,
                password: &password,
            };
            grants(&account, version, &level)
        });
    let lines = accounts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    Ok(lines.collect())
}

fn password(source: &PasswordSource) -> Result<String, Failure> {
    let unusable = |why: &dyn std::fmt::Display| {
        Failure::Runtime(format!("{why}; or leave it out with --hide-password"))
    };
    let password = mysql::password(source).map_err(|error| unusable(&error))?;
    let text = password.reveal().map(str::to_owned);
    text.ok_or_else(|| unusable(&"the password is not UTF-8"))
}
