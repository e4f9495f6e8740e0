//! Without rights. In a file of its own: the user belongs to the whole process, and each file is one.
#![allow(clippy::unwrap_used, missing_docs)]

use nix::unistd::{Uid, seteuid};
use sysctl_tune::{Error, Key, read, write};

#[test]
fn someone_without_rights_may_read_and_is_told_which_rights_a_write_needs() {
    assert!(
        Uid::effective().is_root(),
        "this test gives its rights up: run it as root"
    );
    let key: Key = "kernel.panic".parse().unwrap();
    seteuid(Uid::from_raw(65534)).unwrap();
    let value = read(&key).unwrap();
    let denied = write(&key, value).unwrap_err();
    assert!(matches!(denied, Error::Denied { .. }));
    assert!(denied.to_string().contains("CAP_NET_ADMIN"), "{denied}");
}
