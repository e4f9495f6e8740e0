//! One session with a server: greeting, login, commands.

use std::time::Duration;

use tokio::time::Instant;

#[cfg(feature = "mysql-tls")]
use super::Tls;
use super::connection::Connection;
use super::replica::{self, Heartbeat, ReadOnly};
use super::stream::Stream;
use super::wire::{
    Answer, AnswerReader, COM_PING, COM_QUERY, Credentials, Greeting, Login, Opening, ResultSet,
    Step, WireError,
};
#[cfg(feature = "mysql-tls")]
use super::wire::{LoginError, ssl_request};
use super::{Level, Reason, ReplicaOptions, ReplicaStatus, Replication, Settings, Stage, Version};

/// A session in whatever state. A wait that was given up is gone on with by the next call, so a server that hangs
/// is not left in the middle of a handshake.
///
/// Dropped, it takes leave as far as that goes without waiting.
#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    phase: Phase,
    /// When the login was done.
    since: Instant,
    version: Option<Version>,
}

#[derive(Debug)]
enum Phase {
    Greeting,
    #[cfg(feature = "mysql-tls")]
    Tls(Greeting),
    Login(Login),
    Ready,
    /// Waiting for an answer, maybe one that nobody wants any more.
    Asked(AnswerReader),
    /// Has taken leave.
    Over,
}

/// What a session found out at its level.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) version: Version,
    /// When the session was logged in.
    pub(super) since: Instant,
    pub(super) replication: Option<Replication>,
}

