//! What people ask of a running daemon.

use lbd_core::config::VirtualService;
use lbd_core::engine::{Drain, Effect, Event};
use tokio::sync::oneshot;

use super::{Driver, Input};
use crate::control::server::Asked;
use crate::control::{Answer, Command};
use crate::failure::Failure;
use crate::run::page::{Glance, Moment};
use crate::run::preflight::NewFile;
use crate::run::reload::{self, Asker};
use crate::run::worker::{Outcome, Reform};
use crate::service_manager::News;

impl Driver {
    pub(super) fn asked(&mut self, asked: Asked) {
        match asked.command {
            Command::Handover => {
                let held = self.engine.masterships();
                self.event(Event::HandOver);
                // Who asked may have gone.
                let _ = asked.answer.send(Answer::HandedOver(held));
            }
            Command::Reload => self.read_file(Some(asked.answer)),
            Command::Drain { node, how } => self.drain(&node, how, asked.answer),
            Command::Status => {
                let status = self.engine.status(self.clock.now());
                let _ = asked.answer.send(Answer::Status(Box::new(status)));
            }
        }
    }

    /// Copies out what the page and the metrics show.
    pub(super) fn show(&self, glance: Glance) {
        let services = self.engine.host().directed();
        // Who asked may have gone.
        let _ = glance.send(Moment {
            status: self.engine.status(self.clock.now()),
            keys: services.map(|(_, service)| service.key()).collect(),
            counts: self.counts.clone(),
            news: self.tell.latest(),
        });
    }

    fn drain(&mut self, node: &str, how: Option<Drain>, asker: Asker) {
        if let Err(why) = self.can_drain(node, how) {
            let _ = asker.send(Answer::Refused(why));
            return;
        }
        self.event(Event::Drain { node, how });
        self.drained.keep(self.engine.drained().clone(), asker);
    }

    fn can_drain(&self, node: &str, how: Option<Drain>) -> Result<(), String> {
        let host = self.engine.host();
        if how.is_none() && self.engine.drained().contains_key(node) {
            return Ok(());
        }
        if !host.config.nodes.contains_key(node) {
            let known: Vec<&str> = host.config.nodes.keys().map(String::as_str).collect();
            let known = known.join(", ");
            return Err(format!("the file has no node `{node}`; it has {known}"));
        }
        let serves = |service: &VirtualService| service.servers.iter().any(|name| name == node);
        if !host.directed().any(|(_, service)| serves(service)) {
            return Err(format!(
                "this host balances no service with `{node}`; say it to the directors that do"
            ));
        }
        Ok(())
    }

    /// Has the file read by another thread: this one must be on time.
    pub(super) fn read_file(&mut self, asker: Option<Asker>) {
        if let Some(read) = self.reloads.ask(asker) {
            self.bequest.tell(News::Reloading);
            let sender = self.sender.clone();
            self.io.spawn(async move {
                // Nobody listens any more when the daemon stops.
                let _ = sender.send(Input::File(read.await)).await;
            });
        }
    }

    /// Goes over to the file that was read, or stays with the old one.
    pub(super) fn reload(&mut self, read: Result<Box<NewFile>, Failure>) {
        let outcome = read.and_then(|file| self.go_over(*file));
        let again = self.reloads.finish(&self.io, outcome, self.sender.clone());
        if again {
            self.read_file(None);
        }
    }

    /// The kernel has followed, or will not, and who asked hears of it next.
    pub(super) fn reloaded(&mut self) {
        if self.reloads.finished() {
            self.bequest.tell(News::Ready);
        }
    }

    fn go_over(&mut self, file: NewFile) -> Result<oneshot::Receiver<Outcome>, Failure> {
        let succession = self.engine.succession(file.host);
        let used = |link| succession.uses(link);
        self.sockets.open_missing(succession.links(), used)?;
        let scope = succession.scope();
        self.nic.send_replace(succession.nic().to_owned());
        let now = self.clock.now();
        let interfaces = reload::latest(&self.interfaces, &file.interfaces);
        let (mut desired, mut others) = (None, Vec::new());
        for effect in self.engine.reload(now, succession, interfaces) {
            if let Effect::Converge(wanted) = effect {
                desired = Some(wanted);
            } else {
                others.push(effect);
            }
        }
        let reform = Reform {
            scope,
            needs: file.needs,
            in_force: file.in_force,
        };
        let outcome = self.worker.reform(reform, desired);
        // Before anything is run or told for the new file.
        let host = self.engine.host();
        self.tell.reload(&host.node, &host.config, file.rights);
        self.probes.reload(self.tell.rights().clone());
        for effect in others {
            self.carry_out(effect);
        }
        // A role may go on under another name, or with other adverts.
        self.bequest.settle(self.engine.holdings());
        self.tell.reloaded(&self.worker, self.engine.states());
        let listen = self.engine.host().config.status_page;
        self.listen
            .send_if_modified(|old| std::mem::replace(old, listen) != listen);
        self.lookout.retain(|number| self.engine.tracks(number));
        self.sockets.close_unused(|link| self.engine.uses(link));
        Ok(outcome)
    }
}
