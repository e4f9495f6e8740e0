//! The shape of the file: every key, its type, and its place. Nothing is judged here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Spanned;

use super::duration::Span;
use super::error::{ConfigError, Problem};
use super::file_check::HealthCheck;
use super::nearest::suggestion;

/// Reads the text into the shape of the file.
pub(super) fn read(text: &str) -> Result<File, ConfigError> {
    let options = serde_yaml::options! { strict_booleans: true, with_snippet: false };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let location = error.location().unwrap_or(serde_yaml::Location::UNKNOWN);
        ConfigError {
            problems: vec![Problem::at(location, bare_message(&error))],
        }
    })
}

/// The library's message without the place, which [`Problem`] carries; of an unknown name with the one that was meant.
fn bare_message(error: &serde_yaml::Error) -> String {
    let error = error.without_snippet();
    let unknown = |kind: &str, name: &str, expected: &[&'static str]| {
        let meant = suggestion(name, expected.iter().copied());
        format!(
            "unknown {kind} `{name}`{meant}; there are {}",
            expected.join(", ")
        )
    };
    if let serde_yaml::Error::SerdeUnknownField {
        field, expected, ..
    } = error
    {
        return unknown("field", field, expected);
    }
    if let serde_yaml::Error::SerdeUnknownVariant {
        variant, expected, ..
    } = error
    {
        return unknown("variant", variant, expected);
    }
    let message = error.to_string();
    match error.location() {
        Some(place) => message
            .replace(
                &format!(" at line {}, column {}", place.line(), place.column()),
                "",
            )
            .replace(
                &format!("line {} column {}: ", place.line(), place.column()),
                "",
            ),
        None => message,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) cluster: Spanned<String>,
    pub(super) nodes: Spanned<BTreeMap<String, Node>>,
    #[serde(default)]
    pub(super) virtual_routers: Vec<Router>,
    #[serde(default)]
    pub(super) virtual_services: Vec<Service>,
    pub(super) notifications: Option<Notifications>,
    pub(super) connection_sync: Option<Spanned<bool>>,
    pub(super) mark_backend: Option<MarkBackend>,
    pub(super) leave_ipvs_parameters: Option<Vec<Spanned<String>>>,
    pub(super) script_user: Option<Spanned<String>>,
    pub(super) status_page: Option<StatusPage>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusPage {
    pub(super) listen: Spanned<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MarkBackend {
    Auto,
    Iptables,
    Nftables,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) address: Spanned<String>,
    pub(super) mac: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Router {
    pub(super) name: Spanned<String>,
    pub(super) id: Spanned<u64>,
    pub(super) interface: Spanned<String>,
    pub(super) version: Option<Spanned<u64>>,
    pub(super) priority: Spanned<BTreeMap<String, Spanned<u64>>>,
    pub(super) advert_interval: Option<Spanned<Span>>,
    pub(super) authentication: Option<Spanned<Authentication>>,
    pub(super) addresses: Spanned<Vec<Spanned<String>>>,
    pub(super) preempt: Option<bool>,
    pub(super) preempt_delay: Option<Spanned<Span>>,
    pub(super) unicast: Option<Spanned<bool>>,
    pub(super) checksum: Option<Spanned<Checksum>>,
    #[serde(default)]
    pub(super) track_scripts: Vec<TrackScript>,
    #[serde(default)]
    pub(super) track_interfaces: Vec<TrackInterface>,
    #[serde(default)]
    pub(super) track_processes: Vec<TrackProcess>,
    #[serde(default)]
    pub(super) track_files: Vec<TrackFile>,
    pub(super) notify: Option<Notify>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Checksum {
    WithPseudoHeader,
    WithoutPseudoHeader,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authentication {
    pub(super) pass: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackScript {
    pub(super) name: Spanned<String>,
    pub(super) command: Spanned<Vec<String>>,
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) timeout: Option<Spanned<Span>>,
    pub(super) weight: Option<Spanned<i64>>,
    pub(super) fall: Option<Spanned<u32>>,
    pub(super) rise: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackInterface {
    pub(super) interface: Spanned<String>,
    pub(super) weight: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackProcess {
    pub(super) process: Spanned<String>,
    pub(super) quorum: Option<Spanned<u32>>,
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) weight: Option<Spanned<i64>>,
    pub(super) fall: Option<Spanned<u32>>,
    pub(super) rise: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackFile {
    pub(super) file: Spanned<String>,
    pub(super) interval: Option<Spanned<Span>>,
    pub(super) weight: Option<Spanned<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notify {
    pub(super) master: Option<Spanned<Vec<String>>>,
    pub(super) backup: Option<Spanned<Vec<String>>>,
    pub(super) fault: Option<Spanned<Vec<String>>>,
    pub(super) stop: Option<Spanned<Vec<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) name: Spanned<String>,
    pub(super) address: Spanned<String>,
    pub(super) port: Spanned<u64>,
    pub(super) fwmark: Option<Spanned<u64>>,
    pub(super) mark: Option<Spanned<Mark>>,
    pub(super) scheduler: Option<Spanned<String>>,
    pub(super) scheduler_flags: Option<Vec<Spanned<String>>>,
    pub(super) persistence: Option<Spanned<Span>>,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) weight: Option<Spanned<u64>>,
    pub(super) weights: Option<Spanned<BTreeMap<String, Spanned<u64>>>>,
    pub(super) servers: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) directors: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) health_check: Option<HealthCheck>,
    pub(super) lag: Option<Lag>,
    pub(super) slow_start: Option<SlowStart>,
    pub(super) min_serving: Option<Spanned<u64>>,
    pub(super) primary: Option<Spanned<Primary>>,
    pub(super) changes_per_second: Option<Spanned<u64>>,
    pub(super) notify: Option<NotifyServers>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lag {
    pub(super) soft: Spanned<Span>,
    pub(super) hard: Spanned<Span>,
    pub(super) percent: Option<Spanned<u64>>,
    pub(super) patience: Option<Spanned<Span>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlowStart {
    pub(super) duration: Spanned<Span>,
    pub(super) steps: Option<Spanned<u64>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Primary {
    Serves,
    LastResort,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotifyServers {
    pub(super) up: Option<Spanned<Vec<String>>>,
    pub(super) down: Option<Spanned<Vec<String>>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mark {
    Managed,
    External,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Forwarding {
    DirectRoute,
    Masquerade,
    Tunnel,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notifications {
    pub(super) email: Option<Email>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Email {
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<Vec<Spanned<String>>>,
    pub(super) smtp_server: Spanned<String>,
    pub(super) connect_timeout: Option<Spanned<Span>>,
    pub(super) encryption: Option<Encryption>,
    pub(super) ca_file: Option<Spanned<String>>,
    pub(super) login: Option<Spanned<Login>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encryption {
    None,
    StartTls,
    Tls,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) user: Spanned<String>,
    pub(super) password_file: Spanned<String>,
}
