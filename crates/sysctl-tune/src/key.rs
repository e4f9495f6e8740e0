//! Names of kernel parameters.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A kernel parameter's name, such as `net.ipv4.conf.all.arp_ignore`.
///
/// It is held as components, so that an interface name with a dot in it (`eth0.100`) stays one of them. Printed and
/// parsed as sysctl(8) does: components are joined with dots, and a dot *inside* a component is written as a slash:
/// `net.ipv4.conf.eth0/100.arp_ignore`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<String>);

impl Key {
    /// A key from its components, for example `["net", "core", "somaxconn"]`.
    ///
    /// Components that cannot be a file name are refused later, by [`read`](crate::read) and [`write()`](crate::write()).
    pub fn new<S: Into<String>>(components: impl IntoIterator<Item = S>) -> Self {
        Self(components.into_iter().map(Into::into).collect())
    }

    /// `net.ipv4.conf.INTERFACE.NAME`; the interface may also be `all` or `default`.
    pub fn ipv4_conf(interface: &str, name: &str) -> Self {
        Self::new(["net", "ipv4", "conf", interface, name])
    }

    /// `net.ipv4.vs.NAME`, the parameters of IPVS. They exist while the module `ip_vs` is loaded.
    pub fn ipvs(name: &str) -> Self {
        Self::new(["net", "ipv4", "vs", name])
    }

    /// Whether it is one of `net.ipv4.vs`.
    pub fn is_ipvs(&self) -> bool {
        matches!(self.0.as_slice(), [net, ipv4, vs, _] if net == "net" && ipv4 == "ipv4" && vs == "vs")
    }

    /// The components, outermost first.
    pub fn components(&self) -> &[String] {
        &self.0
    }

    /// The last component, such as `arp_ignore`; empty for a key without components.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// The interface of a `net.ipv4.conf` or `net.ipv6.conf` key (it may be `all` or `default`).
    pub fn interface(&self) -> Option<&str> {
        match self.0.as_slice() {
            [net, family, conf, interface, _]
                if net == "net" && conf == "conf" && (family == "ipv4" || family == "ipv6") =>
            {
                Some(interface)
            }
            _ => None,
        }
    }

    /// The file below `/proc/sys`, or `None` where a component is no single file name (empty, `.`, `..`, or with a
    /// slash or NUL in it): such a key would lead to some other file.
    pub fn path(&self) -> Option<PathBuf> {
        let sound = |part: &String| {
            !matches!(part.as_str(), "" | "." | "..") && !part.contains(['/', '\0'])
        };
        if self.0.is_empty() || !self.0.iter().all(sound) {
            return None;
        }
        Some(
            ["/proc/sys"]
                .into_iter()
                .chain(self.0.iter().map(String::as_str))
                .collect(),
        )
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(".")?;
            }
            f.write_str(&part.replace('.', "/"))?;
        }
        Ok(())
    }
}

/// The text is no kernel parameter's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no kernel parameter: expected a name like net.ipv4.conf.all.arp_ignore")]
pub struct ParseKeyError {
    /// The text as given.
    pub text: String,
}

impl FromStr for Key {
    type Err = ParseKeyError;

    /// Takes both forms of sysctl(8): the separator met first separates, the other one stands for itself or, in the dot
    /// form, for a dot (`net.ipv4.conf.eth0/100.arp_ignore`, `net/ipv4/conf/eth0.100/arp_ignore`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let separator = text.chars().find(|c| matches!(c, '.' | '/')).unwrap_or('.');
        let key = Self::new(text.split(separator).map(|part| match separator {
            '.' => part.replace('/', "."),
            _ => part.to_owned(),
        }));
        if key.path().is_none() {
            return Err(ParseKeyError {
                text: text.to_owned(),
            });
        }
        Ok(key)
    }
}
