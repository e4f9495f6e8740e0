//! Programs that behave and programs that do not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn sh(script: &str, input: &str, allowed: Duration, limit: usize) -> Outcome {
    run(Path::new("/bin/sh"), &["-c", script], input, allowed, limit).unwrap()
}

#[test]
fn input_and_output_of_any_length_pass_at_the_same_time() {
    let input = "0123456789".repeat(100_000);
    match sh("tee /dev/stderr; exit 3", &input, LONG, 1 << 21) {
        Outcome::Ended {
            status,
            printed,
            said,
        } => {
            assert_eq!(status.code(), Some(3));
            assert!(printed == input.as_bytes() && said == input.as_bytes());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_that_does_not_read_its_input_is_no_failure() {
    let outcome = sh("exec <&-; echo done", &"x".repeat(1 << 20), LONG, 100);
    assert!(matches!(outcome, Outcome::Ended { status, .. } if status.success()));
}

#[test]
fn a_program_that_hangs_is_killed_with_what_it_started_and_reaped() {
    for script in [
        "echo $$; sleep 100 & sleep 100",
        // Its outputs closed, so that only its end is missing.
        "exec >&- 2>&-; sleep 100",
        // Ended, but something still holds its outputs.
        "sleep 100 &",
    ] {
        let before = Instant::now();
        let outcome = sh(script, "", Duration::from_millis(300), 100);
        assert!(
            matches!(outcome, Outcome::TimedOut),
            "{script}: {outcome:?}"
        );
        assert!(before.elapsed() < Duration::from_secs(30));
    }
}

#[test]
fn a_program_that_prints_without_end_is_stopped() {
    assert!(matches!(sh("yes", "", LONG, 1000), Outcome::TooLong));
    assert!(matches!(sh("yes >&2", "", LONG, 1000), Outcome::TooLong));
}

#[test]
fn a_killed_program_leaves_neither_a_process_nor_a_zombie() {
    let folder = std::env::temp_dir().join(format!("killed-{}", std::process::id()));
    let script = format!("sleep 100 & echo $$ $! > {}; wait", folder.display());
    assert!(matches!(
        sh(&script, "", Duration::from_millis(500), 100),
        Outcome::TimedOut
    ));
    let pids = std::fs::read_to_string(&folder).unwrap();
    std::fs::remove_file(&folder).unwrap();
    let (shell, sleeper) = pids.trim().split_once(' ').unwrap();
    assert!(!Path::new("/proc").join(shell).exists(), "reaped");
    let state = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat"));
    for _ in 0..1000 {
        // Killed, and perhaps not yet reaped by whoever adopted it.
        if state(sleeper).map_or(true, |stat| stat.contains(") Z ")) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("still there: {:?}", state(sleeper));
}
