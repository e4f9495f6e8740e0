//! The health checkers inside `real_server`.

use super::Words;

const FROM: &str = "lbd checks from the address that the kernel chooses, and without a mark";
const TO: &str = "lbd checks a server at its own address";
const NO_WARMUP: &str = "lbd checks each server at once when it starts";
const LOGS: &str = "lbd logs a server's change, and each failed check with --log debug";
const OTHER: &str = "lbd has no such check";
const NO_DIGEST: &str = "lbd compares no digest; `contains` looks for a text in the answer";
const NO_REGEX: &str = "lbd looks for a plain text: `contains`";
const ONE_URL: &str = "lbd asks for one path, so nothing is waited for between two";
const HTTP11: &str = "lbd asks with HTTP/1.1 and `Connection: close`";
const RIGHTS: &str = "lbd runs commands with the daemon's rights";

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
const HTTP_WORDS: &[&str] = &[
    "alpha",
    "connect_port",
    "connect_timeout",
    "delay_before_retry",
    "delay_loop",
    "enable_sni",
    "nb_get_retry",
    "retry",
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
    carried: HTTP_WORDS,
    left: connection!((ONE_URL, &["fast_recovery"]), (HTTP11, &["http_protocol"])),
};

pub(crate) const SSL_GET: Words = Words {
    block: "SSL_GET",
    carried: HTTP_WORDS,
    left: connection!((ONE_URL, &["fast_recovery"]), (HTTP11, &["http_protocol"])),
};

pub(crate) const URL: Words = Words {
    block: "url",
    carried: &["path", "status_code", "virtualhost"],
    left: &[
        (NO_DIGEST, &["digest"]),
        (
            NO_REGEX,
            &[
                "regex",
                "regex_max_offset",
                "regex_min_offset",
                "regex_no_match",
                "regex_options",
                "regex_stack",
            ],
        ),
    ],
};

pub(crate) const MISC: Words = Words {
    block: "MISC_CHECK",
    carried: &[
        "alpha",
        "delay_before_retry",
        "delay_loop",
        "misc_dynamic",
        "misc_path",
        "misc_timeout",
        "retry",
    ],
    left: &[
        (RIGHTS, &["user"]),
        (NO_WARMUP, &["warmup"]),
        (LOGS, &["log_all_failures"]),
    ],
};

pub(crate) const SMTP: Words = Words {
    block: "SMTP_CHECK",
    carried: &[],
    left: connection!((OTHER, TIMING), (OTHER, &["helo_name", "host"])),
};

pub(crate) const SMTP_HOST: Words = Words {
    block: "host",
    carried: &[],
    left: connection!((OTHER, TIMING)),
};

pub(crate) const DNS: Words = Words {
    block: "DNS_CHECK",
    carried: &[],
    left: connection!((OTHER, TIMING), (OTHER, &["name", "type"])),
};

pub(crate) const UDP: Words = Words {
    block: "UDP_CHECK",
    carried: &[],
    left: connection!(
        (OTHER, TIMING),
        (
            OTHER,
            &[
                "max_reply_length",
                "min_reply_length",
                "payload",
                "require_reply"
            ]
        )
    ),
};

pub(crate) const PING: Words = Words {
    block: "PING_CHECK",
    carried: &[],
    left: connection!((OTHER, TIMING)),
};

pub(crate) const BFD_CHECK: Words = Words {
    block: "BFD_CHECK",
    carried: &[],
    left: &[(OTHER, &["alpha", "name"])],
};

pub(crate) const FILE_CHECK: Words = Words {
    block: "FILE_CHECK",
    carried: &[],
    left: &[(OTHER, &["track_file", "weight"])],
};
