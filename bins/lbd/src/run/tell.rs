//! Tells operators of changes, by the file's hooks and by mail.
//!
//! Reports that come together are told together: a role that was taken over from an earlier daemon or file goes through
//! other states within one moment, and nobody need hear of these.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use command_group::{Error, Run};
use lbd_core::config::{Config, NotifyHooks};
use lbd_core::engine::Report;
use notify::hooks::{Hook, Hooks, Wait};
use notify::mail::{Delivery, Mail, Settings};
use status_page::News;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};
use vrrp_proto::{Priority, State};

use super::commands::Rights;
use super::mail_settings;
use super::worker::Worker;

/// How long a hook may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How long a hook waits for the kernel.
const PATIENCE: Duration = Duration::from_secs(2);

/// So many lines are kept for the status page.
const KEPT: usize = 100;

/// What operators are told, and what they have been told.
#[derive(Debug)]
pub(super) struct Teller {
    handle: Handle,
    node: String,
    config: Config,
    /// The file before, until the roles that its end brought are told.
    before: Option<Config>,
    rights: Rights,
    hooks: Hooks,
    hook_runner: JoinHandle<()>,
    mail: Option<(Settings, Mail, JoinHandle<()>)>,
    /// The state of each router that was told last.
    roles: BTreeMap<String, State>,
    /// The states that are to be told.
    changed: Vec<(String, State, Priority)>,
    /// Whether each server, by service and node, and each tracked thing, by router, was last well.
    well: BTreeMap<(String, String), bool>,
    /// At most [`KEPT`].
    latest: VecDeque<News>,
}

impl Teller {
    /// Nothing was told yet, but of the roles that an earlier daemon had.
    pub(super) fn new(
        handle: &Handle,
        node: &str,
        config: &Config,
        rights: Rights,
        adopted: &[String],
    ) -> Self {
        let (hooks, runner) = Hooks::new();
        let masters = adopted.iter().map(|name| (name.clone(), State::Master));
        Self {
            handle: handle.clone(),
            node: node.to_owned(),
            config: config.clone(),
            before: None,
            rights,
            hooks,
            hook_runner: handle.spawn(runner.serve(|hook, end| log_hook(hook, &end))),
            mail: mail_settings::of(config, node).map(|settings| open(handle, settings)),
            roles: masters.collect(),
            changed: Vec::new(),
            well: BTreeMap::new(),
            latest: VecDeque::with_capacity(KEPT),
        }
    }

    pub(super) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Goes over to another file: whatever it brings is told by it. Mail that waits under the old one is sent at once.
    pub(super) fn reload(&mut self, node: &str, config: &Config, rights: Rights) {
        let settings = mail_settings::of(config, node);
        if settings.as_ref() != self.mail.as_ref().map(|(settings, ..)| settings) {
            self.mail = settings.map(|settings| open(&self.handle, settings));
        }
        self.node = node.to_owned();
        self.before = Some(std::mem::replace(&mut self.config, config.clone()));
        self.rights = rights;
    }

    /// Tells what another file brought, and knows the routers by their names in it from now on.
    pub(super) fn reloaded(&mut self, worker: &Worker, states: BTreeMap<String, State>) {
        self.settle(worker);
        self.before = None;
        self.roles = states;
    }

    /// Takes note of a report; [`Teller::settle`] tells of roles.
    pub(super) fn hear(&mut self, report: &Report) {
        match report {
            Report::Role {
                router,
                to,
                priority,
                ..
            } => {
                self.changed.retain(|(other, ..)| other != router);
                self.changed.push((router.clone(), *to, *priority));
            }
            Report::Server {
                service,
                node,
                failure,
            } => {
                let failure = failure.as_ref().map(ToString::to_string);
                self.server(service, node, failure.as_deref());
            }
            Report::Tracked {
                router,
                what,
                well,
                detail,
            } => {
                let words = if *well { "is well" } else { "has failed" };
                if self.is_news(router, what, *well) {
                    self.news(format!("{router}: {what} {words}: {detail}"));
                }
            }
            Report::Alarm {
                service,
                node,
                alarm: Some(alarm),
            } => self.news(format!("{service}: the check of {node} needs you: {alarm}")),
            Report::Alarm { alarm: None, .. }
            | Report::Weight { .. }
            | Report::MasterSilent { .. }
            | Report::MasterHeard { .. }
            | Report::Priority { .. }
            | Report::Rejected { .. }
            | Report::AddressesDiffer { .. }
            | Report::IntervalDiffers { .. }
            | Report::NotSent { .. }
            | Report::DirectorMac { .. }
            | Report::DirectorMacUnknown { .. } => {}
        }
    }

    /// Tells of the roles that are others now than the last time. Hooks wait until the kernel has followed: they may want
    /// to use the address.
    pub(super) fn settle(&mut self, worker: &Worker) {
        for (router, to, priority) in std::mem::take(&mut self.changed) {
            let from = self.roles.insert(router.clone(), to);
            if from == Some(to) {
                continue;
            }
            let from = from.unwrap_or(State::Initialize);
            self.news(format!("{router}: {from} -> {to}, priority {priority}"));
            self.role_hook(&router, to, priority, worker);
        }
    }

