//! The section `virtual_routers`: each item by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use serde_yaml::Spanned;
use vrrp_proto::{Authentication, Centis, ChecksumForm, Password, Priority, Version, Vrid};

use super::findings::Findings;
use super::nodes::not_among;
use super::{commands, tracks};
use crate::config::duration::Span;
use crate::config::file;
use crate::config::model::{Node, VirtualRouter};

/// The longest name of a network interface (`IFNAMSIZ` without its NUL, linux/if.h).
const INTERFACE_NAME_MAX: usize = 15;

pub(super) fn routers(
    section: &[file::Router],
    nodes: &BTreeMap<String, Node>,
    findings: &mut Findings,
) -> Vec<VirtualRouter> {
    section
        .iter()
        .filter_map(|item| router(item, nodes, findings))
        .collect()
}

fn router(
    item: &file::Router,
    nodes: &BTreeMap<String, Node>,
    findings: &mut Findings,
) -> Option<VirtualRouter> {
    let version = version(item, findings);
    let id = findings
        .number::<u8>(&item.id, "id, the virtual router identifier,", 1..=255)
        .and_then(Vrid::new);
    let addresses = addresses(&item.addresses, version, findings);
    let interval = advert_interval(item.advert_interval.as_ref(), version, findings);
    let router = VirtualRouter {
        name: findings.text(&item.name, "name"),
        id: id?,
        interface: nic(&item.interface, findings),
        version,
        priorities: priorities(&item.priority, nodes, findings),
        advert_interval: interval?,
        authentication: authentication(item.authentication.as_ref(), version, findings),
        unicast: unicast(item, &addresses, nodes, findings),
        checksum: checksum(item.checksum.as_ref(), version, &addresses, findings),
        addresses,
        preempt: item.preempt.unwrap_or(true),
        preempt_delay: preempt_delay(item.preempt_delay.as_ref(), interval, findings),
        track_scripts: each(&item.track_scripts, findings, tracks::script),
        track_interfaces: each(&item.track_interfaces, findings, tracks::interface),
        track_processes: each(&item.track_processes, findings, tracks::process),
        track_files: each(&item.track_files, findings, tracks::file),
        notify: commands::role_hooks(item.notify.as_ref(), findings),
    };
    Some(router)
}

fn each<T, U>(items: &[T], findings: &mut Findings, check: fn(&T, &mut Findings) -> U) -> Vec<U> {
    items.iter().map(|item| check(item, findings)).collect()
}

fn version(item: &file::Router, findings: &mut Findings) -> Version {
    match item.version.as_ref().map(|v| (v.value, v.referenced)) {
        None | Some((3, _)) => Version::V3,
        Some((2, _)) => Version::V2,
        Some((other, at)) => {
            findings.add(at, format!("version is {other}; VRRP has versions 2 and 3"));
            Version::V3
        }
    }
}

fn nic(value: &Spanned<String>, findings: &mut Findings) -> String {
    if value.value == "lo" {
        findings.add(
            value.referenced,
            "lo reaches no other director; name the NIC of the clients' network",
        );
    }
    interface(value, findings)
}

pub(super) fn interface(value: &Spanned<String>, findings: &mut Findings) -> String {
    let name = &value.value;
    let legal = !name.is_empty()
        && name.len() <= INTERFACE_NAME_MAX
        && name != "."
        && name != ".."
        && !name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace());
    if !legal {
        findings.add(
            value.referenced,
            format!("`{}` can be no interface's name", name.escape_debug()),
        );
    }
    name.clone()
}

fn priorities(
    section: &Spanned<BTreeMap<String, Spanned<u64>>>,
    nodes: &BTreeMap<String, Node>,
    findings: &mut Findings,
) -> BTreeMap<String, Priority> {
    if section.value.is_empty() {
        findings.add(
            section.referenced,
            "priority names no node; at least one must be a director",
        );
    }
    let mut priorities = BTreeMap::new();
    let mut owners = section.value.values().filter(|value| value.value == 255);
    if let Some(second) = owners.nth(1) {
        findings.add(
            second.referenced,
            "255 is the owner's priority, and the addresses can have only one owner",
        );
    }
    for (name, value) in &section.value {
        if !nodes.contains_key(name) {
            findings.add(value.referenced, not_among(name, nodes));
        }
        if let Some(number) = findings.number::<u8>(value, "a priority", 1..=255) {
            priorities.insert(name.clone(), Priority::new(number));
        }
    }
    priorities
}

