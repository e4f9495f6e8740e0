//! What can go wrong with iptables.

use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::{Protocol, Variant};

/// Why our rules could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No iptables on this host.
    #[error(
        "iptables is not installed (neither iptables-nft, iptables-legacy nor iptables was found): apt install iptables"
    )]
    NotInstalled,
    /// iptables is there, but no variant of it works with this kernel.
    #[error("no variant of iptables works here: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
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
    #[error("{} failed{}: {message}{}", .program.display(), .status.map(|code| format!(" with status {code}")).unwrap_or_default(), hint(.message))]
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
    /// The program printed more than a table of rules can hold.
    #[error("{} printed {length} octets, more than the {limit} that are read", .program.display())]
    TooLong {
        /// The program that was run.
        program: PathBuf,
        /// How much it printed, in octets.
        length: usize,
        /// How much is read, in octets.
        limit: usize,
    },
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

/// What to do about messages that say it in other words or not at all; more than one thing may be missing.
fn hint(message: &str) -> String {
    const HINTS: [(&str, &str); 12] = [
        (
            "lock file",
            "run as root, or set XTABLES_LOCKFILE to a file that this user may write",
        ),
        ("Extension tcp", "modprobe xt_tcpudp"),
        ("Extension udp", "modprobe xt_tcpudp"),
        ("Extension mac", "modprobe xt_mac"),
        ("Extension MARK", "modprobe xt_mark"),
        ("Extension mark", "modprobe xt_mark"),
        (
            "Table does not exist",
            "modprobe iptable_mangle (for IPv6 ip6table_mangle)",
        ),
        (
            "who? (do you need to insmod?)",
            "modprobe iptable_mangle (for IPv6 ip6table_mangle)",
        ),
        (
            "unable to initialize table",
            "modprobe iptable_mangle (for IPv6 ip6table_mangle)",
        ),
        (
            "Address family not supported",
            "modprobe ip6table_mangle, or IPv6 is off in this kernel",
        ),
        (
            "Failed to initialize nft",
            "modprobe nf_tables, or use iptables-legacy",
        ),
        (
            "TABLE_ADD failed",
            "nf_tables of this kernel lacks the family, use iptables-legacy",
        ),
    ];
    let mut hints: Vec<&str> = HINTS
        .iter()
        .filter(|(sign, _)| message.contains(sign))
        .map(|(_, hint)| *hint)
        .collect();
    hints.dedup();
    if hints.is_empty() {
        String::new()
    } else {
        format!(" (what may help: {})", hints.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    fn told(message: &str) -> String {
        let program = "/usr/sbin/iptables-legacy-restore".into();
        Error::Failed {
            program,
            status: Some(2),
            message: message.to_owned(),
        }
        .to_string()
    }

    #[test]
    fn missing_modules_are_named() {
        assert_eq!(
            told(
                "Warning: Extension tcp revision 0 not supported, missing kernel module?; \
                 Warning: Extension mac revision 0 not supported, missing kernel module?"
            )
            .split_once("(what")
            .map(|(_, hint)| hint),
            Some(" may help: modprobe xt_tcpudp; modprobe xt_mac)")
        );
        assert_eq!(
            told("what?"),
            "/usr/sbin/iptables-legacy-restore failed with status 2: what?"
        );
    }
}
