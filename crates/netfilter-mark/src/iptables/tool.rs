//! Finds and runs the programs of the package iptables.

use std::env;
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::parse::{self, Table};
use crate::Error;

/// The most that is read of a program's output, in octets: about 100 000 rules.
const LIMIT: usize = 16 << 20;

/// Which of the two iptables: they keep their rules in different places in the kernel, and both are obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Over nf_tables; the default of Debian and others.
    Nft,
    /// Over the kernel's older ip_tables.
    Legacy,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nft => "nft",
            Self::Legacy => "legacy",
        })
    }
}

/// An address family's pair of programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool {
    save: PathBuf,
    restore: PathBuf,
    variant: Variant,
    /// The kernel's list of this family's legacy tables in use, below `/proc/thread-self/net`.
    names: &'static str,
}

impl Tool {
    /// The programs for IPv4 and, if they are there, for IPv6.
    pub(super) fn find(variant: Variant) -> Option<(Self, Option<Self>)> {
        let find = |family: &str, names| {
            Self::named(&format!("{family}-{variant}"), variant, names)
                .or_else(|| Self::unnamed(family, variant, names))
        };
        Some((
            find("iptables", "ip_tables_names")?,
            find("ip6tables", "ip6_tables_names"),
        ))
    }

    fn named(base: &str, variant: Variant, names: &'static str) -> Option<Self> {
        Some(Self {
            save: find_program(&format!("{base}-save"))?,
            restore: find_program(&format!("{base}-restore"))?,
            variant,
            names,
        })
    }

    /// Systems with one variant only have no suffix; the version tells which it is.
    fn unnamed(family: &str, variant: Variant, names: &'static str) -> Option<Self> {
        let tool = Self::named(family, variant, names)?;
        let version = Command::new(find_program(family)?)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let nft = String::from_utf8_lossy(&version.stdout).contains("nf_tables");
        (nft == (variant == Variant::Nft)).then_some(tool)
    }

    /// The table mangle as it is now.
    pub(super) fn read(&self) -> Result<Table, Error> {
        if self.is_unused() {
            return Ok(Table::default());
        }
        let output = run(&self.save, &["-t", "mangle"], "")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if text.contains("# Table `mangle' is incompatible") {
            return Err(Error::Incompatible);
        }
        Ok(parse::parse(&text))
    }

    /// Carries out a script, whole or not at all.
    pub(super) fn restore(&self, script: &str) -> Result<(), Error> {
        // Waits up to 5 s for the lock of another legacy iptables; the nft variant needs none and ignores it.
        run(&self.restore, &["--noflush", "-w", "5"], script).map(drop)
    }

    /// Whether the kernel says that the legacy table is not in use. Merely listing it would load its module and put it
    /// to use, on hosts that know only nft.
    fn is_unused(&self) -> bool {
        // Not /proc/net: that is the namespace of the process's first thread.
        let folder = Path::new("/proc/thread-self/net");
        self.variant == Variant::Legacy
            && match fs::read_to_string(folder.join(self.names)) {
                Ok(names) => !names.lines().any(|name| name == "mangle"),
                // The file comes with the module; without rights it is there, but cannot be read.
                Err(error) => error.kind() == ErrorKind::NotFound && folder.exists(),
            }
    }
}

/// Looks through PATH and then where administrators' programs are, as a daemon's PATH often lacks that.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn run(program: &Path, arguments: &[&str], input: &str) -> Result<Output, Error> {
    let failed = |source| Error::Run {
        program: program.to_owned(),
        source,
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // Fails if the program ended early, which its status tells better.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(explain(program, &output));
    }
    if output.stdout.len() > LIMIT {
        return Err(Error::TooLong {
            program: program.to_owned(),
            length: output.stdout.len(),
            limit: LIMIT,
        });
    }
    Ok(output)
}

fn explain(program: &Path, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr);
    let program = program.to_owned();
    // The legacy variant's lock belongs to root; capabilities do not open it.
    let denied = said.contains("Permission denied") || said.contains("Operation not permitted");
    if denied && !said.contains("lock file") {
        return Error::NotPermitted { program };
    }
    let useful = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Try `"));
    let message = useful
        .collect::<Vec<_>>()
        .join("; ")
        .chars()
        .take(1000)
        .collect();
    Error::Failed {
        program,
        status: output.status.code(),
        message,
    }
}
