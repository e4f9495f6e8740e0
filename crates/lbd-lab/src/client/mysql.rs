//! As much of MySQL's protocol as a reader without a password needs.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// `CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH`.
const CAPABILITIES: u32 = 0x0000_0200 | 0x0000_8000 | 0x0008_0000;
/// `COM_QUERY` and `COM_QUIT`.
const QUERY: u8 = 3;
const QUIT: u8 = 1;

/// A logged-in session over any stream.
#[derive(Debug)]
pub struct Session<S> {
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Logs in as a user without a password.
    ///
    /// # Errors
    /// When the server refuses, or the stream breaks.
    pub async fn login(stream: S, user: &str) -> io::Result<Self> {
        let mut session = Self { stream };
        let (number, greeting) = session.receive().await?;
        fail_on_error(&greeting)?;
        let mut reply = Vec::new();
        reply.extend(CAPABILITIES.to_le_bytes());
        reply.extend(0x0100_0000_u32.to_le_bytes());
        reply.push(33);
        reply.extend([0; 23]);
        reply.extend(user.as_bytes());
        reply.extend([0, 0]);
        reply.extend(b"mysql_native_password\0");
        session.send(number.wrapping_add(1), &reply).await?;
        let (number, mut answer) = session.receive().await?;
        if answer.first() == Some(&0xfe) {
            session.send(number.wrapping_add(1), &[]).await?;
            (_, answer) = session.receive().await?;
        }
        fail_on_error(&answer)?;
        Ok(session)
    }

    /// Asks the server for its host's name, and parts in an orderly way.
    ///
    /// # Errors
    /// When the server answers with an error, or the stream breaks.
    pub async fn ask_name(mut self) -> io::Result<String> {
        let row = self.query("SELECT @@hostname").await?;
        self.quit().await?;
        row.into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .flatten()
            .ok_or_else(|| bad("no row"))
    }

    /// Sends a query and gives its rows as texts; `None` is NULL. A statement without rows gives none.
    ///
    /// # Errors
    /// When the server answers with an error (in its words), or the stream breaks.
    pub async fn query(&mut self, text: &str) -> io::Result<Vec<Vec<Option<String>>>> {
        let mut command = vec![QUERY];
        command.extend(text.as_bytes());
        self.send(0, &command).await?;
        let (_, head) = self.receive().await?;
        fail_on_error(&head)?;
        if head.first() == Some(&0) {
            return Ok(Vec::new());
        }
        while !is_end(&self.receive().await?.1) {}
        let mut rows = Vec::new();
        loop {
            let (_, packet) = self.receive().await?;
            fail_on_error(&packet)?;
            if is_end(&packet) {
                return Ok(rows);
            }
            rows.push(texts(&packet)?);
        }
    }

    /// Parts in an orderly way: the server counts every other end as an aborted client.
    ///
    /// # Errors
    /// When the stream breaks.
    pub async fn quit(mut self) -> io::Result<()> {
        self.send(0, &[QUIT]).await
    }

    async fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await?;
        let [a, b, c, number] = head;
        let mut body = vec![0; usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16];
        self.stream.read_exact(&mut body).await?;
        Ok((number, body))
    }

    async fn send(&mut self, number: u8, body: &[u8]) -> io::Result<()> {
        let [a, b, c, _] = u32::try_from(body.len())
            .map_err(io::Error::other)?
            .to_le_bytes();
        let mut packet = vec![a, b, c, number];
        packet.extend(body);
        self.stream.write_all(&packet).await
    }
}

fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

/// An error packet: `ff`, the code, and after the handshake `#` and five characters of SQLSTATE.
fn fail_on_error(packet: &[u8]) -> io::Result<()> {
    let [0xff, low, high, text @ ..] = packet else {
        return Ok(());
    };
    let code = u16::from_le_bytes([*low, *high]);
    Err(io::Error::other(format!(
        "error {code}: {}",
        String::from_utf8_lossy(text)
    )))
}

fn texts(mut packet: &[u8]) -> io::Result<Vec<Option<String>>> {
    let mut row = Vec::new();
    while let [first, rest @ ..] = packet {
        let (length, rest) = match first {
            0xfb => {
                row.push(None);
                packet = rest;
                continue;
            }
            0xfc => match rest {
                [low, high, rest @ ..] => (usize::from(u16::from_le_bytes([*low, *high])), rest),
                _ => return Err(bad("a cut length")),
            },
            short => (usize::from(*short), rest),
        };
        let (text, rest) = rest
            .split_at_checked(length)
            .ok_or_else(|| bad("a cut text"))?;
        row.push(Some(String::from_utf8_lossy(text).into_owned()));
        packet = rest;
    }
    Ok(row)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
