//! The real keepalived is started on the same files, in a network of its own, and prints what it has understood: the
//! values are those of lbd's file.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use lbd_core::config::{Config, VirtualRouter};
use tempfile::TempDir;
use vrrp_proto::Authentication;

use crate::{folder, import, text};

/// The files. Where lbd's value differs on purpose, the router is left out: `FILE/NAME`.
const FILES: [&str; 8] = [
    "addresses.conf",
    "authentication.conf",
    "glued.conf",
    "preemption.conf",
    "quotes.conf",
    "reference-db1.conf",
    "scripts.conf",
    "version3.conf",
];
const DIFFERENT: [&str; 3] = [
    // Excluded addresses are in lbd's list, and one is on another interface.
    "addresses.conf/VI_1",
    // IPsec.
    "authentication.conf/ah",
    // lbd's shortest delay is two intervals.
    "preemption.conf/too_short",
];

/// A block of the dump: what follows `VRRP Instance = NAME`, by key.
type Block = BTreeMap<String, String>;

/// keepalived in the foreground for two seconds: it prints its data at the start.
fn dump(file: &str) -> String {
    let pids = TempDir::new().unwrap();
    let setup = "ip link set lo up && ip link add eth0 type veth peer name far && ip addr add 192.0.2.1/24 dev eth0 \
                 && ip link set eth0 up && ip link set far up \
                 && exec timeout 2 keepalived --vrrp --dont-fork --log-console --log-detail --dump-conf \
                 --use-file \"$1\" --pid \"$2/keepalived\" --vrrp_pid \"$2/vrrp\"";
    let mut command = Command::new("unshare");
    command
        .args(["--net", "sh", "-c", setup, "sh", file])
        .arg(pids.path());
    let output = command
        .current_dir(folder())
        .output()
        .expect("unshare, of the package util-linux, runs");
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(
        said.contains("VRRP Instance ="),
        "keepalived, of the Debian package keepalived, is needed: {said}"
    );
    said
}

/// The blocks of this kind by name. A line is `DATE: KEY = VALUE`; the first of a key counts.
fn blocks(dump: &str, kind: &str) -> BTreeMap<String, Block> {
    let mut found: BTreeMap<String, Block> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in dump.lines() {
        let line = line.splitn(4, ':').last().unwrap_or(line).trim_end();
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        // Blocks start at the second column.
        if line.starts_with("  ") && !line.starts_with("   ") {
            current = (key.trim() == kind).then(|| value.to_owned());
        } else if let Some(name) = &current {
            let block = found.entry(name.clone()).or_default();
            block
                .entry(key.trim().to_owned())
                .or_insert_with(|| value.to_owned());
        }
    }
    found
}

/// What keepalived would print of lbd's router.
fn wanted(router: &VirtualRouter) -> Block {
    let interval = router.advert_interval.as_duration();
    let two = router.version.number() == 2;
    let mut block = Block::new();
    let mut set = |key: &str, value: String| block.insert(key.to_owned(), value);
    set("VRRP Version", router.version.number().to_string());
    set("Interface", router.interface.clone());
    set("Virtual Router ID", router.id.get().to_string());
    set("Priority", router.priorities["db1"].get().to_string());
    let printed = if two {
        format!("{} sec", interval.as_secs())
    } else {
        format!("{} milli-sec", interval.as_millis())
    };
    set("Advert interval", printed);
    set(
        "Preempt",
        if router.preempt {
            "enabled"
        } else {
            "disabled"
        }
        .to_owned(),
    );
    if !router.preempt_delay.is_zero() {
        set(
            "Preempt delay",
            format!("{} secs", router.preempt_delay.as_secs_f64()),
        );
    }
    if two {
        let kind = match router.authentication {
            Authentication::None => "none",
            Authentication::Pass(_) => "SIMPLE_PASSWORD",
        };
        set("Authentication type", kind.to_owned());
    }
    block
}

fn compare(file: &str) {
    let dump = dump(file);
    let director = format!("db1={file}");
    let nodes = ["db1=192.0.2.1", "db2=10.243.95.4"]
        .map(|node| ["--node", node])
        .concat();
    let output = import(&[&[director.as_str()], nodes.as_slice()].concat());
    let config =
        Config::parse(&text(&output.stdout)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let theirs = blocks(&dump, "VRRP Instance");
    for router in &config.routers {
        if DIFFERENT.contains(&format!("{file}/{}", router.name).as_str()) {
            continue;
        }
        let theirs = &theirs[&router.name];
        for (key, value) in wanted(router) {
            assert_eq!(
                theirs.get(&key),
                Some(&value),
                "{file}: {key} of {}",
                router.name
            );
        }
    }
    compare_scripts(file, &config, &blocks(&dump, "VRRP Script"));
}

/// keepalived drops scripts that do not exist here; those of scripts.conf do.
fn compare_scripts(file: &str, config: &Config, theirs: &BTreeMap<String, Block>) {
    let scripts = config
        .routers
        .iter()
        .flat_map(|router| &router.track_scripts);
    let mut compared = 0;
    for script in scripts {
        let Some(theirs) = theirs.get(&script.name) else {
            continue;
        };
        compared += 1;
        assert_eq!(
            theirs["Interval"],
            format!("{} sec", script.interval.as_secs()),
            "{file}: {}",
            script.name
        );
        assert_eq!(
            theirs["Rise"],
            script.rise.to_string(),
            "{file}: {}",
            script.name
        );
        assert_eq!(
            theirs["Fall"],
            script.fall.to_string(),
            "{file}: {}",
            script.name
        );
    }
    assert!(
        compared >= 4 || file != "scripts.conf",
        "only {compared} scripts: {theirs:?}"
    );
}

#[test]
fn keepalived_understands_the_same_values() {
    thread::scope(|scope| {
        for file in FILES {
            scope.spawn(move || compare(file));
        }
    });
}
