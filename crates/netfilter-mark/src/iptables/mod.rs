//! Our chains in iptables: read, replace, remove.

mod detect;
mod parse;
mod rule;
mod script;
mod tool;
pub(crate) mod words;

use std::net::IpAddr;

use crate::rule::{Family, check};
use crate::{ChainState, Error, MarkRule};
use parse::Table;
use tool::Tool;

pub use parse::parse_save;
pub use tool::Variant;

/// How often a write is tried when the table changed between reading and writing.
const TRIES: usize = 3;

/// The iptables of this host, in one of its variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iptables {
    variant: Variant,
    v4: Tool,
    v6: Option<Tool>,
}

impl Iptables {
    /// The variant that works with this kernel; if both do, the one that holds chains of ours, or else any rules in the
    /// table `mangle`, or else any rules at all, or else nft. To find out whether it works, a chain with everything
    /// that ours need is made and removed in one transaction, if none of ours are there; that may leave an empty table
    /// behind.
    ///
    /// # Errors
    /// [`Error::NotInstalled`], [`Error::NoneWorks`], or [`Error::Incompatible`].
    pub fn detect() -> Result<Self, Error> {
        detect::detect()
    }

    /// This variant, whether it works or not; `None` if it is not installed.
    pub fn of(variant: Variant) -> Option<Self> {
        Tool::find(variant).map(|(v4, v6)| Self { variant, v4, v6 })
    }

    /// Every variant that is installed, whether it works or not: chains left in the one that is no longer used still
    /// have their effect, so a clean-up removes them from all.
    pub fn installed() -> Vec<Self> {
        detect::installed()
    }

    /// Which of the two this is.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Whether any table of this variant, of either family, holds rules or chains that are not ours.
    pub(crate) fn is_used(&self) -> bool {
        let mut listings = self.listings().into_iter();
        listings.any(|(_, _, listing)| listing.is_ok_and(|text| parse::parse(&text).foreign))
    }

    /// What `iptables-save` prints of all tables in use: the program's name, the family's in nft's words, and the text.
    pub(crate) fn listings(&self) -> Vec<(String, Family, Result<String, Error>)> {
        let tools = [Some(&self.v4), self.v6.as_ref()];
        let tools = tools.into_iter().flatten();
        tools
            .map(|tool| (tool.name(), tool.family, tool.list()))
            .collect()
    }

    /// Makes and unmakes a chain with everything that ours need in one transaction.
    pub(crate) fn try_out(&self, family: Family) -> Result<(), Error> {
        let variant = self.variant;
        let tool = match family {
            Family::V4 => &self.v4,
            Family::V6 => self.v6.as_ref().ok_or(Error::NoIp6tables { variant })?,
        };
        tool.try_out()
    }

    /// What the kernel holds of ours, IPv4 and IPv6.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::Failed`], [`Error::Incompatible`], [`Error::TooLong`], [`Error::Run`].
    pub fn read(&self) -> Result<ChainState, Error> {
        let mut tables = vec![self.v4.read()?];
        if let Some(v6) = &self.v6 {
            tables.push(read_or_empty(v6)?);
        }
        Ok(parse::join(tables))
    }

    /// Makes the chains hold exactly these rules, each reached by exactly one jump, each family in one transaction. A
    /// jump that is there keeps its place. With no rules for a family, its chains and jumps are removed.
    ///
    /// # Errors
    /// [`Error::SameTarget`], [`Error::GuardIsMark`], [`Error::NoIp6tables`], and those of [`read`](Self::read). IPv4
    /// comes first: an error of IPv6 leaves it done.
    pub fn replace(&self, rules: &[MarkRule]) -> Result<(), Error> {
        check(rules)?;
        let mut sorted: Vec<&MarkRule> = rules.iter().collect();
        sorted.sort();
        let (v4, v6): (Vec<_>, Vec<_>) = sorted
            .into_iter()
            .partition(|rule| matches!(rule.destination, IpAddr::V4(_)));
        self.write(
            &|table| script::replace(table, &v4),
            &|table| script::replace(table, &v6),
            !v6.is_empty(),
        )
    }

    /// Takes the chains and every jump to them away, and nothing else. Nothing there is nothing to do.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn remove(&self) -> Result<(), Error> {
        self.write(&script::remove, &script::remove, false)
    }

    fn write(&self, v4: &Script<'_>, v6: &Script<'_>, v6_wanted: bool) -> Result<(), Error> {
        apply(&self.v4, Tool::read, v4)?;
        match &self.v6 {
            Some(tool) if v6_wanted => apply(tool, Tool::read, v6),
            Some(tool) => apply(tool, read_or_empty, v6),
            None if v6_wanted => Err(Error::NoIp6tables {
                variant: self.variant,
            }),
            None => Ok(()),
        }
    }
}

/// What to do about a table as found.
type Script<'a> = dyn Fn(&Table) -> Option<String> + 'a;

fn apply(
    tool: &Tool,
    read: fn(&Tool) -> Result<Table, Error>,
    script: &Script<'_>,
) -> Result<(), Error> {
    let mut tries = 1;
    loop {
        let table = read(tool)?;
        let Some(script) = script(&table) else {
            return Ok(());
        };
        match tool.restore(&script) {
            // Perhaps a jump we wanted to delete has gone meanwhile: if the table is not what was read, try again.
            Err(Error::Failed { .. }) if tries < TRIES && read(tool)? != table => {
                tries = tries.saturating_add(1)
            }
            result => return result,
        }
    }
}

/// A table that cannot be listed because the kernel has no IPv6 holds nothing of ours.
fn read_or_empty(tool: &Tool) -> Result<Table, Error> {
    match tool.read() {
        Err(Error::Failed { .. }) => Ok(Table::default()),
        result => result,
    }
}
