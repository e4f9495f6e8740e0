//! The check that understands MySQL, in the reference file.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use super::{Cluster, Reference};
use crate::failed::Result;

/// The weight of each server when nothing is wrong.
pub const FULL: u32 = 10;

/// The reference file with a MySQL check each second at a level (more lines may follow it), with a password.
///
/// # Errors
/// When the password's file cannot be written.
pub fn file(cluster: &Cluster, level: &str) -> Result<Reference> {
    // Every host sees the same memory, so that one path serves all.
    let password = cluster
        .db1
        .write_file("check-password", "s3cret, isn't it?\n")?;
    set_permissions(&password, Permissions::from_mode(0o400))?;
    Ok(Reference::new().with_weight(FULL).with_check(&format!(
        "      mysql:\n        interval: 1s\n        fast_interval: 500ms\n        timeout: 2s\n        \
         retries: 1\n        retry_delay: 500ms\n        user: lbd_check\n        \
         password_file: {password}\n        fresh_login: {FRESH_LOGIN}s\n        level: {level}\n"
    )))
}

/// Seconds after which a probe logs in anew.
pub const FRESH_LOGIN: u64 = 5;
