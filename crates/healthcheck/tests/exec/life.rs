//! Time limits, process groups, and what is left behind.

use std::path::Path;
use std::time::{Duration, Instant};

use healthcheck::exec::{Check, Options};
use healthcheck::{Failure, Outcome};

use super::{LONG, SHORT, block_on, probe, shell, wrong};

const TIMED_OUT: Outcome = Outcome::Failure(Failure::TimedOut);

/// Whether this process exists and still does something. (One whose parent has died stays as a zombie where
/// nobody reaps orphans, as in some containers.)
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap().trim().chars().next();
    state.is_some_and(|state| state != 'Z')
}

fn ends_soon(pid: &str) -> bool {
    let begun = Instant::now();
    while runs(pid) && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(5));
    }
    !runs(pid)
}

/// The lines of a file that the command writes.
fn pids(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn at_its_time_limit_the_whole_group_ends_and_no_zombie_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let line = format!(
        "sleep 100 & echo $$ > {0}; echo $! >> {0}; (sleep 100 & echo $! >> {0}; wait) & wait",
        file.display()
    );
    let begun = Instant::now();
    assert_eq!(probe(shell(&line, SHORT)), TIMED_OUT);
    assert!(begun.elapsed() >= SHORT);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    let pids = pids(&file);
    assert_eq!(pids.len(), 3);
    assert!(!Path::new("/proc").join(&pids[0]).exists(), "a zombie");
    for pid in &pids {
        assert!(ends_soon(pid), "{pid} runs on");
    }
}

#[test]
fn a_command_may_end_by_itself_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told");
    let line = format!(
        "trap 'echo told > {}; exit 0' TERM; while :; do sleep 0.02; done",
        file.display()
    );
    assert_eq!(
        probe(shell(&line, SHORT)),
        TIMED_OUT,
        "too late to be a success"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "told\n");
}

#[test]
fn a_command_that_ignores_the_first_signal_is_killed() {
    let options = Options {
        kill_after: SHORT,
        ..shell("trap '' TERM; while :; do sleep 0.02; done", SHORT)
    };
    let begun = Instant::now();
    assert_eq!(probe(options), TIMED_OUT);
    assert!(begun.elapsed() >= 2 * SHORT);
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_stopped_command_is_killed() {
    let begun = Instant::now();
    assert_eq!(probe(shell("kill -STOP $$", SHORT)), TIMED_OUT);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_command_that_writes_without_end_times_out() {
    let begun = Instant::now();
    assert_eq!(probe(Options::new("yes", SHORT)), TIMED_OUT);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_a_command_leaves_running_holds_nothing_up_and_is_ended() {
    let begun = Instant::now();
    let pid = wrong(probe(shell("sleep 100 & echo $!; exit 1", LONG)));
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(ends_soon(pid.trim_start_matches("exit code 1: ")));
}

#[test]
fn one_that_left_its_group_holds_nothing_up_either() {
    let begun = Instant::now();
    // It keeps the outputs open.
    let outcome = probe(shell("setsid sleep 2 & exit 0", LONG));
    assert!(matches!(outcome, Outcome::Success { .. }), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_millis(1_800));
}

#[test]
fn a_dropped_probe_ends_its_command_and_the_next_one_finds_none_running() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let line = format!("mkdir {0} || exit 1; sleep 100", lock.display());
    let mut check = Check::new(shell(&line, LONG));
    block_on(async {
        let dropped = tokio::time::timeout(SHORT, check.probe()).await;
        assert!(dropped.is_err());
    });
    assert!(lock.exists(), "it had begun");
    let options = shell(&line, SHORT);
    assert_ne!(probe(options), TIMED_OUT, "the lock is there");
    std::fs::remove_dir(&lock).unwrap();
    block_on(async {
        let again = tokio::time::timeout(SHORT, check.probe()).await;
        assert!(again.is_err(), "the second run works as the first did");
    });
    assert!(lock.exists());
}

#[test]
fn a_check_that_is_dropped_while_it_runs_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut check = Check::new(shell(
        &format!("echo $$ > {}; sleep 100", file.display()),
        LONG,
    ));
    block_on(async {
        let dropped = tokio::time::timeout(SHORT, check.probe()).await;
        assert!(dropped.is_err());
    });
    drop(check);
    let pid = pids(&file).remove(0);
    let begun = Instant::now();
    while Path::new("/proc").join(&pid).exists() {
        assert!(begun.elapsed() < Duration::from_secs(5), "a zombie stays");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn runs_of_one_check_never_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    // Fails if the lock is held; gives it back at its end, also when it is told to end.
    let line = format!(
        "mkdir {0} || exit 1; trap 'rmdir {0}; exit 0' TERM; sleep 0.05; rmdir {0}",
        lock.display()
    );
    let mut check = Check::new(shell(&line, LONG));
    block_on(async {
        for _ in 0..20 {
            let outcome = check.probe().await;
            assert!(matches!(outcome, Outcome::Success { .. }), "{outcome:?}");
        }
    });
}

#[test]
fn many_checks_at_once_all_report() {
    block_on(async {
        let tasks: Vec<_> = (0..60)
            .map(|number| {
                let mut check = Check::new(shell(&format!("sleep 0.1; exit {}", number % 2), LONG));
                tokio::spawn(async move { (number, check.probe().await) })
            })
            .collect();
        for task in tasks {
            let (number, outcome) = task.await.unwrap();
            let well = matches!(outcome, Outcome::Success { .. });
            assert_eq!(well, number % 2 == 0, "{outcome:?}");
        }
    });
}
