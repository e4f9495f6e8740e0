//! What exit codes and ends by signal mean.

use healthcheck::exec::Options;
use healthcheck::{Failure, Measured, Outcome};

use super::{LONG, probe, shell, wrong};

fn ends_with(code: u8, dynamic: bool) -> Outcome {
    probe(Options {
        dynamic,
        ..shell(&format!("exit {code}"), LONG)
    })
}

fn weight(outcome: &Outcome) -> Option<u32> {
    let Outcome::Success {
        measured: Measured { weight, .. },
        took,
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    assert!(*took < LONG);
    *weight
}

#[test]
fn exit_code_0_is_well_with_the_configured_weight() {
    for dynamic in [false, true] {
        assert_eq!(weight(&ends_with(0, dynamic)), None);
    }
}

#[test]
fn exit_code_1_is_a_failure() {
    for dynamic in [false, true] {
        assert_eq!(wrong(ends_with(1, dynamic)), "exit code 1");
    }
}

#[test]
fn other_exit_codes_are_failures_unless_they_are_weights() {
    for code in [2, 3, 10, 255] {
        assert_eq!(wrong(ends_with(code, false)), format!("exit code {code}"));
        assert_eq!(weight(&ends_with(code, true)), Some(u32::from(code) - 2));
    }
}

#[test]
fn what_a_shell_cannot_run_is_a_failure_even_where_codes_are_weights() {
    for line in ["/no/such/program", "/etc/passwd"] {
        let outcome = probe(Options {
            dynamic: true,
            ..shell(line, LONG)
        });
        let what = wrong(outcome);
        assert!(
            what.starts_with("exit code 12") && what.contains(line),
            "{what}"
        );
    }
}

#[test]
fn an_end_by_signal_is_a_failure_that_names_it() {
    for dynamic in [false, true] {
        let outcome = probe(Options {
            dynamic,
            ..shell("echo so far; kill -SEGV $$", LONG)
        });
        assert_eq!(wrong(outcome), "ended by SIGSEGV: so far");
    }
}

#[test]
fn a_program_that_is_missing_or_may_not_be_run_is_a_failure_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("not-executable");
    std::fs::write(&plain, "exit 0").unwrap();
    let paths = [
        "/no/such/program".to_owned(),
        plain.to_str().unwrap().to_owned(),
        folder.path().to_str().unwrap().to_owned(),
        "no-such-program-in-the-path".to_owned(),
        String::new(),
        "a\0b".to_owned(),
    ];
    for program in paths {
        let outcome = probe(Options {
            dynamic: true,
            ..Options::new(program.clone(), LONG)
        });
        let Outcome::Failure(Failure::Other(what)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(what.contains(&program), "{what}");
    }
}

#[test]
fn the_last_line_of_either_output_is_the_reason() {
    for (line, reason) in [
        ("echo one; echo two >&2; exit 1", "exit code 1: two"),
        ("echo one >&2; echo two; exit 1", "exit code 1: two"),
        (
            "printf 'no end of line'; exit 1",
            "exit code 1: no end of line",
        ),
        ("echo word; echo; echo '  '; exit 1", "exit code 1: word"),
        ("printf 'a\\tb\\033[1m'; exit 1", "exit code 1: a b [1m"),
        ("printf '\\377'; exit 1", "exit code 1: \u{fffd}"),
    ] {
        assert_eq!(wrong(probe(shell(line, LONG))), reason);
    }
}

#[test]
fn a_long_line_is_cut_and_much_output_does_not_block_the_command() {
    let line =
        "head -c 3000000 /dev/zero | tr '\\0' x; echo; head -c 3000 /dev/zero | tr '\\0' y; exit 1";
    let what = wrong(probe(shell(line, LONG)));
    assert_eq!(what, format!("exit code 1: {}", "y".repeat(200)));
}
