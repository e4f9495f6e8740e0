//! The adverts that other directors send: which would be rejected, and why; and whether more than one is master.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use lbd_core::config::VirtualRouter;
use lbd_core::host::Host;
use tokio::time::{Instant, sleep};
use vrrp_net::{AdvertSocket, BUFFER_LEN};
use vrrp_proto::{Envelope, Expect, Priority, decode, peek_vrid};

use super::finding::{Finding, Report};

const ABOUT: &str = "adverts";
/// At most so long is listened, and else for three intervals of the slowest router.
const LONGEST: Duration = Duration::from_secs(5);
/// From one look to the next; the kernel keeps what comes meanwhile.
const PAUSE: Duration = Duration::from_millis(50);
/// More adverts say nothing new.
const MOST: usize = 1000;

/// An advert as it came.
#[derive(Clone, Debug)]
pub(super) struct Advert {
    interface: String,
    envelope: Envelope,
    payload: Vec<u8>,
}

/// Listens on the interfaces of the virtual routers that this host directs.
pub(super) async fn hear(host: &Host, report: &mut Report) -> Vec<Advert> {
    let mut links = BTreeSet::new();
    for (index, router) in host.routers() {
        let source = host.sources.get(&index);
        links.extend(source.map(|source| (router.interface.clone(), *source)));
    }
    let mut sockets = Vec::new();
    for (interface, source) in links {
        let opened = AdvertSocket::open(&interface, source);
        let opened = report.read(&format!("adverts on {interface}"), opened);
        sockets.extend(opened.map(|socket| (interface, socket)));
    }
    let mut adverts = Vec::new();
    let end = Instant::now() + patience(host);
    while !sockets.is_empty() && Instant::now() < end && adverts.len() < MOST {
        sleep(PAUSE).await;
        for (interface, socket) in &sockets {
            adverts.extend(received(interface, socket));
        }
    }
    adverts
}

/// All that has come on a socket; what makes no sense to the kernel's side of it is left out.
fn received(interface: &str, socket: &AdvertSocket) -> Vec<Advert> {
    let mut buffer = [0; BUFFER_LEN];
    let mut adverts = Vec::new();
    while adverts.len() < MOST
        && let Ok(Some(received)) = socket.try_recv(&mut buffer)
    {
        adverts.push(Advert {
            interface: interface.to_owned(),
            envelope: Envelope {
                source: received.source,
                destination: received.destination,
                ttl: received.ttl,
            },
            payload: received.payload(&buffer).to_vec(),
        });
    }
    adverts
}

fn patience(host: &Host) -> Duration {
    let intervals = host
        .routers()
        .map(|(_, router)| router.advert_interval.as_duration());
    let slowest = intervals.max().unwrap_or_default();
    slowest.saturating_mul(3).min(LONGEST)
}

/// Judges the adverts as each router of this host would take them.
pub(super) fn judge(host: &Host, adverts: &[Advert]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, router) in host.routers() {
        let Some(own) = host.sources.get(&index) else {
            continue;
        };
        let meant = adverts.iter().filter(|advert| {
            advert.interface == router.interface
                && advert.envelope.source.is_ipv4() == own.is_ipv4()
                && peek_vrid(&advert.payload) == Some(router.id)
        });
        findings.extend(judge_router(host, router, *own, meant));
    }
    findings
}

fn judge_router<'a>(
    host: &Host,
    router: &VirtualRouter,
    own: IpAddr,
    adverts: impl Iterator<Item = &'a Advert>,
) -> Vec<Finding> {
    let addresses: Vec<IpAddr> = router.addresses.iter().map(|a| a.addr()).collect();
    let expect = Expect {
        version: router.version,
        vrid: router.id,
        interval: router.advert_interval,
        authentication: router.authentication,
        addresses: &addresses,
        own_address: own,
    };
    // Many are the same: each is told once.
    let mut wrong: BTreeMap<(IpAddr, String), Finding> = BTreeMap::new();
    let mut masters = BTreeSet::new();
    for advert in adverts {
        let source = advert.envelope.source;
        let finding = match decode(&advert.payload, &advert.envelope, &expect) {
            Err(reject) => rejected(router, source, &reject.to_string()),
            Ok(incoming) => {
                if incoming.priority != Priority::ZERO {
                    masters.insert(source);
                }
                match (is_director(host, router, source), incoming.addresses_match) {
                    (false, _) => stranger(router, source),
                    (true, false) => other_addresses(router, source),
                    (true, true) => continue,
                }
            }
        };
        wrong.insert((source, finding.what.clone()), finding);
    }
    let mut findings: Vec<Finding> = wrong.into_values().collect();
    if masters.len() > 1 {
        findings.push(several(router, &masters));
    }
    findings
}