fn addresses(
    section: &Spanned<Vec<Spanned<String>>>,
    version: Version,
    findings: &mut Findings,
) -> Vec<IpNet> {
    let mut addresses: Vec<IpNet> = Vec::new();
    for value in &section.value {
        let Some(net) = findings.virtual_address(value) else {
            continue;
        };
        if version == Version::V2 && net.addr().is_ipv6() {
            findings.add(value.referenced, "IPv6 needs version 3");
        }
        if let Some(first) = addresses.first()
            && first.addr().is_ipv6() != net.addr().is_ipv6()
        {
            findings.add(
                value.referenced,
                "a virtual router is of one family: make a second one for the other",
            );
        }
        addresses.push(net);
    }
    if section.value.is_empty() || section.value.len() > 255 {
        findings.add(section.referenced, "addresses must name 1 to 255 addresses");
    }
    addresses
}

fn advert_interval(
    value: Option<&Spanned<Span>>,
    version: Version,
    findings: &mut Findings,
) -> Option<Centis> {
    let Some(value) = value else {
        return Centis::from_secs(1);
    };
    let millis = match value.value.0.subsec_nanos().is_multiple_of(1_000_000) {
        true => value.value.0.as_millis(),
        false => 0,
    };
    let (fits, rule) = match version {
        Version::V2 => (
            millis.is_multiple_of(1000) && (1000..=255_000).contains(&millis),
            "whole seconds, 1s to 255s, in version 2",
        ),
        Version::V3 => (
            millis.is_multiple_of(10) && (10..=40_950).contains(&millis),
            "hundredths of a second, 10ms to 40950ms, in version 3",
        ),
    };
    if !fits {
        findings.add(value.referenced, format!("advert_interval must be {rule}"));
        return None;
    }
    u16::try_from(millis / 10).ok().and_then(Centis::new)
}

/// A delay shorter than two intervals can end between the last word of a worse master and the next advert
/// of a better one: a takeover from a live master.
fn preempt_delay(
    value: Option<&Spanned<Span>>,
    interval: Option<Centis>,
    findings: &mut Findings,
) -> Duration {
    let Some(value) = value.filter(|value| !value.value.0.is_zero()) else {
        return Duration::ZERO;
    };
    let delay = findings.duration(Some(value), "preempt_delay", Duration::ZERO);
    if interval.is_some_and(|interval| delay < interval.as_duration() * 2) {
        findings.add(
            value.referenced,
            "preempt_delay must be 0s or at least two advert intervals",
        );
    }
    delay
}

fn authentication(
    section: Option<&Spanned<file::Authentication>>,
    version: Version,
    findings: &mut Findings,
) -> Authentication {
    let Some(section) = section else {
        return Authentication::None;
    };
    if version == Version::V3 {
        findings.add(
            section.referenced,
            "version 3 has no authentication (RFC 5798, 9); leave it out or set version: 2",
        );
    }
    let pass = &section.value.pass;
    if let Some(password) = Password::new(pass.value.as_bytes()) {
        return Authentication::Pass(password);
    }
    findings.add(
        pass.referenced,
        format!(
            "pass has {} octets; it must have 1 to 8 (keepalived would cut it)",
            pass.value.len()
        ),
    );
    Authentication::None
}

/// Adverts to each director by itself go to its node address, which must be of the router's family.
fn unicast(
    item: &file::Router,
    addresses: &[IpNet],
    nodes: &BTreeMap<String, Node>,
    findings: &mut Findings,
) -> bool {
    let Some(value) = item.unicast.as_ref().filter(|unicast| unicast.value) else {
        return false;
    };
    let ipv6 = addresses.iter().any(|net| net.addr().is_ipv6());
    let other = item.priority.value.keys().find(|name| {
        nodes
            .get(*name)
            .is_some_and(|node| node.address.is_ipv6() != ipv6)
    });
    if let Some(name) = other {
        findings.add(
            value.referenced,
            format!(
                "unicast adverts go to the nodes' addresses, but `{name}`'s is of the other family"
            ),
        );
    }
    true
}

fn checksum(
    value: Option<&Spanned<file::Checksum>>,
    version: Version,
    addresses: &[IpNet],
    findings: &mut Findings,
) -> ChecksumForm {
    let Some(value) = value else {
        return ChecksumForm::default();
    };
    let ipv6 = addresses.iter().any(|net| net.addr().is_ipv6());
    if version == Version::V2 || ipv6 {
        findings.add(
            value.referenced,
            "checksum can be chosen for version 3 over IPv4 only; elsewhere there is one form",
        );
    }
    match value.value {
        file::Checksum::WithPseudoHeader => ChecksumForm::WithPseudoHeader,
        file::Checksum::WithoutPseudoHeader => ChecksumForm::WithoutPseudoHeader,
    }
}
