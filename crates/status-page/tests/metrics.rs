//! The metrics are in the format that they say, whatever the names are, and say what the snapshot does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use healthcheck::{Failure, Outcome};
use lbd_core::engine::{ProbeId, Probed, Report, RouterState, Table};
use proptest::prelude::*;
use status_page::Snapshot;
use support::{assignment, parser, snapshot};
use vrrp_proto::{Priority, State};

/// The value of one sample.
fn value(snapshot: &Snapshot, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    parser::parse(&snapshot.metrics())
        .unwrap()
        .value(name, labels)
}

fn probed(outcome: Option<Outcome>) -> Probed {
    let id = ProbeId { check: 7, probe: 1 };
    Probed { id, outcome }
}

#[test]
fn a_role_is_one_of_four_and_transitions_are_counted() {
    let mut snapshot = snapshot("reads", "db1");
    snapshot.status.routers[0].state = RouterState::Master;
    for (from, to) in [
        (State::Initialize, State::Backup),
        (State::Backup, State::Master),
    ] {
        snapshot.counts.reported(&Report::Role {
            router: "VI_1".to_owned(),
            from,
            to,
            priority: Priority::DEFAULT,
        });
    }
    let state = |state| {
        value(
            &snapshot,
            "lbd_router_state",
            &[("router", "VI_1"), ("state", state)],
        )
    };
    assert_eq!(state("master"), Some(1.0));
    for other in ["initialize", "backup", "fault"] {
        assert_eq!(state(other), Some(0.0), "{other}");
    }
    let to = |to| {
        value(
            &snapshot,
            "lbd_router_transitions_total",
            &[("router", "VI_1"), ("to", to)],
        )
    };
    assert_eq!(
        (to("master"), to("backup"), to("fault")),
        (Some(1.0), Some(1.0), None)
    );
}

#[test]
fn probes_are_counted_by_how_they_ended_and_only_successes_by_how_long_they_took() {
    let mut snapshot = snapshot("reads", "db1");
    let counts = &mut snapshot.counts;
    counts.probing(7, &assignment("reads", "db1"));
    for millis in [100, 150] {
        counts.probed(&probed(Some(Outcome::success(Duration::from_millis(
            millis,
        )))));
    }
    counts.probed(&probed(Some(Outcome::Failure(Failure::TimedOut))));
    counts.probed(&probed(None));
    let server = [("service", "reads"), ("node", "db1")];
    let ended = |snapshot: &Snapshot, outcome| {
        let labels = [server[0], server[1], ("outcome", outcome)];
        value(snapshot, "lbd_probes_total", &labels)
    };
    assert_eq!(ended(&snapshot, "success"), Some(2.0));
    assert_eq!(ended(&snapshot, "timed-out"), Some(1.0));
    assert_eq!(ended(&snapshot, "held-up"), Some(1.0));
    assert_eq!(ended(&snapshot, "refused"), None);
    let took = |end| {
        value(
            &snapshot,
            &format!("lbd_probe_duration_seconds{end}"),
            &server,
        )
    };
    assert_eq!((took("_count"), took("_sum")), (Some(2.0), Some(0.25)));

    // The same server under a new file goes on, another one begins anew.
    snapshot.counts.probing(7, &assignment("reads", "db1"));
    assert_eq!(ended(&snapshot, "success"), Some(2.0));
    snapshot.counts.probing(7, &assignment("writes", "db1"));
    assert_eq!(ended(&snapshot, "success"), None);
    snapshot.counts.forget(7);
    assert_eq!(value(&snapshot, "lbd_probes_total", &[]), None);
}

#[test]
fn a_weight_is_there_while_there_is_one() {
    let mut snapshot = snapshot("reads", "db1");
    let server = [("service", "reads"), ("node", "db1")];
    let values = |snapshot: &Snapshot| {
        ["in_table", "weight", "lag_seconds", "alarm"]
            .map(|name| value(snapshot, &format!("lbd_server_{name}"), &server))
    };
    assert_eq!(
        values(&snapshot),
        [Some(1.0), Some(5.0), Some(12.5), Some(0.0)]
    );
    let one = &mut snapshot.status.services[0].servers[0];
    (one.table, one.weight, one.lag_seconds) = (Table::Absent, None, None);
    one.alarm = Some("access denied".to_owned());
    assert_eq!(values(&snapshot), [Some(0.0), None, None, Some(1.0)]);
}

#[test]
fn lateness_is_summed_and_the_latest_is_kept() {
    let mut snapshot = snapshot("reads", "db1");
    for millis in [1, 250, 3] {
        snapshot.counts.late(Duration::from_millis(millis));
    }
    let name = "lbd_timer_lateness_seconds";
    assert_eq!(value(&snapshot, &format!("{name}_count"), &[]), Some(3.0));
    assert_eq!(value(&snapshot, &format!("{name}_sum"), &[]), Some(0.254));
    assert_eq!(
        value(&snapshot, "lbd_timer_lateness_max_seconds", &[]),
        Some(0.25)
    );
}

#[test]
fn the_parser_of_these_tests_is_strict() {
    let head = "# HELP a b.\n# TYPE a gauge\n";
    for wrong in [
        "a 1\n",
        "# TYPE a gauge\na 1\n",
        &format!("{head}a 1"),
        &format!("{head}a  1\n"),
        &format!("{head}b 1\n"),
        &format!("{head}a x\n"),
        &format!("{head}a{{l=\"v}} 1\n"),
        &format!("{head}a{{l=\"\\x\"}} 1\n"),
        &format!("{head}a{{1=\"v\"}} 1\n"),
        &format!("{head}a 1\na 2\n"),
        &format!("{head}a{{l=\"v\"}} 1\na{{l=\"v\"}} 1\n"),
        &format!("{head}a 1\n{head}a{{l=\"v\"}} 1\n"),
        "# HELP a b.\n# TYPE a counter\na 1\n",
    ] {
        assert!(parser::parse(wrong).is_err(), "{wrong:?}");
    }
    assert!(parser::parse(&format!("{head}a 1\na{{l=\"\\\\\\n\\\"}}\"}} 2.5\n")).is_ok());
}

proptest! {
    #[test]
    fn any_names_give_well_formed_metrics_that_say_them(
        service in any::<String>(), node in any::<String>(), count in any::<u64>()
    ) {
        let mut snapshot = snapshot(&service, &node);
        snapshot.counts.probing(7, &assignment(&service, &node));
        snapshot.counts.probed(&probed(Some(Outcome::Busy)));
        snapshot.traffic[0].bytes = count;
        let parsed = parser::parse(&snapshot.metrics()).unwrap();
        let server = [("service", service.as_str()), ("node", node.as_str())];
        let sample = parsed.text("lbd_ipvs_bytes_total", &server);
        prop_assert_eq!(sample, Some(count.to_string()));
        prop_assert_eq!(parsed.value("lbd_server_weight", &server), Some(5.0));
        let busy = [server[0], server[1], ("outcome", "busy")];
        prop_assert_eq!(parsed.value("lbd_probes_total", &busy), Some(1.0));
        let json: serde_json::Value = serde_json::from_slice(&snapshot.json().unwrap()).unwrap();
        prop_assert_eq!(json["traffic"][0]["node"].as_str(), Some(node.as_str()));
    }
}
