//! Commands of the file: hooks, and whose rights they have.

use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::file;
use crate::config::model::{NotifyHooks, ServerHooks};

/// The key `script_user`.
pub(super) fn user(value: Option<&Spanned<String>>, findings: &mut Findings) -> Option<String> {
    value.map(|user| findings.text(user, "script_user"))
}

/// `notify` of a virtual router.
pub(super) fn role_hooks(section: Option<&file::Notify>, findings: &mut Findings) -> NotifyHooks {
    let Some(section) = section else {
        return NotifyHooks::default();
    };
    NotifyHooks {
        master: hook(section.master.as_ref(), findings),
        backup: hook(section.backup.as_ref(), findings),
        fault: hook(section.fault.as_ref(), findings),
        stop: hook(section.stop.as_ref(), findings),
    }
}

/// `notify` of a virtual service.
pub(super) fn server_hooks(
    section: Option<&file::NotifyServers>,
    findings: &mut Findings,
) -> ServerHooks {
    let Some(section) = section else {
        return ServerHooks::default();
    };
    ServerHooks {
        up: hook(section.up.as_ref(), findings),
        down: hook(section.down.as_ref(), findings),
    }
}

fn hook(value: Option<&Spanned<Vec<String>>>, findings: &mut Findings) -> Option<Vec<String>> {
    value.map(|value| command(value, findings))
}

/// A program by its absolute path, and its arguments.
pub(super) fn command(value: &Spanned<Vec<String>>, findings: &mut Findings) -> Vec<String> {
    let absolute = value
        .value
        .first()
        .is_some_and(|program| program.starts_with('/'));
    if !absolute {
        findings.add(
            value.referenced,
            "a command starts with the absolute path of its program, its arguments follow as items",
        );
    }
    if value.value.iter().any(|word| word.contains('\0')) {
        findings.add(
            value.referenced,
            "no word of a command can hold a NUL octet",
        );
    }
    value.value.clone()
}
