//! The document that keeps the tables, each between two marks of its own.

use std::fs;
use std::path::Path;

use crate::failed::{Failed, Result};

/// Puts `text` between `<!-- NAME: measured -->` and `<!-- NAME: end -->`.
pub(super) fn put(page: &Path, name: &str, text: &str) -> Result {
    let before = fs::read_to_string(page)?;
    let after = replaced(&before, name, text)
        .ok_or_else(|| Failed::new(format!("{} has no marks for {name}", page.display())))?;
    fs::write(page, after)?;
    Ok(())
}

fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- {name}: measured -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let (head, rest) = page.split_once(&begin)?;
    let (_, tail) = rest.split_once(&end)?;
    Some(format!("{head}{begin}\n{}\n\n{end}{tail}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_marks_is_replaced() {
        let page = "a\n<!-- x: measured -->\nold\n<!-- x: end -->\nb\n";
        let wanted = "a\n<!-- x: measured -->\n\nnew\n\n<!-- x: end -->\nb\n";
        assert_eq!(replaced(page, "x", "new\n").as_deref(), Some(wanted));
        assert_eq!(replaced(page, "y", "new"), None);
    }
}
