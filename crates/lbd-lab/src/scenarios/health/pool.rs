//! Logged-in connections that an application keeps to one server, through the virtual IP.

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::client::mysql::Session;
use crate::cluster::{PORT, VIP};
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// More than the smallest `max_connections` that MariaDB takes, which is 10.
const SIZE: usize = 14;
/// Of three servers each gets a third, other clients being there or not.
const ATTEMPTS: usize = 120;

/// The connections.
pub(super) struct Pool {
    runtime: Runtime,
    sessions: Vec<Session<TcpStream>>,
}

impl Pool {
    /// Connects until enough connections lead to this server; those to others part.
    pub(super) fn to(server: &str, client: &Host) -> Result<Self> {
        let server = server.to_owned();
        let opened = client.thread(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let sessions = runtime.block_on(open(&server))?;
            Ok(Self { runtime, sessions })
        })?;
        opened
            .join()
            .map_err(|_| Failed::new("the connecting thread panicked"))?
    }

    /// Asks over each connection who is there.
    pub(super) fn answers(&mut self, server: &str) -> Result {
        for session in &mut self.sessions {
            let name = self.runtime.block_on(name(session))?;
            ensure!(name == server, "{name} answers for {server}");
        }
        Ok(())
    }

    /// Parts, in an orderly way.
    pub(super) fn leave(self) -> Result {
        for session in self.sessions {
            self.runtime.block_on(session.quit())?;
        }
        Ok(())
    }
}

async fn open(server: &str) -> Result<Vec<Session<TcpStream>>> {
    let mut sessions = Vec::new();
    for _ in 0..ATTEMPTS {
        let stream = TcpStream::connect((VIP, PORT)).await?;
        let mut session = Session::login(stream, "reader").await?;
        if name(&mut session).await? == server {
            sessions.push(session);
        } else {
            session.quit().await?;
        }
        if sessions.len() == SIZE {
            return Ok(sessions);
        }
    }
    let found = sessions.len();
    Err(Failed::new(format!(
        "of {ATTEMPTS} connections {found} lead to {server}"
    )))
}

async fn name(session: &mut Session<TcpStream>) -> Result<String> {
    let rows = session.query("SELECT @@hostname").await?;
    let value = rows.into_iter().flatten().flatten().next();
    value.ok_or_else(|| Failed::new("no row"))
}