/// Whether a director of the router has the address. An IPv6 advert comes from a link-local one, which tells nothing.
fn is_director(host: &Host, router: &VirtualRouter, source: IpAddr) -> bool {
    let mut names = router.priorities.keys();
    source.is_ipv6()
        || names.any(|name| {
            let node = host.config.nodes.get(name);
            node.is_some_and(|node| node.address == source)
        })
}

fn rejected(router: &VirtualRouter, source: IpAddr, why: &str) -> Finding {
    Finding::new(
        ABOUT,
        format!(
            "virtual router {} rejects adverts of {source} on {} ({why}): each of the two takes itself for the only one, and both may be master",
            router.name, router.interface
        ),
        format!(
            "Give every director of it the same file; where {source} is none of them, its group needs another VRID than {}",
            router.id
        ),
    )
}

fn stranger(router: &VirtualRouter, source: IpAddr) -> Finding {
    Finding::new(
        ABOUT,
        format!(
            "{source} sends adverts of VRID {} on {}, and has the address of no director of {}: it takes part in its election",
            router.id, router.interface, router.name
        ),
        "Where it is another group, give one of the two another VRID; where it is a director with several addresses there, write this one into the file",
    )
}

fn other_addresses(router: &VirtualRouter, source: IpAddr) -> Finding {
    Finding::new(
        ABOUT,
        format!(
            "the adverts of {source} list other addresses than {} has in the file: a takeover leaves some of them to nobody",
            router.name
        ),
        "Give every director the same file, and reload",
    )
}

fn several(router: &VirtualRouter, masters: &BTreeSet<IpAddr>) -> Finding {
    let names: Vec<String> = masters.iter().map(IpAddr::to_string).collect();
    Finding::new(
        ABOUT,
        format!(
            "several hosts send adverts of {} as its master: {}; they do not hear each other, or one has just taken over",
            router.name,
            names.join(", ")
        ),
        "Look again; where it stays, let firewalls and switches pass IP protocol 112 to 224.0.0.18 (IPv6: ff02::12) between them",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::Ipv4Addr;

    use vrrp_proto::{Outgoing, encode};

    use super::super::stand::host;
    use super::*;

    /// An advert of VRID 7 from a host, for addresses that end so.
    fn advert(from: u8, addresses: &[u8], priority: u8) -> Advert {
        let address = |last: &u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, *last));
        let host = host("a");
        let (_, router) = host.routers().next().unwrap();
        let addresses: Vec<IpAddr> = addresses.iter().map(address).collect();
        let envelope = Envelope {
            source: address(&from),
            destination: vrrp_net::GROUP_V4.into(),
            ttl: 255,
        };
        let mut payload = vec![0; BUFFER_LEN];
        let outgoing = Outgoing {
            version: router.version,
            vrid: router.id,
            priority: Priority::new(priority),
            interval: router.advert_interval,
            authentication: router.authentication,
            checksum: router.checksum,
            addresses: &addresses,
            source: envelope.source,
            destination: envelope.destination,
        };
        let length = encode(&outgoing, &mut payload).unwrap();
        payload.truncate(length);
        Advert {
            interface: "eth0".to_owned(),
            envelope,
            payload,
        }
    }

    fn found(adverts: &[Advert]) -> String {
        let findings = judge(&host("a"), adverts);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn adverts_of_the_other_director_are_well() {
        let good = advert(2, &[101], 90);
        assert_eq!(found(&[good.clone(), good.clone()]), "");
        let elsewhere = Advert {
            interface: "eth1".to_owned(),
            ..advert(9, &[101], 90)
        };
        assert_eq!(found(&[good, elsewhere]), "");
    }

    #[test]
    fn each_wrong_advert_is_told_once_with_its_reason() {
        let mut cut = advert(2, &[101], 90);
        cut.envelope.ttl = 254;
        let text = found(&[cut.clone(), cut]);
        assert_eq!(text.matches("rejects adverts of 192.0.2.2").count(), 1);
        assert!(text.contains("TTL or hop limit 254"), "{text}");
        assert!(found(&[advert(2, &[102], 90)]).contains("list other addresses"));
        assert!(found(&[advert(3, &[101], 90)]).contains("no director of V"));
    }

    #[test]
    fn two_masters_are_found_and_one_that_resigns_is_none() {
        let other = advert(3, &[101], 90);
        let both = found(&[advert(2, &[101], 90), other.clone()]);
        assert!(
            both.contains("as its master: 192.0.2.2, 192.0.2.3"),
            "{both}"
        );
        let resigned = found(&[advert(2, &[101], 0), other]);
        assert!(!resigned.contains("as its master"), "{resigned}");
    }
}
