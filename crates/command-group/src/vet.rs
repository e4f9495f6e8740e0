//! Whether a program may be run with somebody's rights.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use crate::RunAs;

/// How many symbolic links a path may lead through, as the kernel has it (path_resolution(7)).
const LINKS: usize = 40;

/// Why a program may not be run.
#[derive(Debug, Error)]
pub enum Unfit {
    /// There is no such file, or it cannot be looked at.
    #[error("{}: {source}", path.display())]
    Missing {
        /// The file, or the folder on the way to it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The path does not begin at the root.
    #[error("{}: a program is named by its absolute path", path.display())]
    Relative {
        /// The path.
        path: PathBuf,
    },
    /// It leads in a circle.
    #[error("{}: too many symbolic links", path.display())]
    Circle {
        /// The path.
        path: PathBuf,
    },
    /// It is a folder, a socket or the like.
    #[error("{} is no file", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// The user may not run the file, or not pass through the folder.
    #[error("{} may not be {what} by {user} (mode {mode:03o}, user {owner}, group {group})", path.display())]
    NotAllowed {
        /// The file or folder.
        path: PathBuf,
        /// `run` or `entered`.
        what: &'static str,
        /// Who may not.
        user: String,
        /// Its permissions.
        mode: u32,
        /// Its owner.
        owner: u32,
        /// Its group.
        group: u32,
    },
    /// Others than root and the user can change the file, or what the path leads to.
    #[error(
        "{} can be changed by {who}: whoever can do so could have anything run as {user}; see to it that root owns it and \
         nobody else can write (chown root, chmod go-w)",
        path.display()
    )]
    OthersCanWrite {
        /// The file or folder.
        path: PathBuf,
        /// Who can.
        who: String,
        /// Whose rights they would get.
        user: String,
    },
}

/// Judges a program by its absolute path, as it is now.
///
/// - It must be a file that the user (none: root) may run, in folders that it may pass through. Access control lists are
///   not looked at: what only they allow is refused.
/// - Root or the user must own the file and every folder and link on the way to it, and nobody else may write to them: not
///   others, and no group but root's. A folder with the sticky bit, as `/tmp`, is as good as one that nobody else can write:
///   what is in it can be changed by its owner only.
///
/// # Errors
/// What is wrong, where, and what to do.
pub fn vet(program: &Path, run_as: Option<&RunAs>) -> Result<(), Unfit> {
    if !program.is_absolute() {
        return Err(Unfit::Relative {
            path: program.to_owned(),
        });
    }
    let mut place = PathBuf::from("/");
    let mut left = names(program);
    let mut links = LINKS;
    let mut found = look(&place)?;
    safe(&place, &found, run_as)?;
    while let Some(name) = left.pop_front() {
        if !found.is_dir() {
            return Err(Unfit::Missing {
                path: place,
                source: io::ErrorKind::NotADirectory.into(),
            });
        }
        allowed(&place, &found, run_as, "entered")?;
        let next = match name.as_os_str() == ".." {
            true => place.parent().unwrap_or(Path::new("/")).to_owned(),
            false => place.join(&name),
        };
        let metadata = look(&next)?;
        safe(&next, &metadata, run_as)?;
        if metadata.is_symlink() {
            links = links.checked_sub(1).ok_or_else(|| Unfit::Circle {
                path: program.to_owned(),
            })?;
            let target = std::fs::read_link(&next)
                .map_err(|source| Unfit::Missing { path: next, source })?;
            if target.is_absolute() {
                place = PathBuf::from("/");
                found = look(&place)?;
            }
            let mut names = names(&target);
            names.append(&mut left);
            left = names;
            continue;
        }
        (place, found) = (next, metadata);
    }
    if !found.is_file() {
        return Err(Unfit::NoFile { path: place });
    }
    allowed(&place, &found, run_as, "run")
}

/// What a path goes through, from wherever it begins.
fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

fn look(path: &Path) -> Result<Metadata, Unfit> {
    std::fs::symlink_metadata(path).map_err(|source| Unfit::Missing {
        path: path.to_owned(),
        source,
    })
}

/// Nobody but root and the user can change it.
fn safe(path: &Path, found: &Metadata, run_as: Option<&RunAs>) -> Result<(), Unfit> {
    let mode = found.permissions().mode();
    let trusted = found.uid() == 0 || run_as.is_some_and(|user| user.uid == found.uid());
    let sticky = found.is_dir() && mode & 0o1000 != 0;
    let shared = !found.is_symlink() && !sticky;
    let who = if !trusted {
        format!("its owner, user {}", found.uid())
    } else if shared && mode & 0o002 != 0 {
        "everybody".to_owned()
    } else if shared && mode & 0o020 != 0 && found.gid() != 0 {
        format!("group {}", found.gid())
    } else {
        return Ok(());
    };
    Err(Unfit::OthersCanWrite {
        path: path.to_owned(),
        who,
        user: name(run_as),
    })
}

/// The user may run the file or pass through the folder, which is the same bit.
fn allowed(
    path: &Path,
    found: &Metadata,
    run_as: Option<&RunAs>,
    what: &'static str,
) -> Result<(), Unfit> {
    let mode = found.permissions().mode() & 0o777;
    let bit = match run_as {
        // Root may pass through all folders, and run what anybody may (capabilities(7), CAP_DAC_OVERRIDE).
        None | Some(RunAs { uid: 0, .. }) if found.is_dir() => return Ok(()),
        None | Some(RunAs { uid: 0, .. }) => 0o111,
        Some(user) if user.uid == found.uid() => 0o100,
        Some(user) if user.gid == found.gid() || user.groups.contains(&found.gid()) => 0o010,
        Some(_) => 0o001,
    };
    if mode & bit != 0 {
        return Ok(());
    }
    Err(Unfit::NotAllowed {
        path: path.to_owned(),
        what,
        user: name(run_as),
        mode,
        owner: found.uid(),
        group: found.gid(),
    })
}

fn name(run_as: Option<&RunAs>) -> String {
    match run_as {
        None | Some(RunAs { uid: 0, .. }) => "root".to_owned(),
        Some(user) => format!("user {}", user.uid),
    }
}