    fn role_hook(&self, router: &str, to: State, priority: Priority, worker: &Worker) {
        // One that the file does not have any more is told of by the one that had it.
        let old = self.before.iter().flat_map(|before| &before.routers);
        let mut routers = self.config.routers.iter().chain(old);
        let Some(config) = routers.find(|config| config.name == router) else {
            return;
        };
        let (state, Some(command)) = hook_of(&config.notify, to) else {
            return;
        };
        let followed = worker.followed();
        let after = async {
            // Whether it has or not: what is told is the role.
            let _ = tokio::time::timeout(PATIENCE, followed).await;
        };
        let words = [
            ("TYPE", "INSTANCE"),
            ("NAME", router),
            ("STATE", state),
            ("PRIORITY", &priority.to_string()),
        ];
        self.hook(router, command, &words, Box::pin(after));
    }

    fn server(&mut self, service: &str, node: &str, failure: Option<&str>) {
        let well = failure.is_none();
        if !self.is_news(service, node, well) {
            return;
        }
        self.news(match failure {
            None => format!("{service}: server {node} is up"),
            Some(failure) => format!("{service}: server {node} is down: {failure}"),
        });
        let mut services = self.config.services.iter();
        let Some(config) = services.find(|config| config.name == service) else {
            return;
        };
        let (state, command) = match well {
            true => ("UP", &config.notify.up),
            false => ("DOWN", &config.notify.down),
        };
        let words = [
            ("TYPE", "SERVER"),
            ("NAME", node),
            ("STATE", state),
            ("SERVICE", service),
        ];
        if let Some(command) = command {
            let after = Box::pin(std::future::ready(()));
            self.hook(&format!("{service}/{node}"), command, &words, after);
        }
    }

    /// That something is well is no news when nothing else was known of it.
    fn is_news(&mut self, owner: &str, thing: &str, well: bool) -> bool {
        let key = (owner.to_owned(), thing.to_owned());
        self.well.insert(key, well).unwrap_or(true) != well
    }

    /// Has a command run, with what has changed behind its arguments and in its environment.
    fn hook(&self, subject: &str, command: &[String], words: &[(&str, &str)], after: Wait) {
        let further = words.iter().map(|(_, word)| (*word).to_owned()).collect();
        let owned = |(name, word): &(&str, &str)| ((*name).to_owned(), (*word).to_owned());
        let what: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
        let what = what.join(" ");
        match self.rights.command(command, further, LIMIT) {
            Ok(mut command) => {
                command.environment = words.iter().map(owned).collect();
                let hook = Hook {
                    subject: subject.to_owned(),
                    what,
                    after,
                    command,
                };
                if let Some(void) = self.hooks.run(hook) {
                    info!(
                        "hook for {} is not run: the state is another one by now",
                        void.what
                    );
                }
            }
            Err(why) => warn!("hook for {what} is not run: {why}"),
        }
    }

    /// What was told last, the oldest first.
    pub(super) fn latest(&self) -> Vec<News> {
        self.latest.iter().cloned().collect()
    }

    fn news(&mut self, line: String) {
        let now = SystemTime::now();
        if self.latest.len() >= KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(News {
            at: now.duration_since(UNIX_EPOCH).unwrap_or_default(),
            text: line.clone(),
        });
        if let Some((_, mail, _)) = &self.mail {
            mail.tell(now, line);
        }
    }

    /// Waits for hooks and mail that are under way or due; what takes longer is ended.
    pub(super) async fn finish(self, limit: Duration) {
        drop(self.hooks);
        let mut tasks = vec![("hooks", self.hook_runner)];
        if let Some((_, mail, post)) = self.mail {
            drop(mail);
            tasks.push(("mail", post));
        }
        let until = tokio::time::Instant::now() + limit;
        for (what, mut task) in tasks {
            if tokio::time::timeout_at(until, &mut task).await.is_err() {
                warn!("{what}: not all could be done within {limit:?} of the stop");
                task.abort();
                // A command that runs is ended with its future.
                let _ = task.await;
            }
        }
    }
}

fn open(handle: &Handle, settings: Settings) -> (Settings, Mail, JoinHandle<()>) {
    let (mail, post) = Mail::new(settings.clone());
    (settings, mail, handle.spawn(post.serve(log_mail)))
}

/// The word for a state that hooks are given, and the command.
fn hook_of(hooks: &NotifyHooks, state: State) -> (&'static str, Option<&Vec<String>>) {
    match state {
        State::Master => ("MASTER", hooks.master.as_ref()),
        State::Backup => ("BACKUP", hooks.backup.as_ref()),
        State::Fault => ("FAULT", hooks.fault.as_ref()),
        State::Initialize => ("STOP", hooks.stop.as_ref()),
    }
}

fn log_hook(hook: &Hook, end: &Result<Run, Error>) {
    let what = &hook.what;
    match end {
        Ok(run) if run.went_well() => info!("hook for {what}: done in {:?}", run.took),
        Ok(run) => warn!("hook for {what}: {run}"),
        Err(error) => warn!("hook for {what}: {error}"),
    }
}

fn log_mail(delivery: Delivery) {
    match delivery {
        Delivery::Sent { changes, to } => debug!("mail to {to}: {changes} changes"),
        Delivery::Later { why, to, again_in } => {
            warn!("mail to {to} is tried again in {again_in:?}: {why}");
        }
        Delivery::Refused { why, to } => warn!("mail to {to} is refused, and given up: {why}"),
    }
}
