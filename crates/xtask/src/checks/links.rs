//! Documents that lead where they say.

use crate::project::Project;
use std::fs;
use std::path::{Path, PathBuf};

/// Every relative link in `README.md` and `docs/*.md` points to something that exists.
pub(crate) fn links(project: &Project) -> Result<(), String> {
    let documents = documents(project.root()).map_err(|error| format!("docs: {error}"))?;
    let (mut checked, mut broken): (usize, usize) = (0, 0);
    for document in &documents {
        let text = fs::read_to_string(document)
            .map_err(|error| format!("{}: {error}", document.display()))?;
        let folder = document.parent().unwrap_or(project.root());
        let shown = document.strip_prefix(project.root()).unwrap_or(document);
        for (line, target) in relative_links(&text) {
            checked += 1;
            if !folder.join(target).exists() {
                println!(
                    "docs: {}:{line}: '{target}' does not exist",
                    shown.display()
                );
                broken += 1;
            }
        }
    }
    println!(
        "docs: {checked} relative links in {} documents",
        documents.len()
    );
    if broken == 0 {
        Ok(())
    } else {
        Err(format!("links that lead nowhere: {broken}"))
    }
}

fn documents(root: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = vec![root.join("README.md")];
    let docs = root.join("docs");
    if docs.is_dir() {
        for entry in fs::read_dir(docs)? {
            found.push(entry?.path());
        }
    }
    found.retain(|file| file.is_file() && file.extension().is_some_and(|end| end == "md"));
    found.sort();
    Ok(found)
}

/// Line number and path of every link that leads to a file; code is left out.
fn relative_links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_fence = false;
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            // Every second piece between backquotes is code.
            let prose = line.split('`').step_by(2);
            let targets = prose
                .flat_map(|piece| piece.split("](").skip(1))
                .filter_map(path_of);
            links.extend(targets.map(|target| (number, target)));
        }
    }
    links
}

/// From what follows `](`: the path, without title and fragment, if it is one of ours.
fn path_of(rest: &str) -> Option<&str> {
    let target = rest.split([')', ' ']).next()?;
    let path = target.split('#').next()?;
    let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
    (!elsewhere).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::relative_links;

    #[test]
    fn only_links_to_files_are_taken() {
        let text = "[a](docs/A.md#part) and [web](https://example.org/) and [here](#part)\n\
                    `[code](no)` [`b`](B.md \"title\")\n```\n[c](no)\n```\n[d](../d)";
        let expected = [(1, "docs/A.md"), (2, "B.md"), (6, "../d")];
        assert_eq!(relative_links(text), expected);
    }
}
