//! The login, from the greeting to OK.

use super::reader::Reader;
use super::response::response;
use super::{Greeting, OK, ServerError, WireError, printable};
use crate::mysql::{Password, PublicKey, proof};

/// The plugin of MariaDB, and of MySQL up to 8.
pub(super) const NATIVE: &str = "mysql_native_password";
/// The plugin of MySQL since 8.
const SHA2: &str = "caching_sha2_password";

/// The first octet of the server's packets within a login, besides OK and error.
const SWITCH: u8 = 0xfe;
const MORE: u8 = 0x01;

/// No login has more exchanges than about 5; a peer that goes on has something else in mind.
const MOST_EXCHANGES: u8 = 10;

/// Who logs in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user's name, without NUL.
    pub user: String,
    /// The user's password; empty is no password.
    pub password: Password,
    /// The server's RSA key, if it is known; else the server is asked for it.
    pub key: Option<PublicKey>,
}

/// What the client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this payload, then wait for the next packet.
    Send(Vec<u8>),
    /// Wait for the next packet.
    Wait,
    /// Logged in.
    Done,
}

/// Why a login failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The server refuses.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// What came is not the protocol.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The server wants a plugin that is not known here.
    #[error("the server asks for the authentication plugin {0}")]
    Plugin(String),
    /// The password cannot be encrypted for the server, with the reason.
    #[error("the password cannot be encrypted for the server: {0}")]
    Key(String),
    /// The client wants TLS, and the server's greeting offers none.
    #[error("the server offers no TLS")]
    TlsNotOffered,
    /// The server's certificate is not by the authority that the client trusts, with the reason.
    #[error("the server's certificate is not trusted: {0}")]
    NotTrusted(String),
}

/// One login. [`Login::begin`] gives the first payload to send; then each packet of the server goes to
/// [`Login::take`] until it says [`Step::Done`] or fails.
///
/// ```text
/// server: greeting          client: response with a proof by the greeting's plugin
///         [switch ►                 ◄ proof by another plugin]
///         [sha2: full ►             ◄ password, in TLS; or "send your key" ► key ► ◄ password under RSA]
///         OK or error
/// ```
///
/// Where the client cannot go on, it sends an empty proof, so that it is the *server* that refuses: a
/// handshake that is broken off counts towards `max_connect_errors`, a refused one does not. The reason is
/// kept and told when the refusal comes.
#[derive(Clone, Debug)]
pub struct Login {
    credentials: Credentials,
    encrypted: bool,
    plugin: Plugin,
    scramble: [u8; 20],
    exchanges: u8,
    given_up: Option<LoginError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plugin {
    Native,
    Sha2 { key_asked: bool },
}

impl Plugin {
    fn named(name: &str) -> Option<Self> {
        match name {
            NATIVE => Some(Self::Native),
            SHA2 => Some(Self::Sha2 { key_asked: false }),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Native => NATIVE,
            Self::Sha2 { .. } => SHA2,
        }
    }
}

impl Login {
    /// The answer to the greeting. `encrypted` says that the connection is inside TLS by now.
    ///
    /// # Errors
    /// None today for credentials that a [`Prober`](crate::mysql::Prober) accepts.
    pub fn begin(
        greeting: &Greeting,
        credentials: Credentials,
        encrypted: bool,
    ) -> Result<(Self, Vec<u8>), WireError> {
        // The default of the server need not be the user's plugin: it will switch then.
        let plugin = Plugin::named(&greeting.plugin).unwrap_or(Plugin::Native);
        let login = Self {
            credentials,
            encrypted,
            plugin,
            scramble: greeting.scramble,
            exchanges: 0,
            given_up: None,
        };
        let first = login.first(greeting, &login.proof())?;
        Ok((login, first))
    }

    /// A login that fails for sure, and shows the server no proof of the password: for a server that the client
    /// does not want to go on with. `why` is what [`take`](Self::take) then reports.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn decline(
        greeting: &Greeting,
        credentials: Credentials,
        encrypted: bool,
        why: LoginError,
    ) -> Result<(Self, Vec<u8>), WireError> {
        let login = Self {
            credentials,
            encrypted,
            plugin: Plugin::Native,
            scramble: greeting.scramble,
            exchanges: 0,
            given_up: Some(why),
        };
        let first = login.first(greeting, &[])?;
        Ok((login, first))
    }

