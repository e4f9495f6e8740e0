//! lbd's configuration file as text.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use crate::merge::{Cluster, MarkOrigin, MergedRouter, MergedService, Node};
use crate::model::{Address, Check, Email, Forwarding, Notify, Probe, Request, Script};

/// The file; `origin` says in its first line what it was made from.
pub(crate) fn write(cluster: &Cluster, origin: &str) -> String {
    let mut out = String::new();
    line(
        &mut out,
        0,
        &format!(
            "# Made by `lbd import` from {}.",
            origin.replace(char::is_control, "?")
        ),
    );
    line(&mut out, 0, &format!("cluster: {}", text(&cluster.name)));
    line(&mut out, 0, "\nnodes:");
    for (name, node) in &cluster.nodes {
        line(&mut out, 1, &self::node(name, node));
    }
    if !cluster.routers.is_empty() {
        line(&mut out, 0, "\nvirtual_routers:");
    }
    cluster
        .routers
        .iter()
        .for_each(|merged| router(&mut out, merged));
    if !cluster.services.is_empty() {
        line(&mut out, 0, "\nvirtual_services:");
    }
    cluster
        .services
        .iter()
        .for_each(|merged| service(&mut out, merged));
    email(&mut out, &cluster.email);
    out
}

fn node(name: &str, node: &Node) -> String {
    let name = text(name);
    let role = if node.director { "  # a director" } else { "" };
    match node.address {
        Some(address) => format!("{name}: {{ address: {} }}{role}", ip(address)),
        None => {
            format!("{name}: {{ address: \"?\" }}  # a director; TO BE ANSWERED: its own address")
        }
    }
}

fn router(out: &mut String, merged: &MergedRouter) {
    let router = &merged.router;
    line(out, 1, &format!("- name: {}", text(&router.name)));
    line(out, 2, &format!("id: {}", router.id));
    line(out, 2, &format!("interface: {}", text(&router.interface)));
    line(out, 2, &format!("version: {}", router.version));
    let priorities: Vec<String> = merged
        .priorities
        .iter()
        .map(|(name, priority)| format!("{}: {priority}", text(name)))
        .collect();
    line(
        out,
        2,
        &format!("priority: {{ {} }}", priorities.join(", ")),
    );
    line(
        out,
        2,
        &format!("advert_interval: {}", duration(router.interval)),
    );
    if let Some(password) = &router.password {
        line(
            out,
            2,
            &format!("authentication: {{ pass: {} }}", quoted(password)),
        );
    }
    let addresses: Vec<String> = router.addresses.iter().map(address).collect();
    line(out, 2, &format!("addresses: [{}]", addresses.join(", ")));
    if !router.preempt {
        line(out, 2, "preempt: false");
    }
    if !router.preempt_delay.is_zero() {
        line(
            out,
            2,
            &format!("preempt_delay: {}", duration(router.preempt_delay)),
        );
    }
    if !router.peers.is_empty() {
        line(out, 2, "unicast: true");
    }
    if !router.scripts.is_empty() {
        line(out, 2, "track_scripts:");
    }
    router
        .scripts
        .iter()
        .for_each(|tracked| script(out, tracked));
    notify(out, &router.notify);
}

fn script(out: &mut String, script: &Script) {
    line(out, 3, &format!("- name: {}", text(&script.name)));
    line(out, 4, &format!("command: {}", command(&script.command)));
    line(out, 4, &format!("interval: {}", duration(script.interval)));
    if let Some(timeout) = script.timeout {
        line(out, 4, &format!("timeout: {}", duration(timeout)));
    }
    line(out, 4, &format!("weight: {}", script.weight));
    line(out, 4, &format!("fall: {}", script.fall));
    line(out, 4, &format!("rise: {}", script.rise));
}

fn notify(out: &mut String, notify: &Notify) {
    let hooks = [
        ("master", &notify.master),
        ("backup", &notify.backup),
        ("fault", &notify.fault),
        ("stop", &notify.stop),
    ];
    if hooks.iter().any(|(_, hook)| hook.is_some()) {
        line(out, 2, "notify:");
    }
    for (state, hook) in hooks {
        if let Some(parts) = hook {
            line(out, 3, &format!("{state}: {}", command(parts)));
        }
    }
}

fn service(out: &mut String, service: &MergedService) {
    line(out, 1, &format!("- name: {}", text(&service.name)));
    line(out, 2, &format!("address: {}", ip(service.address)));
    line(out, 2, &format!("port: {}", service.port));
    match service.mark {
        Some((mark, MarkOrigin::File)) => {
            line(
                out,
                2,
                &format!("fwmark: {mark}  # set by lbd on frames that no other director sent"),
            );
        }
        Some((mark, MarkOrigin::New)) => {
            line(
                out,
                2,
                &format!(
                    "fwmark: {mark}  # new: the directors are servers too, and must not balance twice"
                ),
            );
        }
        None => {}
    }
    line(out, 2, &format!("scheduler: {}", text(&service.scheduler)));
    let forwarding = match service.forwarding {
        Forwarding::DirectRoute => "direct-route",
        Forwarding::Masquerade => "masquerade",
        Forwarding::Tunnel => "tunnel",
    };
    line(out, 2, &format!("forwarding: {forwarding}"));
    line(out, 2, &format!("weight: {}", service.weight));
    for (key, names) in [
        ("servers", &service.servers),
        ("directors", &service.directors),
    ] {
        if let Some(names) = names {
            let names: Vec<String> = names.iter().map(|name| text(name)).collect();
            line(out, 2, &format!("{key}: [{}]", names.join(", ")));
        }
    }
    if let Some(check) = &service.check {
        health_check(out, check);
    }
}

