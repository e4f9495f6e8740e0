//! The files, and what the command line says beside them.

/// One use of `lbd import`.
pub(crate) struct Case {
    /// Its name, that of the expected files.
    pub(crate) name: &'static str,
    /// The arguments.
    pub(crate) arguments: &'static [&'static str],
    /// The exit code.
    pub(crate) code: i32,
}

const fn case(name: &'static str, arguments: &'static [&'static str], code: i32) -> Case {
    Case {
        name,
        arguments,
        code,
    }
}

/// The hosts of the reference cluster.
pub(crate) const REFERENCE: [&str; 10] = [
    "--cluster",
    "orders",
    "--node",
    "db1=10.243.95.3",
    "--node",
    "db2=10.243.95.4",
    "--node",
    "db3=10.243.95.5",
    "reference-db1.conf",
    "reference-db2.conf",
];

/// All of them; every file of the folder is in one.
pub(crate) const CASES: [Case; 41] = [
    case("reference", &REFERENCE, 0),
    case(
        "reference-without-addresses",
        &["reference-db1.conf", "reference-db2.conf"],
        3,
    ),
    case(
        "real-world",
        &[
            "db1=real-world-db1.conf",
            "db2=real-world-db2.conf",
            "--node",
            "db1=10.243.95.3",
            "--node",
            "db2=10.243.95.4",
            "--iptables",
            "real-world-db1.iptables",
            "--sysctl",
            "real-world-db1.sysctl",
        ],
        0,
    ),
    case("glued", &["glued.conf"], 0),
    case("comments", &["comments.conf"], 0),
    case("quotes", &["quotes.conf"], 0),
    case("variables", &["db1=variables.conf"], 0),
    case("multiline", &["db1=multiline.conf"], 0),
    case(
        "conditions",
        &[
            "db1=conditions.conf",
            "db2=conditions.conf",
            "db3=conditions.conf",
        ],
        0,
    ),
    case("conditions-for-nobody", &["conditions.conf"], 3),
    case("include", &["include.conf", "--node", "db1=192.0.2.1"], 0),
    case("unicast", &["unicast-a.conf", "unicast-b.conf"], 0),
    case("unicast-half", &["unicast-a.conf"], 3),
    case("version3", &["version3.conf"], 0),
    case("ipv6", &["db1=ipv6.conf"], 0),
    case("authentication", &["db1=authentication.conf"], 0),
    case("addresses", &["db1=addresses.conf"], 0),
    case("preemption", &["db1=preemption.conf"], 0),
    case("scripts", &["db1=scripts.conf"], 0),
    case("notify", &["db1=notify.conf"], 0),
    case("tracking", &["db1=tracking.conf"], 0),
    case("sync-group", &["db1=sync-group.conf"], 0),
    case("groups", &["db1=groups.conf"], 0),
    case("masquerade", &["db1=masquerade.conf"], 0),
    case("tunnel", &["db1=tunnel.conf"], 0),
    case("checkers", &["db1=checkers.conf"], 0),
    case("checkers-misc", &["db1=checkers-misc.conf"], 0),
    case("checkers-http", &["db1=checkers-http.conf"], 0),
    case("checkers-several", &["db1=checkers-several.conf"], 0),
    case("timing", &["db1=timing.conf"], 0),
    case("weights", &["db1=weights.conf"], 0),
    case("quorum", &["db1=quorum.conf"], 0),
    case("no-mark", &["db1=no-mark.conf", "db2=no-mark.conf"], 0),
    case("global", &["global.conf"], 0),
    case("typos", &["db1=typos.conf"], 0),
    case("broken", &["db1=broken.conf"], 3),
    case("numbers", &["db1=numbers.conf"], 0),
    case("sequences", &["db1=sequences.conf"], 0),
    case("one-line", &["db1=one-line.conf"], 0),
    case(
        "differences",
        &["a=differences-a.conf", "b=differences-b.conf"],
        0,
    ),
    case("same-file-twice", &["one-line.conf", "one-line.conf"], 3),
];
