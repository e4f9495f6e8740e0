//! The election: who is master.

mod action;
mod backup;
mod config;
mod input;
mod limiter;
mod master;
mod reconfigure;
mod timers;

pub use action::{Action, Actions};
pub use config::{Announce, RouterConfig};
pub use input::{Heard, Input};
pub use timers::{master_down, skew};

use core::fmt;

use crate::{Centis, Priority, Time};
use backup::Backup;
use master::Master;

/// One virtual router on one host: the state machine of RFC 9568 §6.4 and RFC 3768 §6.4.
///
/// ```text
///                    +------------+
///      +------------>|            |<------------+
///      |             | Initialize |             |
///      |      +------|            |------+      |
///      |      | (1)  +------------+ (2)  |      |
///  Stop|      |                          |      |Stop
///      |      v                          v      |
///  +------------+          (3)         +------------+
///  |            |--------------------->|            |
///  |   Master   |                      |   Backup   |
///  |            |<---------------------|            |
///  +------------+          (4)         +------------+
///      |      ^                          ^      |
///      |      | (1)  +------------+ (2)  |      |
///      |      +------|            |------+      |
///      |             |   Fault    |             |
///      +------------>|            |<------------+
///          Fault     +------------+    Fault
///
///  (1) Start, FaultCleared: the router owns the addresses (priority 255)
///  (2) Start, FaultCleared: it does not
///  (3) a higher priority was heard, or an equal one from a higher address; or Handover
///  (4) the master-down timer fired; or the preempt delay passed; or TakeOver
/// ```
///
/// `Fault` is not in the RFC's diagram: the interface or something else that the router needs is
/// gone. A master that leaves for `Initialize`, `Fault` or by `Handover` advertises priority zero.
///
/// # How the caller drives it
/// After each call carry out the [`Actions`] in order, then sleep until [`Router::deadline`] or the
/// next event. Hand over all adverts that wait in the socket *before* a [`Input::Tick`]: otherwise a
/// paused process takes over from a master that it merely has not read.
///
/// # Where it goes beyond the RFC
/// - An owner hears adverts as everyone does (erratum 8298) instead of dropping them unread: it answers
///   lower priorities, which mends the LAN's ARP, and of two owners only one stays master.
/// - A master that yields advertises once more ([`RouterConfig::parting_advert`]).
/// - Answers to lower priorities are spaced by a tenth of the interval (10 ms to 1 s), so that a
///   flood of them is not amplified; the last one of a burst is still answered.
/// - Priority zero never makes a backup wait *longer* than it would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    config: RouterConfig,
    priority: Priority,
    phase: Phase,
}

/// The state a [`Router`] is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not started, or stopped.
    Initialize,
    /// Watches the master's advertisements.
    Backup,
    /// Answers for the addresses and advertises.
    Master,
    /// Cannot take part, as something that it needs is gone.
    Fault,
}

impl State {
    /// A short name for logs and status.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "initialize",
            Self::Backup => "backup",
            Self::Master => "master",
            Self::Fault => "fault",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A state with the timers that it owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A fault may be reported before the start.
    Initialize {
        faulty: bool,
    },
    Backup(Backup),
    Master(Master),
    Fault {
        /// The role was handed over before, and is not to be taken back.
        handed_over: bool,
    },
}

impl Router {
    /// A router in [`State::Initialize`], with the configured priority in effect.
    #[must_use]
    pub fn new(config: RouterConfig) -> Self {
        Self {
            config,
            priority: effective(config.priority),
            phase: Phase::Initialize { faulty: false },
        }
    }

    /// Takes one input at one time and says what is to be done, in order.
    pub fn handle(&mut self, now: Time, input: Input) -> Actions {
        if let Input::SetPriority(priority) = input {
            self.set_priority(effective(priority));
            return Actions::none();
        }
        if let Input::Heard(heard) = input
            && heard.source == self.config.address
        {
            return Actions::none();
        }
        match self.phase {
            Phase::Initialize { faulty } => self.initialize(now, faulty, input),
            Phase::Backup(backup) => self.backup(now, backup, input),
            Phase::Master(master) => self.master(now, master, input),
            Phase::Fault { handed_over } => self.fault(now, handed_over, input),
        }
    }

