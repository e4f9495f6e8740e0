//! Hooks: order, latest state, time limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use command_group::{Error, Options};
use notify::hooks::{Hook, Hooks};

/// A hook that writes its subject and state, and then takes so long.
fn hook(file: &Path, subject: &str, state: &str, takes: &str) -> Hook {
    let line = format!(
        "echo {subject} {state} >> {}; sleep {takes}",
        file.display()
    );
    Hook {
        subject: subject.to_owned(),
        what: format!("{subject} is {state}"),
        after: Box::pin(std::future::ready(())),
        command: Options {
            arguments: vec!["-c".to_owned(), line],
            ..Options::new("/bin/sh", Duration::from_secs(20))
        },
    }
}

/// Runs hooks to the end; gives how each ended, in words.
fn run(work: impl FnOnce(&Hooks)) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (hooks, runner) = Hooks::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let ours = Arc::clone(&told);
    let task = runtime.spawn(runner.serve(move |hook, end| {
        let end = match end {
            Ok(run) => run.to_string(),
            Err(error) => error.to_string(),
        };
        ours.lock().unwrap().push(format!("{}: {end}", hook.what));
    }));
    work(&hooks);
    drop(hooks);
    let ended =
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), task).await });
    ended.expect("it ends when all have run").unwrap();
    let told = told.lock().unwrap();
    told.clone()
}

fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn begun(file: &Path) {
    let until = Instant::now() + Duration::from_secs(20);
    while lines(file).is_empty() {
        assert!(Instant::now() < until, "no hook has begun");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn hooks_run_one_after_another_in_the_order_of_the_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    let told = run(|hooks| {
        for subject in ["A", "B", "C"] {
            assert!(hooks.run(hook(&file, subject, "MASTER", "0.1")).is_none());
        }
    });
    assert_eq!(lines(&file), ["A MASTER", "B MASTER", "C MASTER"]);
    assert_eq!(told.len(), 3);
    assert_eq!(told[0], "A is MASTER: exit code 0");
}

#[test]
fn two_never_run_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let line = format!("mkdir {0} || exit 9; sleep 0.1; rmdir {0}", lock.display());
    let told = run(|hooks| {
        for number in 0..6 {
            let mut hook = hook(&lock, &number.to_string(), "UP", "0");
            hook.command.arguments = vec!["-c".to_owned(), line.clone()];
            hooks.run(hook);
        }
    });
    assert!(
        told.len() == 6 && told.iter().all(|told| told.ends_with("exit code 0")),
        "{told:?}"
    );
}

#[test]
fn of_the_states_that_come_while_one_runs_only_the_latest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    run(|hooks| {
        hooks.run(hook(&file, "A", "MASTER", "1"));
        begun(&file);
        assert!(hooks.run(hook(&file, "A", "BACKUP", "0")).is_none());
        hooks.run(hook(&file, "B", "MASTER", "0"));
        let void = hooks.run(hook(&file, "A", "FAULT", "0"));
        assert_eq!(void.unwrap().what, "A is BACKUP");
    });
    assert_eq!(lines(&file), ["A MASTER", "B MASTER", "A FAULT"]);
}

#[test]
fn a_hook_that_hangs_is_ended_and_the_next_one_has_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    let begun = Instant::now();
    let told = run(|hooks| {
        let mut hanging = hook(&file, "A", "MASTER", "100");
        hanging.command.timeout = Duration::from_millis(300);
        hooks.run(hanging);
        hooks.run(hook(&file, "B", "MASTER", "0"));
    });
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(
        told,
        [
            format!("A is MASTER: {}", Error::TimedOut),
            "B is MASTER: exit code 0".to_owned()
        ]
    );
}

#[test]
fn one_that_cannot_be_run_is_told_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    let told = run(|hooks| {
        let mut missing = hook(&file, "A", "MASTER", "0");
        missing.command = Options::new("/no/such/hook", Duration::from_secs(1));
        hooks.run(missing);
        hooks.run(hook(&file, "B", "MASTER", "0"));
    });
    assert!(told[0].contains("cannot run /no/such/hook"), "{told:?}");
    assert_eq!(lines(&file), ["B MASTER"]);
}

#[test]
fn a_hook_waits_for_what_it_comes_after_and_the_order_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    let proof = folder.path().join("proof");
    run(|hooks| {
        let mut first = hook(&file, "A", "MASTER", "0");
        let address = proof.clone();
        first.after = Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            std::fs::write(&address, "in place").unwrap();
        });
        let line = format!("cat {} >> {}", proof.display(), file.display());
        first.command.arguments = vec![
            "-c".to_owned(),
            format!("{line}; echo >> {}", file.display()),
        ];
        hooks.run(first);
        hooks.run(hook(&file, "B", "MASTER", "0"));
    });
    assert_eq!(lines(&file), ["in place", "B MASTER"]);
}
