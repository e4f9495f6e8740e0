//! The kernel parameters that decide who answers ARP, and what is dropped on the way in.

use std::collections::{BTreeMap, BTreeSet};

use sysctl_tune::{Combine, Key};

use super::finding::Finding;

/// The parameters that are looked at, of `all` and of each interface.
const NAMES: [&str; 4] = ["arp_ignore", "arp_announce", "send_redirects", "rp_filter"];

/// `net.ipv4.conf`, as far as it is looked at.
pub(super) type Parameters = BTreeMap<Key, i32>;

/// Reads them for `all` and these interfaces; one that is not there is left out.
pub(super) fn read(interfaces: &BTreeSet<String>) -> Parameters {
    let places = interfaces.iter().map(String::as_str).chain(["all"]);
    let keys = places.flat_map(|place| NAMES.map(|name| Key::ipv4_conf(place, name)));
    keys.filter_map(|key| {
        let value = sysctl_tune::read(&key).ok()?;
        Some((key, value))
    })
    .collect()
}

/// The interface of the default route with the lowest metric, out of `/proc/net/route` (proc(5)).
pub(super) fn default_route(table: &str) -> Option<String> {
    let route = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, _, _, _, _, metric, mask, ..] = fields.as_slice() else {
            return None;
        };
        let default = *destination == "00000000" && *mask == "00000000";
        let metric: u32 = metric.parse().ok().filter(|_| default)?;
        Some((metric, (*interface).to_owned()))
    };
    let routes = table.lines().skip(1).filter_map(route);
    routes
        .min_by_key(|(metric, _)| *metric)
        .map(|(_, interface)| interface)
}

/// What is wrong for virtual addresses that are reached on `interface`.
pub(super) fn judge(
    interface: &str,
    values: &Parameters,
    default_route: Option<&str>,
) -> Vec<Finding> {
    NAMES
        .iter()
        .filter_map(|name| {
            let effective = Effective::of(name, interface, values)?;
            match *name {
                "arp_ignore" => arp_ignore(&effective),
                "arp_announce" => arp_announce(&effective),
                "send_redirects" => send_redirects(&effective),
                _rp_filter => rp_filter(&effective, default_route),
            }
        })
        .collect()
}

/// A parameter's value for an interface, and where it comes from.
struct Effective<'a> {
    name: &'a str,
    interface: &'a str,
    value: i32,
    all: i32,
    own: i32,
}

impl<'a> Effective<'a> {
    fn of(name: &'a str, interface: &'a str, values: &Parameters) -> Option<Self> {
        let value = |place| values.get(&Key::ipv4_conf(place, name)).copied();
        let (all, own) = (value("all")?, value(interface)?);
        Some(Self {
            name,
            interface,
            value: Combine::of(name)?.effective(all, own),
            all,
            own,
        })
    }

    /// The two values, and which of them holds.
    fn told(&self) -> String {
        let all = Key::ipv4_conf("all", self.name);
        let own = Key::ipv4_conf(self.interface, self.name);
        let why = match Combine::of(self.name) {
            Some(Combine::Or) => "either of them switches it on",
            Some(Combine::Max) if self.all > self.own => {
                "the larger one counts, so that `all` overrides the interface's"
            }
            Some(Combine::Max | Combine::And) | None => "the larger one counts",
        };
        format!("{all} is {} and {own} is {}: {why}", self.all, self.own)
    }
}

fn arp_ignore(found: &Effective<'_>) -> Option<Finding> {
    let effect = match found.value {
        1 | 2 => return None,
        0 | 3 => {
            "this host answers ARP for the copy of the virtual address on lo, and draws traffic to itself past the director"
        }
        _more => {
            "this host may answer ARP for none of its addresses, and as master nobody finds the virtual one"
        }
    };
    Some(finding(
        found,
        effect,
        "1 for `all`, 0 or 1 for the interface",
    ))
}

fn arp_announce(found: &Effective<'_>) -> Option<Finding> {
    let effect = "this host asks by ARP with the virtual address as sender, and its neighbours learn that as its place";
    (found.value != 2).then(|| finding(found, effect, "2 for `all`, 0 to 2 for the interface"))
}

fn send_redirects(found: &Effective<'_>) -> Option<Finding> {
    let effect = "a director tells clients to go round it, straight to one server";
    (found.value != 0).then(|| finding(found, effect, "0 for both"))
}

fn rp_filter(found: &Effective<'_>, default_route: Option<&str>) -> Option<Finding> {
    let elsewhere = default_route.filter(|interface| *interface != found.interface)?;
    let effect = format!(
        "the way back to clients beyond the host's own networks goes through {elsewhere}, so that what they send to the virtual \
         address on {} is dropped without a word",
        found.interface
    );
    (found.value == 1).then(|| {
        finding(
            found,
            &effect,
            "2 for the interface (any way back will do), or route clients through it",
        )
    })
}

/// lbd sets all of them but rp_filter while it runs.
fn finding(found: &Effective<'_>, effect: &str, wanted: &str) -> Finding {
    let who = match found.name {
        "rp_filter" => "lbd does not touch it",
        _ours => {
            "lbd run does so, and where it does not last, look for another program or a file of sysctl.d that sets it"
        }
    };
    Finding::new(
        "parameters",
        format!("{}; {effect}", found.told()),
        format!("Set {wanted}; {who}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(name: &str, all: i32, own: i32) -> Parameters {
        let of = |place| Key::ipv4_conf(place, name);
        Parameters::from([(of("all"), all), (of("eth0"), own)])
    }

    fn found(name: &str, all: i32, own: i32) -> Vec<String> {
        let judged = judge("eth0", &values(name, all, own), Some("eth1"));
        judged.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_lbd_sets_is_no_finding() {
        for (name, all, own) in [
            ("arp_ignore", 1, 0),
            ("arp_ignore", 2, 1),
            ("arp_announce", 2, 0),
            ("send_redirects", 0, 0),
            ("rp_filter", 0, 2),
            ("rp_filter", 2, 1),
        ] {
            assert_eq!(found(name, all, own), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn the_larger_of_all_and_the_interface_is_judged() {
        for (name, all, own, told) in [
            ("arp_ignore", 8, 1, "`all` overrides"),
            ("arp_ignore", 1, 8, "the larger one counts;"),
            ("arp_ignore", 0, 0, "past the director"),
            ("arp_announce", 1, 1, "neighbours learn"),
            ("arp_announce", 3, 2, "`all` overrides"),
            ("send_redirects", 0, 1, "either of them"),
            ("rp_filter", 1, 0, "goes through eth1"),
        ] {
            let found = found(name, all, own);
            let one = found.len() == 1 && found.iter().all(|text| text.contains(told));
            assert!(one, "{name} {all} {own}: {found:?}");
        }
    }

    #[test]
    fn a_strict_filter_drops_nothing_where_the_way_back_is_the_same() {
        let values = values("rp_filter", 1, 1);
        assert_eq!(judge("eth0", &values, Some("eth0")), Vec::new());
        assert_eq!(judge("eth0", &values, None), Vec::new());
    }

    #[test]
    fn the_default_route_is_the_one_with_the_lowest_metric() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t010200C0\t0003\t0\t0\t200\t00000000\t0\t0\t0\n\
            eth1\t00000000\t010300C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            eth2\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(default_route(table).as_deref(), Some("eth1"));
        assert_eq!(default_route("Iface\n"), None);
        assert_eq!(default_route(""), None);
    }
}
