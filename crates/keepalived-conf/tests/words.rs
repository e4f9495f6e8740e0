//! The tables of words against the real keepalived: it knows each of them where we say it does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use keepalived_conf::words::{BLOCKS, Words};
use tempfile::TempDir;

/// The lines around a block's content, as deep as it lies.
fn around(block: &str) -> (String, usize) {
    let server = "virtual_server 192.0.2.1 80 {\nreal_server 192.0.2.2 80 {\n";
    match block {
        "the file itself" => (String::new(), 0),
        "global_defs" | "SSL" | "garp_group" => (format!("{block} {{\n"), 1),
        "authentication" => (format!("vrrp_instance x {{\n{block} {{\n"), 2),
        "virtual_server" => ("virtual_server 192.0.2.1 80 {\n".to_owned(), 1),
        "real_server" => (server.to_owned(), 2),
        "url" => (format!("{server}HTTP_GET {{\nurl {{\n"), 4),
        "host" => (format!("{server}SMTP_CHECK {{\nhost {{\n"), 4),
        check if check.ends_with("_CHECK") || check.ends_with("_GET") => {
            (format!("{server}{check} {{\n"), 3)
        }
        named => (format!("{named} x {{\n"), 1),
    }
}

/// Whether keepalived says that it does not know the word in this block.
fn is_unknown(folder: &TempDir, words: &Words, word: &str) -> bool {
    let (before, depth) = around(words.block);
    let path = folder.path().join("keepalived.conf");
    fs::write(&path, format!("{before}{word} 1\n{}", "}\n".repeat(depth))).unwrap();
    let mut command = Command::new("keepalived");
    let output = command
        .arg("--config-test")
        .arg("--use-file")
        .arg(&path)
        .output();
    let output = output.expect("keepalived, of the Debian package keepalived, is needed");
    String::from_utf8_lossy(&output.stderr).contains(&format!("Unknown keyword '{word}'"))
}

/// What Debian builds keepalived without: ipsets.
const NOT_BUILT: [&str; 1] = ["vrrp_ipsets"];

#[test]
fn keepalived_knows_every_word() {
    let folder = TempDir::new().unwrap();
    let mut wrong = Vec::new();
    for words in &BLOCKS {
        let built = words.all().filter(|word| !NOT_BUILT.contains(word));
        let unknown = built.filter(|word| is_unknown(&folder, words, word));
        wrong.extend(unknown.map(|word| format!("{word} in {}", words.block)));
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn keepalived_says_so_where_it_does_not_know_a_word() {
    let folder = TempDir::new().unwrap();
    for words in &BLOCKS {
        assert!(is_unknown(&folder, words, "frobnicate"), "{}", words.block);
    }
}

#[test]
fn no_word_stands_twice_in_a_table() {
    for words in &BLOCKS {
        let mut all: Vec<&str> = words.all().collect();
        all.sort_unstable();
        let twice: Vec<_> = all.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{}: {twice:?}", words.block);
    }
}
