//! Which programs may be run, and by whom. As root: the tests give files away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use command_group::{RunAs, Unfit, vet};
use tempfile::TempDir;

const SOMEBODY: u32 = 54_321;
const STRANGER: u32 = 54_322;

fn somebody() -> RunAs {
    RunAs {
        uid: SOMEBODY,
        gid: SOMEBODY,
        groups: vec![SOMEBODY, 777],
    }
}

/// A folder that everybody may enter, with a program in it that everybody may run.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        assert!(
            nix::unistd::Uid::effective().is_root(),
            "this test gives files away: run it as root"
        );
        let folder = tempfile::tempdir().unwrap();
        mode(folder.path(), 0o755);
        fs::write(folder.path().join("program"), "#!/bin/sh\n").unwrap();
        let place = Self { folder };
        mode(&place.program(), 0o755);
        place
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_program_that_only_root_can_change_may_be_run_by_all() {
    let place = Place::new();
    vet(&place.program(), None).unwrap();
    vet(&place.program(), Some(&somebody())).unwrap();
    vet(Path::new("/bin/sh"), Some(&somebody())).unwrap();
}

#[test]
fn what_others_can_write_is_refused_with_where_and_who() {
    for (bits, sign) in [(0o757, "everybody"), (0o775, "group 777")] {
        let place = Place::new();
        chown(place.program(), Some(0), Some(777)).unwrap();
        mode(&place.program(), bits);
        for user in [None, Some(somebody())] {
            let error = vet(&place.program(), user.as_ref())
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("program can be changed by") && error.contains(sign),
                "{error}"
            );
        }
    }
}

#[test]
fn so_is_what_lies_in_a_folder_that_others_can_write() {
    let place = Place::new();
    let folder = place.folder.path();
    mode(folder, 0o777);
    let error = vet(&place.program(), None).unwrap_err();
    assert!(
        matches!(&error, Unfit::OthersCanWrite { path, .. } if path == folder),
        "{error}"
    );
    // As /tmp, in which this whole test takes place.
    mode(folder, 0o1777);
    vet(&place.program(), None).unwrap();
}

#[test]
fn a_group_of_roots_may_write() {
    let place = Place::new();
    mode(&place.program(), 0o775);
    vet(&place.program(), None).unwrap();
}

#[test]
fn the_owner_must_be_root_or_the_user() {
    let place = Place::new();
    chown(place.program(), Some(SOMEBODY), None).unwrap();
    vet(&place.program(), Some(&somebody())).unwrap();
    let error = vet(&place.program(), None).unwrap_err().to_string();
    assert!(
        error.contains(&format!("its owner, user {SOMEBODY}")),
        "{error}"
    );
    chown(place.program(), Some(STRANGER), None).unwrap();
    assert!(vet(&place.program(), Some(&somebody())).is_err());
}

#[test]
fn a_link_is_followed_and_each_step_of_it_judged() {
    let place = Place::new();
    let other = Place::new();
    let link = place.folder.path().join("link");
    symlink(other.program(), &link).unwrap();
    vet(&link, Some(&somebody())).unwrap();
    mode(other.folder.path(), 0o777);
    assert!(matches!(
        vet(&link, None),
        Err(Unfit::OthersCanWrite { .. })
    ));
    mode(other.folder.path(), 0o755);

    let relative = place.folder.path().join("relative");
    symlink("../../../../../../tmp/../bin/sh", &relative).unwrap();
    vet(&relative, None).unwrap();

    nix::unistd::fchownat(
        nix::fcntl::AT_FDCWD,
        &link,
        Some(STRANGER.into()),
        None,
        nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW,
    )
    .unwrap();
    assert!(
        matches!(vet(&link, None), Err(Unfit::OthersCanWrite { .. })),
        "a stranger's link leads where the stranger wants"
    );
}

#[test]
fn links_that_lead_in_a_circle_are_refused() {
    let place = Place::new();
    let (a, b) = (place.folder.path().join("a"), place.folder.path().join("b"));
    symlink(&b, &a).unwrap();
    symlink(&a, &b).unwrap();
    assert!(matches!(vet(&a, None), Err(Unfit::Circle { .. })));
}

#[test]
fn what_is_missing_or_no_program_is_an_error_that_names_it() {
    let place = Place::new();
    let missing = place.folder.path().join("no-such/program");
    let below_a_file = place.program().join("deeper");
    for (path, sign) in [
        (missing.as_path(), "no-such: No such file"),
        (place.folder.path(), "is no file"),
        (Path::new("bin/sh"), "absolute path"),
        (below_a_file.as_path(), "ot a directory"),
    ] {
        let error = vet(path, None).unwrap_err().to_string();
        assert!(error.contains(sign), "{error}");
    }
}

#[test]
fn a_program_that_the_user_may_not_run_or_reach_is_refused() {
    let place = Place::new();
    mode(&place.program(), 0o644);
    for user in [None, Some(somebody())] {
        let error = vet(&place.program(), user.as_ref())
            .unwrap_err()
            .to_string();
        assert!(error.contains("may not be run"), "{error}");
    }
    mode(&place.program(), 0o700);
    vet(&place.program(), None).unwrap();
    assert!(vet(&place.program(), Some(&somebody())).is_err());
    mode(&place.program(), 0o750);
    chown(place.program(), None, Some(777)).unwrap();
    vet(&place.program(), Some(&somebody())).expect("777 is one of the user's groups");
    mode(place.folder.path(), 0o700);
    let error = vet(&place.program(), Some(&somebody()))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("may not be entered by user 54321"),
        "{error}"
    );
}
