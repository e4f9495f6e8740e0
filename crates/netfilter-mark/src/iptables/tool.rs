//! Finds and runs the programs of the package iptables.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use super::parse::{self, Table};
use crate::Error;
use crate::program::Program;

/// How long the lock of another legacy iptables is waited for; the nft variant needs none and ignores it.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Which of the two iptables: they keep their rules in different places in the kernel, and both are obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Over nf_tables; the default of Debian and others.
    Nft,
    /// Over the kernel's older ip_tables.
    Legacy,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nft => "nft",
            Self::Legacy => "legacy",
        })
    }
}

/// An address family's pair of programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    save: Program,
    restore: Program,
    variant: Variant,
    /// The kernel's list of this family's legacy tables in use, below `/proc/thread-self/net`.
    names: &'static str,
}

impl Tool {
    /// The programs for IPv4 and, if they are there, for IPv6.
    pub(super) fn find(variant: Variant) -> Option<(Self, Option<Self>)> {
        let find = |family: &str, names| {
            Self::named(&format!("{family}-{variant}"), variant, names)
                .or_else(|| Self::unnamed(family, variant, names))
        };
        Some((
            find("iptables", "ip_tables_names")?,
            find("ip6tables", "ip6_tables_names"),
        ))
    }

    fn named(base: &str, variant: Variant, names: &'static str) -> Option<Self> {
        Some(Self {
            save: Program::find(&format!("{base}-save"))?,
            restore: Program::find(&format!("{base}-restore"))?,
            variant,
            names,
        })
    }

    /// Systems with one variant only have no suffix; the version tells which it is.
    fn unnamed(family: &str, variant: Variant, names: &'static str) -> Option<Self> {
        let tool = Self::named(family, variant, names)?;
        let version = Program::find(family)?
            .run(&["--version"], "", Duration::ZERO)
            .ok()?;
        let nft = version.contains("nf_tables");
        (nft == (variant == Variant::Nft)).then_some(tool)
    }

    /// The table mangle as it is now.
    pub(super) fn read(&self) -> Result<Table, Error> {
        if self.is_unused() {
            return Ok(Table::default());
        }
        let text = self.save.run(&["-t", "mangle"], "", Duration::ZERO)?;
        if text.contains("# Table `mangle' is incompatible") {
            return Err(Error::Incompatible);
        }
        Ok(parse::parse(&text))
    }

    /// All tables in use, as `iptables-save` prints them.
    pub(super) fn list(&self) -> Result<String, Error> {
        if self.legacy_tables().is_some_and(|names| names.is_empty()) {
            return Ok(String::new());
        }
        self.save.run(&[], "", Duration::ZERO)
    }

    /// Carries out a script, whole or not at all.
    pub(super) fn restore(&self, script: &str) -> Result<(), Error> {
        let wait = LOCK_WAIT.as_secs().to_string();
        self.restore
            .run(&["--noflush", "-w", &wait], script, LOCK_WAIT)
            .map(drop)
    }

    /// Whether the kernel says that the legacy table is not in use.
    fn is_unused(&self) -> bool {
        self.legacy_tables()
            .is_some_and(|names| !names.iter().any(|name| name == "mangle"))
    }

    /// The legacy tables in use, as the kernel says; `None` if it does not, and for the other variant. Merely listing a
    /// table would load its module and put it to use, on hosts that know only nft.
    fn legacy_tables(&self) -> Option<Vec<String>> {
        if self.variant != Variant::Legacy {
            return None;
        }
        // Not /proc/net: that is the namespace of the process's first thread.
        let folder = Path::new("/proc/thread-self/net");
        match fs::read_to_string(folder.join(self.names)) {
            Ok(names) => Some(names.lines().map(str::to_owned).collect()),
            // The file comes with the module; without rights it is there, but cannot be read.
            Err(error) => (error.kind() == ErrorKind::NotFound && folder.exists()).then(Vec::new),
        }
    }
}
