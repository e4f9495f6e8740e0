//! Our table in nftables: read, replace, remove.

mod expression;
mod parse;
mod script;

use std::time::Duration;

use crate::program::Program;
use crate::rule::check;
use crate::{ChainState, Error, MarkRule, TABLE};

pub(crate) use parse::{GUARDS, MARKS};

pub use parse::parse_listing;

/// The nftables of this host, through the program nft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nftables {
    nft: Program,
}

impl Nftables {
    /// nft, if it works with this kernel. To find out, a table like ours is made and removed in one transaction, unless
    /// ours is there.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] and those of [`read`](Self::read).
    pub fn detect() -> Result<Self, Error> {
        let nftables = Self::installed().ok_or(Error::NotInstalled {
            missing: "nft",
            package: "nftables",
        })?;
        if nftables.read()? == ChainState::Absent {
            // Listing is no proof: without the family inet or one of the expressions there is nothing to list.
            nftables.try_out()?;
        }
        Ok(nftables)
    }

    /// nft, whether it works or not; `None` if it is not installed.
    pub fn installed() -> Option<Self> {
        Program::find("nft").map(|nft| Self { nft })
    }

    /// What the kernel holds of ours.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::Failed`], [`Error::Unreadable`], [`Error::TooLong`], [`Error::TimedOut`],
    /// [`Error::Run`].
    pub fn read(&self) -> Result<ChainState, Error> {
        match self.run(&["-j", "list", "table", "inet", TABLE], "") {
            Ok(listing) => parse_listing(&listing).ok_or_else(|| self.unreadable()),
            Err(Error::Failed { message, .. }) if message.contains("No such file or directory") => {
                Ok(ChainState::Absent)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the table hold exactly these rules, of both address families, in one transaction. Without rules the table
    /// is removed.
    ///
    /// # Errors
    /// [`Error::SameTarget`], [`Error::GuardIsMark`], and those of [`read`](Self::read).
    pub fn replace(&self, rules: &[MarkRule]) -> Result<(), Error> {
        check(rules)?;
        if rules.is_empty() {
            return self.remove();
        }
        let mut sorted: Vec<&MarkRule> = rules.iter().collect();
        sorted.sort();
        self.run(&["-f", "-"], &script::replace(&sorted)).map(drop)
    }

    /// Takes the table away, and nothing else. Nothing there is nothing to do.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn remove(&self) -> Result<(), Error> {
        match self.read() {
            Ok(ChainState::Absent) => Ok(()),
            // What cannot be read can be removed.
            Ok(ChainState::Installed(_) | ChainState::Damaged(_))
            | Err(Error::Unreadable { .. }) => self.run(&["-f", "-"], &script::remove()).map(drop),
            Err(error) => Err(error),
        }
    }

    /// Makes and removes a table like ours in one transaction.
    pub(crate) fn try_out(&self) -> Result<(), Error> {
        self.run(&["-f", "-"], &script::try_out()).map(drop)
    }

    /// All tables, without the elements of sets: in JSON, and in words with handles.
    pub(crate) fn list_everything(&self) -> Result<(String, String), Error> {
        Ok((
            self.run(&["-t", "-j", "list", "ruleset"], "")?,
            self.run(&["-t", "-a", "list", "ruleset"], "")?,
        ))
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<String, Error> {
        self.nft.run(arguments, input, Duration::ZERO)
    }

    pub(crate) fn unreadable(&self) -> Error {
        Error::Unreadable {
            program: self.nft.path(),
        }
    }
}
