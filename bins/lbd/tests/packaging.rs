//! What the Debian package is made of.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The package's files: where each comes from.
fn sources() -> Vec<String> {
    let manifest = fs::read_to_string(crate_folder().join("Cargo.toml")).unwrap();
    let (_, assets) = manifest.split_once("\nassets = [\n").expect("assets");
    let (assets, _) = assets.split_once("\n]").expect("the end of the assets");
    let source = |line: &str| line.split('"').nth(1).expect("a source").to_owned();
    assets.lines().map(source).collect()
}

#[test]
fn every_file_of_the_package_is_there() {
    let sources = sources();
    assert!(sources.len() > 4, "{sources:?}");
    for source in sources {
        // The program itself is still to be built.
        let Some(folder) = source.strip_suffix(['*']).map(Path::new) else {
            let pattern = source.strip_suffix("*.md");
            let path = crate_folder().join(pattern.unwrap_or(&source));
            assert!(source.starts_with("target/") || path.exists(), "{source}");
            continue;
        };
        let files = fs::read_dir(crate_folder().join(folder)).unwrap();
        assert!(files.count() > 0, "{source}");
    }
}

#[test]
fn the_maintainer_scripts_are_scripts_and_have_a_place_for_what_starts_and_stops_the_unit() {
    let folder: PathBuf = crate_folder().join("packaging/debian");
    for name in ["postinst", "prerm", "postrm"] {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("\n#DEBHELPER#\n").count(), 1, "{name}");
        let checked = Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(checked.success(), "{name}");
    }
}

#[test]
fn the_package_starts_nothing_where_there_is_no_file_and_brings_none() {
    let unit = fs::read_to_string(crate_folder().join("packaging/debian/lbd.service")).unwrap();
    assert!(unit.contains("\nConditionPathExists=/etc/lbd/lbd.yaml\n"));
    assert!(unit.contains("\nExecStart=/usr/bin/lbd run --config /etc/lbd/lbd.yaml "));
    let manifest = fs::read_to_string(crate_folder().join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("\"etc/"), "a conffile");
}
