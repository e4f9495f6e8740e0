//! No source file too long to read.

use crate::project::Project;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines that a source file may have, its tests not counted.
const LIMIT: usize = 500;

/// No `.rs` file under `crates` and `bins` has more than [`LIMIT`] lines outside tests.
pub(crate) fn size(project: &Project) -> Result<(), String> {
    let mut files = Vec::new();
    for folder in ["crates", "bins"] {
        collect(&project.root().join(folder), &mut files)
            .map_err(|error| format!("{folder}: {error}"))?;
    }
    let mut longest = (0, PathBuf::new());
    let mut too_long: usize = 0;
    for file in &files {
        let text =
            fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let lines = lines_outside_tests(&text);
        let shown = file.strip_prefix(project.root()).unwrap_or(file);
        if lines > LIMIT {
            println!(
                "size: {} has {lines} lines, more than {LIMIT}: split it",
                shown.display()
            );
            too_long += 1;
        }
        if lines > longest.0 {
            longest = (lines, shown.to_owned());
        }
    }
    println!(
        "size: {} files, the longest {} with {}",
        files.len(),
        longest.1.display(),
        longest.0
    );
    if too_long == 0 {
        Ok(())
    } else {
        Err(format!("files that are too long: {too_long}"))
    }
}

/// Gathers sources; folders and files of tests are left out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_tests = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_tests {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs") && !is_tests {
            files.push(path);
        }
    }
    Ok(())
}

/// All lines but those of `#[cfg(test)] mod ... { ... }`. Formatted code closes such a module with a bare brace.
fn lines_outside_tests(text: &str) -> usize {
    let mut counted = 0;
    let mut after_attribute = false;
    let mut in_tests = false;
    for line in text.lines() {
        if in_tests {
            in_tests = line != "}";
            continue;
        }
        in_tests = after_attribute && line.starts_with("mod ") && line.ends_with('{');
        after_attribute = line == "#[cfg(test)]";
        counted += usize::from(!in_tests && !after_attribute);
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::lines_outside_tests;

    #[test]
    fn lines_of_a_test_module_do_not_count() {
        let text =
            "//! x\nfn a() {\n}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n";
        assert_eq!(lines_outside_tests(text), 4);
    }
}
