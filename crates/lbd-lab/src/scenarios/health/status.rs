//! What a director has of a server: in its kernel's table, and in what `lbd status` says.

use serde::Deserialize;

use crate::cluster::lbd_program;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// The parts of `lbd status --json` that are looked at.
#[derive(Debug, Deserialize)]
struct Status {
    version: u32,
    node: String,
    services: Vec<Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    servers: Vec<Server>,
}

/// One server of the service, as a director sees it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Server {
    /// Its name in the file.
    pub(super) node: String,
    /// `present`, `absent` or `as-is`.
    pub(super) table: String,
    /// Its weight, if it is in the table.
    pub(super) weight: Option<u32>,
    /// One sentence.
    pub(super) why: String,
}

/// Its weight in the table; none: it is not in it.
pub(in crate::scenarios) fn entry(director: &Host, server: &Host) -> Result<Option<u32>> {
    let address = server.address().to_string();
    let services = director.ipvs()?;
    let mut servers = services.iter().flat_map(|service| service.servers.iter());
    Ok(servers
        .find(|(key, _)| key.split(':').next() == Some(&address))
        .map(|(_, server)| server.weight))
}

/// What a director's daemon says of a server, for programs.
pub(super) fn of(director: &Host, server: &Host) -> Result<Server> {
    let text = director.run(&format!("{} status --json", lbd_program()?))?;
    let status: Status = serde_json::from_str(&text)
        .map_err(|error| Failed::new(format!("{error} in what lbd status --json says: {text}")))?;
    ensure!(status.version == 1, "the version is 1: {text}");
    ensure!(
        status.node == director.name(),
        "it says whose status it is: {text}"
    );
    let mut servers = status
        .services
        .into_iter()
        .flat_map(|service| service.servers);
    servers
        .find(|found| found.node == server.name())
        .ok_or_else(|| Failed::new(format!("{} is not in {text}", server.name())))
}

/// What it says for people: the line with the server's name.
pub(super) fn line(director: &Host, server: &Host) -> Result<String> {
    let text = director.run(&format!("{} status", lbd_program()?))?;
    let mut lines = text.lines();
    lines
        .find(|line| line.split_whitespace().next() == Some(server.name()))
        .map(str::to_owned)
        .ok_or_else(|| Failed::new(format!("no line begins with {} in {text}", server.name())))
}