fn health_check(out: &mut String, check: &Check) {
    let timing = &check.timing;
    line(out, 2, "health_check:");
    line(out, 3, &format!("{}:", kind(&check.probe)));
    probe(out, &check.probe);
    if let Some(port) = check.port {
        line(out, 4, &format!("port: {port}"));
    }
    line(out, 4, &format!("interval: {}", duration(timing.interval)));
    line(out, 4, &format!("timeout: {}", duration(timing.timeout)));
    line(out, 4, &format!("retries: {}", timing.retries));
    line(
        out,
        4,
        &format!("retry_delay: {}", duration(timing.retry_delay)),
    );
}

fn kind(probe: &Probe) -> &'static str {
    match probe {
        Probe::Tcp => "tcp",
        Probe::Exec { .. } => "exec",
        Probe::Http(_) => "http",
        Probe::Https(_) => "https",
    }
}

fn probe(out: &mut String, probe: &Probe) {
    match probe {
        Probe::Tcp => {}
        Probe::Exec {
            command: parts,
            dynamic,
        } => {
            line(out, 4, &format!("command: {}", command(parts)));
            if *dynamic {
                line(out, 4, "dynamic: true");
            }
        }
        Probe::Http(request) => self::request(out, request),
        Probe::Https(request) => {
            self::request(out, request);
            line(out, 4, "verify: false");
        }
    }
}

fn request(out: &mut String, request: &Request) {
    line(out, 4, &format!("path: {}", quoted(&request.path)));
    if let Some(host) = &request.host {
        line(out, 4, &format!("host: {}", text(host)));
    }
    line(out, 4, &format!("status: {}", quoted(&request.statuses)));
}

fn email(out: &mut String, email: &Email) {
    let (Some(from), Some(server), false) = (&email.from, &email.server, email.to.is_empty())
    else {
        return;
    };
    let to: Vec<String> = email.to.iter().map(|to| quoted(to)).collect();
    line(out, 0, "\nnotifications:");
    line(out, 1, "email:");
    line(out, 2, &format!("from: {}", quoted(from)));
    line(out, 2, &format!("to: [{}]", to.join(", ")));
    line(out, 2, &format!("smtp_server: {}", text(server)));
    if let Some(timeout) = email.timeout {
        line(out, 2, &format!("connect_timeout: {}", duration(timeout)));
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    // A list's dash is half a step in front of its keys.
    let _ = writeln!(out, "{}{text}", "  ".repeat(depth));
}

fn command(parts: &[String]) -> String {
    let parts: Vec<String> = parts.iter().map(|part| quoted(part)).collect();
    format!("[{}]", parts.join(", "))
}

fn address(address: &Address) -> String {
    let whole = if address.ip.is_ipv4() { 32 } else { 128 };
    if address.length == whole {
        return ip(address.ip);
    }
    text(&format!("{}/{}", address.ip, address.length))
}

/// IPv6 has colons, which mean something to YAML.
fn ip(address: IpAddr) -> String {
    text(&address.to_string())
}

/// As `lbd` reads it: `10s`, `500ms`.
fn duration(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 {
        return format!("{}s", duration.as_secs());
    }
    match duration.subsec_micros() % 1000 {
        0 => format!("{}ms", duration.as_millis()),
        _ => format!("{}us", duration.as_micros()),
    }
}

/// A text, in quotes where YAML would take it for something else.
fn text(text: &str) -> String {
    let mut letters = text.chars();
    let starts_plain = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric() || first == '_');
    let plain = starts_plain
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter));
    let word = text.to_ascii_lowercase();
    let other_type = text.parse::<f64>().is_ok()
        || word.starts_with("0x")
        || word.starts_with("0o")
        || matches!(
            word.as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null"
        );
    if plain && !other_type {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            plain if plain.is_alphanumeric() || plain == ' ' || plain.is_ascii_punctuation() => {
                out.push(plain)
            }
            other if u32::from(other) <= 0xff => {
                out.push_str(&format!("\\x{:02x}", u32::from(other)))
            }
            other if u32::from(other) <= 0xffff => {
                out.push_str(&format!("\\u{:04x}", u32::from(other)))
            }
            other => out.push_str(&format!("\\U{:08x}", u32::from(other))),
        }
    }
    out.push('"');
    out
}
