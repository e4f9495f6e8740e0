//! The ways to look.

use std::net::SocketAddr;
use std::time::Duration;

use healthcheck::mysql::{Level, Password, Prober, ReplicaOptions, Settings};
use healthcheck::{Outcome, exec};

use crate::ensure;
use crate::failed::Result;

/// The probing user.
pub(super) const USER: &str = "probe";
/// Of that user, who lives as long as the benchmark's servers.
pub(super) const PASSWORD: &str = "looks only";
/// For one probe.
const LIMIT: Duration = Duration::from_secs(5);

/// How it is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The prober as it is by default: over one session, anew each 30 s.
    Kept,
    /// The prober, with a login for each probe.
    Fresh,
    /// The client, run for each probe. Without a shell, which a script would have in addition.
    Client,
}

/// One of them, ready.
#[derive(Debug)]
pub(super) enum Looking {
    Prober(Box<Prober>),
    Command(Box<exec::Check>),
}

/// How deep each way looks.
pub(super) fn level() -> Level {
    Level::Replica(ReplicaOptions::default())
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Kept, Self::Fresh, Self::Client];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Kept => "prober, kept session",
            Self::Fresh => "prober, a login each time",
            Self::Client => "exec of `mariadb`",
        }
    }

    pub(super) fn looking(self, target: SocketAddr) -> Result<Looking> {
        let mut settings = Settings::new(target, USER, Password::new(PASSWORD)?);
        settings.level = level();
        match self {
            Self::Kept => {}
            Self::Fresh => settings.fresh_login = Duration::ZERO,
            Self::Client => {
                let check = exec::Check::new(client(target));
                return Ok(Looking::Command(Box::new(check)));
            }
        }
        Ok(Looking::Prober(Box::new(Prober::new(settings)?)))
    }
}

fn client(target: SocketAddr) -> exec::Options {
    let mut options = exec::Options::new("mariadb", LIMIT);
    options.arguments = vec![
        "--no-defaults".to_owned(),
        format!("--host={}", target.ip()),
        format!("--port={}", target.port()),
        format!("--user={USER}"),
        "--execute=SHOW ALL SLAVES STATUS".to_owned(),
    ];
    // Not on the command line, where everybody could read it.
    options.environment = vec![("MYSQL_PWD".to_owned(), PASSWORD.to_owned())];
    options
}

impl Looking {
    /// Once.
    ///
    /// # Errors
    /// When the server does not answer, or is no replica: all this is about one that is well.
    pub(super) async fn look(&mut self) -> Result {
        match self {
            Self::Prober(prober) => {
                let report = prober.probe(LIMIT).await?;
                let replica = report.replication.and_then(|found| found.replica);
                ensure!(replica.is_some(), "the server that is probed is no replica");
            }
            Self::Command(check) => {
                let outcome = check.probe().await;
                ensure!(
                    matches!(outcome, Outcome::Success { .. }),
                    "the client failed: {outcome:?}"
                );
            }
        }
        Ok(())
    }

    /// Takes leave of the server.
    pub(super) async fn end(self) {
        match self {
            Self::Prober(mut prober) => prober.close().await,
            Self::Command(_) => {}
        }
    }
}
