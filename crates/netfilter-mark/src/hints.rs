//! What to do about messages of programs that say it in other words or not at all.

use std::path::Path;

/// A part of a message, and what helps.
type Hint = (&'static str, &'static str);

const IPTABLES: [Hint; 12] = [
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

const NFT: [Hint; 5] = [
    (
        "Unable to initialize Netlink socket",
        "modprobe nf_tables, or use iptables-legacy",
    ),
    (
        "cache initialization failed: Invalid argument",
        "modprobe nf_tables, or use iptables-legacy",
    ),
    (
        "Address family not supported",
        "nf_tables of this kernel lacks the family inet (CONFIG_NF_TABLES_INET), use iptables",
    ),
    (
        "Operation not supported",
        "nf_tables of this kernel lacks the family inet (CONFIG_NF_TABLES_INET), use iptables",
    ),
    (
        "JSON support not compiled-in",
        "install an nft with JSON (libnftables with jansson), or use iptables",
    ),
];

/// What the programs say, when listing, of a kernel that has neither nf_tables nor the legacy table.
pub(crate) const NO_SUPPORT: [&str; 5] = [
    "Failed to initialize nft",
    "Unable to initialize Netlink socket",
    "cache initialization failed: Invalid argument",
    "Table does not exist",
    "unable to initialize table",
];

/// What may help, in brackets; nothing if nothing is known. More than one thing may be missing.
pub(crate) fn hint(program: &Path, message: &str) -> String {
    let table = match program.file_name() {
        Some(name) if name == "nft" => &NFT[..],
        _ => &IPTABLES[..],
    };
    let mut hints: Vec<&str> = table
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
    use crate::Error;

    fn told(program: &str, message: &str) -> String {
        Error::Failed {
            program: program.into(),
            status: Some(2),
            message: message.to_owned(),
        }
        .to_string()
    }

    #[test]
    fn missing_modules_are_named() {
        assert_eq!(
            told(
                "/usr/sbin/iptables-legacy-restore",
                "Warning: Extension tcp revision 0 not supported, missing kernel module?; \
                 Warning: Extension mac revision 0 not supported, missing kernel module?"
            )
            .split_once("(what")
            .map(|(_, hint)| hint),
            Some(" may help: modprobe xt_tcpudp; modprobe xt_mac)")
        );
        assert_eq!(
            told("/usr/sbin/iptables-legacy-restore", "what?"),
            "/usr/sbin/iptables-legacy-restore failed with status 2: what?"
        );
    }

    #[test]
    fn the_same_words_of_nft_have_their_own_remedy() {
        let message = "Error: Could not process rule: Address family not supported by protocol";
        assert!(told("/usr/sbin/nft", message).contains("CONFIG_NF_TABLES_INET"));
        assert!(told("/usr/sbin/ip6tables-restore", message).contains("ip6table_mangle"));
    }
}
