//! Listings of any kind are read without harm.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{iptables, nftables};
use crate::rule::Target;

fn target() -> Target {
    Target {
        destination: [192, 0, 2, 10].into(),
        protocol: crate::Protocol::Tcp,
        port: 3306,
    }
}

/// Words of both programs' listings.
const WORDS: [&str; 30] = [
    "*mangle\n",
    ":PREROUTING ACCEPT [0:0]\n",
    "-A PREROUTING",
    "-A",
    "-d",
    "192.0.2.0/24",
    "192.0.2.0/99",
    "::/0",
    "!",
    "-p",
    "tcp",
    "--dport",
    "--dports",
    "3306:",
    ":",
    "1,2:3,",
    "-i",
    "lo",
    "-j",
    "MARK",
    "LBD-MARK",
    "CONNMARK",
    "--restore-mark",
    "\n",
    "\"",
    "\\",
    "COMMIT\n",
    "é",
    "# Table `",
    "' is incompatible\n",
];

/// Values as they may stand in JSON, of the shapes that nft prints.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-5",
        "3306",
        "null",
        "\"\"",
        "\"@s\"",
        "\"lo\"",
        "\"tcp\"",
        "\"192.0.2.0\"",
        "\"192.0.2.10\"",
        "\"c\"",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    leaf.prop_recursive(6, 60, 4, |inner| {
        let key = prop::sample::select(vec![
            "table", "chain", "rule", "expr", "match", "left", "right", "op", "payload",
            "protocol", "field", "meta", "key", "mangle", "value", "ct", "set", "range", "prefix",
            "addr", "len", "vmap", "data", "jump", "target", "hook", "prio", "family", "name",
            "handle", "xt", "nftables",
        ]);
        let member = (key, inner.clone()).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|parts| format!("[{}]", parts.join(", "))),
            prop::collection::vec(member, 0..5)
                .prop_map(|parts| format!("{{{}}}", parts.join(", "))),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}") {
        let _ = iptables::read(&text, "iptables", &[target()]);
        let _ = nftables::read(&text, &text, &BTreeSet::new(), &[target()]);
    }

    #[test]
    fn words_in_any_order_are_read_without_harm(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..40)) {
        let text = words.join(" ");
        for table in iptables::read(&text, "iptables", &[target()]) {
            for base in &table.bases {
                let _ = table.reached(base);
            }
        }
        let _ = iptables::hidden(&text).count();
    }

    #[test]
    fn rules_of_any_shape_are_read_without_harm(expressions in json(), other in json()) {
        let listing = format!(
            "{{\"nftables\": [{{\"table\": {{\"family\": \"ip\", \"name\": \"t\"}}}}, \
             {{\"chain\": {{\"family\": \"ip\", \"table\": \"t\", \"name\": \"c\", \"hook\": \"input\", \"prio\": {other}}}}}, \
             {{\"rule\": {{\"family\": \"ip\", \"table\": \"t\", \"chain\": \"c\", \"handle\": 3, \"expr\": [{expressions}]}}}}, \
             {{\"rule\": {other}}}]}}"
        );
        let tables = nftables::read(&listing, "table ip t { # handle 1\nx # handle 3", &BTreeSet::new(), &[target()]);
        let tables = tables.ok_or_else(|| TestCaseError::fail("no listing"))?;
        prop_assert_eq!(tables.len(), 1);
        for table in &tables {
            for base in &table.bases {
                prop_assert!(table.reached(base).iter().all(|reached| reached.rule.text == "x"));
            }
        }
    }

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others(bits in any::<u32>(), length in 0_u32..=32, other in any::<u32>()) {
        let address = |bits: u32| std::net::Ipv4Addr::from_bits(bits);
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        let holds = bits & mask == other & mask;
        for network in [
            format!("{}/{length}", address(bits)),
            format!("{}/{}", address(bits), address(mask)),
        ] {
            prop_assert_eq!(super::target::network_holds(&network, address(other).into()), Some(holds));
        }
    }
}
