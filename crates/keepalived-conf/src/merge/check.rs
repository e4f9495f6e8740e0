//! The one check of all servers of a service, out of keepalived's: several for each server, and each of its own.

use super::by_address::by_address;
use crate::model::{Check, Probe, Server, Service};
use crate::note::{Kind, Notes};

/// MySQL's and MariaDB's port.
const MYSQL: u16 = 3306;

/// What a server is checked by, and the server.
type Checked<'a> = (&'a Server, Vec<Check>);

/// One check that all servers have, if there is one, else the first server's; one that asks something before one that only
/// connects.
pub(super) fn check(service: &Service, port: u16, notes: &mut Notes) -> Option<Check> {
    let all = checked(service, |server, check| effective(server, check, port));
    let general = checked(service, |server, check| {
        by_environment(server, effective(server, check, port))
    });
    let (all, chosen) = match (shared(&all).cloned(), shared(&general).cloned()) {
        (Some(own), Some(same)) if depth(&own) < depth(&same) => (general, same),
        (Some(own), _) => (all, own),
        (None, Some(same)) => (general, same),
        // The first server's own address must not decide on the others.
        (None, None) => {
            let first = general.iter().find_map(|(_, checks)| deepest(checks));
            let Some(first) = first.cloned() else {
                note_unchecked(service, notes);
                return None;
            };
            (general, first)
        }
    };
    note_command(service, &chosen, notes);
    note_differences(&all, &chosen, notes);
    note_nature(&chosen, port, notes);
    Some(chosen)
}

/// Whether two checks of servers are one and the same.
pub(super) fn same(one: &Check, other: &Check) -> bool {
    one.timing == other.timing && one.port == other.port && one.probe == other.probe
}

fn checked(service: &Service, form: impl Fn(&Server, &Check) -> Check) -> Vec<Checked<'_>> {
    let servers = service.servers.iter();
    servers
        .map(|server| {
            let checks = server.checks.iter().map(|check| form(server, check));
            (server, checks.collect())
        })
        .collect()
}

/// The check of a server, with a port only if it is not the service's. A command is told none.
fn effective(server: &Server, check: &Check, service_port: u16) -> Check {
    let mut check = check.clone();
    check.port = match check.probe {
        Probe::Exec { .. } => None,
        Probe::Tcp | Probe::Http(_) | Probe::Https(_) => {
            { check.port.or(server.port) }.filter(|port| *port != service_port)
        }
    };
    check
}

fn by_environment(server: &Server, mut check: Check) -> Check {
    if let Probe::Exec { command, .. } = &mut check.probe
        && let Some(general) = by_address(command, &server.ip.to_string())
    {
        *command = general;
    }
    check
}

fn depth(check: &Check) -> u8 {
    u8::from(check.probe != Probe::Tcp)
}

/// The deepest check of a server; the first of several.
fn deepest(checks: &[Check]) -> Option<&Check> {
    let asking = checks.iter().find(|check| depth(check) > 0);
    asking.or(checks.first())
}

/// The deepest check that all servers have that are checked at all.
fn shared<'a>(all: &'a [Checked<'_>]) -> Option<&'a Check> {
    let mut lists = all
        .iter()
        .map(|(_, checks)| checks)
        .filter(|checks| !checks.is_empty());
    let first = lists.next()?;
    let everywhere = |check: &&Check| {
        lists
            .clone()
            .all(|checks| checks.iter().any(|other| same(check, other)))
    };
    let shared: Vec<&Check> = first.iter().filter(everywhere).collect();
    let asking = shared.iter().find(|check| depth(check) > 0);
    asking.or(shared.first()).copied()
}

fn note_unchecked(service: &Service, notes: &mut Notes) {
    if service.servers.iter().any(|server| server.unchecked) {
        let message = "no check of this service could be carried over: all its servers count as healthy; write a `health_check`";
        notes.add(Kind::NotCarried, &service.place, message);
    }
}

fn note_command(service: &Service, chosen: &Check, notes: &mut Notes) {
    let as_written = |server: &Server| server.checks.iter().any(|one| one.probe == chosen.probe);
    if !service.servers.iter().any(as_written) {
        let message = "the server's own address in the command is taken from LBD_ADDRESS, so that one command does for all servers";
        notes.add(Kind::Changed, &chosen.place, message);
    }
}

fn note_differences(all: &[Checked<'_>], chosen: &Check, notes: &mut Notes) {
    for (server, checks) in all {
        let mut rest = checks
            .iter()
            .filter(|check| !same(check, chosen))
            .peekable();
        if checks.is_empty() {
            let which = if server.unchecked {
                " that lbd makes"
            } else {
                ""
            };
            let message = format!(
                "{} has no check{which}; lbd checks all servers or none, here as in {}",
                server.ip, chosen.place
            );
            notes.add(Kind::Changed, &server.place, message);
        } else if checks.iter().any(|check| same(check, chosen)) {
            rest.for_each(|check| note_other(check, chosen, notes));
        } else if rest.peek().is_some() {
            let message = format!(
                "the check of {} differs from {}; lbd has one for all servers",
                server.ip, chosen.place
            );
            notes.add(Kind::Changed, &server.place, message);
            let alike = |check: &&Check| check.word == chosen.word;
            let standing_in = checks.iter().find(alike).or(checks.first());
            let others =
                rest.filter(|check| Some(&check.place) != standing_in.map(|one| &one.place));
            others.for_each(|check| note_other(check, chosen, notes));
        }
    }
}

fn note_other(check: &Check, chosen: &Check, notes: &mut Notes) {
    let message = format!(
        "`{}`: lbd makes one check of a server, here the {}",
        check.word, chosen.word
    );
    notes.add(Kind::NotCarried, &check.place, message);
}

/// What is to be known of the check that was taken.
fn note_nature(check: &Check, port: u16, notes: &mut Notes) {
    let mut note = |message: &str| notes.add(Kind::Changed, &check.place, message);
    let web = format!(
        "`{}`: lbd asks with HTTP/1.1, and the time-out is for the check as a whole, not for each step",
        check.word
    );
    match check.probe {
        Probe::Tcp if check.port.unwrap_or(port) == MYSQL => note(
            "`TCP_CHECK` on port 3306: to MySQL and MariaDB each is an interrupted handshake, and after max_connect_errors \
             of them the server refuses this host (error 1129); use `health_check.mysql`",
        ),
        Probe::Tcp => {}
        Probe::Exec { .. } => note(
            "`MISC_CHECK`: lbd runs the command with the daemon's rights and an environment of its own (LBD_ADDRESS, LBD_PORT, \
             LBD_NODE, LBD_SERVICE, PATH), and one that is not there is a failure, where keepalived makes no check",
        ),
        Probe::Http(_) => note(&web),
        Probe::Https(_) => {
            note(&web);
            note(
                "`SSL_GET`: `verify: false`, as keepalived believes any certificate; without it lbd asks for one that the system's \
                 authorities signed, with `ca` those of a file",
            );
        }
    }
}
