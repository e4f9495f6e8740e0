//! The probe of one server.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::session::{Findings, Session};
use super::stream::Stream;
use super::{Fault, Reason, Replication, Settings, SettingsError, Stage, Version};

/// How long a server is listened to that neither speaks nor closes, before a new connection is tried beside
/// that one. Each try may count towards blocking this host, at 100 by default, when the server goes on.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is waited for the server's side of a leave-taking.
const LEAVE: Duration = Duration::from_millis(250);

/// What a successful probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// From the start of the probe to the last answer.
    pub took: Duration,
    /// Which server it is.
    pub version: Version,
    /// Whether the login was done by this probe, or by one before whose session was asked.
    pub fresh_login: bool,
    /// At [`Level::Replica`](super::Level::Replica), what the server is to replication. Not judged: a lag without end is a success
    /// of the probe.
    pub replication: Option<Replication>,
}

/// Probes one server, again and again, over one kept session.
///
/// There is at most one connection to the server at any time. Dropped inside the runtime, it takes leave as far as that
/// goes without waiting; [`close`](Self::close) does it in full.
#[derive(Debug)]
pub struct Prober {
    settings: Settings,
    session: Option<Session>,
    /// Since when the session has not said what it was asked for.
    hangs_since: Option<Instant>,
}

impl Prober {
    /// A prober without a session yet.
    ///
    /// # Errors
    /// When no server could be probed with these settings.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            settings,
            session: None,
            hangs_since: None,
        })
    }

    /// How it probes.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Probes once; over after `limit`, whatever stage it is in. Needs a tokio runtime with IO and time enabled.
    ///
    /// A kept session that turns out to be broken is no finding: the same probe logs in anew, in the time that is
    /// left. The future may be dropped; the next probe goes on from there.
    ///
    /// # Errors
    /// What failed, as a [`Fault`]. The session is given up then, unless the server merely has not spoken: that one
    /// is listened to by the next probe.
    pub async fn probe(&mut self, limit: Duration) -> Result<Report, Fault> {
        let begun = Instant::now();
        let reason = match timeout(limit, self.find()).await {
            Ok(Ok(findings)) => {
                self.hangs_since = None;
                return Ok(Report {
                    took: begun.elapsed(),
                    version: findings.version,
                    fresh_login: findings.since >= begun,
                    replication: findings.replication,
                });
            }
            Ok(Err(reason)) => reason,
            Err(_elapsed) => Reason::TimedOut,
        };
        let fault = Fault {
            target: self.settings.target,
            stage: self.session.as_ref().map_or(Stage::Connect, Session::stage),
            took: begun.elapsed(),
            reason,
        };
        self.failed(begun, &fault.reason);
        Err(fault)
    }

    /// Takes leave of the server, waiting for it a quarter of a second at most. The next probe logs in anew.
    pub async fn close(&mut self) {
        self.hangs_since = None;
        if let Some(session) = self.session.take() {
            // Given up, it is dropped, having taken leave.
            let _ = timeout(LEAVE, session.quit()).await;
        }
    }

    async fn find(&mut self) -> Result<Findings, Reason> {
        let due = |session: &Session| session.is_older_than(self.settings.fresh_login);
        let hopeless = |since: Instant| since.elapsed() >= PATIENCE;
        if self.session.as_ref().is_some_and(due) || self.hangs_since.is_some_and(hopeless) {
            // Before the new login, not after: the probing user may be allowed one connection only.
            self.close().await;
        }
        if let Some(session) = &mut self.session {
            if let Ok(findings) = session.check(&self.settings).await {
                return Ok(findings);
            }
            // The server may have been restarted, or have closed what it held for idle: a new login tells.
            self.session = None;
            self.hangs_since = None;
        }
        let stream = Stream::connect(self.settings.target, self.settings.source).await?;
        let session = self.session.insert(Session::new(stream));
        session.check(&self.settings).await
    }

    fn failed(&mut self, begun: Instant, reason: &Reason) {
        match (&self.session, reason) {
            (Some(session), Reason::TimedOut) => {
                session.watch();
                self.hangs_since.get_or_insert(begun);
            }
            (Some(_) | None, _) => {
                self.session = None;
                self.hangs_since = None;
            }
        }
    }
}
