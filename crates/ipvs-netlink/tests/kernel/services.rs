//! Services of every kind, added by this crate and by `ipvsadm`.

use std::num::NonZeroU16;

use ipvs_netlink::{
    Client, ClientMask, Destination, Family, Forwarding, Name, Persistence, Protocol, Scheduler,
    Service, ServiceFlags, ServiceKey, Tunnel, TunnelFlags,
};

use crate::place::{alone, ip, marked, run, table, tcp};

/// One service of every kind, and what `ipvsadm` says of it.
fn services() -> Vec<(Service, &'static str)> {
    let sctp = ServiceKey::Address {
        protocol: Protocol::Sctp,
        address: ip("192.0.2.3"),
        port: 9,
    };
    let base = Service::new;
    vec![
        (
            base(tcp("192.0.2.1:80"), Scheduler::WRR),
            "-A -t 192.0.2.1:80 -s wrr",
        ),
        (
            base(tcp("[2001:db8::1]:80"), Scheduler::LC),
            "-A -t [2001:db8::1]:80 -s lc",
        ),
        (
            base(sctp, Scheduler::RR),
            "-A --sctp-service 192.0.2.3:9 -s rr",
        ),
        (
            Service {
                flags: ServiceFlags::ONE_PACKET,
                ..base(ServiceKey::udp(ip("192.0.2.1"), 53), Scheduler::RR)
            },
            "-A -u 192.0.2.1:53 -s rr -o",
        ),
        (
            Service {
                persistence: Some(Persistence::per_client(60, Family::Ipv4)),
                engine: Some(Name::new("sip").unwrap()),
                ..base(ServiceKey::udp(ip("192.0.2.1"), 5060), Scheduler::RR)
            },
            "-A -u 192.0.2.1:5060 -s rr -p 60 --pe sip",
        ),
        (
            Service {
                flags: ServiceFlags::SH_FALLBACK | ServiceFlags::SH_PORT,
                ..base(marked(7, Family::Ipv4), Scheduler::SH)
            },
            "-A -f 7 -s sh -b sh-fallback,sh-port",
        ),
        (
            Service {
                flags: ServiceFlags::MH_PORT,
                persistence: Some(Persistence {
                    timeout: 90,
                    mask: ClientMask::PrefixLength(64),
                }),
                ..base(marked(7, Family::Ipv6), Scheduler::MH)
            },
            "-A -f 7 -6 -s mh -p 90 -M 64 -b mh-port",
        ),
        (
            Service {
                persistence: Some(Persistence {
                    timeout: 300,
                    mask: ClientMask::Netmask([255, 255, 255, 0].into()),
                }),
                ..base(marked(0x7fff_ffff, Family::Ipv4), Scheduler::WLC)
            },
            "-A -f 2147483647 -s wlc -p 300 -M 255.255.255.0",
        ),
    ]
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn every_kind_of_service_is_added_listed_read_and_deleted() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let wanted = services();
        for (service, _) in &wanted {
            ipvs.add_service(service).await.unwrap();
        }
        let mut lines: Vec<_> = wanted.iter().map(|(_, line)| (*line).to_owned()).collect();
        lines.sort();
        assert_eq!(table(), lines);

        let mut found: Vec<_> = ipvs.services().await.unwrap();
        assert!(
            found
                .iter()
                .all(|entry| entry.hashed && entry.unknown.is_empty())
        );
        found.sort_by_key(|entry| entry.service);
        let mut expected: Vec<_> = wanted.iter().map(|(service, _)| *service).collect();
        expected.sort();
        let found: Vec<_> = found.into_iter().map(|entry| entry.service).collect();
        assert_eq!(found, expected);

        for (service, _) in &wanted {
            assert_eq!(ipvs.service(&service.key).await.unwrap().service, *service);
            assert!(ipvs.destinations(&service.key).await.unwrap().is_empty());
            ipvs.delete_service(&service.key).await.unwrap();
        }
        assert!(table().is_empty());
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn what_ipvsadm_added_is_read_as_it_was_meant() {
    alone(async || {
        let wanted = services();
        for (_, line) in &wanted {
            run("ipvsadm", line);
        }
        run(
            "ipvsadm",
            "-a -f 7 -r 192.0.2.11 -i -w 3 --tun-type gue --tun-port 6080 --tun-remcsum",
        );
        let mut ipvs = Client::connect().await.unwrap();
        for (service, _) in &wanted {
            assert_eq!(ipvs.service(&service.key).await.unwrap().service, *service);
        }
        let found = ipvs.destinations(&marked(7, Family::Ipv4)).await.unwrap();
        let gue = Tunnel::Gue {
            port: NonZeroU16::new(6080).unwrap(),
            flags: TunnelFlags::REMOTE_CHECKSUM,
        };
        assert_eq!(
            found[0].destination,
            Destination::new(ip("192.0.2.11"), 0, Forwarding::Tunnel(gue), 3)
        );
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn every_scheduler_is_taken_or_named_as_missing() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let key = tcp("192.0.2.1:80");
        ipvs.add_service(&Service::new(key, Scheduler::RR))
            .await
            .unwrap();
        for scheduler in Scheduler::ALL {
            let service = Service::new(key, scheduler);
            match ipvs.edit_service(&service).await {
                Ok(()) => assert_eq!(table(), [format!("-A -t 192.0.2.1:80 -s {scheduler}")]),
                Err(error) => {
                    // Linux 5.11 and later; not in every build.
                    assert_eq!(scheduler, Scheduler::TWOS, "{error}");
                    assert_eq!(
                        error.to_string(),
                        "this kernel has no IPVS scheduler twos: modprobe ip_vs_twos"
                    );
                }
            }
        }
        let none = Service::new(key, Scheduler::NONE);
        ipvs.edit_service(&none).await.unwrap();
        assert_eq!(ipvs.service(&key).await.unwrap().service, none);
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_mark_has_all_of_its_32_bits() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let service = Service::new(marked(u32::MAX, Family::Ipv4), Scheduler::RR);
        ipvs.add_service(&service).await.unwrap();
        assert_eq!(ipvs.services().await.unwrap()[0].service, service);
        // ipvsadm takes it without a sign and prints it with one.
        assert_eq!(table(), ["-A -f -1 -s rr"]);
        run("ipvsadm", "-D -f 4294967295");
        assert!(ipvs.services().await.unwrap().is_empty());
    });
}
