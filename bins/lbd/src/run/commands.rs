//! The commands that the file has this host run: whose rights they have, and whether they can be run at all.

use std::path::Path;
use std::time::Duration;

use command_group::{Options, RunAs, vet};
use lbd_core::host::Host;
use nix::unistd::{Gid, Uid};

use super::capabilities::{self, ANOTHER_USER};
use crate::failure::Failure;

/// Whose rights commands have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// The daemon's.
    Ours,
    /// Those of `script_user`.
    Of(RunAs),
    /// Nobody's: that user is not to be found.
    Nobody(String),
}

impl Rights {
    fn on(host: &Host) -> Self {
        let any = host.commands().next().is_some();
        match &host.config.script_user {
            Some(name) if any => match RunAs::named(name) {
                Ok(user) => Self::Of(user),
                Err(error) => Self::Nobody(format!("script_user: {error}")),
            },
            Some(_) | None => Self::Ours,
        }
    }

    /// What this process would need to give them to a command.
    pub(super) fn lacking(&self) -> Option<String> {
        let Self::Of(user) = self else {
            return None;
        };
        let (us, group) = (Uid::effective().as_raw(), Gid::effective().as_raw());
        let missing = capabilities::missing(&ANOTHER_USER);
        if (user.uid, user.gid) == (us, group) || missing.is_empty() {
            return None;
        }
        Some(format!(
            "script_user: to run commands as user {} takes {} (missing; under systemd, add them to CapabilityBoundingSet=)",
            user.uid,
            missing.join(", ")
        ))
    }

    /// A command of the file, with what comes behind its own arguments.
    ///
    /// # Errors
    /// There is nobody to run it as.
    pub(super) fn command(
        &self,
        command: &[String],
        further: Vec<String>,
        timeout: Duration,
    ) -> Result<Options, String> {
        let run_as = match self {
            Self::Ours => None,
            Self::Of(user) => Some(user.clone()),
            Self::Nobody(why) => return Err(why.clone()),
        };
        let mut words = command.iter().cloned();
        let program = words.next().unwrap_or_default();
        Ok(Options {
            arguments: words.chain(further).collect(),
            run_as,
            vetted: true,
            ..Options::new(program, timeout)
        })
    }
}

/// Whose rights the commands have, and what is wrong with each that cannot be run as things are. May wait for the disk
/// and the system's users.
pub(crate) fn look_over(host: &Host) -> (Rights, Vec<String>) {
    let rights = Rights::on(host);
    let user = match &rights {
        Rights::Ours => None,
        Rights::Of(user) => Some(user),
        Rights::Nobody(why) => return (rights.clone(), vec![why.clone()]),
    };
    let unfit = host.commands().filter_map(|(place, command)| {
        let program = command.first().map(String::as_str).unwrap_or_default();
        let error = vet(Path::new(program), user).err()?;
        Some(format!("{place}: {error}"))
    });
    let unfit = unfit.collect();
    (rights, unfit)
}

/// All that is wrong, as a failure of the command that asked.
pub(crate) fn none_unfit(unfit: &[String]) -> Result<(), Failure> {
    match unfit {
        [] => Ok(()),
        unfit => Err(Failure::Host(unfit.join("\n"))),
    }
}
