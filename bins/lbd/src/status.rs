//! `lbd status`: what the daemon on this host does, and why.

use std::fmt::Write;
use std::path::Path;

use lbd_core::engine::{RouterState, RouterStatus, ServerStatus, ServiceStatus, Status, Table};

use crate::control::client;
use crate::failure::Failure;
use crate::say::say;

/// How a status is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a text.
    People,
    /// As JSON, laid out.
    Pretty,
    /// As JSON on one line.
    Line,
}

/// Asks the daemon and prints its answer: a text for people, or JSON.
pub(crate) fn status(runtime_dir: &Path, form: Form) -> Result<(), Failure> {
    say(&shown(runtime_dir, form)?)
}

/// The daemon's answer in this form, without a line's end.
pub(crate) fn shown(runtime_dir: &Path, form: Form) -> Result<String, Failure> {
    let status = client::status(runtime_dir)?;
    let json = match form {
        Form::People => return Ok(text(&status).trim_end().to_owned()),
        Form::Pretty => serde_json::to_string_pretty(&status),
        Form::Line => serde_json::to_string(&status),
    };
    json.map_err(|error| Failure::Runtime(error.to_string()))
}

fn text(status: &Status) -> String {
    let mut out = format!("cluster {}, this host is {}\n", status.cluster, status.node);
    for router in &status.routers {
        out.push_str(&router_line(router));
    }
    for service in &status.services {
        out.push_str(&service_table(service));
    }
    out
}

fn router_line(router: &RouterStatus) -> String {
    let state = match router.state {
        RouterState::Initialize => "not begun",
        RouterState::Backup => "backup",
        RouterState::Master => "master",
        RouterState::Fault => "fault: its interface or address is missing",
    };
    let mut line = format!(
        "\nvirtual router {} (VRID {} on {}): {state}, priority {}",
        router.name, router.id, router.interface, router.priority
    );
    if let Some(master) = router
        .master
        .filter(|_| router.state != RouterState::Master)
    {
        // A String takes whatever is written to it.
        let _ = write!(line, ", {master} is master");
    }
    let addresses: Vec<String> = router.addresses.iter().map(ToString::to_string).collect();
    format!("{line}\n  holds {}\n", addresses.join(", "))
}

fn service_table(service: &ServiceStatus) -> String {
    let fwmark = service.fwmark.map(|mark| format!(", fwmark {mark}"));
    let mut out = format!(
        "\nservice {}: {} port {}{}, {}\n",
        service.name,
        service.address,
        service.port,
        fwmark.unwrap_or_default(),
        service.scheduler
    );
    let head = ["SERVER", "ADDRESS", "HEALTH", "WEIGHT", "LAG", "WHY"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(service.servers.iter().map(row));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        out.push_str(&format!("  {}\n", line.join("  ").trim_end()));
    }
    out
}

fn row(server: &ServerStatus) -> [String; 6] {
    let weight = match (server.table, server.weight) {
        (Table::Present, Some(weight)) => format!("{weight} of {}", server.base_weight),
        (Table::Present | Table::AsIs, _) => "as is".to_owned(),
        (Table::Absent, _) => "out".to_owned(),
    };
    let lag = match (server.lag_seconds, server.role.as_deref()) {
        (Some(lag), _) => format!("{lag:.1} s"),
        (None, Some("primary")) => "primary".to_owned(),
        (None, _) => "-".to_owned(),
    };
    [
        server.node.clone(),
        server.address.to_string(),
        server.health.clone(),
        weight,
        lag,
        server.why.clone(),
    ]
}
