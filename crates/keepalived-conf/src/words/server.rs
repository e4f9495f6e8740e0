//! `virtual_server`, `real_server` and `SSL`.

use super::Words;

const MAILS: &str = "lbd tells of all changes, or of none without `notifications`";
const QUORUM: &str = "lbd has no quorum: it balances as long as one server is healthy";
const SORRY: &str = "lbd has no server for when all others are down; with the directors among the servers, one is always there";
const FLAGS: &str = "lbd has no key for scheduler flags";
const NO_WARMUP: &str = "lbd checks each server at once when it starts";
const WEIGHT_ZERO: &str = "lbd takes a dead server out of the table, so that its clients get a reset at once instead of a hang";

pub(crate) const VIRTUAL_SERVER: Words = Words {
    block: "virtual_server",
    carried: &[
        "alpha",
        "connect_timeout",
        "delay_before_retry",
        "delay_loop",
        "ip_family",
        "lb_algo",
        "lb_kind",
        "lvs_method",
        "lvs_sched",
        "protocol",
        "real_server",
        "retry",
        "snmp_name",
        "virtualhost",
        "weight",
    ],
    left: &[
        (
            "lbd has no persistence: reads go to any server; use scheduler `sh` or `mh` to keep a client on one",
            &[
                "persistence_engine",
                "persistence_granularity",
                "persistence_timeout",
            ],
        ),
        (
            SORRY,
            &[
                "sorry_server",
                "sorry_server_inhibit",
                "sorry_server_lvs_method",
            ],
        ),
        (
            QUORUM,
            &["hysteresis", "omega", "quorum", "quorum_down", "quorum_up"],
        ),
        (
            FLAGS,
            &[
                "flag-1",
                "flag-2",
                "flag-3",
                "mh-fallback",
                "mh-port",
                "sh-fallback",
                "sh-port",
                "hashed",
                "ops",
            ],
        ),
        (WEIGHT_ZERO, &["inhibit_on_failure"]),
        (NO_WARMUP, &["warmup"]),
        (MAILS, &["smtp_alert"]),
        (
            "lbd's directors always check, so that a take-over finds the table right",
            &["ha_suspend"],
        ),
    ],
};

pub(crate) const REAL_SERVER: Words = Words {
    block: "real_server",
    carried: &[
        "HTTP_GET",
        "MISC_CHECK",
        "SSL_GET",
        "TCP_CHECK",
        "alpha",
        "connect_timeout",
        "delay_before_retry",
        "delay_loop",
        "lvs_method",
        "retry",
        "virtualhost",
        "weight",
    ],
    left: &[
        (
            "lbd has no such check; it makes TCP connections, logs in to MySQL, asks over HTTP, or runs a command",
            &[
                "BFD_CHECK",
                "DNS_CHECK",
                "FILE_CHECK",
                "PING_CHECK",
                "SMTP_CHECK",
                "UDP_CHECK",
            ],
        ),
        (WEIGHT_ZERO, &["inhibit_on_failure"]),
        (
            "lbd has no commands for servers; it logs when one comes and goes",
            &["notify_down", "notify_up"],
        ),
        (
            "lbd sets no limits of connections; set max_connections on the server",
            &["lthreshold", "uthreshold"],
        ),
        (NO_WARMUP, &["warmup"]),
        (MAILS, &["smtp_alert"]),
        ("lbd has no SNMP", &["snmp_name"]),
    ],
};

pub(crate) const SSL: Words = Words {
    block: "SSL",
    carried: &[],
    left: &[
        (
            "keepalived judges no certificate by it; lbd does by `ca` of `health_check.https`",
            &["ca"],
        ),
        (
            "lbd's checks show no certificate of their own",
            &["certificate", "key", "password"],
        ),
    ],
};
