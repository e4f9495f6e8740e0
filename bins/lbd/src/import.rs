//! `lbd import`: keepalived's files as one file of lbd's.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use keepalived_conf::beside::{Parameters, Wanted};
use keepalived_conf::{Answers, Beside, Import, Include, Kind, Source, glob};
use lbd_core::config::Config;

use crate::failure::Failure;
use crate::file;

/// Files that one include line may name.
const MOST_FILES: usize = 1000;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct ImportOptions {
    /// A host's address, where the files do not tell; also names a real server.
    #[arg(long = "node", value_name = "NAME=ADDRESS", value_parser = node)]
    nodes: Vec<(String, IpAddr)>,
    /// What the cluster is called.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The output of iptables-save on one of the directors: tells what is behind a mark, and is compared.
    #[arg(long, value_name = "FILE")]
    iptables: Option<PathBuf>,
    /// sysctl.conf, or the output of `sysctl -a`: is compared with what lbd sets.
    #[arg(long, value_name = "FILE")]
    sysctl: Option<PathBuf>,
    /// One keepalived.conf for each director; NAME also decides which `@NAME` lines hold.
    #[arg(required = true, value_name = "[NAME=]FILE")]
    files: Vec<String>,
}

const HELP: &str = "\
lbd's file goes to standard output, and what is not in it, or differs, to standard error:
  lbd import db1=db1.conf db2=db2.conf --node db1=192.0.2.1 --node db2=192.0.2.2 > lbd.yaml
Exit code 3 says that a question is left, or that the result is not valid yet.";

fn node(text: &str) -> Result<(String, IpAddr), String> {
    let (name, address) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("write NAME=ADDRESS")?;
    let address = address
        .parse()
        .map_err(|_| format!("`{address}` is no IPv4 or IPv6 address"))?;
    Ok((name.to_owned(), address))
}

/// Translates the files, prints the result, and says what it is not.
pub(crate) fn import(options: &ImportOptions) -> Result<(), Failure> {
    let answers = answers(options)?;
    let files: Vec<_> = options
        .files
        .iter()
        .map(|text| director(text))
        .collect::<Result<_, _>>()?;
    let beside = Beside {
        iptables: options.iptables.as_deref().map(source).transpose()?,
        sysctl: options.sysctl.as_deref().map(parameters).transpose()?,
    };
    let import = keepalived_conf::import(&files, &answers, &beside, &mut included);
    let said =
        tell(&import).and_then(|()| std::io::stdout().lock().write_all(import.yaml.as_bytes()));
    said.map_err(|error| Failure::Runtime(error.to_string()))?;
    judge(&import)
}

fn answers(options: &ImportOptions) -> Result<Answers, Failure> {
    let mut nodes = BTreeMap::new();
    for (name, address) in &options.nodes {
        if nodes
            .insert(name.clone(), *address)
            .is_some_and(|other| other != *address)
        {
            return Err(Failure::Config(format!(
                "--node {name} is given twice, with different addresses"
            )));
        }
    }
    Ok(Answers {
        cluster: options.cluster.clone(),
        nodes,
    })
}

/// `NAME=FILE`, or `FILE`; what is in front of a `=` is a name if it has no slash.
fn director(text: &str) -> Result<keepalived_conf::File, Failure> {
    let named = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty() && !name.contains('/'));
    let (name, path) = named.map_or((None, text), |(name, path)| (Some(name.to_owned()), path));
    Ok(keepalived_conf::File {
        director: name,
        source: source(Path::new(path))?,
    })
}

fn source(path: &Path) -> Result<Source, Failure> {
    read(path).map_err(|why| Failure::Config(format!("{}: {why}", path.display())))
}

fn parameters(path: &Path) -> Result<Parameters, Failure> {
    let wanted = |nic: &str| {
        let settings = sysctl_tune::direct_route_host(nic).into_iter();
        let wanted = settings.map(|setting| Wanted {
            key: setting.key.to_string(),
            value: setting.value,
            also: setting.also.to_vec(),
            why: setting.why.to_owned(),
        });
        wanted.collect()
    };
    Ok(Parameters {
        source: source(path)?,
        wanted,
    })
}

/// Reads a file. Octets that are no UTF-8, as in old comments, are replaced.
fn read(path: &Path) -> Result<Source, String> {
    let octets = file::octets(path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    Ok(Source {
        name: path.display().to_string(),
        folder: folder.display().to_string(),
        text: String::from_utf8_lossy(&octets).into_owned(),
    })
}

/// The files that an include line names, sorted by name. As keepalived does, folders are passed over.
fn included(include: &Include<'_>) -> Result<Vec<Source>, String> {
    let folder = Path::new(include.from).parent().unwrap_or(Path::new(""));
    let mut sources = Vec::new();
    for pattern in glob::alternatives(include.pattern) {
        for path in find(&folder.join(&pattern))? {
            let facts =
                fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            if !facts.is_file() {
                continue;
            }
            if facts.permissions().mode() & 0o111 != 0 {
                return Err(format!(
                    "{} is executable, and keepalived reads no such file",
                    path.display()
                ));
            }
            sources.push(read(&path).map_err(|why| format!("{}: {why}", path.display()))?);
        }
    }
    Ok(sources)
}

/// The paths that match a pattern, part by part.
fn find(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let name = part.as_os_str().to_string_lossy();
        let mut next = Vec::new();
        for path in &found {
            if glob::has_wildcard(&name) {
                next.extend(matching(path, &name));
            } else {
                next.push(path.join(part));
            }
        }
        next.sort();
        found = next;
        if found.len() > MOST_FILES {
            return Err(format!("more than {MOST_FILES} files match"));
        }
    }
    found.retain(|path| path.exists());
    Ok(found)
}

/// The entries of a folder that match; none where it cannot be read.
fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = fs::read_dir(here).into_iter().flatten().flatten();
    let names = entries
        .map(|entry| entry.file_name())
        .filter(|name| glob::matches(pattern, &name.to_string_lossy()));
    names.map(|name| folder.join(name)).collect()
}

/// Prints the notes, by kind.
fn tell(import: &Import) -> std::io::Result<()> {
    let mut out = std::io::stderr().lock();
    for kind in Kind::ALL {
        let mut notes = import
            .notes
            .iter()
            .filter(|note| note.kind == kind)
            .peekable();
        if notes.peek().is_some() {
            writeln!(out, "{}:", kind.heading())?;
        }
        for note in notes {
            writeln!(out, "  {note}")?;
        }
    }
    Ok(())
}

/// What was printed is lbd's file only if lbd takes it, and if nothing is left to be asked.
fn judge(import: &Import) -> Result<(), Failure> {
    if !import.is_complete() {
        return Err(Failure::Config(
            "questions are left, see above; the result is not complete".to_owned(),
        ));
    }
    Config::parse(&import.yaml).map(|_| ()).map_err(|error| {
        let why = error.render("<standard output>", &import.yaml);
        Failure::Config(format!("the result is not valid yet:\n{why}"))
    })
}
