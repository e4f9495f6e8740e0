//! Looks at what virtual routers track, on the io thread, and hands what is found to the engine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use command_group::{Options, Runner};
use lbd_core::engine::{Look, LookId};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use super::commands::Rights;
use super::driver::Input;

/// More than any number has, in octets.
const LONGEST: u64 = 64;

/// Looks, and what is looked at by running something.
#[derive(Debug)]
pub(super) struct Lookout {
    handle: Handle,
    found: Sender<Input>,
    /// By the number of the thing.
    scripts: BTreeMap<usize, Script>,
}

/// A tracked script: one run goes on at a time, and is ended with this.
#[derive(Debug, Default)]
struct Script {
    runner: Arc<Mutex<Runner>>,
    run: Option<JoinHandle<()>>,
}

impl Drop for Script {
    fn drop(&mut self) {
        if let Some(run) = &self.run {
            run.abort();
        }
    }
}

impl Lookout {
    pub(super) fn new(handle: Handle, found: Sender<Input>) -> Self {
        Self {
            handle,
            found,
            scripts: BTreeMap::new(),
        }
    }

    /// Ends what is run for things that are not tracked any more.
    pub(super) fn retain(&mut self, tracked: impl Fn(usize) -> bool) {
        self.scripts.retain(|number, _| tracked(*number));
    }

    /// Ends what runs, and waits for that.
    pub(super) async fn finish(mut self) {
        for script in self.scripts.values_mut() {
            if let Some(run) = script.run.take() {
                run.abort();
                // A command is ended with the future that runs it.
                let _ = run.await;
            }
        }
    }

    /// Looks, and sends what is found as [`Input::Looked`].
    pub(super) fn look(&mut self, id: LookId, look: Look, timeout: Duration, rights: &Rights) {
        let sender = self.found.clone();
        match look {
            Look::Script(command) => {
                let script = self.scripts.entry(id.track).or_default();
                let runner = Arc::clone(&script.runner);
                let command = rights.command(&command, Vec::new(), timeout);
                let run = self.handle.spawn(async move {
                    let found = match command {
                        // The next daemon runs it anew.
                        Ok(mut command) => {
                            command.ends_with_caller = true;
                            run(&runner, &command).await
                        }
                        Err(why) => Err(why),
                    };
                    report(&sender, id, found).await;
                });
                script.run = Some(run);
            }
            Look::Processes(name) => self.glance(id, timeout, move || count(&name)),
            Look::Number(path) => self.glance(id, timeout, move || number(&path)),
        }
    }

    /// What needs no process, but may wait for the disk.
    fn glance(
        &self,
        id: LookId,
        timeout: Duration,
        look: impl FnOnce() -> Result<i64, String> + Send + 'static,
    ) {
        let sender = self.found.clone();
        self.handle.spawn(async move {
            let look = tokio::task::spawn_blocking(look);
            let found = match tokio::time::timeout(timeout, look).await {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => Err(error.to_string()),
                Err(_elapsed) => Err("timed out".to_owned()),
            };
            report(&sender, id, found).await;
        });
    }
}

async fn report(sender: &Sender<Input>, id: LookId, found: Result<i64, String>) {
    // Nobody listens any more when the daemon stops.
    let _ = sender.send(Input::Looked { id, found }).await;
}

async fn run(runner: &Mutex<Runner>, command: &Options) -> Result<i64, String> {
    // Held by a run that the engine has given up: it is being ended.
    let Ok(mut runner) = runner.try_lock() else {
        return Err("the run before has not ended yet".to_owned());
    };
    match runner.run(command).await {
        Ok(run) if run.went_well() => Ok(0),
        Ok(run) => Err(run.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// How many processes run this program (an absolute path), or have this name (`/proc/PID/comm`). Zombies do nothing
/// any more, and do not count. An error where none is seen, and some may not be looked at.
fn count(name: &str) -> Result<i64, String> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Ok(0);
    };
    let mut hidden = 0;
    let mut is_it = |pid: &str| match name.starts_with('/') {
        true => match fs::read_link(format!("/proc/{pid}/exe")) {
            Ok(program) => program.as_os_str() == name,
            Err(error) => {
                hidden += i64::from(error.kind() == ErrorKind::PermissionDenied);
                false
            }
        },
        false => {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_called(&stat, name))
        }
    };
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let found = pids
        .filter(|pid| pid.bytes().all(|octet| octet.is_ascii_digit()))
        .filter(|pid| is_it(pid))
        .count();
    match (found, hidden) {
        (0, 1..) => Err(format!(
            "not seen, and what {hidden} processes of other users run takes CAP_SYS_PTRACE to see: give its name instead of its path"
        )),
        _ => Ok(i64::try_from(found).unwrap_or(i64::MAX)),
    }
}

/// `PID (NAME) STATE ...`, where the name may hold whatever (proc(5)).
fn is_called(stat: &str, name: &str) -> bool {
    let parts = stat
        .split_once('(')
        .and_then(|(_, rest)| rest.rsplit_once(')'));
    parts.is_some_and(|(comm, rest)| comm == name && !rest.trim_start().starts_with(['Z', 'X']))
}

/// The number that a file holds; 0 when there is no file, as keepalived has it.
fn number(path: &str) -> Result<i64, String> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.to_string()),
    };
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    let first = text.split_whitespace().next().unwrap_or_default();
    first
        .parse()
        .map_err(|_| format!("it holds no number, but `{}`", first.escape_debug()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn processes_are_counted_by_name_and_by_program() {
        let exe = fs::read_link("/proc/self/exe").unwrap();
        assert!(count(exe.to_str().unwrap()).unwrap() >= 1);
        let mut sleeper = std::process::Command::new("/bin/sleep")
            .arg("100")
            .spawn()
            .unwrap();
        let before = count("sleep").unwrap();
        assert!(before >= 1);
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
        assert_eq!(count("no-such-process"), Ok(0));
    }

    #[test]
    fn a_name_may_hold_anything_and_a_zombie_does_not_count() {
        assert!(is_called("7 (a) b) S 1 1", "a) b"));
        assert!(!is_called("7 (mariadbd) Z 1 1", "mariadbd"));
        assert!(!is_called("", ""));
    }

    #[test]
    fn a_file_holds_a_number_or_is_not_there_and_all_else_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        let path = path.to_str().unwrap();
        assert_eq!(number(path), Ok(0));
        for (text, found) in [("12", Ok(12)), ("-3\nrest", Ok(-3)), (" 4 ", Ok(4))] {
            fs::write(path, text).unwrap();
            assert_eq!(number(path), found);
        }
        for text in ["", "many", "1.5", "99999999999999999999999"] {
            fs::write(path, text).unwrap();
            assert!(number(path).unwrap_err().contains("no number"), "{text}");
        }
    }
}
