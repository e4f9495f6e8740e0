//! Watches one router step by step, knowing only what it heard and when, by its own clock.

use core::time::Duration;

use vrrp_proto::{Action, Heard, Input, Priority, Router, RouterConfig, State, Version};

use crate::bounds::{nanos, skew};
use crate::clock::{MICRO, Nanos};
use crate::violation::Violation;

/// The rules' view of one router.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    host: usize,
    config: RouterConfig,
    priority: Priority,
    /// What a backup has heard; empty in the other states.
    backup: Option<Listening>,
    /// When a master last advertised.
    /// In fault, whether it handed its role over before.
    handed_over: bool,
    advertised: Nanos,
}

/// What a backup has heard.
#[derive(Clone, Copy, Debug)]
struct Listening {
    /// The last advert that it has to respect, or when it became backup.
    since: Nanos,
    /// The interval that its master advertises in.
    interval: Nanos,
    /// The first resignation after that.
    resigned: Option<Nanos>,
    /// The first advert of a worse master that is put up with for the preempt delay, and the
    /// priority of the last one.
    worse: Option<(Nanos, Priority)>,
    handed_over: bool,
}

/// One call of `Router::handle`.
pub(crate) struct Call<'a> {
    /// By the router's clock.
    pub(crate) now: Nanos,
    pub(crate) input: Input,
    pub(crate) before: State,
    pub(crate) router: &'a Router,
    pub(crate) actions: &'a [Action],
}

impl Watch {
    pub(crate) const fn new(host: usize, config: RouterConfig) -> Self {
        Self {
            host,
            config,
            priority: config.priority,
            backup: None,
            handed_over: false,
            advertised: 0,
        }
    }

    /// Whether it is to let any master be that is not its better.
    pub(crate) fn bears_worse(&self) -> bool {
        let handed_over = self.backup.is_some_and(|backup| backup.handed_over);
        handed_over || !(self.config.preempt || self.priority == Priority::OWNER)
    }

    /// Judges a call and learns from it.
    pub(crate) fn saw(&mut self, call: &Call<'_>) -> Result<(), Violation> {
        let after = call.router.state();
        match (call.before, after) {
            (State::Backup, State::Backup) => self.listened(call),
            (State::Master, State::Master) => self.bore(call)?,
            (before, State::Master) => self.promoted(call, before)?,
            (before, State::Backup) => self.stepped_back(call, before)?,
            (_, State::Initialize | State::Fault) => self.left(call)?,
        }
        if let Input::SetPriority(priority) = call.input {
            self.reprioritised(priority.max(Priority::LOWEST));
        }
        self.judge_timer(call)
    }

    /// RFC 9568 §6.4.2, (420) and on.
    fn listened(&mut self, call: &Call<'_>) {
        let (now, config, priority) = (call.now, self.config, self.priority);
        let respects = self.bears_worse();
        let Some(backup) = &mut self.backup else {
            return;
        };
        match call.input {
            Input::EndHandover => backup.handed_over = false,
            Input::Heard(heard) if heard.priority == Priority::ZERO => {
                backup.resigned.get_or_insert(now);
                backup.worse = None;
            }
            Input::Heard(heard) if respects || heard.priority >= priority => {
                backup.respect(now, &config, &heard);
                backup.worse = None;
            }
            Input::Heard(heard) if priority != Priority::OWNER => {
                let delay = nanos(config.preempt_delay);
                let (first, over) = backup.worse.get_or_insert((now, heard.priority));
                if now < *first + delay {
                    *over = heard.priority;
                    backup.respect(now, &config, &heard);
                }
            }
            Input::Heard(_)
            | Input::Start
            | Input::Stop
            | Input::Tick
            | Input::SetPriority(_)
            | Input::Fault
            | Input::FaultCleared
            | Input::Handover
            | Input::TakeOver => {}
        }
    }

    /// A master that stays it had no reason to yield, and does not fall silent.
    fn bore(&mut self, call: &Call<'_>) -> Result<(), Violation> {
        if let Input::Heard(heard) = call.input
            && self.is_better(&heard)
        {
            return Err(Violation::DidNotYield {
                router: self.host,
                to: heard.source,
            });
        }
        self.advertised_in(call);
        Ok(())
    }

    fn promoted(&mut self, call: &Call<'_>, before: State) -> Result<(), Violation> {
        let router = self.host;
        let wanted = [
            Action::SendAdvert(self.priority),
            Action::Enter(State::Master),
            Action::Announce,
        ];
        let order = call.actions.iter().filter(|done| wanted.contains(done));
        if !order.eq(&wanted) {
            return Err(Violation::WrongActions {
                router,
                input: call.input,
                actions: call.actions.to_vec(),
            });
        }
        let justified = match (before, call.input) {
            (State::Backup, Input::TakeOver) => true,
            (State::Backup, Input::Tick) => self.due() <= call.now + MICRO,
            (State::Initialize | State::Fault, Input::Start | Input::FaultCleared) => {
                self.priority == Priority::OWNER
            }
            (State::Initialize | State::Backup | State::Master | State::Fault, _) => false,
        };
        let early = Duration::from_nanos(self.due().saturating_sub(call.now));
        self.backup = None;
        self.advertised_in(call);
        if justified {
            Ok(())
        } else {
            Err(Violation::FalseTakeover { router, early })
        }
    }

