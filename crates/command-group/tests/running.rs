//! What is run, and with whose rights. How groups end is shown by `healthcheck`'s tests of its commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use command_group::{End, Error, Options, Run, RunAs, Runner};

const LONG: Duration = Duration::from_secs(20);

fn shell(line: &str) -> Options {
    Options {
        arguments: vec!["-c".to_owned(), line.to_owned()],
        ..Options::new("/bin/sh", LONG)
    }
}

fn run(options: &Options) -> Result<Run, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(Runner::new().run(options))
}

#[test]
fn a_command_has_the_user_the_group_and_all_supplementary_groups_it_was_given() {
    let options = Options {
        run_as: Some(RunAs {
            uid: 54_321,
            gid: 54_322,
            groups: vec![54_322, 777, 888],
        }),
        ..shell("echo $(id -u) $(id -g) $(id -G); grep CapEff /proc/self/status >/dev/null")
    };
    let run = run(&options).unwrap();
    assert_eq!(run.last_line, "54321 54322 54322 777 888");
    assert!(run.went_well());
}

#[test]
fn another_user_has_no_capability_left() {
    let options = Options {
        run_as: Some(RunAs {
            uid: 54_321,
            gid: 54_321,
            groups: Vec::new(),
        }),
        ..shell("echo $(grep -E 'Cap(Eff|Prm)' /proc/self/status)")
    };
    let run = run(&options).unwrap();
    assert_eq!(
        run.last_line,
        "CapPrm: 0000000000000000 CapEff: 0000000000000000"
    );
}

#[test]
fn users_are_found_by_name_with_their_groups() {
    let root = RunAs::named("root").unwrap();
    assert_eq!((root.uid, root.gid), (0, 0));
    assert!(root.groups.contains(&0));
    let error = RunAs::named("no-such-user-here").unwrap_err().to_string();
    assert!(error.contains("no user `no-such-user-here`"), "{error}");
}

#[test]
fn a_vetted_program_that_others_can_write_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let (program, proof) = (folder.path().join("program"), folder.path().join("proof"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch {}\n", proof.display())).unwrap();
    for (mode, runs) in [(0o757, false), (0o755, true)] {
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).unwrap();
        let options = Options {
            vetted: true,
            ..Options::new(program.to_str().unwrap(), LONG)
        };
        let outcome = run(&options);
        assert_eq!(outcome.is_ok(), runs, "{outcome:?}");
        assert_eq!(proof.exists(), runs);
        if let Err(error) = outcome {
            assert!(error.to_string().contains("can be changed by everybody"));
        }
    }
}

#[test]
fn a_missing_program_is_an_error_vetted_or_not() {
    for vetted in [false, true] {
        let options = Options {
            vetted,
            ..Options::new("/no/such/program", LONG)
        };
        let error = run(&options).unwrap_err().to_string();
        assert!(error.contains("/no"), "{error}");
    }
}

#[test]
fn a_command_that_hangs_is_a_time_out_and_its_children_end_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let options = Options {
        timeout: Duration::from_millis(400),
        ..shell(&format!("sleep 100 & echo $! > {}; wait", file.display()))
    };
    let begun = Instant::now();
    assert!(matches!(run(&options), Err(Error::TimedOut)));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let child = std::fs::read_to_string(&file).unwrap();
    let stat = format!("/proc/{}/stat", child.trim());
    let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    while runs() {
        assert!(begun.elapsed() < Duration::from_secs(8), "it runs on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_environment_is_what_was_given_and_nothing_of_the_callers() {
    let options = Options {
        environment: vec![("STATE".to_owned(), "MASTER".to_owned())],
        ..shell("echo $STATE-$LC_ALL-$CARGO_MANIFEST_DIR")
    };
    let run = run(&options).unwrap();
    assert_eq!(
        (run.last_line.as_str(), run.end),
        ("MASTER-C-", End::Exit(0))
    );
}
