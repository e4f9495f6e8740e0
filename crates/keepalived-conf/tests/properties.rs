//! Whatever the text: no panic, nothing lost silently, and layout does not matter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use keepalived_conf::beside::{Parameters, Wanted};
use keepalived_conf::words::BLOCKS;
use keepalived_conf::{Answers, Beside, File, Import, Kind, Source, glob, import};
use lbd_core::config::Config;
use proptest::prelude::*;

const REFERENCE: &str = include_str!("../../../testdata/keepalived/reference-db1.conf");

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        folder: "/etc/keepalived".to_owned(),
        text: text.to_owned(),
    }
}

fn parameters(text: &str) -> Parameters {
    let wanted = |nic: &str| {
        vec![Wanted {
            key: format!("net.ipv4.conf.{nic}.arp_ignore"),
            value: 1,
            also: vec![2],
            why: "it is tested".to_owned(),
        }]
    };
    Parameters {
        source: source("sysctl.conf", text),
        wanted,
    }
}

/// The import of one director, `db1`; each include line gives the same text again.
fn import_one(text: &str) -> Import {
    let file = File {
        director: Some("db1".to_owned()),
        source: source("a.conf", text),
    };
    let answers = Answers {
        nodes: [("db1".to_owned(), "192.0.2.1".parse().unwrap())].into(),
        ..Answers::default()
    };
    let beside = Beside {
        iptables: Some(source("rules", text)),
        sysctl: Some(parameters(text)),
    };
    import(&[file], &answers, &beside, &mut |include| {
        Ok(vec![source(include.pattern, text)])
    })
}

/// What `lbd check` says of it that is about its form, and not about its values.
fn complaints_about_form(import: &Import) -> Vec<String> {
    let about_form = |message: &str| {
        [
            "unknown field",
            "missing field",
            "invalid type",
            "expected",
            "duplicate",
            "unknown variant",
            "no duration",
        ]
        .iter()
        .any(|sign| message.contains(sign))
    };
    let Err(error) = Config::parse(&import.yaml) else {
        return Vec::new();
    };
    let messages = error.problems.into_iter().map(|problem| problem.message);
    messages.filter(|message| about_form(message)).collect()
}

