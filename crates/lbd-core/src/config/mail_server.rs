//! Where a mail server is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The port of SMTP (RFC 5321, 4.5.4.2).
const SMTP: u16 = 25;

/// A mail server: a name or an address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address; an IPv6 address without brackets.
    pub host: String,
    /// Its port, 1 to 65535.
    pub port: u16,
}

impl FromStr for MailServer {
    type Err = String;

    /// `name`, `name:port`, `192.0.2.1:port`, `2001:db8::1`, `[2001:db8::1]:port`; port 25 without.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let bare = bare.unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self {
                host: address.to_string(),
                port: SMTP,
            });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port != 0)),
            None => (text, Some(SMTP)),
        };
        let address = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = match address {
            Some(address) => address.parse::<IpAddr>().ok().map(|a| a.to_string()),
            None => is_name(host).then(|| host.to_owned()),
        };
        match (host, port) {
            (Some(host), Some(port)) => Ok(Self { host, port }),
            (None, _) | (_, None) => Err(format!(
                "`{}` is no mail server: a name or an address, with `:port` where it is not {SMTP}, an IPv6 address \
                 in brackets before a port",
                text.escape_debug()
            )),
        }
    }
}

fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && text.len() <= 253 && text.chars().all(legal)
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}
