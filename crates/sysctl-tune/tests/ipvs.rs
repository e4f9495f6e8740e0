//! Which parameters of IPVS are wanted for what.
#![allow(missing_docs)]

use std::collections::BTreeMap;

use sysctl_tune::{IpvsNeeds, Key, ipvs_director, plan, reuse_warning};

fn wanted(needs: IpvsNeeds) -> BTreeMap<String, i32> {
    ipvs_director(&needs)
        .into_iter()
        .map(|setting| (setting.key.name().to_owned(), setting.value))
        .collect()
}

fn values(pairs: &[(&str, i32)]) -> BTreeMap<String, i32> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect()
}

#[test]
fn a_director_without_extras_wants_resets_reuse_and_no_tracking() {
    let plain = values(&[
        ("expire_nodest_conn", 1),
        ("conn_reuse_mode", 1),
        ("conntrack", 0),
        ("sloppy_tcp", 0),
    ]);
    assert_eq!(wanted(IpvsNeeds::default()), plain);
}

#[test]
fn templates_expire_only_where_there_is_persistence() {
    let needs = IpvsNeeds {
        persistence: true,
        ..IpvsNeeds::default()
    };
    assert_eq!(wanted(needs).get("expire_quiescent_template"), Some(&1));
}

#[test]
fn sync_daemons_bring_backup_only_and_make_sloppy_tcp_superfluous() {
    let mut needs = IpvsNeeds {
        sloppy_tcp: true,
        ..IpvsNeeds::default()
    };
    assert_eq!(wanted(needs).get("sloppy_tcp"), Some(&1));
    assert_eq!(wanted(needs).get("backup_only"), None);
    needs.connection_sync = true;
    assert_eq!(wanted(needs).get("sloppy_tcp"), Some(&0));
    assert_eq!(wanted(needs).get("backup_only"), Some(&1));
}

#[test]
fn stronger_modes_of_reuse_are_kept() {
    let settings = ipvs_director(&IpvsNeeds::default());
    let mut actual: BTreeMap<_, _> = settings
        .iter()
        .map(|setting| (setting.key.clone(), setting.value))
        .collect();
    for (mode, writes) in [(0, 1), (1, 0), (2, 0), (3, 0), (4, 1)] {
        actual.insert(Key::ipvs("conn_reuse_mode"), mode);
        assert_eq!(plan(&settings, &actual).len(), writes, "{mode}");
    }
}

#[test]
fn kernels_before_5_9_get_a_warning_about_reuse() {
    for old in [
        "5.8.0-63-generic",
        "5.4.0",
        "4.19.0-27-amd64",
        "3.10.0-1160.el7",
    ] {
        assert!(reuse_warning(old).is_some(), "{old}");
    }
    for fine in [
        "5.9.0",
        "5.10.0-32-amd64",
        "6.1.0-rc1",
        "10.0",
        "",
        "what",
        "5",
    ] {
        assert_eq!(reuse_warning(fine), None, "{fine}");
    }
}