    fn first(&self, greeting: &Greeting, proof: &[u8]) -> Result<Vec<u8>, WireError> {
        let user = &self.credentials.user;
        response(greeting, self.encrypted, user, self.plugin.name(), proof)
    }

    /// Takes the server's next payload.
    ///
    /// # Errors
    /// When the server refuses, or speaks something else. The connection is of no use then.
    pub fn take(&mut self, payload: &[u8]) -> Result<Step, LoginError> {
        self.exchanges = self.exchanges.saturating_add(1);
        if self.exchanges > MOST_EXCHANGES {
            return Err(WireError::Malformed("a login without end").into());
        }
        if let Some(error) = ServerError::read(payload)? {
            return Err(self.given_up.take().unwrap_or(error.into()));
        }
        match (payload.split_first(), self.given_up.take()) {
            (Some((&OK, _)), None) => Ok(Step::Done),
            // It lets in a user without proof: that is no login of ours.
            (Some((&OK, _)), Some(why)) => Err(why),
            (Some((&(SWITCH | MORE), _)), Some(why)) => Ok(self.give_up(why)),
            (Some((&SWITCH, request)), None) => self.switch(request),
            (Some((&MORE, data)), None) => self.more(data),
            (Some(_) | None, _) => {
                Err(WireError::Malformed("a packet that has no place in a login").into())
            }
        }
    }

    /// `AuthSwitchRequest`: `0xfe | name of the plugin, NUL | scramble (20), NUL`.
    fn switch(&mut self, request: &[u8]) -> Result<Step, LoginError> {
        let mut reader = Reader::new(request);
        let Some(name) = reader.until_nul() else {
            // 0xfe alone: the plugin of before 4.1.
            return Ok(self.give_up(LoginError::Plugin("mysql_old_password".to_owned())));
        };
        let name = printable(name);
        let Some(plugin) = Plugin::named(&name) else {
            return Ok(self.give_up(LoginError::Plugin(name)));
        };
        self.plugin = plugin;
        self.scramble = reader
            .array()
            .ok_or(WireError::Malformed("a switch of plugins without scramble"))?;
        Ok(Step::Send(self.proof()))
    }

    fn more(&mut self, data: &[u8]) -> Result<Step, LoginError> {
        const FAST_OK: &[u8] = &[3];
        const FULL: &[u8] = &[4];
        match (self.plugin, data) {
            (Plugin::Sha2 { key_asked: false }, FAST_OK) => Ok(Step::Wait),
            (Plugin::Sha2 { key_asked: false }, FULL) => Ok(self.full()),
            (Plugin::Sha2 { key_asked: true }, pem) => {
                self.plugin = Plugin::Sha2 { key_asked: false };
                Ok(match PublicKey::read(pem) {
                    Ok(key) => self.send_under(&key),
                    Err(why) => self.give_up(LoginError::Key(why.to_string())),
                })
            }
            (Plugin::Native | Plugin::Sha2 { .. }, _) => {
                Err(WireError::Malformed("a login goes on in an unknown way").into())
            }
        }
    }

    /// The server's cache has not got this user: it wants the password itself.
    fn full(&mut self) -> Step {
        const SEND_YOUR_KEY: u8 = 2;
        if self.encrypted {
            return Step::Send(proof::with_nul(&self.credentials.password));
        }
        match self.credentials.key.clone() {
            Some(key) => self.send_under(&key),
            None => {
                self.plugin = Plugin::Sha2 { key_asked: true };
                Step::Send(vec![SEND_YOUR_KEY])
            }
        }
    }

    fn send_under(&mut self, key: &PublicKey) -> Step {
        let hidden = proof::mixed(&self.credentials.password, &self.scramble);
        match key.encrypt(&hidden) {
            Ok(encrypted) => Step::Send(encrypted),
            Err(why) => self.give_up(LoginError::Key(why.to_string())),
        }
    }

    fn give_up(&mut self, why: LoginError) -> Step {
        self.given_up = Some(why);
        Step::Send(Vec::new())
    }

    fn proof(&self) -> Vec<u8> {
        let password = &self.credentials.password;
        match self.plugin {
            Plugin::Native => proof::native(password, &self.scramble),
            Plugin::Sha2 { .. } => proof::sha2(password, &self.scramble),
        }
    }
}
