//! Carries out what the engine says.

use lbd_core::engine::{Effect, Report};

use super::Driver;
use crate::run::network::Solicit;
use crate::run::report;

impl Driver {
    pub(super) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send {
                link,
                destination,
                payload,
            } => self.sockets.send(link, destination, &payload),
            Effect::Converge(desired) => self.worker.converge(desired),
            Effect::Announce {
                interface,
                addresses,
            } => self.worker.announce(&interface, &addresses),
            Effect::Probe {
                id,
                timeout,
                assignment,
            } => {
                self.counts.probing(id.check, &assignment);
                self.probes.start(id, timeout, assignment);
            }
            Effect::Forget { check } => {
                self.counts.forget(check);
                self.probes.forget(check);
            }
            Effect::Look { id, look, timeout } => {
                self.lookout.look(id, look, timeout, self.tell.rights());
            }
            // Solicitations repeat; one that finds no room is not missed.
            Effect::Solicit { interface, address } => {
                let _ = self.solicit.try_send(Solicit { interface, address });
            }
            Effect::Report(report) => {
                report::log(&report);
                self.counts.reported(&report);
                self.tell.hear(&report);
                // The guardian is to know of the roles that this host holds, and of their adverts.
                if let Report::Role { .. } | Report::Priority { .. } = report {
                    self.bequest.settle(self.engine.holdings());
                }
            }
        }
    }
}