    /// When the next [`Input::Tick`] is due; `None` where there is no timer.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        match &self.phase {
            Phase::Initialize { .. } | Phase::Fault { .. } => None,
            Phase::Backup(backup) => Some(backup.deadline()),
            Phase::Master(master) => Some(master.deadline()),
        }
    }

    /// The state it is in.
    #[must_use]
    pub const fn state(&self) -> State {
        match self.phase {
            Phase::Initialize { .. } => State::Initialize,
            Phase::Backup(_) => State::Backup,
            Phase::Master(_) => State::Master,
            Phase::Fault { .. } => State::Fault,
        }
    }

    /// The priority in effect: the configured one, or the last [`Input::SetPriority`].
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority
    }

    /// Whether it gave the role away by [`Input::Handover`] and does not take it back while another
    /// master lives.
    #[must_use]
    pub fn handed_over(&self) -> bool {
        match self.phase {
            Phase::Backup(backup) => backup.has_handed_over(),
            Phase::Fault { handed_over } => handed_over,
            Phase::Initialize { .. } | Phase::Master(_) => false,
        }
    }

    /// The master's interval, which the master-down time is counted in: in version 3 the one last
    /// accepted, else our own.
    #[must_use]
    pub const fn master_interval(&self) -> Centis {
        match &self.phase {
            Phase::Backup(backup) => backup.master_interval(),
            Phase::Initialize { .. } | Phase::Master(_) | Phase::Fault { .. } => {
                self.config.interval
            }
        }
    }

    /// What it was built with, or given by [`Router::reconfigure`] since.
    #[must_use]
    pub const fn config(&self) -> &RouterConfig {
        &self.config
    }

    fn initialize(&mut self, now: Time, faulty: bool, input: Input) -> Actions {
        match input {
            Input::Start if faulty => self.enter(Phase::Fault { handed_over: false }),
            Input::Start => self.join(now),
            Input::Fault => self.stay(Phase::Initialize { faulty: true }),
            Input::FaultCleared => self.stay(Phase::Initialize { faulty: false }),
            Input::Stop
            | Input::Tick
            | Input::Heard(_)
            | Input::SetPriority(_)
            | Input::Handover
            | Input::EndHandover
            | Input::TakeOver => Actions::none(),
        }
    }

    fn fault(&mut self, now: Time, handed_over: bool, input: Input) -> Actions {
        match input {
            Input::FaultCleared if handed_over => {
                let backup = Backup::handing_over(now, &self.config, self.priority);
                self.enter(Phase::Backup(backup))
            }
            Input::FaultCleared => self.join(now),
            Input::EndHandover => self.stay(Phase::Fault { handed_over: false }),
            Input::Stop => self.enter(Phase::Initialize { faulty: true }),
            Input::Start
            | Input::Tick
            | Input::Heard(_)
            | Input::SetPriority(_)
            | Input::Fault
            | Input::Handover
            | Input::TakeOver => Actions::none(),
        }
    }

    /// Enters the election: an owner is master at once, everyone else listens first.
    fn join(&mut self, now: Time) -> Actions {
        if self.priority == Priority::OWNER {
            return self.promote(now);
        }
        let backup = Backup::joining(now, &self.config, self.priority);
        self.enter(Phase::Backup(backup))
    }

    /// Becomes master. The others hear of it first, as that ends their doubt soonest.
    fn promote(&mut self, now: Time) -> Actions {
        self.phase = Phase::Master(Master::new(now, &self.config));
        Actions::none()
            .and(Action::SendAdvert(self.priority))
            .and(Action::Enter(State::Master))
            .and(Action::Announce)
    }

    fn enter(&mut self, phase: Phase) -> Actions {
        self.phase = phase;
        Actions::none().and(Action::Enter(self.state()))
    }

    /// Leaves `Master` after one last advert.
    fn leave(&mut self, last_advert: Option<Priority>, phase: Phase) -> Actions {
        self.phase = phase;
        let actions = match last_advert {
            Some(priority) => Actions::none().and(Action::SendAdvert(priority)),
            None => Actions::none(),
        };
        actions.and(Action::Enter(self.state()))
    }

    fn stay(&mut self, phase: Phase) -> Actions {
        self.phase = phase;
        Actions::none()
    }

    fn set_priority(&mut self, priority: Priority) {
        if let Phase::Backup(backup) = &mut self.phase {
            backup.change_priority(self.config.version, self.priority, priority);
        }
        self.priority = priority;
    }
}

/// Zero is for resigning only; a router's own priority is at least 1.
fn effective(priority: Priority) -> Priority {
    priority.max(Priority::LOWEST)
}