    fn stepped_back(&mut self, call: &Call<'_>, before: State) -> Result<(), Violation> {
        let mut backup = Listening {
            since: call.now,
            interval: nanos(self.config.interval.as_duration()),
            resigned: None,
            worse: None,
            handed_over: false,
        };
        match call.input {
            Input::Heard(heard) if before == State::Master => {
                if !self.is_better(&heard) {
                    return Err(Violation::YieldedToWorse {
                        router: self.host,
                        to: heard.source,
                    });
                }
                backup.respect(call.now, &self.config, &heard);
            }
            Input::Handover => {
                self.resigned(call)?;
                backup.handed_over = true;
            }
            Input::FaultCleared => backup.handed_over = self.handed_over,
            Input::Heard(_)
            | Input::Start
            | Input::Stop
            | Input::Tick
            | Input::SetPriority(_)
            | Input::Fault
            | Input::EndHandover
            | Input::TakeOver => {}
        }
        self.backup = Some(backup);
        Ok(())
    }

    fn left(&mut self, call: &Call<'_>) -> Result<(), Violation> {
        // A fault does not make it forgotten; other inputs find a router in fault still so.
        if call.before != State::Fault {
            self.handed_over = self.backup.is_some_and(|backup| backup.handed_over);
        }
        if call.input == Input::EndHandover || call.router.state() == State::Initialize {
            self.handed_over = false;
        }
        self.backup = None;
        if call.before == State::Master {
            self.resigned(call)?;
        }
        Ok(())
    }

    /// A master that goes says so.
    fn resigned(&self, call: &Call<'_>) -> Result<(), Violation> {
        if call.actions.first() == Some(&Action::SendAdvert(Priority::ZERO)) {
            return Ok(());
        }
        Err(Violation::WrongActions {
            router: self.host,
            input: call.input,
            actions: call.actions.to_vec(),
        })
    }

    fn reprioritised(&mut self, priority: Priority) {
        self.priority = priority;
        if let Some(backup) = &mut self.backup
            && backup.worse.is_some_and(|(_, over)| priority <= over)
        {
            backup.worse = None;
        }
    }

    fn advertised_in(&mut self, call: &Call<'_>) {
        let sent = |action: &Action| matches!(action, Action::SendAdvert(_));
        if call.actions.iter().any(sent) {
            self.advertised = call.now;
        }
    }

    /// The router must have set its timer to act in time. One tick may leave a second one due at
    /// once, but not that a third one.
    fn judge_timer(&mut self, call: &Call<'_>) -> Result<(), Violation> {
        let router = self.host;
        let deadline = call.router.deadline().map(nanos);
        let due = match call.router.state() {
            State::Initialize | State::Fault => None,
            State::Backup => Some(self.due()),
            State::Master => Some(self.advertised + nanos(self.config.interval.as_duration())),
        };
        match (deadline, due) {
            (None, None) => Ok(()),
            (Some(deadline), Some(_)) if call.input == Input::Tick && deadline <= call.now => {
                Err(Violation::TimerSpins { router })
            }
            (Some(deadline), Some(due)) if deadline <= due + MICRO => Ok(()),
            (deadline, due) => Err(Violation::TimerTooLate {
                router,
                deadline: deadline.map(Duration::from_nanos),
                due: due.map(Duration::from_nanos),
            }),
        }
    }

    /// When a backup is to take over; at once in the other states.
    fn due(&self) -> Nanos {
        let Some(backup) = &self.backup else {
            return 0;
        };
        let silent = backup.since + 3 * backup.interval;
        let base = backup.resigned.map_or(silent, |at| at.min(silent));
        let due = base + skew(self.config.version, self.priority, backup.interval);
        let delay = nanos(self.config.preempt_delay);
        match backup.worse {
            Some((first, _)) if delay > 0 => due.min(first + delay),
            Some(_) | None => due,
        }
    }

    /// The order of RFC 9568 §6.4.3, (725).
    fn is_better(&self, heard: &Heard) -> bool {
        (heard.priority, heard.source) > (self.priority, self.config.address)
    }
}

impl Listening {
    fn respect(&mut self, now: Nanos, config: &RouterConfig, heard: &Heard) {
        self.since = now;
        self.resigned = None;
        self.interval = nanos(match config.version {
            Version::V2 => config.interval.as_duration(),
            Version::V3 => heard.interval.as_duration(),
        });
    }
}
