//! The health checkers inside `real_server`.

use super::Words;

const FROM: &str = "lbd checks from the address that the kernel chooses, and without a mark";
const TO: &str = "lbd checks a server at its own address";
const NO_WARMUP: &str = "lbd checks each server at once when it starts";
const LOGS: &str = "lbd logs a server's change, and each failed check with --log debug";
const TCP_ONLY: &str = "lbd checks by TCP connection";

/// What nearly all checkers share, not carried over.
macro_rules! connection {
    ($($more:expr),*) => {
        &[
            (FROM, &["bind_if", "bind_port", "bindto", "fwmark"]),
            (TO, &["connect_ip"]),
            (NO_WARMUP, &["warmup"]),
            (LOGS, &["log_all_failures"]),
            $($more),*
        ]
    };
}

const TIMING: &[&str] = &[
    "alpha",
    "connect_port",
    "connect_timeout",
    "delay_before_retry",
    "delay_loop",
    "retry",
];
const HTTP_TIMING: &[&str] = &[
    "alpha",
    "connect_port",
    "connect_timeout",
    "delay_before_retry",
    "delay_loop",
    "nb_get_retry",
    "retry",
];
const HTTP_WORDS: &[&str] = &[
    "enable_sni",
    "fast_recovery",
    "http_protocol",
    "url",
    "virtualhost",
];

pub(crate) const TCP: Words = Words {
    block: "TCP_CHECK",
    carried: TIMING,
    left: connection!(),
};

pub(crate) const HTTP: Words = Words {
    block: "HTTP_GET",
    carried: HTTP_TIMING,
    left: connection!((TCP_ONLY, HTTP_WORDS)),
};

pub(crate) const SSL_GET: Words = Words {
    block: "SSL_GET",
    carried: HTTP_TIMING,
    left: connection!((TCP_ONLY, HTTP_WORDS)),
};

pub(crate) const URL: Words = Words {
    block: "url",
    carried: &[],
    left: &[(
        TCP_ONLY,
        &[
            "digest",
            "path",
            "regex",
            "regex_max_offset",
            "regex_min_offset",
            "regex_no_match",
            "regex_options",
            "regex_stack",
            "status_code",
            "virtualhost",
        ],
    )],
};

pub(crate) const MISC: Words = Words {
    block: "MISC_CHECK",
    carried: &[
        "alpha",
        "delay_before_retry",
        "delay_loop",
        "misc_timeout",
        "retry",
    ],
    left: &[
        (TCP_ONLY, &["misc_dynamic", "misc_path", "user"]),
        (NO_WARMUP, &["warmup"]),
        (LOGS, &["log_all_failures"]),
    ],
};

pub(crate) const SMTP: Words = Words {
    block: "SMTP_CHECK",
    carried: TIMING,
    left: connection!((TCP_ONLY, &["helo_name", "host"])),
};

pub(crate) const SMTP_HOST: Words = Words {
    block: "host",
    carried: &[],
    left: connection!((TCP_ONLY, TIMING)),
};

pub(crate) const DNS: Words = Words {
    block: "DNS_CHECK",
    carried: TIMING,
    left: connection!((TCP_ONLY, &["name", "type"])),
};

pub(crate) const UDP: Words = Words {
    block: "UDP_CHECK",
    carried: TIMING,
    left: connection!((
        TCP_ONLY,
        &[
            "max_reply_length",
            "min_reply_length",
            "payload",
            "require_reply"
        ]
    )),
};

pub(crate) const PING: Words = Words {
    block: "PING_CHECK",
    carried: TIMING,
    left: connection!(),
};

pub(crate) const BFD_CHECK: Words = Words {
    block: "BFD_CHECK",
    carried: &["alpha"],
    left: &[(TCP_ONLY, &["name"])],
};

pub(crate) const FILE_CHECK: Words = Words {
    block: "FILE_CHECK",
    carried: &[],
    left: &[(TCP_ONLY, &["track_file", "weight"])],
};
