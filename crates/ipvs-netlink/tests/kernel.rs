//! Every command against a real kernel, with `ipvsadm` as the second opinion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::num::{NonZeroU16, NonZeroU32};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use ipvs_netlink::{
    Change, Client, ClientMask, CounterWidth, Daemon, DaemonRole, Destination, Error, Family,
    Forwarding, Name, Persistence, Protocol, Scheduler, Service, ServiceFlags, ServiceKey,
    Thresholds, Timeouts, Tunnel, TunnelFlags,
};
use nix::sched::{CloneFlags, unshare};

/// Runs in a network namespace of this thread's own, with `lo` up.
fn alone<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    assert!(nix::unistd::geteuid().is_root(), "this test needs root");
    unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
    run("ip", "link set lo up");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test());
}

fn run(program: &str, arguments: &str) -> String {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The table as `ipvsadm` would put it back, sorted.
fn table() -> Vec<String> {
    let saved = run("ipvsadm", "-Sn");
    let mut lines: Vec<_> = saved.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn tcp(text: &str) -> ServiceKey {
    let address: SocketAddr = text.parse().unwrap();
    ServiceKey::tcp(address.ip(), address.port())
}

fn marked(mark: u32, family: Family) -> ServiceKey {
    ServiceKey::Fwmark {
        mark: NonZeroU32::new(mark).unwrap(),
        family,
    }
}

fn direct(address: &str, port: u16, weight: u32) -> Destination {
    Destination::new(ip(address), port, Forwarding::DirectRoute, weight)
}

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

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn every_refusal_has_its_name() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let (key, absent) = (tcp("192.0.2.1:80"), tcp("192.0.2.9:80"));
        let service = Service::new(key, Scheduler::WRR);
        let server = direct("192.0.2.11", 80, 1);
        ipvs.add_service(&service).await.unwrap();
        ipvs.add_destination(&key, &server).await.unwrap();

        let says = |result: Result<(), Error>, expected: &str| {
            assert_eq!(result.unwrap_err().to_string(), expected);
        };
        let there = "the IPVS service TCP 192.0.2.1:80 is there already";
        says(ipvs.add_service(&service).await, there);
        let none = "there is no IPVS service TCP 192.0.2.9:80";
        says(
            ipvs.edit_service(&Service::new(absent, Scheduler::RR))
                .await,
            none,
        );
        says(ipvs.delete_service(&absent).await, none);
        says(ipvs.service(&absent).await.map(drop), none);
        says(ipvs.destinations(&absent).await.map(drop), none);
        says(ipvs.zero(Some(&absent)).await, none);
        says(ipvs.add_destination(&absent, &server).await, none);
        says(
            ipvs.add_destination(&key, &server).await,
            "the IPVS service TCP 192.0.2.1:80 has the destination 192.0.2.11:80 already",
        );
        let other = direct("192.0.2.12", 80, 1);
        let none = "the IPVS service TCP 192.0.2.1:80 has no destination 192.0.2.12:80";
        says(ipvs.edit_destination(&key, &other).await, none);
        says(ipvs.delete_destination(&key, &other.key()).await, none);
        says(
            ipvs.add_destination(&key, &direct("192.0.2.12", 80, u32::MAX))
                .await,
            "cannot add destination 192.0.2.12:80 of TCP 192.0.2.1:80: a weight is at most \
             2147483647, a lower threshold at most the upper one",
        );
        let thresholds = Thresholds { upper: 1, lower: 2 };
        let result = ipvs
            .add_destination(
                &key,
                &Destination {
                    thresholds,
                    ..other
                },
            )
            .await;
        assert!(matches!(result, Err(Error::OutOfRange(_))), "{result:?}");

        let mut odd = Service::new(absent, Scheduler::new("nosuch").unwrap());
        says(
            ipvs.add_service(&odd).await,
            "this kernel has no IPVS scheduler nosuch: modprobe ip_vs_nosuch",
        );
        odd.scheduler = Scheduler::RR;
        odd.engine = Some(Name::new("nope").unwrap());
        says(
            ipvs.add_service(&odd).await,
            "this kernel has no IPVS scheduler rr or no persistence engine nope: \
             modprobe ip_vs_rr ip_vs_pe_nope",
        );
        assert_eq!(table().len(), 2);
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn sync_daemons_are_started_listed_and_stopped() {
    alone(async || {
        run("ip", "addr add 198.51.100.1/24 dev lo");
        let mut ipvs = Client::connect().await.unwrap();
        let lo = Name::new("lo").unwrap();
        let master = Daemon::new(DaemonRole::Master, lo, 5);
        let backup = Daemon {
            max_length: Some(1400),
            group: Some(ip("224.0.0.99")),
            port: Some(9000),
            ttl: Some(3),
            ..Daemon::new(DaemonRole::Backup, lo, 7)
        };
        assert!(ipvs.daemons().await.unwrap().is_empty());
        ipvs.start_daemon(&master).await.unwrap();
        ipvs.start_daemon(&backup).await.unwrap();
        let result = ipvs.start_daemon(&master).await;
        assert!(
            matches!(result, Err(Error::DaemonExists(DaemonRole::Master))),
            "{result:?}"
        );
        let listed = run("ipvsadm", "-Ln --daemon");
        assert!(
            listed.contains("master sync daemon (mcast=lo, syncid=5"),
            "{listed}"
        );
        assert!(
            listed.contains(
                "backup sync daemon (mcast=lo, syncid=7, maxlen=1400, group=224.0.0.99, \
                 port=9000, ttl=3)"
            ),
            "{listed}"
        );
        let found = ipvs.daemons().await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].role, found[0].port),
            (DaemonRole::Master, Some(8848))
        );
        assert_eq!(found[1], backup);
        ipvs.stop_daemon(DaemonRole::Master).await.unwrap();
        ipvs.stop_daemon(DaemonRole::Backup).await.unwrap();
        let result = ipvs.stop_daemon(DaemonRole::Backup).await;
        assert!(
            matches!(result, Err(Error::NoSuchDaemon(DaemonRole::Backup))),
            "{result:?}"
        );
        let nowhere = Daemon::new(DaemonRole::Master, Name::new("nowhere0").unwrap(), 1);
        let result = ipvs.start_daemon(&nowhere).await;
        assert!(
            matches!(result, Err(Error::NoSuchInterface(_))),
            "{result:?}"
        );
        assert!(ipvs.daemons().await.unwrap().is_empty());
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn timeouts_are_set_one_by_one_and_read() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let defaults = ipvs.timeouts().await.unwrap();
        assert_eq!(defaults.tcp, Some(900));
        let change = Timeouts {
            tcp: Some(28_800),
            ..Timeouts::default()
        };
        ipvs.set_timeouts(&change).await.unwrap();
        let expected = Timeouts {
            tcp: Some(28_800),
            ..defaults
        };
        assert_eq!(ipvs.timeouts().await.unwrap(), expected);
        let listed = run("ipvsadm", "-Ln --timeout");
        assert_eq!(listed.trim(), "Timeout (tcp tcpfin udp): 28800 120 300");
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn traffic_is_counted_and_the_counters_are_zeroed() {
    alone(async || {
        run("ip", "addr add 198.51.100.1/32 dev lo");
        let listener = TcpListener::bind("198.51.100.1:8080").unwrap();
        let mut ipvs = Client::connect().await.unwrap();
        let info = ipvs.info().await.unwrap();
        assert_eq!(info.version.to_string(), "1.2.1");
        assert!(info.connection_table_size.is_power_of_two());
        let key = tcp("198.51.100.1:80");
        ipvs.add_service(&Service::new(key, Scheduler::WRR))
            .await
            .unwrap();
        let server = Destination::new(ip("198.51.100.1"), 8080, Forwarding::Masquerade, 1);
        ipvs.add_destination(&key, &server).await.unwrap();

        let patience = Duration::from_secs(5);
        let address = SocketAddr::new(ip("198.51.100.1"), 80);
        let mut client = TcpStream::connect_timeout(&address, patience).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        client.write_all(b"hello").unwrap();
        let mut heard = [0; 5];
        accepted.read_exact(&mut heard).unwrap();

        // The kernel adds its counters up every two seconds.
        for _ in 0..60 {
            if ipvs.service(&key).await.unwrap().stats.bytes_in > 5 + 3 * 40 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let found = ipvs.destinations(&key).await.unwrap();
        assert_eq!(found[0].active_connections, 1);
        assert_eq!(found[0].inactive_connections, 0);
        for stats in [found[0].stats, ipvs.service(&key).await.unwrap().stats] {
            assert_eq!(stats.connections, 1);
            assert!(stats.packets_in >= 3 && stats.packets_out >= 2, "{stats:?}");
            assert!(stats.bytes_in >= 5 + 3 * 40, "{stats:?}");
            assert_eq!(stats.width, CounterWidth::Bits64);
        }
        for one in [Some(&key), None] {
            ipvs.zero(one).await.unwrap();
            assert_eq!(ipvs.service(&key).await.unwrap().stats.connections, 0);
        }
        ipvs.flush().await.unwrap();
        assert!(ipvs.services().await.unwrap().is_empty());
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_batch_of_thousands_says_what_became_of_each() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let key = marked(7, Family::Ipv4);
        let mut changes = vec![Change::AddService(Service::new(key, Scheduler::WRR))];
        let server = |n: u32| {
            let address = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
            Destination::new(address, 0, Forwarding::DirectRoute, 1)
        };
        // Every tenth is there already.
        changes.extend(
            (0..3000)
                .map(|n| Change::AddDestination(key, server(if n % 10 == 8 { n - 1 } else { n }))),
        );
        let results = ipvs.apply(&changes).await.unwrap();
        assert_eq!(results.len(), changes.len());
        for (n, result) in results.iter().enumerate().skip(1) {
            let again = (n - 1) % 10 == 8;
            let exists = matches!(result, Err(Error::DestinationExists { .. }));
            assert_eq!(again, exists, "{n}: {result:?}");
            assert_eq!(again, result.is_err(), "{n}: {result:?}");
        }
        assert_eq!(ipvs.destinations(&key).await.unwrap().len(), 2700);
        assert_eq!(table().len(), 2701);

        // All refused: their answers must not overrun the socket.
        let absent = tcp("192.0.2.9:80");
        let refused: Vec<_> = (0..2000)
            .map(|n| Change::AddDestination(absent, server(n)))
            .collect();
        let results = ipvs.apply(&refused).await.unwrap();
        assert_eq!(results.len(), 2000);
        for result in results {
            assert!(matches!(result, Err(Error::NoSuchService(_))), "{result:?}");
        }
        // One that cannot even be written leaves the others alone.
        let odd = Service {
            persistence: Some(Persistence::per_client(60, Family::Ipv6)),
            ..Service::new(absent, Scheduler::RR)
        };
        let results = ipvs
            .apply(&[Change::ZeroService(key), Change::AddService(odd)])
            .await
            .unwrap();
        assert!(results[0].is_ok());
        assert!(matches!(results[1], Err(Error::Encode(_))));
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_call_that_was_dropped_half_way_does_not_disturb_the_next() {
    alone(async || {
        let mut ipvs = Client::connect().await.unwrap();
        let services: Vec<_> = (1..=500)
            .map(|n| Change::AddService(Service::new(marked(n, Family::Ipv4), Scheduler::RR)))
            .collect();
        for result in ipvs.apply(&services).await.unwrap() {
            result.unwrap();
        }
        for _ in 0..20 {
            // Sends the question, then is dropped at the first wait.
            let call = ipvs.services();
            tokio::select! {
                biased;
                _ = call => {}
                () = std::future::ready(()) => {}
            }
            let found = ipvs.services().await.unwrap();
            assert_eq!(found.len(), 500);
            assert_eq!(ipvs.info().await.unwrap().version.to_string(), "1.2.1");
        }
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn a_client_sees_the_namespace_of_the_thread_that_opened_it() {
    alone(async || {
        run("ipvsadm", "-A -f 1 -s rr");
        let mut here = Client::connect().await.unwrap();
        let elsewhere = std::thread::spawn(|| {
            alone(async || {
                let mut there = Client::connect().await.unwrap();
                assert!(there.services().await.unwrap().is_empty());
            });
        });
        elsewhere.join().unwrap();
        assert_eq!(here.services().await.unwrap().len(), 1);
    });
}

#[test]
#[ignore = "needs a kernel with IPVS: cargo xtask test runs it in the lab"]
fn who_may_not_is_told_what_is_needed() {
    const NOBODY: u32 = 65_534;
    if nix::unistd::geteuid().as_raw() == NOBODY {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut ipvs = Client::connect().await.unwrap();
            let error = ipvs.services().await.unwrap_err();
            let expected = "not allowed to list the services: IPVS needs CAP_NET_ADMIN";
            assert_eq!(error.to_string(), expected);
            let error = ipvs.flush().await.unwrap_err();
            assert!(matches!(error, Error::Permission(_)), "{error:?}");
        });
        return;
    }
    // This test again, as another user.
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "who_may_not_is_told_what_is_needed"])
        .uid(NOBODY)
        .status()
        .unwrap();
    assert!(status.success());
}
