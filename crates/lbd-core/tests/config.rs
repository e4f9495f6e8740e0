//! What the configuration accepts, and what it says of everything else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use lbd_core::config::{Config, MarkMode, Probe};
use proptest::prelude::*;

const REFERENCE: &str = include_str!("../../../testdata/lbd.yaml");

#[test]
fn the_reference_file_says_what_the_reference_cluster_is() {
    let config = Config::parse(REFERENCE).unwrap();
    assert_eq!(config.nodes.len(), 3);
    let router = &config.routers[0];
    assert_eq!((router.id.get(), router.interface.as_str()), (200, "eth0"));
    assert_eq!(router.priority_of("db1").unwrap().get(), 100);
    assert_eq!(router.priority_of("db2").unwrap().get(), 90);
    assert_eq!(router.priority_of("db3"), None);
    assert_eq!(router.advert_interval.get(), 100);
    let script = &router.track_scripts[0];
    assert_eq!((script.weight, script.fall, script.rise), (-40, 3, 1));
    let service = &config.services[0];
    assert_eq!(service.fwmark.unwrap().get(), 2);
    assert_eq!(service.mark, MarkMode::Managed);
    assert_eq!(service.weight, 3);
    assert_eq!(service.servers, ["db1", "db2", "db3"]);
    assert_eq!(service.directors, ["db1", "db2"]);
    let tcp = service.health_check.as_ref().unwrap();
    assert_eq!(tcp.probe, Probe::Tcp);
    assert_eq!(tcp.policy.interval, Duration::from_secs(10));
    assert_eq!(tcp.policy.retries, 3);
    assert_eq!(tcp.policy.retry_delay, Duration::from_secs(3));
}

#[test]
fn each_command_is_named_with_its_place() {
    let config = Config::parse(REFERENCE).unwrap();
    let places: Vec<String> = config.commands().map(|(place, _)| place).collect();
    assert_eq!(
        places,
        [
            "script `chk_mha` of `VI_1`",
            "hook `master` of `VI_1`",
            "hook `backup` of `VI_1`"
        ]
    );
    assert!(
        config
            .commands()
            .all(|(_, command)| command[0].starts_with("/root/mha/scripts/"))
    );
}

#[test]
fn what_a_valid_file_risks_is_said() {
    let advice = Config::parse(REFERENCE).unwrap().advice();
    assert!(
        advice[0].contains("the password of `VI_1` is no security"),
        "{advice:?}"
    );
    assert!(advice[1].contains("error 1129"), "{advice:?}");
    let text = REFERENCE
        .replace(
            "    authentication: { pass: \"1111\" }   # version 2 only\n",
            "",
        )
        .replace(
            "        interval: 10s",
            "        port: 3307\n        interval: 10s",
        )
        .replace(
            "cluster: orders",
            "cluster: orders\nscript_user: lbd-script",
        );
    assert!(advice[2].contains("script_user"), "{advice:?}");
    assert_eq!(Config::parse(&text).unwrap().advice(), Vec::<String>::new());
}

#[test]
fn a_status_page_listens_on_loopback_unless_the_file_says_otherwise_and_that_is_warned_of() {
    let with = |listen: &str| format!("{REFERENCE}\nstatus_page: {{ listen: {listen} }}\n");
    assert_eq!(Config::parse(REFERENCE).unwrap().status_page, None);
    for (listen, address, warns) in [
        ("9477", "127.0.0.1:9477", false),
        ("127.0.0.1:1", "127.0.0.1:1", false),
        ("\"[::1]:65535\"", "[::1]:65535", false),
        ("192.0.2.1:9477", "192.0.2.1:9477", true),
        ("\"[::]:9477\"", "[::]:9477", true),
    ] {
        let config = Config::parse(&with(listen)).unwrap();
        assert_eq!(config.status_page, Some(address.parse().unwrap()));
        let warned = config
            .advice()
            .iter()
            .any(|advice| advice.contains("without authentication"));
        assert_eq!(warned, warns, "{listen}");
    }
    for listen in [
        "0",
        "65536",
        "127.0.0.1",
        "localhost:80",
        "127.0.0.1:0",
        "\"\"",
    ] {
        let error = Config::parse(&with(listen)).expect_err(listen).to_string();
        assert!(error.contains("nothing to listen on"), "{listen}: {error}");
    }
}