/// A word of the language, a value, or something else that may stand in a file.
fn part() -> impl Strategy<Value = String> {
    let words: Vec<String> = BLOCKS
        .iter()
        .flat_map(|words| words.all())
        .map(str::to_owned)
        .collect();
    let values = [
        "{",
        "}",
        "{\n",
        "}\n",
        "\n",
        "\n",
        "\n",
        "1",
        "0",
        "3306",
        "70000",
        "-5",
        "2.5",
        "192.0.2.10",
        "192.0.2.21/24",
        "2001:db8::1",
        "eth0",
        "lo",
        "fwmark",
        "group",
        "G",
        "VI_1",
        "weight",
        "PASS",
        "AH",
        "MASTER",
        "BACKUP",
        "DR",
        "NAT",
        "TUN",
        "TCP",
        "UDP",
        "rr",
        "\"",
        "'",
        "\\",
        "#",
        "!",
        "$A",
        "${A}",
        "$A=",
        "$A=$A\n",
        "@db1",
        "@^db1",
        "~SEQ(N,1,3)",
        "include x\n",
        "\"a b\"",
        "-A PREROUTING -j MARK --set-mark 2\n",
        "net.ipv4.conf.all.arp_ignore = 0\n",
        "é",
        "\t",
        "true",
    ];
    prop_oneof![
        3 => proptest::sample::select(words),
        4 => proptest::sample::select(values.map(str::to_owned).to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_taken(text in "\\PC{0,400}") {
        let import = import_one(&text);
        prop_assert!(complaints_about_form(&import).is_empty(), "{}", import.yaml);
    }

    #[test]
    fn any_row_of_words_gives_a_file_of_the_right_form(parts in proptest::collection::vec(part(), 0..120)) {
        let import = import_one(&parts.join(" "));
        let wrong = complaints_about_form(&import);
        prop_assert!(wrong.is_empty(), "{wrong:?}\n{}", import.yaml);
    }

    #[test]
    fn routers_with_any_words_in_them_give_a_file_of_the_right_form(
        parts in proptest::collection::vec(part(), 0..40),
        name in "\"?[ -~]{1,12}\"?",
        password in "[!-~]{1,10}",
    ) {
        let text = format!(
            "vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id 9\nauthentication {{\nauth_type PASS\nauth_pass {password}\n}}\n\
             virtual_ipaddress {{\n192.0.2.9\n}}\nnotify \"/bin/x {name}\"\n{}\n}}\n",
            parts.join(" ")
        );
        let import = import_one(&text);
        let wrong = complaints_about_form(&import);
        prop_assert!(wrong.is_empty(), "{wrong:?}\n{}", import.yaml);
    }

    #[test]
    fn checkers_with_any_values_give_a_file_that_lbd_takes(
        checker in proptest::sample::select(vec!["HTTP_GET", "SSL_GET", "MISC_CHECK"]),
        path in "\\PC{0,12}",
        host in "[!-~]{0,12}",
        statuses in proptest::collection::vec("[0-9]{1,3}(-[0-9]{1,3})?", 0..4),
        command in "\\PC{0,20}",
        timeout in 0..90_000_u32,
    ) {
        let own = match checker {
            "MISC_CHECK" => format!("misc_path \"{command} 192.0.2.21\"\nmisc_timeout {timeout}\nmisc_dynamic"),
            _ => format!("virtualhost {host}\nurl {{\npath \"{path}\"\nstatus_code {}\n}}", statuses.join(" ")),
        };
        let text = format!(
            "vrrp_instance V {{\ninterface eth0\nvirtual_router_id 9\nvirtual_ipaddress {{\n192.0.2.9\n}}\n}}\n\
             virtual_server 192.0.2.9 80 {{\nprotocol TCP\nreal_server 192.0.2.21 80 {{\n{checker} {{\n{own}\n}}\n}}\n}}\n"
        );
        let import = import_one(&text);
        let config = Config::parse(&import.yaml);
        prop_assert!(config.is_ok() || !import.is_complete(), "{:?}\n{}", config.err(), import.yaml);
    }

    #[test]
    fn a_word_that_nobody_knows_is_told_at_its_place(
        block in proptest::sample::select(vec!["", "global_defs", "vrrp_script x", "vrrp_instance x", "virtual_server 192.0.2.9 80"]),
        word in "[a-z]{20,30}",
        indent in 0..8_usize,
    ) {
        let line = format!("{}{word} 1", " ".repeat(indent));
        let (text, number) = if block.is_empty() { (line, 1) } else { (format!("{block} {{\n{line}\n}}\n"), 2) };
        let notes = import_one(&text).notes;
        let told = notes.iter().any(|note| {
            let place = note.place.as_ref();
            note.kind == Kind::Unknown
                && place.is_some_and(|place| (place.line, place.column) == (number, u32::try_from(indent).unwrap() + 1))
        });
        prop_assert!(told, "{notes:?}");
    }

    #[test]
    fn layout_does_not_matter(seed in proptest::collection::vec(0..8_u8, 400)) {
        let mut choices = seed.into_iter().cycle();
        let mut text = String::new();
        for line in REFERENCE.lines() {
            let choice = choices.next().unwrap();
            let line = match choice {
                0 => format!("\t {line} # a comment with {{ and \""),
                1 => format!("{line}\n\n   ! another one"),
                2 => line.replacen(" {", "{", 1),
                3 => line.replacen(" {", "\n\n{ ", 1),
                4 => line.replace("    ", "\t"),
                _ => line.to_owned(),
            };
            text.push_str(&line);
            // What follows a closing brace may stand on its line.
            let glued = line.trim() == "}" && choice == 7;
            text.push_str(if glued { "" } else { "\n" });
        }
        prop_assert_eq!(import_one(&text).yaml, import_one(REFERENCE).yaml);
    }

    #[test]
    fn patterns_end_and_match_themselves(pattern in "[a-c{},*?\\[\\]!-]{0,24}", name in "[a-c]{0,12}") {
        let alternatives = glob::alternatives(&pattern);
        prop_assert!(alternatives.len() <= 256);
        for alternative in alternatives {
            let _ = glob::matches(&alternative, &name);
        }
        prop_assert!(glob::matches(&name, &name));
        prop_assert!(glob::matches("*", &name));
    }
}

#[test]
fn a_file_that_grows_without_end_is_bounded() {
    let doubling: String = (0..40)
        .map(|n| format!("$A{}=${{A{n}}} ${{A{n}}}\n", n + 1))
        .collect();
    let lines = "$L= \\\nx \\\nx \\\nx\n$M= \\\n$L \\\n$L \\\n$L\n".to_owned();
    let nested: String = (0..30)
        .map(|n| format!("$N{}= \\\n${{N{n}}} \\\n${{N{n}}}\n", n + 1))
        .collect();
    for text in [
        format!("$A0=x\n{doubling}$A40\n"),
        format!("{lines}{}", "$M\n".repeat(20_000)),
        format!("$N0=x\n{nested}$N30\n"),
        "include x\n".repeat(100),
        "{".repeat(100_000),
        "a {\n".repeat(50_000),
        "$A=$A\n$A\n".to_owned(),
    ] {
        let import = import_one(&text);
        assert!(!import.is_complete() || !import.notes.is_empty());
    }
}
