//! Finds and runs the programs of the package iptables.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use super::parse::{self, Table};
use super::script;
use crate::Error;
use crate::program::{Program, explain};
use crate::rule::Family;

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

impl Family {
    fn program(self) -> &'static str {
        match self {
            Self::V4 => "iptables",
            Self::V6 => "ip6tables",
        }
    }

    /// The kernel's list of the legacy tables in use, below `/proc/thread-self/net`.
    fn legacy_names(self) -> &'static str {
        match self {
            Self::V4 => "ip_tables_names",
            Self::V6 => "ip6_tables_names",
        }
    }
}

/// An address family's pair of programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    save: Program,
    restore: Program,
    variant: Variant,
    pub(super) family: Family,
}

impl Tool {
    /// The programs for IPv4 and, if they are there, for IPv6.
    pub(super) fn find(variant: Variant) -> Option<(Self, Option<Self>)> {
        let find = |family: Family| {
            Self::named(&format!("{}-{variant}", family.program()), variant, family)
                .or_else(|| Self::unnamed(variant, family))
        };
        Some((find(Family::V4)?, find(Family::V6)))
    }

    fn named(base: &str, variant: Variant, family: Family) -> Option<Self> {
        Some(Self {
            save: Program::find(&format!("{base}-save"))?,
            restore: Program::find(&format!("{base}-restore"))?,
            variant,
            family,
        })
    }

    /// Systems with one variant only have no suffix; the version tells which it is.
    fn unnamed(variant: Variant, family: Family) -> Option<Self> {
        let tool = Self::named(family.program(), variant, family)?;
        let version = Program::find(family.program())?
            .run(&["--version"], "", Duration::ZERO)
            .ok()?;
        let nft = version.contains("nf_tables");
        (nft == (variant == Variant::Nft)).then_some(tool)
    }

    /// Family and variant: `iptables-nft`.
    pub(super) fn name(&self) -> String {
        format!("{}-{}", self.family.program(), self.variant)
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
        self.put(script).map(drop)
    }

    /// Whether the kernel says that the legacy table is not in use.
    fn is_unused(&self) -> bool {
        self.legacy_tables()
            .is_some_and(|names| !names.iter().any(|name| name == "mangle"))
    }

    /// Makes and unmakes a chain with everything that ours need in one transaction, to see whether the kernel takes it.
    pub(super) fn try_out(&self) -> Result<(), Error> {
        let said = self.put(&script::try_out(self.family))?;
        // The legacy variant looks for a match when it reads the rule, and then only warns.
        if said.contains("missing kernel module") {
            return Err(explain(self.restore.path(), None, &said));
        }
        Ok(())
    }

    /// Carries out a script, and gives what was said though it succeeded.
    fn put(&self, script: &str) -> Result<String, Error> {
        let wait = LOCK_WAIT.as_secs().to_string();
        self.restore
            .talk(&["--noflush", "-w", &wait], script, LOCK_WAIT)
            .map(|(_, said)| said)
    }

    /// The legacy tables in use, as the kernel says; `None` if it does not, and for the other variant. Merely listing a
    /// table would load its module and put it to use, on hosts that know only nft.
    fn legacy_tables(&self) -> Option<Vec<String>> {
        if self.variant != Variant::Legacy {
            return None;
        }
        // Not /proc/net: that is the namespace of the process's first thread.
        let folder = Path::new("/proc/thread-self/net");
        match fs::read_to_string(folder.join(self.family.legacy_names())) {
            Ok(names) => Some(names.lines().map(str::to_owned).collect()),
            // The file comes with the module; without rights it is there, but cannot be read.
            Err(error) => (error.kind() == ErrorKind::NotFound && folder.exists()).then(Vec::new),
        }
    }
}

#[cfg(test)]
mod tests;
