//! All scenarios there are, in the order in which they run.

use super::*;

/// The table of all scenarios, in the order in which they run.
pub static SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "lab-plain-ipvs",
        sentence: "the lab itself: IPVS set up by hand spreads connections over three line servers",
        kernel: Kernel::WithIpvs,
        needs: &[Need::Ipvsadm],
        limit: seconds(60),
        alone: false,
        run: plain_ipvs::run,
    },
    Scenario {
        name: "lab-keepalived-pair",
        sentence: "the lab itself: of two keepalived one is master, and the other takes over when its link is cut",
        kernel: Kernel::Any,
        needs: &[Need::Keepalived],
        limit: seconds(60),
        alone: false,
        run: keepalived_pair::run,
    },
    Scenario {
        name: "lab-mariadb-replicates",
        sentence: "the lab itself: three real MariaDB servers replicate and answer through the VIP",
        kernel: Kernel::WithIpvs,
        needs: &[Need::Ipvsadm, Need::Mariadb],
        limit: seconds(150),
        alone: false,
        run: mariadb_replicates::run,
    },
    with_lbd(
        "even-spread",
        "reads are spread evenly over the three with the reference file as it stands",
        even_spread::run,
    ),
    with_lbd(
        "server-killed",
        "a killed server leaves the table, reads go on, and it comes back",
        server_killed::run,
    ),
    with_lbd(
        "master-cut",
        "a master cut off from the network is replaced, and takes over again when it is back",
        master_cut::run,
    ),
    with_lbd(
        "master-dies",
        "a dead master host is replaced, and takes over again when it has booted",
        master_dies::run,
    ),
    with_lbd(
        "rolling-restart",
        "each daemon is stopped and started in turn under load",
        rolling_restart::run,
    ),
    Scenario {
        name: "lab-loop",
        sentence: "the lab itself: two directors set up by hand, without a guard, send frames round between them",
        kernel: Kernel::WithIpvs,
        needs: &[Need::Ipvsadm],
        limit: seconds(60),
        alone: false,
        run: loops::by_hand,
    },
    with_lbd(
        "loop-marked-by-others",
        "with frames marked by others, who spare nobody, none goes round: only the master holds the service",
        loops::marked_by_others,
    ),
    with_lbd(
        "loop-guarded",
        "with lbd's mark rule no frame is forwarded twice",
        loops::with_guard,
    ),
    with_lbd(
        "loop-three-directors",
        "nor with three directors, nor after a takeover",
        loops::three_directors,
    ),
    Scenario {
        limit: seconds(240),
        ..with_lbd(
            "never-a-loop",
            "nor through failover, failback, handover, kill -9, split and heal, with clients that use their ports again",
            never_a_loop::run,
        )
    },
    Scenario {
        limit: seconds(240),
        ..with_lbd(
            "never-a-loop-synced",
            "nor with connection_sync, where every director's kernel holds the service and knows all connections",
            never_a_loop::synced,
        )
    },
    Scenario {
        kernel: Kernel::WithNftables,
        needs: &[Need::Lbd, Need::Ipvsadm, Need::Nft],
        limit: seconds(240),
        ..with_lbd(
            "nftables",
            "marks and guard in nftables do what those in iptables do",
            nftables::run,
        )
    },
    with_lbd(
        "tunnel",
        "real servers behind IPIP tunnels answer, also after takeovers, and then no frame goes round",
        tunnel::run,
    ),
    with_lbd(
        "mac-change",
        "a director's new MAC is followed in the other's mark rule",
        mac_change::run,
    ),
    with_lbd(
        "balancer-only",
        "a file without virtual routers makes a plain IPVS balancer with health checks",
        balancer_only::run,
    ),
    with_lbd(
        "foreign-untouched",
        "a stopped lbd leaves nothing behind and has removed nothing of others",
        foreign_untouched::run,
    ),
    with_lbd(
        "killed-daemon",
        "a daemon killed and started again converges, and connections live on",
        killed_daemon::run,
    ),
    Scenario {
        needs: &[Need::Lbd, Need::Ipvsadm, Need::Strace],
        limit: seconds(400),
        ..with_lbd(
            "killed-anywhere",
            "killed anywhere between start and stop, lbd converges at its next start",
            killed_anywhere::run,
        )
    },
    with_lbd(
        "killed-with-bad-file",
        "a daemon that is killed while a bad file lies on disk goes on with the one that was in force",
        killed_with_bad_file::run,
    ),
    with_lbd(
        "reload",
        "another file is gone over to without a read lost, and a bad one changes nothing",
        reload::run,
    ),
    with_lbd(
        "tracked-script",
        "a script that fails costs the role and one that is well again brings it back, and hooks tell it in order",
        telling::script,
    ),
    with_lbd(
        "tracked-script-hangs",
        "one that hangs has failed, and is ended with all it started",
        telling::hanging_script,
    ),
    Scenario {
        needs: &[Need::Lbd, Need::Ipvsadm, Need::MailServer],
        ..with_lbd(
            "mail",
            "a real mail server gets what happened, a storm in one mail, and a dead one holds nothing up",
            telling::mail,
        )
    },
    with_lbd(
        "drift",
        "what other programs change is put right, counted and told, and no fight goes on for ever",
        drift::run,
    ),
    with_lbd(
        "left-parameters",
        "kernel parameters that the file leaves to others keep any value, through reloads and a clean-up too",
        left_parameters::run,
    ),
    with_lbd(
        "cleanup",
        "after a clean-up a host is as it was before lbd came",
        cleanup::run,
    ),
    with_lbd(
        "connections-sync-switched",
        "connection_sync is switched on and off by reloads, and every connection goes on",
        sync_switched::run,
    ),
    with_lbd(
        "connections-synced-handover",
        "with connection_sync every connection survives a handover",
        connections::synced,
    ),
    with_lbd(
        "connections-synced-death",
        "and those whose server lives survive the death of the master's host",
        connections::synced_death,
    ),
    with_lbd(
        "connections-hashed-death",
        "so they do without sync, with the scheduler mh",
        connections::hashed,
    ),
    with_lbd(
        "connections-dead-drained",
        "a dead server's clients get a reset at once, a drained one's finish",
        connections::dead_and_drained,
    ),
    with_lbd(
        "bad-input",
        "each kind of bad input ends with a clear error and changes nothing",
        bad_input::run,
    ),
    Scenario {
        needs: &[Need::Lbd, Need::Ipvsadm, Need::Keepalived],
        ..with_lbd(
            "keepalived-as-backup",
            "keepalived is the other director, lbd the preferred one",
            with_keepalived::as_backup,
        )
    },
    Scenario {
        needs: &[Need::Lbd, Need::Ipvsadm, Need::Keepalived],
        ..with_lbd(
            "keepalived-as-master",
            "lbd is the other director, keepalived the preferred one",
            with_keepalived::as_master,
        )
    },
    Scenario {
        needs: &[Need::Lbd, Need::Ipvsadm, Need::Mariadb],
        ..with_lbd(
            "mariadb-reads",
            "real MariaDB servers: even spread, one is killed and comes back",
            mariadb_reads::run,
        )
    },
    with_lbd(
        "drain",
        "a server is drained, stays so over a restart, is in maintenance, comes back",
        drain::run,
    ),
    with_lbd(
        "health-takeover",
        "the master's host dies between two slow checks, and its server is suspected at once",
        health::takeover,
    ),
    Scenario {
        needs: &[Need::Ipvsadm, Need::Keepalived],
        ..with_lbd(
            "health-takeover-keepalived",
            "the same cluster with keepalived, for comparison",
            health::takeover_of_keepalived,
        )
    },
    with_mariadb(
        "health-replication",
        "replication stops, is reset, turns round; and checks alone leave no trace at the servers",
        health::replication,
    ),
    with_mariadb(
        "health-lag",
        "weights follow lag in two steps and back, and somebody serves all the same",
        health::lag,
    ),
    with_mariadb(
        "health-servers",
        "a MariaDB server is full, refuses the check's password, hangs, is stopped",
        health::servers,
    ),
    with_mariadb(
        "health-liars",
        "servers that say nothing, or garbage, pass a TCP check and fail a MySQL check",
        health::liars,
    ),
    with_lbd(
        "health-slow-start",
        "a command sets weights, and a server that comes back gets its weight step by step",
        health::slow_start,
    ),
    Scenario {
        kernel: Kernel::WithoutIpvs,
        needs: &[Need::Lbd],
        ..with_lbd(
            "router-only",
            "a file without services runs VRRP alone, on a kernel without IPVS",
            router_only::run,
        )
    },
    Scenario {
        kernel: Kernel::WithoutIpvs,
        needs: &[Need::Lbd],
        ..with_lbd(
            "bad-input-no-ipvs",
            "services on a kernel without IPVS: a clear error, nothing changed",
            bad_input::without_ipvs,
        )
    },
    beside_keepalived(
        "vrrp-keepalived-v2",
        "lbd and keepalived, version 2 with a password: both roles, and each way to lose one",
        vrrp::v2_pass,
    ),
    beside_keepalived(
        "vrrp-keepalived-v2-unicast",
        "the same with adverts sent to each other only",
        vrrp::v2_unicast,
    ),
    beside_keepalived(
        "vrrp-keepalived-v3",
        "the same in version 3 over IPv4",
        vrrp::v3_ipv4,
    ),
    beside_keepalived(
        "vrrp-keepalived-v3-ipv6",
        "the same in version 3 over IPv6",
        vrrp::v3_ipv6,
    ),
    Scenario {
        // It holds lbd to milliseconds.
        alone: true,
        ..two_lbd(
            "vrrp-handover",
            "on a planned stop or `lbd handover` the heir takes over without waiting, and keeps the role",
            vrrp::handover,
        )
    },
    two_lbd(
        "vrrp-reload",
        "another name, priority or address moves no role, and a role handed over stays handed over",
        vrrp::reload,
    ),
    two_lbd(
        "vrrp-killed-daemon-v2",
        "a killed daemon's adverts go on, version 2 at 1 s",
        vrrp::daemon_v2,
    ),
    two_lbd(
        "vrrp-killed-daemon-v3",
        "a killed daemon's adverts go on, version 3 at 10 ms",
        vrrp::daemon_v3,
    ),
    two_lbd(
        "vrrp-killed-guardian",
        "a killed guardian, then both killed: in the end one host holds the address",
        vrrp::guardian,
    ),
    two_lbd(
        "vrrp-split",
        "a split LAN heals: one master, and no host sends to the loser",
        vrrp::split_and_heal,
    ),
    Scenario {
        needs: &[Need::Lbd, Need::RealTime],
        alone: true,
        ..two_lbd(
            "vrrp-busy-host",
            "adverts each 10 ms and all processors busy: nobody takes over",
            vrrp::busy_host,
        )
    },
    Scenario {
        alone: true,
        ..two_lbd(
            "vrrp-hostile-senders",
            "100 000 junk adverts a second: nobody crashes, moves or is late",
            vrrp::hostile_senders,
        )
    },
];
