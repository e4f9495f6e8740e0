//! What a person reads while it happens.

use std::time::{Duration, Instant};

use crate::client::{Report, Running};
use crate::failed::{Failed, Result};
use crate::lab::Lab;

/// How often a progress line comes.
const BEAT: Duration = Duration::from_secs(2);

/// Announces an act.
pub(super) fn heading(number: usize, title: &str, what: &str) {
    println!("\n{number}. {title}\n   {what}");
}

/// Waits for something, and shows how the reads go meanwhile.
pub(super) fn wait(
    lab: &Lab,
    reads: &Reads<'_>,
    what: &str,
    limit: Duration,
    mut condition: impl FnMut() -> Result<bool>,
) -> Result {
    let (began, mut shown) = (Instant::now(), Instant::now());
    loop {
        if let Ok(true) = condition() {
            lab.say(format!(
                "{what}, after {:.1} s",
                began.elapsed().as_secs_f64()
            ));
            return Ok(());
        }
        if began.elapsed() > limit {
            return Err(Failed::new(format!(
                "waited {} s in vain: {what}",
                limit.as_secs()
            )));
        }
        if shown.elapsed() > BEAT {
            shown = Instant::now();
            lab.say(format!("… waiting; {}", reads.line()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Lets reads go on for a while, and shows them.
pub(super) fn watch(lab: &Lab, reads: &Reads<'_>, time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        lab.pause(BEAT.min(until.saturating_duration_since(Instant::now())));
        lab.say(format!("reads: {}", reads.line()));
    }
}

/// The reads of the present act.
pub(super) struct Reads<'a> {
    pub(super) load: &'a Running,
    pub(super) since: Duration,
}

impl Reads<'_> {
    fn line(&self) -> String {
        counts(&self.load.since(self.since))
    }
}

fn counts(report: &Report) -> String {
    let servers: Vec<_> = report
        .per_server()
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let answered = if servers.is_empty() {
        "none answered".to_owned()
    } else {
        servers.join(", ")
    };
    match report.failed() {
        0 => answered,
        failed => format!("{answered}; {failed} failed"),
    }
}
