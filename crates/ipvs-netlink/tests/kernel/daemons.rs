//! Sync daemons and time-outs.

use ipvs_netlink::{Client, Daemon, DaemonRole, Error, Name, Timeouts};

use crate::place::{alone, ip, run};

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
            (found[0].daemon.role, found[0].daemon.port),
            (DaemonRole::Master, Some(8848))
        );
        assert_eq!(found[1].daemon, backup);
        assert!(found.iter().all(|entry| entry.unknown.is_empty()));
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
fn a_sync_daemon_may_use_a_group_of_ipv6() {
    alone(async || {
        run("ip", "addr add fe80::1/64 dev lo nodad");
        let mut ipvs = Client::connect().await.unwrap();
        let wanted = Daemon {
            max_length: Some(1400),
            group: Some(ip("ff02::81")),
            port: Some(8848),
            ttl: Some(1),
            ..Daemon::new(DaemonRole::Backup, Name::new("lo").unwrap(), 0)
        };
        ipvs.start_daemon(&wanted).await.unwrap();
        assert_eq!(ipvs.daemons().await.unwrap()[0].daemon, wanted);
        let listed = run("ipvsadm", "-Ln --daemon");
        assert!(listed.contains("group=ff02::81"), "{listed}");
        ipvs.stop_daemon(DaemonRole::Backup).await.unwrap();
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
