//! Hears of changes to the mark rules by other programs, where the kernel tells of them.

use std::io;
use std::time::Duration;

use netfilter_mark::Changes;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

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
    let mut again = false;
    loop {
        let began = Instant::now();
        let Err(error) = try_watch(&events, &mut open, again).await else {
            return;
        };
        again = true;
        if began.elapsed() > LONGEST {
            wait = RETRY;
        }
        if wait == RETRY {
            warn!(
                "changes of nf_tables are not heard of, the mark rules are looked at every few seconds only; trying again: \
                 {error}"
            );
        }
        tokio::select! {
            () = sleep(wait) => {}
            () = events.closed() => return,
        }
        wait = wait.saturating_mul(2).min(LONGEST);
    }
}

async fn try_watch(
    events: &Sender<Input>,
    open: &mut impl FnMut() -> Result<Changes, netfilter_mark::Error>,
    again: bool,
) -> io::Result<()> {
    let changes = open().map_err(io::Error::other)?;
    let changes = Readable::new(changes)?;
    if again {
        changes.get().drain().map_err(io::Error::other)?;
        info!("changes of nf_tables are heard of again");
        // There may have been some meanwhile.
        if events.send(Input::MarksChanged).await.is_err() {
            return Ok(());
        }
    }
    loop {
        changes.wait().await?;
        if !changes.get().drain().map_err(io::Error::other)? {
            continue;
        }
        if events.send(Input::MarksChanged).await.is_err() {
            return Ok(());
        }
        sleep(PAUSE).await;
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
