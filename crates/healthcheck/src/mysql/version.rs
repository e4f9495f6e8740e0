//! Which server it is.

use core::fmt;

/// Whose server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// MySQL, Percona Server, and what calls itself so.
    MySql,
    /// MariaDB.
    MariaDb,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

/// A server's flavour and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Whose.
    pub flavour: Flavour,
    /// Major, minor, patch; zero where the text has none.
    pub number: (u16, u16, u16),
    /// As the server says it, without MariaDB's `5.5.5-`.
    pub text: String,
}

impl Version {
    /// Reads `8.0.36`, `8.4.3-log`, `10.11.19-MariaDB-0+deb12u1`. MariaDB greets with `5.5.5-` before it, since old replicas
    /// took 10 for 1.
    #[must_use]
    pub fn read(text: &str) -> Self {
        const PREFIX: &str = "5.5.5-";
        let plain = text.strip_prefix(PREFIX).unwrap_or(text);
        let named = plain.to_ascii_lowercase().contains("mariadb");
        let flavour = match named || text.starts_with(PREFIX) {
            true => Flavour::MariaDb,
            false => Flavour::MySql,
        };
        let mut parts = plain.splitn(3, '.').map(leading_number);
        let mut next = || parts.next().unwrap_or(0);
        Self {
            flavour,
            number: (next(), next(), next()),
            text: plain.to_owned(),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.flavour, self.text)
    }
}

fn leading_number(text: &str) -> u16 {
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    text.get(..end)
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}
