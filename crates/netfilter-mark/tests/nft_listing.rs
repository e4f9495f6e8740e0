//! Reading what nft prints, without a kernel.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

use netfilter_mark::{ChainState, Mac, MarkRule, Protocol, parse_listing};
use proptest::prelude::*;
use serde_json::{Value, json};

/// `nft -j list table inet lbd` of version 1.0.6.
const GOLDEN: &str = include_str!("golden/nft-list-table.json");

fn golden_rules() -> [MarkRule; 2] {
    [
        MarkRule {
            destination: "192.0.2.10".parse().unwrap(),
            protocol: Protocol::Tcp,
            port: 3306,
            mark: 2.try_into().unwrap(),
            guard: 6.try_into().unwrap(),
            excluded: [
                Mac([2, 0, 0, 0, 0, 10]),
                Mac([254, 255, 255, 255, 255, 255]),
            ]
            .into(),
        },
        MarkRule {
            destination: "2001:db8::10".parse().unwrap(),
            protocol: Protocol::Udp,
            port: 0,
            mark: u32::MAX.try_into().unwrap(),
            guard: 0x8000_0000.try_into().unwrap(),
            excluded: [Mac([2, 0, 0, 0, 0, 10])].into(),
        },
    ]
}

fn state(listing: &Value) -> ChainState {
    parse_listing(&listing.to_string()).unwrap()
}

#[test]
fn what_nft_prints_reads_as_the_rules_that_were_written() {
    let wanted = ChainState::Installed(golden_rules().to_vec());
    assert_eq!(parse_listing(GOLDEN), Some(wanted));
}

#[test]
fn the_order_of_sets_and_rules_and_other_tables_do_not_matter() {
    let mut listing: Value = serde_json::from_str(GOLDEN).unwrap();
    let objects = listing["nftables"].as_array_mut().unwrap();
    objects.sort_by_key(|object| object.get("set").is_some());
    objects.push(json!({"table": {"family": "ip", "name": "lbd"}}));
    objects.push(json!({"rule": {"family": "ip", "table": "lbd", "chain": "marks", "expr": []}}));
    objects.push(json!({"map": {"family": "inet", "table": "other", "name": "m"}}));
    assert!(state(&listing).holds(&golden_rules()));
}

#[test]
fn without_our_table_nothing_of_ours_is_there() {
    for objects in [
        json!([]),
        json!([{"metainfo": {"version": "1.0.6"}}]),
        json!([{"table": {"family": "ip", "name": "lbd", "handle": 1}}]),
    ] {
        assert_eq!(state(&json!({"nftables": objects})), ChainState::Absent);
    }
}

#[test]
fn what_is_no_listing_is_told_from_an_empty_one() {
    for text in [
        "",
        "{}",
        "[]",
        "nftables",
        "{\"nftables\": 1}",
        "{\"nftables\": [}",
    ] {
        assert_eq!(parse_listing(text), None, "{text}");
    }
}

/// Every place in the value, as JSON pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Array(parts) => {
            for (number, part) in parts.iter().enumerate() {
                places(part, &format!("{at}/{number}"), into);
            }
        }
        Value::Object(parts) => {
            for (key, part) in parts {
                places(part, &format!("{at}/{key}"), into);
            }
        }
        _ => {}
    }
}

/// Whether this place in a listing says nothing about what our rules do.
fn is_idle(place: &str) -> bool {
    place.ends_with("/handle") || place == "/nftables/0" || place.starts_with("/nftables/0/")
}

#[test]
fn no_part_of_the_listing_can_be_replaced_unnoticed() {
    let listing: Value = serde_json::from_str(GOLDEN).unwrap();
    let mut all = Vec::new();
    places(&listing["nftables"], "/nftables", &mut all);
    assert!(all.len() > 200);
    for place in all {
        for other in [json!(null), json!("x"), json!(77), json!({"a": 1, "b": 2})] {
            let mut changed = listing.clone();
            *changed.pointer_mut(&place).unwrap() = other.clone();
            let held = parse_listing(&changed.to_string())
                .is_some_and(|state| state.holds(&golden_rules()));
            assert_eq!(
                held,
                is_idle(&place) || changed == listing,
                "{place} {other}"
            );
        }
    }
}

#[test]
fn nothing_can_be_added_to_the_listing_unnoticed() {
    let listing: Value = serde_json::from_str(GOLDEN).unwrap();
    let mut all = Vec::new();
    places(&listing["nftables"], "/nftables", &mut all);
    for place in all.into_iter().skip(1).filter(|place| !is_idle(place)) {
        let mut changed = listing.clone();
        match changed.pointer_mut(&place).unwrap() {
            Value::Object(parts) => drop(parts.insert("new".to_owned(), json!(1))),
            Value::Array(parts) => parts.push(json!("new")),
            _ => continue,
        }
        let is_wrapper = place.matches('/').count() == 2;
        let held =
            parse_listing(&changed.to_string()).is_some_and(|state| state.holds(&golden_rules()));
        // The objects of the listing itself have one member each; what comes with it belongs to no table.
        assert_eq!(held, is_wrapper, "{place}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}") {
        let _ = parse_listing(&text);
    }

    #[test]
    fn any_cut_of_a_listing_is_read_without_harm(cut in 0..GOLDEN.len() - 1) {
        prop_assert_eq!(parse_listing(GOLDEN.get(..cut).unwrap_or_default()), None);
    }
}
