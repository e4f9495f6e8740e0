//! A connection that is kept, as a pool would keep it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;

use crate::failed::{Failed, Result};
use crate::host::Host;

/// An open connection to a line server.
#[derive(Debug)]
pub struct Held {
    stream: BufReader<TcpStream>,
    server: String,
}

impl Held {
    /// Opens a connection from a host.
    ///
    /// # Errors
    /// When nobody answers within 5 s.
    pub fn open(host: &Host, target: SocketAddrV4) -> Result<Self> {
        let limit = Duration::from_secs(5);
        let opened = host.thread(move || {
            let stream = TcpStream::connect_timeout(&target.into(), limit)?;
            stream.set_read_timeout(Some(limit))?;
            Ok(stream)
        })?;
        let stream = opened
            .join()
            .map_err(|_| Failed::new("the connecting thread panicked"))??;
        let mut held = Self {
            stream: BufReader::new(stream),
            server: String::new(),
        };
        held.server = held.line()?;
        Ok(held)
    }

    /// The server that it leads to.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Asks again over the same connection.
    ///
    /// # Errors
    /// When it is dead, or another server answers.
    pub fn ask(&mut self) -> Result {
        self.stream.get_mut().write_all(b"again\n")?;
        let answer = self.line()?;
        crate::ensure!(
            answer == self.server,
            "{} answers for {}",
            answer,
            self.server
        );
        Ok(())
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line)?;
        crate::ensure!(read > 0, "the connection to {} was closed", self.server);
        Ok(line.trim_end().to_owned())
    }
}
