//! The blocks of VRRP.

use super::Words;

const ANNOUNCE: &str = "lbd announces addresses five times at once and five times after 5 s, as keepalived does by itself; this cannot be changed";
const STRICT: &str =
    "lbd keeps to RFC 9568 apart from what docs/rfc9568.md names; this cannot be changed";
const TRACKING: &str = "lbd has track_processes and track_files, to be written by hand; for all else, a script that looks at it";
const OWN_MAC: &str =
    "lbd uses the interface's own MAC and announces the addresses by gratuitous ARP";
const SPEAKS: &str = "lbd speaks to the groups of the RFC, or to each director by itself, from the interface's own address";

pub(crate) const SCRIPT: Words = Words {
    block: "vrrp_script",
    carried: &["fall", "interval", "rise", "script", "timeout", "weight"],
    left: &[
        ("in lbd the first result decides", &["init_fail"]),
        (
            "lbd runs all commands as one user, `script_user` of its file",
            &["user"],
        ),
    ],
};

pub(crate) const INSTANCE: Words = Words {
    block: "vrrp_instance",
    carried: &[
        "advert_int",
        "authentication",
        "interface",
        "mcast_src_ip",
        "nopreempt",
        "notify",
        "notify_backup",
        "notify_fault",
        "notify_master",
        "notify_stop",
        "preempt",
        "preempt_delay",
        "priority",
        "state",
        "track_interface",
        "track_script",
        "unicast_peer",
        "unicast_src_ip",
        "version",
        "virtual_ipaddress",
        "virtual_ipaddress_excluded",
        "virtual_router_id",
    ],
    left: &[
        (TRACKING, &["track_bfd", "track_file", "track_process"]),
        (
            ANNOUNCE,
            &[
                "garp_extra_if",
                "garp_lower_prio_delay",
                "garp_lower_prio_repeat",
                "garp_master_delay",
                "garp_master_refresh",
                "garp_master_refresh_repeat",
                "garp_master_repeat",
                "vmac_garp_intvl",
            ],
        ),
        (
            STRICT,
            &[
                "check_unicast_src",
                "down_timer_adverts",
                "higher_prio_send_advert",
                "lower_prio_no_advert",
                "skip_check_adv_addr",
                "strict_mode",
                "unicast_fault_no_peer",
                "unicast_ttl",
                "old_unicast_checksum",
                "dont_track_primary",
                "track_src_ip",
            ],
        ),
        (
            OWN_MAC,
            &["use_ipvlan", "use_vmac", "use_vmac_addr", "vmac_xmit_base"],
        ),
        (SPEAKS, &["mcast_dst_ip", "native_ipv6", "vrf"]),
        (
            "lbd sets no routes and rules; leave them to the system's network configuration",
            &["virtual_routes", "virtual_rules", "promote_secondaries"],
        ),
        (
            "a real server must accept what is sent to the virtual address, so lbd always does",
            &["accept", "no_accept"],
        ),
        (
            "lbd has no key for the IPVS sync daemon",
            &["lvs_sync_daemon_interface"],
        ),
        (
            "lbd has commands for master, backup, fault and stop only",
            &[
                "notify_deleted",
                "notify_master_rx_lower_pri",
                "notify_priority_changes",
            ],
        ),
        (
            "lbd tells of all changes, or of none without `notifications`",
            &["smtp_alert"],
        ),
        (
            "lbd watches links through netlink",
            &["linkbeat_use_polling"],
        ),
        ("use `lbd --log`", &["debug"]),
        ("about keepalived's own sockets", &["kernel_rx_buf_size"]),
    ],
};

pub(crate) const AUTHENTICATION: Words = Words {
    block: "authentication",
    carried: &["auth_pass", "auth_type"],
    left: &[],
};

const TIED: &str = "virtual routers cannot be tied together";

pub(crate) const SYNC_GROUP: Words = Words {
    block: "vrrp_sync_group",
    carried: &[],
    left: &[(
        TIED,
        &[
            "global_tracking",
            "group",
            "notify",
            "notify_backup",
            "notify_fault",
            "notify_master",
            "notify_priority_changes",
            "notify_stop",
            "smtp_alert",
            "sync_group_tracking_weight",
            "track_bfd",
            "track_file",
            "track_interface",
            "track_process",
            "track_script",
        ],
    )],
};

pub(crate) const TRACK_PROCESS: Words = Words {
    block: "vrrp_track_process",
    carried: &[],
    left: &[(
        TRACKING,
        &[
            "delay",
            "fork_delay",
            "full_command",
            "param_match",
            "process",
            "quorum",
            "quorum_max",
            "terminate_delay",
            "weight",
        ],
    )],
};

pub(crate) const TRACK_FILE: Words = Words {
    block: "track_file",
    carried: &[],
    left: &[(TRACKING, &["file", "init_file", "weight"])],
};

pub(crate) const TRACK_GROUP: Words = Words {
    block: "track_group",
    carried: &[],
    left: &[(TIED, &["group"])],
};

pub(crate) const GARP_GROUP: Words = Words {
    block: "garp_group",
    carried: &[],
    left: &[(
        ANNOUNCE,
        &["garp_interval", "gna_interval", "interface", "interfaces"],
    )],
};

pub(crate) const BFD_INSTANCE: Words = Words {
    block: "bfd_instance",
    carried: &[],
    left: &[(
        TRACKING,
        &[
            "checker",
            "hoplimit",
            "idle_tx",
            "max_hops",
            "min_rx",
            "min_tx",
            "multiplier",
            "neighbor_ip",
            "neighbour_ip",
            "passive",
            "source_ip",
            "ttl",
            "vrrp",
            "weight",
        ],
    )],
};
