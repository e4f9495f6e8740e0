//! Interfaces, processes and files, and what a file may not say of any of them.

use lbd_core::config::Config;
use lbd_core::engine::{Effect, Event, Look};
use vrrp_proto::State;

use super::*;
use crate::support::roles;

#[test]
fn a_tracked_interface_counts_with_its_loss() {
    let text = file(
        "{ db1: 100, db2: 90 }",
        "track_interfaces: [{ interface: eth1, weight: -20 }]",
    );
    let (mut engine, _) = begun(&text, DB1);
    let mut tell = |usable| {
        engine.handle(
            at(5),
            Event::Network {
                interfaces: &[
                    interface("eth0", DB1, true),
                    interface("eth1", "192.0.2.1", usable),
                ],
                neighbours: &[],
            },
        )
    };
    assert_eq!(priorities(&tell(true)), [(80, 100)]);
    assert_eq!(priorities(&tell(false)), [(100, 80)]);
    assert_eq!(priorities(&tell(false)), []);
}

#[test]
fn too_few_processes_are_a_failure() {
    let text = file(
        "{ db1: 100, db2: 90 }",
        "track_processes: [{ process: mariadbd, quorum: 2, weight: -20 }]",
    );
    let (mut engine, effects) = started(&text, DB1, &Ok(2));
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Look { look, .. } => Some(look.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(Look::Processes("mariadbd".to_owned())));
    assert_eq!(priorities(&next(&mut engine, &Ok(1)).1), [(100, 80)]);
    assert_eq!(priorities(&next(&mut engine, &Ok(3)).1), [(80, 100)]);
}

#[test]
fn a_files_number_times_the_weight_is_added() {
    let text = file(
        "{ db1: 100, db2: 90 }",
        "track_files: [{ file: /run/n, weight: 2 }]",
    );
    let (mut engine, _) = started(&text, DB1, &Ok(0));
    for (finding, change) in [
        (Ok(10), vec![(100, 120)]),
        (Ok(10), vec![]),
        (Ok(-30), vec![(120, 40)]),
        (Ok(i64::MIN), vec![(40, 1)]),
        (Ok(i64::MAX), vec![(1, 254)]),
        (failed(), vec![(254, 100)]),
    ] {
        assert_eq!(
            priorities(&next(&mut engine, &finding).1),
            change,
            "{finding:?}"
        );
    }
}

#[test]
fn with_weight_0_any_number_but_0_in_a_file_is_a_fault() {
    let text = file(
        "{ db1: 100, db2: 90 }",
        "track_files: [{ file: /run/n, weight: 0 }]",
    );
    let (mut engine, effects) = started(&text, DB1, &Ok(0));
    assert_eq!(roles(&effects), [State::Backup]);
    assert_eq!(roles(&next(&mut engine, &Ok(3)).1), [State::Fault]);
    assert_eq!(roles(&next(&mut engine, &Ok(0)).1), [State::Backup]);
}

#[test]
fn what_the_file_says_wrongly_of_tracks_is_named() {
    let wrong = [
        (
            "track_scripts: [{ name: s, command: [true] }]",
            "absolute path",
        ),
        (
            "track_interfaces: [{ interface: eth1, weight: 254 }]",
            "-253 to 253",
        ),
        (
            "track_interfaces: [{ interface: \"\" }]",
            "no interface's name",
        ),
        (
            "track_processes: [{ process: a-name-of-16-oct }]",
            "15 octets",
        ),
        ("track_processes: [{ process: a, quorum: 0 }]", "at least 1"),
        ("track_files: [{ file: n }]", "absolute path"),
    ];
    for (tracked, sign) in wrong {
        let error = Config::parse(&file("{ db1: 100, db2: 90 }", tracked)).unwrap_err();
        assert!(error.to_string().contains(sign), "{tracked}: {error}");
    }
}
