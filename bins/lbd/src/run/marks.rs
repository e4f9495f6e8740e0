//! Hears of changes to the mark rules by other programs, where the kernel tells of them.

use std::io;
use std::time::Duration;

use netfilter_mark::Changes;
use tokio::sync::mpsc::Sender;
use tracing::debug;

use super::driver::Input;
use super::readable::Readable;

/// From one look at the rules to the next: each costs processes, and others may change theirs all the time.
const PAUSE: Duration = Duration::from_millis(700);

/// Runs until the engine is gone. Without it the rules are looked at every few seconds all the same.
pub(super) async fn watch(events: Sender<Input>) {
    if let Err(error) = try_watch(events).await {
        debug!("changes of nf_tables are not heard of: {error}");
    }
}

async fn try_watch(events: Sender<Input>) -> io::Result<()> {
    let changes = Changes::watch().map_err(io::Error::other)?;
    let changes = Readable::new(changes)?;
    loop {
        changes.wait().await?;
        if !changes.get().drain().map_err(io::Error::other)? {
            continue;
        }
        if events.send(Input::MarksChanged).await.is_err() {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}
