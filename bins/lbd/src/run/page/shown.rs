//! What is shown, taken anew when it is older than a second: however many look, the engine is not asked more often.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use status_page::Snapshot;
use status_page::http::Resource;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;
use tracing::warn;

use super::Glance;
use super::traffic::Counters;
use crate::run::worker::Tally;

/// How long a snapshot is good for.
const FRESH: Duration = Duration::from_secs(1);

type Document = Arc<[u8]>;

#[derive(Debug)]
pub(in crate::run) struct Shown {
    engine: mpsc::Sender<Glance>,
    tally: Arc<Tally>,
    started: Duration,
    /// Whoever holds it takes the snapshot; the others wait for that one.
    latest: Mutex<Latest>,
}

#[derive(Debug, Default)]
struct Latest {
    counters: Counters,
    taken: Option<Taken>,
}

/// A snapshot, and what was made of it.
#[derive(Debug)]
struct Taken {
    at: Instant,
    snapshot: Arc<Snapshot>,
    status: Option<Document>,
    metrics: Option<Document>,
}

impl Shown {
    pub(in crate::run) fn new(engine: mpsc::Sender<Glance>, tally: Arc<Tally>) -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            engine,
            tally,
            started: started.unwrap_or_default(),
            latest: Mutex::default(),
        }
    }

    /// The document; nothing when the daemon is stopping.
    pub(super) async fn document(&self, resource: Resource) -> Option<Document> {
        if resource == Resource::Page {
            return Some(status_page::PAGE.as_bytes().into());
        }
        let mut latest = self.latest.lock().await;
        let fresh = |taken: &Taken| taken.at.elapsed() < FRESH;
        let mut taken = match latest.taken.take().filter(fresh) {
            Some(taken) => taken,
            None => self.take(&mut latest.counters).await?,
        };
        let kept = match resource {
            Resource::Metrics => &mut taken.metrics,
            Resource::Page | Resource::Status => &mut taken.status,
        };
        let document = match kept {
            Some(document) => Arc::clone(document),
            None => {
                let made = make(Arc::clone(&taken.snapshot), resource).await?;
                Arc::clone(kept.insert(made))
            }
        };
        latest.taken = Some(taken);
        Some(document)
    }

    async fn take(&self, counters: &mut Counters) -> Option<Taken> {
        let (glance, moment) = oneshot::channel();
        self.engine.send(glance).await.ok()?;
        let moment = moment.await.ok()?;
        let snapshot = Snapshot {
            lbd: env!("CARGO_PKG_VERSION"),
            started: self.started,
            kernel: self.tally.now(),
            traffic: counters.read(&moment).await,
            status: moment.status,
            counts: moment.counts,
            news: moment.news,
        };
        Some(Taken {
            at: Instant::now(),
            snapshot: Arc::new(snapshot),
            status: None,
            metrics: None,
        })
    }
}

/// Ten thousand servers make some megabytes of text: the thread of the probes is not kept with it.
async fn make(snapshot: Arc<Snapshot>, resource: Resource) -> Option<Document> {
    let make = move || match resource {
        Resource::Metrics => Ok(snapshot.metrics().into_bytes()),
        Resource::Page | Resource::Status => snapshot.json(),
    };
    match tokio::task::spawn_blocking(make).await {
        Ok(Ok(document)) => Some(document.into()),
        Ok(Err(error)) => {
            warn!("the state cannot be written down: {error}");
            None
        }
        // The daemon is stopping.
        Err(_) => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::run::page::Moment;
    use lbd_core::engine::Status;
    use status_page::Counts;

    /// What an engine without routers and services says, `asked` times before.
    fn moment(asked: usize) -> Moment {
        Moment {
            status: Status {
                version: Status::VERSION,
                cluster: "alone".to_owned(),
                node: format!("asked {asked}"),
                routers: Vec::new(),
                services: Vec::new(),
            },
            keys: Vec::new(),
            counts: Counts::default(),
            news: Vec::new(),
        }
    }

    #[test]
    fn many_looks_at_a_time_are_one_question_and_a_second_later_there_is_another() {
        let runtime = crate::runtime::of_one_thread().unwrap();
        runtime.block_on(async {
            let (engine, mut glances) = mpsc::channel::<Glance>(1);
            let shown = Shown::new(engine, Arc::default());
            let answering = tokio::spawn(async move {
                for asked in 0..2 {
                    let glance = glances.recv().await.unwrap();
                    glance.send(moment(asked)).unwrap();
                }
                // And then it stops.
            });
            let says = async |resource, words: &str| {
                let document = shown.document(resource).await.unwrap();
                let text = String::from_utf8(document.to_vec()).unwrap();
                assert!(text.contains(words), "{text}");
            };
            tokio::join!(
                says(Resource::Status, "asked 0"),
                says(Resource::Metrics, "asked 0"),
                says(Resource::Status, "asked 0"),
                says(Resource::Page, "<!doctype html>"),
            );
            tokio::time::sleep(FRESH).await;
            says(Resource::Metrics, "asked 1").await;
            answering.await.unwrap();
            tokio::time::sleep(FRESH).await;
            assert!(shown.document(Resource::Status).await.is_none());
            says(Resource::Page, "<!doctype html>").await;
        });
    }
}
