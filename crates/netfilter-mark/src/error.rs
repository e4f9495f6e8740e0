//! What can go wrong.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use crate::hints::{NO_SUPPORT, hint};
use crate::{Protocol, Variant};

/// Why our rules could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is not there.
    #[error("{missing} is not installed: apt install {package}")]
    NotInstalled {
        /// The programs that were looked for.
        missing: &'static str,
        /// The Debian package that brings one of them.
        package: &'static str,
    },
    /// What is installed does not work with this kernel.
    #[error("no firewall works here: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NoneWorks(Vec<Error>),
    /// IPv6 rules are wanted, and there is no ip6tables of this variant.
    #[error("there is no ip6tables ({variant}) for the IPv6 rules: apt install iptables")]
    NoIp6tables {
        /// The variant in use.
        variant: Variant,
    },
    /// Not permitted.
    #[error("{} is not permitted: root or CAP_NET_ADMIN and CAP_NET_RAW (as ambient capabilities) are needed", .program.display())]
    NotPermitted {
        /// The program that was run.
        program: PathBuf,
    },
    /// The program failed.
    #[error("{} failed{}: {message}{}", .program.display(), .status.map(|code| format!(" with status {code}")).unwrap_or_default(), hint(.program, .message))]
    Failed {
        /// The program that was run.
        program: PathBuf,
        /// Its exit status; none if a signal ended it.
        status: Option<i32>,
        /// What it said, on one line, cut after 1000 characters.
        message: String,
    },
    /// The table holds rules made with nft(8) that iptables cannot show, so ours cannot be read either.
    #[error(
        "iptables cannot read the table mangle, because nft rules that it does not know are in it: move those to a table of their own (nft list ruleset)"
    )]
    Incompatible,
    /// What nft printed is no listing.
    #[error("{} printed no listing in JSON that can be read: is it an nft with JSON?", .program.display())]
    Unreadable {
        /// The program that was run.
        program: PathBuf,
    },
    /// The program printed more than a table of rules can hold, and was killed.
    #[error("{} printed more than the {limit} octets that are read", .program.display())]
    TooLong {
        /// The program that was run.
        program: PathBuf,
        /// How much is read, in octets.
        limit: usize,
    },
    /// The program did not end in time, and was killed.
    #[error(
        "{} did not end within {} s and was killed: the kernel or another program holds it up; look for hanging iptables or nft processes",
        .program.display(),
        .allowed.as_secs()
    )]
    TimedOut {
        /// The program that was run.
        program: PathBuf,
        /// How long it was waited for.
        allowed: Duration,
    },
    /// Changes to nf_tables cannot be heard of.
    #[error(
        "changes to nf_tables cannot be watched: {0} (what may help: CAP_NET_ADMIN; modprobe nf_tables)"
    )]
    Watch(io::Error),
    /// Two of the rules are for the same target.
    #[error("two rules mark {protocol} port {port} of {destination}: only one mark can be set")]
    SameTarget {
        /// The destination.
        destination: IpAddr,
        /// The protocol.
        protocol: Protocol,
        /// The port.
        port: u16,
    },
    /// A rule's guard is also a mark to balance by.
    #[error(
        "the guard mark {guard:#x} for {protocol} port {port} of {destination} is also a mark to balance by: choose one that no rule sets"
    )]
    GuardIsMark {
        /// The destination.
        destination: IpAddr,
        /// The protocol.
        protocol: Protocol,
        /// The port.
        port: u16,
        /// The guard mark.
        guard: NonZeroU32,
    },
    /// The program could not be run.
    #[error("{} could not be run: {source}", .program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    /// Whether it says that the kernel has nothing of the kind, so nothing of ours either.
    pub(crate) fn is_no_support(&self) -> bool {
        let Self::Failed { message, .. } = self else {
            return false;
        };
        NO_SUPPORT.iter().any(|sign| message.contains(sign))
    }
}
