//! The server's first packet.

use super::reader::Reader;
use super::{ServerError, WireError, printable};
use crate::mysql::{Flavour, Version};

/// The server's first packet: a greeting, or an error in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The login can begin.
    Greeting(Greeting),
    /// The server refuses this connection and closes it.
    Refusal(ServerError),
}

impl Opening {
    /// Reads the first packet's payload.
    ///
    /// # Errors
    /// [`WireError::Malformed`] when it is neither.
    pub fn read(payload: &[u8]) -> Result<Self, WireError> {
        if let Some(error) = ServerError::read(payload)? {
            return Ok(Self::Refusal(error));
        }
        Greeting::read(payload).map(Self::Greeting)
    }
}

/// What a server says of itself, `HandshakeV10`.
///
/// ```text
/// 10 | version, NUL | thread (4) | scramble (8) | 0 | capabilities, low (2) | character set (1) | status (2)
///    | capabilities, high (2) | length of the scramble and its NUL (1) | reserved (10)
///    | rest of the scramble, at least 13 with its NUL | name of the plugin, NUL
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Which server it is.
    pub version: Version,
    /// What it can do, as `CLIENT_*` bits.
    pub capabilities: u32,
    /// What passwords are mixed with in this login.
    pub scramble: [u8; 20],
    /// How it wants to be logged in to, by default.
    pub plugin: String,
}

/// The server's bits of [`Greeting::capabilities`] that are looked at.
pub(super) mod capability {
    /// Called `CLIENT_LONG_PASSWORD` once. MariaDB leaves it off since 10.2, every MySQL sets it.
    pub(in super::super) const MYSQL: u32 = 0x0000_0001;
    pub(in super::super) const PROTOCOL_41: u32 = 0x0000_0200;
    pub(in super::super) const SSL: u32 = 0x0000_0800;
    pub(in super::super) const TRANSACTIONS: u32 = 0x0000_2000;
    pub(in super::super) const SECURE_CONNECTION: u32 = 0x0000_8000;
    pub(in super::super) const PLUGIN_AUTH: u32 = 0x0008_0000;
}

impl Greeting {
    fn read(payload: &[u8]) -> Result<Self, WireError> {
        const VERSION: u8 = 10;
        if payload.first() != Some(&VERSION) {
            return Err(WireError::Malformed(
                "the first packet is neither a greeting of protocol version 10 nor an error",
            ));
        }
        let greeting = Self::fields(payload).ok_or(WireError::Malformed("a greeting cut short"))?;
        let needed = capability::PROTOCOL_41 | capability::SECURE_CONNECTION;
        if greeting.capabilities & needed != needed {
            return Err(WireError::Malformed(
                "the greeting of a server older than the protocol of MySQL 4.1",
            ));
        }
        Ok(greeting)
    }

    fn fields(payload: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(payload);
        let _protocol = reader.u8()?;
        let version = reader.until_nul()?;
        let _thread = reader.u32()?;
        let [s0, s1, s2, s3, s4, s5, s6, s7]: [u8; 8] = reader.array()?;
        let _filler = reader.u8()?;
        let low = reader.u16()?;
        let _character_set = reader.u8()?;
        let _status = reader.u16()?;
        let high = reader.u16()?;
        let length = usize::from(reader.u8()?);
        let _reserved = reader.octets(10)?;
        let mut second = Reader::new(reader.octets(length.saturating_sub(8).max(13))?);
        let [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11]: [u8; 12] = second.array()?;
        let capabilities = u32::from(high) << 16 | u32::from(low);
        let plugin = if capabilities & capability::PLUGIN_AUTH == 0 {
            super::login::NATIVE.to_owned()
        } else {
            // Some servers forget the NUL.
            printable(reader.until_nul().unwrap_or(reader.rest()))
        };
        let mut version = Version::read(&printable(version));
        if capabilities & capability::MYSQL == 0 {
            version.flavour = Flavour::MariaDb;
        }
        Some(Self {
            version,
            capabilities,
            scramble: [
                s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11,
            ],
            plugin,
        })
    }

    /// Whether the connection can be encrypted.
    #[must_use]
    pub fn offers_tls(&self) -> bool {
        self.capabilities & capability::SSL != 0
    }
}
