//! Commands of the file: never a shell line.

use serde_yaml::Spanned;

use super::findings::Findings;

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
    value.value.clone()
}