/// Changes one piece of the reference file and gives the complaint.
fn complaint(from: &str, to: &str) -> String {
    assert!(REFERENCE.contains(from), "the reference file has no {from}");
    let text = REFERENCE.replacen(from, to, 1);
    let error = Config::parse(&text).expect_err(to);
    error.render("lbd.yaml", &text)
}

#[test]
fn every_mistake_is_named_with_its_line_and_column() {
    let cases = [
        (
            "weight: 3",
            "wieght: 3",
            "lbd.yaml:36:5: unknown field `wieght` (did you mean `weight`?)",
        ),
        (
            "id: 200",
            "id: 256",
            "lbd.yaml:11:9: id, the virtual router identifier, is 256",
        ),
        ("id: 200", "id: 0", "lbd.yaml:11:9: "),
        ("version: 2 ", "version: 4 ", "lbd.yaml:13:14: version is 4"),
        (
            "db2: 90",
            "db7: 90",
            "lbd.yaml:14:32: `db7` is not among the nodes (did you mean `db1`?)",
        ),
        (
            "db1: 100, db2: 90",
            "db1: 255, db2: 255",
            "can have only one owner",
        ),
        ("db2: 90", "db2: 0", "lbd.yaml:14:32: a priority is 0"),
        (
            "1s\n",
            "1500ms\n",
            "lbd.yaml:15:22: advert_interval must be whole seconds",
        ),
        (
            "\"1111\"",
            "\"123456789\"",
            "lbd.yaml:16:29: pass has 9 octets",
        ),
        (
            "[10.243.95.101]",
            "[10.243.95.300]",
            "`10.243.95.300` is no IPv4 or IPv6 address",
        ),
        (
            "[10.243.95.101]",
            "[10.243.95.4]",
            "10.243.95.4 is `db2`'s own address",
        ),
        (
            "10.243.95.5 ",
            "224.0.0.1 ",
            "lbd.yaml:7:19: 224.0.0.1 is no host's address",
        ),
        (
            "10.243.95.5 ",
            "10.243.95.4 ",
            "lbd.yaml:7:19: 10.243.95.4 is the address of `db2` already",
        ),
        (
            "scheduler: rr",
            "scheduler: rrr",
            "`rrr` is no scheduler; there are rr, wrr",
        ),
        (
            "fwmark: 2 ",
            "fwmark: 0 ",
            "fwmark is 0; it must be 1 to 4294967295",
        ),
        (
            "port: 3306",
            "port: 70000",
            "port is 70000; it must be 1 to 65535",
        ),
        (
            "interval: 10s",
            "interval: 10 parsecs",
            "`10 parsecs` is no duration",
        ),
        ("tcp:  ", "ftp:  ", "unknown variant `ftp`"),
        (
            "interface: eth0",
            "interface: a/b",
            "`a/b` can be no interface's name",
        ),
        (
            "[\"/root/mha/scripts/check_manager.sh\"",
            "[\"check.sh\"",
            "absolute path",
        ),
        (
            "[dba@example.org]",
            "[nobody]",
            "`nobody` is no mail address",
        ),
    ];
    for (from, to, expected) in cases {
        let complaint = complaint(from, to);
        assert!(complaint.contains(expected), "{to}: {complaint}");
    }
}

#[test]
fn a_complaint_shows_its_line() {
    let complaint = complaint("db2: 90", "db7: 90");
    assert!(
        complaint.contains("14 |     priority: { db1: 100, db7: 90 }"),
        "{complaint}"
    );
}

