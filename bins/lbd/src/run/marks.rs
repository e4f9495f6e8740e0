//! Hears of changes to the mark rules by other programs, where the kernel tells of them.

use std::io;
use std::time::Duration;

use netfilter_mark::Changes;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

use super::driver::Input;
use super::readable::Readable;

/// From one look at the rules to the next: each costs processes, and others may change theirs all the time.
const PAUSE: Duration = Duration::from_millis(700);
/// How soon watching begins again after it failed; twice as long each time, up to [`LONGEST`].
const RETRY: Duration = Duration::from_secs(1);
/// The longest wait, and how long it must have gone well for the next failure to be a new one.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs until the engine is gone. Without it the rules are looked at every few seconds all the same.
pub(super) async fn watch(events: Sender<Input>) {
    watch_with(events, Changes::watch).await;
}

async fn watch_with(
    events: Sender<Input>,
    mut open: impl FnMut() -> Result<Changes, netfilter_mark::Error>,
) {
    let mut wait = RETRY;
    let (mut heard, mut failed) = (false, false);
    loop {
        let began = Instant::now();
        let ended = match open().map_err(io::Error::other).and_then(Readable::new) {
            Ok(changes) => {
                heard = true;
                listen(&changes, &events, failed).await
            }
            Err(error) => Err(error),
        };
        let Err(error) = ended else {
            return;
        };
        failed = true;
        if began.elapsed() > LONGEST {
            wait = RETRY;
        }
        complain(&error, heard, wait);
        tokio::select! {
            () = sleep(wait) => {}
            () = events.closed() => return,
        }
        wait = wait.saturating_mul(2).min(LONGEST);
    }
}

/// Says so once, until it has gone well for a while.
fn complain(error: &io::Error, heard: bool, wait: Duration) {
    const WHAT: &str = "changes of nf_tables are not heard of, mark rules are looked at every few seconds only; trying again";
    match (wait == RETRY, heard) {
        (false, _) => debug!("{WHAT}: {error}"),
        // A kernel without nf_tables is nothing to worry about.
        (true, false) => info!("{WHAT}: {error}"),
        (true, true) => warn!("{WHAT}: {error}"),
    }
}

async fn listen(
    changes: &Readable<Changes>,
    events: &Sender<Input>,
    failed: bool,
) -> io::Result<()> {
    // There may have been some while nobody listened.
    let mut news = failed;
    if failed {
        info!("changes of nf_tables are heard of again");
    }
    loop {
        if news && events.send(Input::MarksChanged).await.is_err() {
            return Ok(());
        }
        if news {
            sleep(PAUSE).await;
        }
        changes.wait().await?;
        news = changes.get().drain().map_err(io::Error::other)?;
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use nix::sched::{CloneFlags, unshare};
    use tokio::sync::mpsc::{Receiver, channel};
    use tokio::time::timeout;

    use super::*;

    async fn next(inbox: &mut Receiver<Input>) {
        let input = timeout(Duration::from_secs(20), inbox.recv()).await;
        assert!(matches!(input.unwrap(), Some(Input::MarksChanged)));
    }

    #[test]
    fn a_watch_that_failed_goes_on_with_a_look_at_what_was_missed() {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        let runtime = crate::runtime::of_one_thread().unwrap();
        runtime.block_on(async {
            let (events, mut inbox) = channel(8);
            let mut opened = 0;
            let open = move || {
                opened += 1;
                match opened {
                    1 => Err(netfilter_mark::Error::Watch(io::ErrorKind::Other.into())),
                    _ => Changes::watch(),
                }
            };
            let watch = tokio::spawn(watch_with(events, open));
            next(&mut inbox).await;
            let table = ["add", "table", "inet", "mine"];
            assert!(Command::new("nft").args(table).status().unwrap().success());
            next(&mut inbox).await;
            drop(inbox);
            assert!(
                Command::new("nft")
                    .args(["flush", "ruleset"])
                    .status()
                    .unwrap()
                    .success()
            );
            timeout(Duration::from_secs(20), watch)
                .await
                .unwrap()
                .unwrap();
        });
    }

    #[test]
    fn a_watch_that_always_fails_ends_with_the_engine() {
        let runtime = crate::runtime::of_one_thread().unwrap();
        runtime.block_on(async {
            let (events, inbox) = channel(8);
            let open = || Err(netfilter_mark::Error::Watch(io::ErrorKind::Other.into()));
            let watch = tokio::spawn(watch_with(events, open));
            drop(inbox);
            timeout(Duration::from_secs(20), watch)
                .await
                .unwrap()
                .unwrap();
        });
    }
}
