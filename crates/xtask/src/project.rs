//! Where the project lies, and cargo as it is to be called in it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout and its target folder.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    /// `CARGO_TARGET_DIR` made absolute, where it is set: cargo is called from another folder than we were.
    target_override: Option<PathBuf>,
    /// The folder of the development profile's programs.
    programs: PathBuf,
}

impl Project {
    /// The checkout that this program was built from, and the target folder it was built into.
    pub(crate) fn find() -> Result<Self, String> {
        // `cargo run` sets the variable; the compile-time value serves a program that is started by hand.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = ancestor(&manifest, "workspace")?;
        let target_override = std::env::var_os("CARGO_TARGET_DIR").map(std::path::absolute);
        let target_override = target_override
            .transpose()
            .map_err(|error| format!("CARGO_TARGET_DIR: {error}"))?;
        // This program's own place, <target>/debug/xtask, tells the target folder whatever set it:
        // the environment, cargo's configuration, or nothing.
        let program = std::env::current_exe().map_err(|error| format!("where am I? {error}"))?;
        let programs = ancestor(&program, "target folder")?.join("debug");
        Ok(Self {
            root,
            target_override,
            programs,
        })
    }

    /// The folder of the workspace's Cargo.toml.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A program of this workspace, as the development profile builds it.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The same, as the optimised profile builds it.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.programs.with_file_name("release").join(name)
    }

    /// Where the lab keeps its logs, captures and tables: with everything else that is built and not kept.
    pub(crate) fn lab_results(&self) -> PathBuf {
        self.programs.with_file_name("lab")
    }

    /// Where the fuzz targets are built and keep what they found.
    pub(crate) fn fuzzing(&self) -> PathBuf {
        self.programs.with_file_name("fuzz")
    }

    /// `cargo WORDS...`, in the root.
    pub(crate) fn cargo(&self, words: &str) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(words.split_whitespace())
            .current_dir(&self.root);
        if let Some(target) = &self.target_override {
            command.env("CARGO_TARGET_DIR", target);
        }
        command
    }
}

/// The folder two above `path`.
fn ancestor(path: &Path, what: &str) -> Result<PathBuf, String> {
    let folder = path.ancestors().nth(2).map(Path::to_owned);
    folder.ok_or_else(|| format!("{} lies in no {what}", path.display()))
}