/// The reference file with a second virtual router and a second service, made from the first.
fn doubled(router: &str, service: &str) -> String {
    format!(
        "
cluster: c
nodes: {{ a: {{ address: 192.0.2.1 }} }}
virtual_routers:
  - {{ name: one, id: 7, interface: eth0, priority: {{ a: 100 }}, addresses: [192.0.2.101] }}
  - {{ name: two, id: 8, interface: eth0, priority: {{ a: 100 }}, addresses: [192.0.2.102], {router} }}
virtual_services:
  - {{ name: one, address: 192.0.2.101, port: 3306, fwmark: 2 }}
  - {{ name: two, address: 192.0.2.102, port: 3306, {service} }}
"
    )
}

#[test]
fn what_may_stand_only_once_may_stand_only_once() {
    assert!(Config::parse(&doubled("", "")).is_ok());
    let twice = |text: String, from: &str, to: &str| {
        let text = text.replace(from, to);
        Config::parse(&text).expect_err(to).to_string()
    };
    let again = twice(doubled("", ""), "id: 8", "id: 7");
    assert!(
        again.contains("6:22: VRID 7 on eth0 is used already by virtual router `one` (line 5)"),
        "{again}"
    );
    let again = twice(doubled("", "fwmark: 3"), "fwmark: 3", "fwmark: 2");
    assert!(
        again.contains("fwmark 2 is used already by virtual service `one`"),
        "{again}"
    );
    let again = twice(doubled("", ""), "192.0.2.102]", "192.0.2.101]");
    assert!(
        again.contains("the address 192.0.2.101 is used already"),
        "{again}"
    );
    let again = twice(doubled("", ""), "192.0.2.102]", "192.0.2.101/24]");
    assert!(
        again.contains("the address 192.0.2.101 is used already"),
        "{again}"
    );
    let again = twice(doubled("", ""), "name: two", "name: one");
    assert!(again.contains("the name `one` is used already"), "{again}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = REFERENCE
        .replace("id: 200", "id: 0")
        .replace("scheduler: rr", "scheduler: x");
    assert_eq!(Config::parse(&text).unwrap_err().problems.len(), 2);
}

#[test]
fn routers_alone_and_services_alone_are_valid() {
    let cut = REFERENCE.find("virtual_services").unwrap();
    let routers = Config::parse(&REFERENCE[..cut]).unwrap();
    assert!(routers.services.is_empty());
    let services = "
cluster: c
nodes: { lb: { address: 192.0.2.9 }, a: { address: 192.0.2.1 }, b: { address: 192.0.2.2 } }
virtual_services: [ { name: s, address: 192.0.2.99, port: 80, servers: [a, b] } ]
";
    let services = Config::parse(services).unwrap();
    assert_eq!(services.services[0].directors, ["lb"]);
}

#[test]
fn a_cluster_that_would_loop_or_serve_nothing_is_refused() {
    let no_mark = complaint("    fwmark: 2 ", "    #");
    assert!(
        no_mark.contains("round and round: give it a `fwmark`"),
        "{no_mark}"
    );
    let typo = complaint("    address: 10.243.95.101", "    address: 10.243.95.102");
    assert!(
        typo.contains("no virtual router holds 10.243.95.102"),
        "{typo}"
    );
    let left_out = complaint(
        "    scheduler: rr",
        "    directors: [db1]\n    scheduler: rr",
    );
    assert!(
        left_out.contains("`db2` can become master of 10.243.95.101 but does not balance"),
        "{left_out}"
    );
}

#[test]
fn version_3_has_no_password() {
    assert!(complaint("version: 2 ", "version: 3 ").contains("version 3 has no authentication"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        if let Err(error) = Config::parse(&text) {
            let _ = error.render("f", &text);
        }
    }

    #[test]
    fn no_damage_to_the_reference_file_makes_it_panic(at in 0..REFERENCE.len(), junk in "\\PC{0,6}", cut in 0usize..20) {
        let start = REFERENCE.floor_char_boundary(at);
        let end = REFERENCE.floor_char_boundary((start + cut).min(REFERENCE.len()));
        let text = format!("{}{junk}{}", &REFERENCE[..start], &REFERENCE[end.max(start)..]);
        if let Err(error) = Config::parse(&text) {
            prop_assert!(!error.problems.is_empty());
            let _ = error.render("f", &text);
        }
    }
}
