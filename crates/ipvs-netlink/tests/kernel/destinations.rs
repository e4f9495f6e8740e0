//! Destinations of every kind.

use std::num::NonZeroU16;

use ipvs_netlink::{
    Client, Destination, Family, Forwarding, Scheduler, Service, Thresholds, Tunnel, TunnelFlags,
};

use crate::place::{alone, direct, ip, marked, run, table, tcp};

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn every_kind_of_destination_is_added_edited_and_deleted() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let key = tcp("192.0.2.1:80");
        ipvs.add_service(&Service::new(key, Scheduler::WLC))
            .await
            .unwrap();
        let tunnel =
            |address, tunnel| Destination::new(ip(address), 80, Forwarding::Tunnel(tunnel), 1);
        let port = NonZeroU16::new(6080).unwrap();
        let (sum, none) = (TunnelFlags::CHECKSUM, TunnelFlags::NO_CHECKSUM);
        let masquerade = Destination::new(ip("192.0.2.12"), 8080, Forwarding::Masquerade, 0);
        let limited = Destination {
            thresholds: Thresholds {
                upper: 100,
                lower: 50,
            },
            ..direct("192.0.2.11", 80, 5)
        };
        let line = "-a -t 192.0.2.1:80 -r";
        let wanted = [
            (limited, "192.0.2.11:80 -g -w 5"),
            (masquerade, "192.0.2.12:8080 -m -w 0"),
            (
                tunnel("192.0.2.13", Tunnel::Ipip),
                "192.0.2.13:80 -i -w 1 --tun-type ipip",
            ),
            (
                tunnel("192.0.2.14", Tunnel::Gue { port, flags: sum }),
                "192.0.2.14:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
            ),
            (
                tunnel("192.0.2.15", Tunnel::Gre { flags: none }),
                "192.0.2.15:80 -i -w 1 --tun-type gre --tun-nocsum",
            ),
            (
                tunnel("2001:db8::16", Tunnel::Ipip),
                "[2001:db8::16]:80 -i -w 1 --tun-type ipip",
            ),
        ];
        for (destination, _) in &wanted {
            ipvs.add_destination(&key, destination).await.unwrap();
        }
        let mut lines: Vec<_> = wanted
            .iter()
            .map(|(_, rest)| format!("{line} {rest}"))
            .collect();
        lines.push("-A -t 192.0.2.1:80 -s wlc".into());
        lines.sort();
        assert_eq!(table(), lines);
        let mut found: Vec<_> = ipvs.destinations(&key).await.unwrap();
        found.sort_by_key(|entry| entry.destination);
        let found: Vec<_> = found.into_iter().map(|entry| entry.destination).collect();
        let expected: Vec<_> = wanted.iter().map(|(destination, _)| *destination).collect();
        assert_eq!(found, expected);

        // `ipvsadm -S` leaves them out.
        let listed = run("ipvsadm", "-Ln --thresholds");
        let line = listed.lines().find(|line| line.contains("192.0.2.11:80"));
        let words: Vec<_> = line.unwrap().split_whitespace().collect();
        assert_eq!(words[2..4], ["100", "50"], "{listed}");

        // The methods IPVS knows and ipvsadm cannot ask for, and back to the usual.
        for forwarding in [
            Forwarding::Local,
            Forwarding::Bypass,
            Forwarding::DirectRoute,
        ] {
            let edited = Destination {
                forwarding,
                weight: 7,
                ..limited
            };
            ipvs.edit_destination(&key, &edited).await.unwrap();
            let found = ipvs.destinations(&key).await.unwrap();
            assert!(found.iter().any(|entry| entry.destination == edited));
        }
        for (destination, _) in &wanted {
            ipvs.delete_destination(&key, &destination.key())
                .await
                .unwrap();
        }
        assert_eq!(table(), ["-A -t 192.0.2.1:80 -s wlc"]);
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn destinations_of_marks_and_of_ipv6_are_found_under_their_service() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let all = [
            (marked(7, Family::Ipv4), direct("192.0.2.11", 0, 1)),
            (marked(7, Family::Ipv6), direct("2001:db8::11", 0, 2)),
            (tcp("[2001:db8::1]:80"), direct("2001:db8::11", 80, 3)),
        ];
        for (key, destination) in &all {
            ipvs.add_service(&Service::new(*key, Scheduler::WRR))
                .await
                .unwrap();
            ipvs.add_destination(key, destination).await.unwrap();
        }
        for (key, destination) in &all {
            let found = ipvs.destinations(key).await.unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].destination, *destination);
        }
        let listed = table();
        assert!(
            listed.contains(&"-a -f 7 -r 192.0.2.11:0 -g -w 1".to_owned()),
            "{listed:?}"
        );
        assert!(
            listed.contains(&"-a -f 7 -6 -r [2001:db8::11]:0 -g -w 2".to_owned()),
            "{listed:?}"
        );
    });
}
