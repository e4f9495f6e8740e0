//! What stands outside all blocks, and in `global_defs`.

use super::Words;

const OWN_PROCESS: &str =
    "about keepalived's own processes; lbd runs as one daemon and needs none of it";
const ROUTING: &str = "lbd sets no routes, rules or other addresses; leave them to the system's network configuration";
const SCRIPTS: &str = "lbd does not start or stop other things with itself; use a systemd unit";
const SNMP: &str = "lbd has no SNMP and no D-Bus";
const FIFO: &str = "lbd writes to no FIFO; use `notify` commands";
const IPVS: &str = "lbd changes only what its file names in IPVS, and has no key for this";
const ANNOUNCE: &str = "lbd announces addresses five times at once and five times after 5 s, as keepalived does by itself; this cannot be changed";
const STRICT: &str =
    "lbd keeps to RFC 9568 apart from what docs/rfc9568.md names; this cannot be changed";
const FILES: &str = "about keepalived's own files";
const MAILS: &str = "lbd tells of all changes, or of none without `notifications`";
const LINK: &str = "lbd watches links through netlink and acts at once";
const TRACKING: &str = "lbd tracks scripts only; write a script that looks at it";
const MULTICAST: &str = "lbd speaks to the groups of the RFC, or to each director by itself";

pub(crate) const ROOT: Words = Words {
    block: "the file itself",
    carried: &[
        "global_defs",
        "virtual_server",
        "virtual_server_group",
        "vrrp_instance",
        "vrrp_script",
    ],
    left: &[
        (
            OWN_PROCESS,
            &[
                "child_wait_time",
                "instance",
                "net_namespace",
                "net_namespace_ipvs",
                "use_pid_dir",
                "namespace_with_ipsets",
            ],
        ),
        (
            ROUTING,
            &[
                "static_ipaddress",
                "static_routes",
                "static_rules",
                "track_group",
            ],
        ),
        (
            TRACKING,
            &[
                "bfd_instance",
                "track_file",
                "vrrp_track_file",
                "vrrp_track_process",
            ],
        ),
        (
            LINK,
            &[
                "linkbeat_interfaces",
                "linkbeat_use_polling",
                "interface_up_down_delays",
            ],
        ),
        (ANNOUNCE, &["garp_group"]),
        (
            "virtual routers cannot be tied together; put all addresses into one virtual router, then they move together",
            &["vrrp_sync_group"],
        ),
        (
            "keepalived judges no certificate by it; lbd does by `ca` of `health_check.https`",
            &["SSL"],
        ),
    ],
};

