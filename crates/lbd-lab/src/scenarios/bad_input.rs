//! Bad input: a clear error, the right exit code, and nothing changed on the host.

use std::time::Duration;

use crate::cluster::{Cluster, Reference, lbd, lbd_program};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;
use crate::snapshot::{Part, Snapshot};

/// One wrong thing.
struct Case {
    what: &'static str,
    file: Reference,
    /// Put in front of the command line.
    through: &'static [&'static str],
    /// Added to it.
    arguments: &'static [&'static str],
    code: i32,
    /// What the error must say.
    says: &'static [&'static str],
}

impl Case {
    fn new(what: &'static str, file: Reference, code: i32, says: &'static [&'static str]) -> Self {
        Self {
            what,
            file,
            through: &[],
            arguments: &[],
            code,
            says,
        }
    }
}

fn cases() -> Vec<Case> {
    let file = Reference::new;
    let second_router = "virtual_routers:\n  - { name: VI_0, id: 200, interface: eth0, version: 2, priority: { db1: 1 }, \
                         addresses: [10.243.95.102] }\n";
    let second_service =
        "virtual_services:\n  - { name: other, address: 10.243.95.101, port: 3307, fwmark: 2 }\n";
    vec![
        Case::new(
            "an unknown key",
            file().replace("    scheduler: rr", "    schedular: rr"),
            3,
            &["lbd.yaml:34:5", "schedular", "scheduler"],
        ),
        Case::new(
            "a duplicate VRID",
            file().replace("virtual_routers:\n", second_router),
            3,
            &["lbd.yaml:", "VRID 200"],
        ),
        Case::new(
            "a fwmark used twice",
            file().replace("virtual_services:\n", second_service),
            3,
            &["lbd.yaml:", "fwmark 2"],
        ),
        Case::new(
            "an unknown node in the file",
            file().replace("db2: 90", "db9: 90"),
            3,
            &["lbd.yaml:14:", "db9"],
        ),
        Case::new(
            "an address that is no host's",
            file().replace("addresses: [10.243.95.101]", "addresses: [224.0.0.9]"),
            3,
            &["lbd.yaml:17:", "224.0.0.9"],
        ),
        Case::new(
            "no YAML at all",
            file().replace("cluster: orders", "cluster: [orders"),
            3,
            &["lbd.yaml:"],
        ),
        Case::new(
            "an interface that does not exist",
            file().replace("interface: eth0", "interface: eth7"),
            4,
            &["eth7"],
        ),
        Case::new(
            "a host that is not in the file",
            file().replace("10.243.95.3 ", "10.243.95.33 "),
            4,
            &["10.243.95.3"],
        ),
        Case {
            arguments: &["--node", "db9"],
            ..Case::new("a node that is not in the file", file(), 4, &["db9"])
        },
        Case {
            arguments: &["--node", "db2"],
            ..Case::new(
                "a node whose address is elsewhere",
                file(),
                4,
                &["db2", "10.243.95.4"],
            )
        },
        Case {
            through: &[
                "setpriv",
                "--reuid",
                "65534",
                "--regid",
                "65534",
                "--clear-groups",
            ],
            ..Case::new("not root", file(), 5, &["root"])
        },
    ]
}

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let host = &cluster.db1;
    // Where also those who are not root may read it.
    let program = host.folder().join("lbd").to_string_lossy().into_owned();
    std::fs::copy(lbd_program()?, &program)?;
    for case in cases() {
        try_case(lab, host, &program, &case).map_err(|error| error.while_doing(case.what))?;
    }
    second_daemon(lab, host, &program)
}

/// A kernel that lacks IPVS.
pub(super) fn without_ipvs(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let case = Case::new(
        "no IPVS in the kernel",
        Reference::new(),
        6,
        &["modprobe ip_vs"],
    );
    try_case(lab, &cluster.db1, &lbd_program()?, &case)
}

fn second_daemon(lab: &Lab, host: &Host, program: &str) -> Result {
    let mut first = lbd(host, &Reference::new())?;
    lab.wait_until("the first daemon runs", Duration::from_secs(20), || {
        Ok(!host.ipvs()?.is_empty())
    })?;
    lab.pause(Duration::from_secs(5));
    let case = Case::new("a second daemon", Reference::new(), 7, &["/run/lbd"]);
    let tried = try_case(lab, host, program, &case).map_err(|error| error.while_doing(case.what));
    ensure!(
        first.is_running(),
        "the first daemon must not suffer from the second: {}",
        first.tail(10)
    );
    tried
}

fn try_case(lab: &Lab, host: &Host, program: &str, case: &Case) -> Result {
    let config = host.write_file("lbd.yaml", case.file.text())?;
    let before = Snapshot::of(host, &Part::ALL)?;
    let words = [
        case.through,
        &[program, "run", "--config", &config],
        case.arguments,
    ]
    .concat();
    let (first, rest) = words
        .split_first()
        .ok_or_else(|| crate::failed::Failed::new("no command"))?;
    let mut daemon = host.start(&case.what.replace(' ', "-"), first, rest)?;
    let ended = daemon.wait(Duration::from_secs(20))?;
    let said = daemon.tail(12);
    lab.say(format!("{}: {ended}\n{said}\n", case.what));
    ensure!(
        ended.code() == Some(case.code),
        "it should end with exit code {}, not {ended}:\n{said}",
        case.code
    );
    for word in case.says {
        ensure!(said.contains(word), "it should say {word:?}:\n{said}");
    }
    before.must_equal(&Snapshot::of(host, &Part::ALL)?, "after the error")
}
