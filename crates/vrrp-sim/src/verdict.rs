//! Judges how a LAN settled.

use core::fmt;
use core::time::Duration;

use crate::bounds::{Bounds, Participant};
use crate::clock::Nanos;
use crate::host::Host;
use crate::scenario::Scenario;
use crate::violation::Violation;
use crate::world::World;

/// From here on nothing goes wrong.
pub(crate) struct Calm {
    from: Nanos,
    bounds: Bounds,
    /// Whether any router is left.
    manned: bool,
    /// When the run ends.
    pub(crate) end: Nanos,
}

impl Calm {
    pub(crate) fn new(scenario: &Scenario, hosts: &[Host], now: Nanos) -> Self {
        let participants: Vec<_> = hosts.iter().filter_map(participant).collect();
        let bounds = Bounds::new(scenario, &participants);
        Self {
            from: now,
            bounds,
            manned: !participants.is_empty(),
            // Some more intervals, in which nothing may change.
            end: now + bounds.believed + 10 * scenario.interval,
        }
    }

    pub(crate) fn judge(&self, world: &mut World<'_>) -> Result<(), Violation> {
        self.always_a_master(world)?;
        self.nobody_flaps(world)?;
        self.settled(world)?;
        let Some(master) = self.one_master(world)? else {
            return Ok(());
        };
        right_master(world, master)?;
        self.announced(world, master)
    }

    fn always_a_master(&self, world: &World<'_>) -> Result<(), Violation> {
        if !self.manned {
            return Ok(());
        }
        let mut masters: u32 = 0;
        let mut since = Some(0);
        for (at, _, became) in &world.record.changes {
            let before = masters;
            masters = if *became { masters + 1 } else { masters - 1 };
            match (before, masters) {
                (0, _) => {
                    self.not_without(since.take(), *at)?;
                }
                (_, 0) => since = Some(*at),
                (_, _) => {}
            }
        }
        self.not_without(since, self.end)
    }

    /// Judges a time without a master.
    fn not_without(&self, since: Option<Nanos>, until: Nanos) -> Result<(), Violation> {
        let Some(since) = since else {
            return Ok(());
        };
        let bound = self.from + self.bounds.a_master;
        // Once there is one, there is one.
        let lost = since > self.from;
        if until <= self.from || (until <= bound && !lost) {
            return Ok(());
        }
        Err(Violation::NoMaster {
            at: self.after(until),
            bound: Duration::from_nanos(self.bounds.a_master),
        })
    }

    /// Each router takes the role once at the most, and leaves it once at the most.
    fn nobody_flaps(&self, world: &World<'_>) -> Result<(), Violation> {
        for router in 0..world.hosts.len() {
            let count = |kind: bool| {
                let changes = world.record.changes.iter();
                changes
                    .filter(|(at, who, became)| {
                        *at > self.from && *who == router && *became == kind
                    })
                    .count()
            };
            let (promotions, demotions) = (count(true), count(false));
            if promotions > 1 || demotions > 1 {
                return Err(Violation::Flaps {
                    router,
                    promotions,
                    demotions,
                });
            }
        }
        Ok(())
    }

    fn settled(&self, world: &mut World<'_>) -> Result<(), Violation> {
        let Some((at, router, _)) = world.record.changes.last().copied() else {
            return Ok(());
        };
        let took = at.saturating_sub(self.from);
        world.record.settled = (took, self.bounds.settled);
        if took <= self.bounds.settled {
            return Ok(());
        }
        Err(Violation::NotSettled {
            router,
            at: self.after(at),
            bound: Duration::from_nanos(self.bounds.settled),
        })
    }

    fn one_master(&self, world: &World<'_>) -> Result<Option<usize>, Violation> {
        let is_master = |host: &Host| host.state() == Some(vrrp_proto::State::Master);
        let masters: Vec<_> = (0..world.hosts.len())
            .filter(|host| is_master(&world.hosts[*host]))
            .collect();
        match (masters.as_slice(), self.manned) {
            ([master], true) => Ok(Some(*master)),
            ([], false) => Ok(None),
            (_, manned) => Err(Violation::Masters {
                masters,
                wanted: usize::from(manned),
            }),
        }
    }

    /// The announcements: in the order sent, and as the LAN's hosts received them.
    fn announced(&self, world: &World<'_>, master: usize) -> Result<(), Violation> {
        let bound = self.from + self.bounds.mended;
        let (by, since) = world.record.announcer.unwrap_or((usize::MAX, self.end));
        if by != master || since > bound {
            return Err(Violation::NotMended {
                master,
                by,
                since: self.after(since),
                bound: Duration::from_nanos(self.bounds.mended),
            });
        }
        let believed = &world.record.believed[..world.hosts.len()];
        // A host without an entry asks, and the master answers.
        let entries = believed.iter().enumerate();
        let mut entries = entries.filter_map(|(segment, entry)| entry.map(|by| (segment, by)));
        match entries.find(|(_, by)| *by != master) {
            Some((segment, believed)) => Err(Violation::StaleArp {
                master,
                segment,
                believed,
            }),
            None => Ok(()),
        }
    }

    fn after(&self, at: Nanos) -> Duration {
        Duration::from_nanos(at.saturating_sub(self.from))
    }
}

fn participant(host: &Host) -> Option<Participant<'_>> {
    let router = host.router.as_ref().filter(|_| host.takes_part())?;
    Some(Participant {
        config: &host.plan.config,
        priority: router.priority(),
        ppm: host.plan.ppm,
    })
}

/// No other router that takes part ranks higher and preempts. (Of equal ones the first stays:
/// backups accept an equal priority. Between two masters `Watch` saw the address decide.)
fn right_master(world: &World<'_>, master: usize) -> Result<(), Violation> {
    let rank = |host: &Host| participant(host).map(|one| one.priority);
    let masters = rank(&world.hosts[master]);
    let better = world
        .hosts
        .iter()
        .position(|host| rank(host) > masters && !host.watch.bears_worse());
    match better {
        Some(better) => Err(Violation::WrongMaster { master, better }),
        None => Ok(()),
    }
}

impl fmt::Display for Calm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = Duration::from_nanos;
        write!(
            f,
            "from now on: a master within {:?}, settled within {:?}, mended within {:?}, believed within {:?}",
            span(self.bounds.a_master),
            span(self.bounds.settled),
            span(self.bounds.mended),
            span(self.bounds.believed),
        )
    }
}