pub(crate) const GLOBAL_DEFS: Words = Words {
    block: "global_defs",
    carried: &[
        "notification_email",
        "notification_email_from",
        "router_id",
        "smtp_connect_timeout",
        "smtp_server",
        "vrrp_version",
    ],
    left: &[
        (
            OWN_PROCESS,
            &[
                "bfd_cpu_affinity",
                "bfd_no_swap",
                "bfd_priority",
                "bfd_process_name",
                "bfd_rlimit_rtime",
                "bfd_rlimit_rttime",
                "bfd_rt_priority",
                "checker_cpu_affinity",
                "checker_no_swap",
                "checker_priority",
                "checker_process_name",
                "checker_rlimit_rtime",
                "checker_rlimit_rttime",
                "checker_rt_priority",
                "dynamic_interfaces",
                "lvs_netlink_cmd_rcv_bufs",
                "lvs_netlink_cmd_rcv_bufs_force",
                "lvs_netlink_monitor_rcv_bufs",
                "lvs_netlink_monitor_rcv_bufs_force",
                "lvs_process_name",
                "max_auto_priority",
                "min_auto_priority_delay",
                "process_monitor_rcv_bufs",
                "process_monitor_rcv_bufs_force",
                "process_name",
                "process_names",
                "umask",
                "vrrp_cpu_affinity",
                "vrrp_netlink_cmd_rcv_bufs",
                "vrrp_netlink_cmd_rcv_bufs_force",
                "vrrp_netlink_monitor_rcv_bufs",
                "vrrp_netlink_monitor_rcv_bufs_force",
                "vrrp_no_swap",
                "vrrp_priority",
                "vrrp_process_name",
                "vrrp_rlimit_rtime",
                "vrrp_rlimit_rttime",
                "vrrp_rt_priority",
                "vrrp_rx_bufs_multiplier",
                "vrrp_rx_bufs_policy",
                "vrrp_startup_delay",
            ],
        ),
        (
            FILES,
            &[
                "config_save_dir",
                "data_use_instance",
                "include_check",
                "random_seed",
                "reload_check_config",
                "reload_file",
                "reload_repeat",
                "reload_time_file",
                "tmp_config_directory",
            ],
        ),
        (
            SCRIPTS,
            &[
                "shutdown_script",
                "shutdown_script_timeout",
                "startup_script",
                "startup_script_timeout",
            ],
        ),
        (
            SNMP,
            &[
                "dbus_service_name",
                "enable_dbus",
                "enable_snmp_checker",
                "enable_snmp_keepalived",
                "enable_snmp_rfc",
                "enable_snmp_rfcv2",
                "enable_snmp_rfcv3",
                "enable_snmp_vrrp",
                "enable_traps",
                "snmp_socket",
            ],
        ),
        (
            FIFO,
            &[
                "fifo_write_vrrp_states_on_reload",
                "lvs_notify_fifo",
                "lvs_notify_fifo_script",
                "notify_fifo",
                "notify_fifo_script",
                "vrrp_notify_fifo",
                "vrrp_notify_fifo_script",
                "vrrp_notify_priority_changes",
            ],
        ),
        (
            IPVS,
            &[
                "lvs_flush",
                "lvs_flush_on_stop",
                "lvs_flush_onstop",
                "lvs_sync_daemon",
                "lvs_timeouts",
            ],
        ),
        (
            ANNOUNCE,
            &[
                "vrrp_garp_extra_if",
                "vrrp_garp_interval",
                "vrrp_garp_lower_prio_delay",
                "vrrp_garp_lower_prio_repeat",
                "vrrp_garp_master_delay",
                "vrrp_garp_master_refresh",
                "vrrp_garp_master_refresh_repeat",
                "vrrp_garp_master_repeat",
                "vrrp_gna_interval",
                "vrrp_min_garp",
                "vrrp_vmac_garp_intvl",
            ],
        ),
        (
            STRICT,
            &[
                "vrrp_check_unicast_src",
                "vrrp_down_timer_adverts",
                "vrrp_higher_prio_send_advert",
                "vrrp_lower_prio_no_advert",
                "vrrp_skip_check_adv_addr",
                "vrrp_strict",
                "log_unknown_vrids",
            ],
        ),
        (MULTICAST, &["vrrp_mcast_group4", "vrrp_mcast_group6"]),
        (
            MAILS,
            &[
                "checker_log_all_failures",
                "no_checker_emails",
                "no_email_faults",
                "rs_init_notifies",
                "smtp_alert",
                "smtp_alert_checker",
                "smtp_alert_vrrp",
                "smtp_helo_name",
            ],
        ),
        (
            "lbd runs all commands as one user, `script_user` of its file",
            &["enable_script_security", "script_user"],
        ),
        (
            "lbd marks frames itself, through a chain of its own in iptables",
            &[
                "nftables",
                "nftables_counters",
                "nftables_ifindex",
                "nftables_ipvs",
                "nftables_ipvs_priority",
                "nftables_ipvs_start_fwmark",
                "nftables_priority",
                "vrrp_iptables",
                "vrrp_ipsets",
            ],
        ),
        (
            "lbd uses the interface's own MAC",
            &["vmac_addr_prefix", "vmac_prefix"],
        ),
        ("lbd changes no IGMP setting", &["disable_local_igmp"]),
        (
            "every virtual router names its interface",
            &["default_interface"],
        ),
    ],
};
