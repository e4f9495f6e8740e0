//! All commands that a file has run.

use super::{Config, Probe, VirtualRouter, VirtualService};

impl Config {
    /// Every command of the file, with where it stands there, in words.
    pub fn commands(&self) -> impl Iterator<Item = (String, &[String])> {
        let routers = self.routers.iter().flat_map(VirtualRouter::commands);
        routers.chain(self.services.iter().flat_map(VirtualService::commands))
    }
}

impl VirtualRouter {
    /// The router's tracked scripts and hooks, with where they stand in the file, in words.
    pub fn commands(&self) -> impl Iterator<Item = (String, &[String])> {
        let scripts = self.track_scripts.iter().map(|script| {
            let place = format!("script `{}` of `{}`", script.name, self.name);
            (place, script.command.as_slice())
        });
        let hooks = [
            ("master", &self.notify.master),
            ("backup", &self.notify.backup),
            ("fault", &self.notify.fault),
            ("stop", &self.notify.stop),
        ];
        scripts.chain(named(&self.name, hooks))
    }
}

impl VirtualService {
    /// The service's check, where it is a command, and its hooks, with where they stand in the file, in words.
    pub fn commands(&self) -> impl Iterator<Item = (String, &[String])> {
        let hooks = [("up", &self.notify.up), ("down", &self.notify.down)];
        let check = self
            .health_check
            .as_ref()
            .and_then(|check| match &check.probe {
                Probe::Exec(exec) => Some(exec.command.as_slice()),
                Probe::Tcp | Probe::Mysql(_) | Probe::Http(_) => None,
            });
        let check = check.map(|command| (format!("check of `{}`", self.name), command));
        check.into_iter().chain(named(&self.name, hooks))
    }
}

fn named<'a, const N: usize>(
    owner: &'a str,
    hooks: [(&'static str, &'a Option<Vec<String>>); N],
) -> impl Iterator<Item = (String, &'a [String])> {
    let place = move |state| format!("hook `{state}` of `{owner}`");
    hooks
        .into_iter()
        .filter_map(move |(state, hook)| Some((place(state), hook.as_deref()?)))
}