impl Session {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            connection: Connection::new(stream),
            phase: Phase::Greeting,
            since: Instant::now(),
            version: None,
        }
    }

    /// How far it has come.
    pub(super) fn stage(&self) -> Stage {
        match self.phase {
            Phase::Greeting => Stage::Greeting,
            #[cfg(feature = "mysql-tls")]
            Phase::Tls(_) => Stage::Tls,
            Phase::Login(_) => Stage::Login,
            Phase::Ready | Phase::Asked(_) | Phase::Over => Stage::Query,
        }
    }

    /// Whether it is logged in, waits for nothing, and has been for this long.
    pub(super) fn is_older_than(&self, age: Duration) -> bool {
        matches!(self.phase, Phase::Ready) && self.since.elapsed() >= age
    }

    /// Goes on with whatever it was at, then checks what the level asks for.
    pub(super) async fn check(&mut self, settings: &Settings) -> Result<Findings, Reason> {
        self.settle(settings).await?;
        let replication = match &settings.level {
            Level::Ping => {
                self.ask(&[COM_PING]).await?;
                None
            }
            Level::Query(statement) => {
                self.query(statement).await?;
                None
            }
            Level::Replica(options) => Some(self.replication(options).await?),
        };
        Ok(Findings {
            version: self.version()?.clone(),
            since: self.since,
            replication,
        })
    }

    /// Until it is logged in and no answer is outstanding.
    async fn settle(&mut self, settings: &Settings) -> Result<(), Reason> {
        loop {
            match &mut self.phase {
                Phase::Ready => return Ok(()),
                Phase::Over => return Err(Reason::Closed),
                Phase::Asked(_) => {
                    self.answer().await?;
                }
                Phase::Greeting => {
                    let payload = self.connection.receive().await?;
                    match Opening::read(&payload)? {
                        Opening::Refusal(error) => return Err(error.into()),
                        Opening::Greeting(greeting) => self.greeted(greeting, settings)?,
                    }
                }
                #[cfg(feature = "mysql-tls")]
                Phase::Tls(greeting) => {
                    let trusted = self.connection.secure(&settings.tls).await?;
                    let greeting = greeting.clone();
                    match trusted {
                        Ok(()) => self.log_in(greeting, settings, true)?,
                        Err(why) => {
                            self.decline(greeting, settings, true, LoginError::NotTrusted(why))?;
                        }
                    }
                }
                Phase::Login(login) => {
                    let payload = self.connection.receive().await?;
                    match login.take(&payload)? {
                        Step::Send(payload) => self.connection.reply(&payload)?,
                        Step::Wait => {}
                        Step::Done => {
                            self.phase = Phase::Ready;
                            self.since = Instant::now();
                        }
                    }
                }
            }
        }
    }

    #[cfg(not(feature = "mysql-tls"))]
    fn greeted(&mut self, greeting: Greeting, settings: &Settings) -> Result<(), Reason> {
        self.log_in(greeting, settings, false)
    }

    #[cfg(feature = "mysql-tls")]
    fn greeted(&mut self, greeting: Greeting, settings: &Settings) -> Result<(), Reason> {
        match (&settings.tls, greeting.offers_tls()) {
            (Tls::Off, _) | (Tls::Preferred, false) => self.log_in(greeting, settings, false),
            (Tls::Preferred | Tls::Required(_), true) => {
                self.connection.reply(&ssl_request(&greeting))?;
                self.phase = Phase::Tls(greeting);
                Ok(())
            }
            (Tls::Required(_), false) => {
                self.decline(greeting, settings, false, LoginError::TlsNotOffered)
            }
        }
    }

    fn log_in(
        &mut self,
        greeting: Greeting,
        settings: &Settings,
        encrypted: bool,
    ) -> Result<(), Reason> {
        let begun = Login::begin(&greeting, credentials(settings), encrypted)?;
        self.begun(greeting, begun)
    }

    /// A handshake that is broken off would be held against this host: the server has to refuse.
    #[cfg(feature = "mysql-tls")]
    fn decline(
        &mut self,
        greeting: Greeting,
        settings: &Settings,
        encrypted: bool,
        why: LoginError,
    ) -> Result<(), Reason> {
        let begun = Login::decline(&greeting, credentials(settings), encrypted, why)?;
        self.begun(greeting, begun)
    }

    fn begun(
        &mut self,
        greeting: Greeting,
        (login, first): (Login, Vec<u8>),
    ) -> Result<(), Reason> {
        self.connection.reply(&first)?;
        self.phase = Phase::Login(login);
        self.version = Some(greeting.version);
        Ok(())
    }

    async fn replication(&mut self, options: &ReplicaOptions) -> Result<Replication, Reason> {
        let statement = replica::statement(self.version()?);
        let mut replica = ReplicaStatus::read(&self.rows(statement).await?)?;
        let read_only = ReadOnly::read(&self.rows(replica::READ_ONLY).await?)?;
        if let (Some(replica), Some(heartbeat)) = (&mut replica, &options.heartbeat) {
            let age = self.rows(&heartbeat.statement()).await?;
            let age = Heartbeat::read(age.scalar());
            let missing = || Reason::NoHeartbeat(heartbeat.to_string());
            replica.heartbeat = Some(age.ok_or_else(missing)?);
        }
        Ok(Replication { replica, read_only })
    }

    fn version(&self) -> Result<&Version, Reason> {
        // It is known from the greeting on.
        self.version.as_ref().ok_or(Reason::Closed)
    }

    async fn rows(&mut self, statement: &str) -> Result<ResultSet, Reason> {
        match self.query(statement).await? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Ok | Answer::Error(_) => {
                Err(WireError::Malformed("no rows in the answer").into())
            }
        }
    }

    async fn query(&mut self, statement: &str) -> Result<Answer, Reason> {
        self.ask(&[&[COM_QUERY], statement.as_bytes()].concat())
            .await
    }

    async fn ask(&mut self, command: &[u8]) -> Result<Answer, Reason> {
        self.connection.begin(command)?;
        self.phase = Phase::Asked(AnswerReader::new());
        match self.answer().await? {
            Answer::Error(error) => Err(error.into()),
            answer @ (Answer::Ok | Answer::Rows(_)) => Ok(answer),
        }
    }

    /// The answer that is outstanding.
    async fn answer(&mut self) -> Result<Answer, Reason> {
        while let Phase::Asked(reader) = &mut self.phase {
            let payload = self.connection.receive().await?;
            if let Some(answer) = reader.take(&payload)? {
                self.phase = Phase::Ready;
                return Ok(answer);
            }
        }
        Err(Reason::Closed)
    }

    /// Lets the kernel find out whether the host is still there.
    pub(super) fn watch(&self) {
        self.connection.watch();
    }

    /// Takes leave, and waits until the server has closed.
    pub(super) async fn quit(mut self) {
        if matches!(self.phase, Phase::Ready) {
            self.phase = Phase::Over;
            self.connection.quit().await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        match self.phase {
            // In a login too: the server may have let it in, and be about to say so.
            Phase::Ready | Phase::Asked(_) | Phase::Login(_) => self.connection.quit_at_once(),
            #[cfg(feature = "mysql-tls")]
            Phase::Tls(_) => {}
            Phase::Greeting | Phase::Over => {}
        }
    }
}

fn credentials(settings: &Settings) -> Credentials {
    Credentials {
        user: settings.user.clone(),
        password: settings.password.clone(),
        key: settings.public_key.clone(),
    }
}
