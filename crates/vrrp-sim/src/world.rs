//! Virtual time: one queue of events, in which everything happens.

use core::cmp::{Ordering, Reverse};
use core::time::Duration;
use std::collections::BinaryHeap;

use vrrp_proto::{Action, Input, Priority, Router, State};

use crate::clock::Nanos;
use crate::host::{Host, Packet, Pause};
use crate::plan::{Step, Target, Trouble, Weather, Wiring};
use crate::random::Random;
use crate::record::Record;
use crate::scenario::{MAX_ROUTERS, Scenario};
use crate::verdict::Calm;
use crate::violation::Violation;
use crate::watch::Call;
use crate::{Options, Trace};

/// Far more than any run has.
const MOST_EVENTS: usize = 1_000_000;

pub(crate) struct World<'s> {
    scenario: &'s Scenario,
    options: Options,
    random: Random,
    now: Nanos,
    queue: BinaryHeap<Reverse<Entry>>,
    entries: u64,
    pub(crate) hosts: Vec<Host>,
    wiring: Wiring,
    weather: Weather,
    /// When the last packet of each host that is on its way arrives.
    last_arrival: [Nanos; MAX_ROUTERS],
    /// When the last packet of a master that is none any more arrives: others still obey it.
    last_ghost: Nanos,
    calm: Option<Calm>,
    pub(crate) record: Record,
    pub(crate) trace: Trace,
}

enum Event {
    Step(Step),
    Undo(usize, Trouble),
    /// A timer of a host's operating system, of this number.
    Wake(usize, u64),
    Arrive(usize, Packet),
    /// An announcement of one router arrives in the segment beside another.
    Announced(usize, usize),
    /// The troubles are over and what was sent before has arrived, unless masters yielded meanwhile.
    Count,
}

struct Entry {
    at: Nanos,
    number: u64,
    event: Event,
}

impl<'s> World<'s> {
    pub(crate) fn new(scenario: &'s Scenario, options: Options, trace: Trace) -> Self {
        let hosts = (0..scenario.hosts.len())
            .map(|index| Host::new(index, scenario))
            .collect();
        let mut world = Self {
            scenario,
            options,
            random: Random::new(!scenario.seed),
            now: 0,
            queue: BinaryHeap::new(),
            entries: 0,
            hosts,
            wiring: Wiring::WHOLE,
            weather: Weather::calm(scenario.delay),
            last_arrival: [0; MAX_ROUTERS],
            last_ghost: 0,
            calm: None,
            record: Record::default(),
            trace,
        };
        for (at, step) in &scenario.steps {
            world.push(*at, Event::Step(*step));
        }
        world
    }

    /// Runs to the end and judges.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        for _ in 0..MOST_EVENTS {
            let Some(Reverse(entry)) = self.queue.pop() else {
                break;
            };
            if self.calm.as_ref().is_some_and(|calm| entry.at > calm.end) {
                break;
            }
            self.now = entry.at;
            self.record.events += 1;
            self.happen(entry.event)?;
        }
        match self.calm.take() {
            Some(calm) if self.record.events < MOST_EVENTS => calm.judge(self),
            Some(_) | None => Err(Violation::Runaway {
                events: MOST_EVENTS,
            }),
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Step(step) => self.step(step),
            Event::Undo(host, trouble) => self.undo(host, trouble),
            Event::Wake(host, wake) => self.woken(host, wake),
            Event::Arrive(to, packet) => self.arrive(to, packet),
            Event::Announced(segment, by) => {
                self.record.believed[segment] = Some(by);
                Ok(())
            }
            Event::Count => {
                self.count();
                Ok(())
            }
        }
    }

    /// From here on the bounds count.
    fn count(&mut self) {
        if self.last_ghost > self.now {
            self.push(self.last_ghost, Event::Count);
            return;
        }
        let calm = Calm::new(self.scenario, &self.hosts, self.now);
        self.note(|| format!("all that was sent before has arrived; {calm}"));
        self.calm = Some(calm);
    }

    fn step(&mut self, step: Step) -> Result<(), Violation> {
        self.note(|| format!("{step:?}"));
        match step {
            Step::Start(host) => self.start(host),
            Step::Trouble(target, trouble, lasting) => {
                let Some(host) = self.target(target) else {
                    return Ok(());
                };
                if let Some(lasting) = lasting {
                    // A trouble ends with the calm at the latest.
                    let until = (self.now + lasting).min(self.scenario.calm_at);
                    self.push(until, Event::Undo(host, trouble));
                }
                self.trouble(host, trouble)
            }
            Step::SetPriority(target, priority) => match self.target(target) {
                Some(host) => self.input(host, Input::SetPriority(priority)),
                None => Ok(()),
            },
            Step::TakeOver(host) => self.input(host, Input::TakeOver),
            Step::Wire(wiring) => {
                self.wiring = wiring;
                Ok(())
            }
            Step::Weather(weather) => {
                self.weather = weather;
                Ok(())
            }
            Step::Calm => self.calm(),
        }
    }

    /// The one it is meant for, if it is alive and runs.
    fn target(&self, target: Target) -> Option<usize> {
        let host = match target {
            Target::Host(host) => host,
            Target::Master => {
                let is_master = |host: &Host| host.state() == Some(State::Master);
                self.hosts.iter().position(is_master)?
            }
        };
        let found = &self.hosts[host];
        (found.router.is_some() && found.pause.is_none()).then_some(host)
    }

    fn trouble(&mut self, host: usize, trouble: Trouble) -> Result<(), Violation> {
        match trouble {
            Trouble::Stop => {
                self.hosts[host].started = false;
                self.input(host, Input::Stop)
            }
            Trouble::Fault => {
                self.hosts[host].faulty = true;
                self.input(host, Input::Fault)
            }
            Trouble::Handover => self.input(host, Input::Handover),
            Trouble::Death => {
                self.hosts[host].die(self.now);
                self.record.masters(self.now, host, false);
                Ok(())
            }
            Trouble::Pause | Trouble::Suspend => {
                self.hosts[host].pause = Some(Pause {
                    since: self.now,
                    clock_stands: trouble == Trouble::Suspend,
                });
                Ok(())
            }
        }
    }

    fn undo(&mut self, host: usize, trouble: Trouble) -> Result<(), Violation> {
        self.note(|| format!("{trouble:?} of {host} is over"));
        match trouble {
            Trouble::Pause | Trouble::Suspend => self.resume(host),
            Trouble::Death if self.hosts[host].router.is_none() => {
                self.hosts[host].boot(host);
                self.start(host)
            }
            Trouble::Death => Ok(()),
            Trouble::Stop | Trouble::Fault | Trouble::Handover
                if self.target(Target::Host(host)).is_none() =>
            {
                Ok(())
            }
            Trouble::Stop => self.start(host),
            Trouble::Fault => {
                self.hosts[host].faulty = false;
                self.input(host, Input::FaultCleared)
            }
            Trouble::Handover => self.input(host, Input::EndHandover),
        }
    }

    fn start(&mut self, host: usize) -> Result<(), Violation> {
        if self.target(Target::Host(host)).is_none() {
            return Ok(());
        }
        self.hosts[host].started = true;
        self.input(host, Input::Start)
    }

    /// What waited in the socket comes before the timer, as `Router` asks for.
    fn resume(&mut self, host: usize) -> Result<(), Violation> {
        if self.hosts[host].pause.is_none() {
            return Ok(());
        }
        self.hosts[host].end_pause(self.now);
        while let Some(packet) = self.hosts[host].queued() {
            self.arrive(host, packet)?;
        }
        self.hosts[host].wake_for = None;
        self.input(host, Input::Tick)
    }

    fn calm(&mut self) -> Result<(), Violation> {
        self.wiring = Wiring::WHOLE;
        self.weather = Weather::calm(self.scenario.delay);
        for host in 0..self.hosts.len() {
            self.resume(host)?;
        }
        let last = self.last_arrival.into_iter().fold(self.now, Nanos::max);
        self.push(last, Event::Count);
        Ok(())
    }

    fn woken(&mut self, host: usize, wake: u64) -> Result<(), Violation> {
        let woken = &self.hosts[host];
        if woken.wake != wake || woken.pause.is_some() {
            return Ok(());
        }
        self.hosts[host].wake_for = None;
        self.input(host, Input::Tick)
    }

    fn arrive(&mut self, to: usize, packet: Packet) -> Result<(), Violation> {
        let host = &mut self.hosts[to];
        if host.router.is_none() {
            return Ok(());
        }
        if host.pause.is_some() {
            host.queue(packet);
            return Ok(());
        }
        let source = self.hosts[packet.from].plan.config.address;
        match self.hosts[to].read(source, &packet) {
            Ok(_) if packet.bad => Err(Violation::Accepted { router: to }),
            Ok(heard) => self.input(to, Input::Heard(heard)),
            Err(_) if packet.bad => Ok(()),
            Err(reject) => Err(Violation::Refused { router: to, reject }),
        }
    }

    /// Hands an input to a router, carries out what it wants, and sets the timer.
    fn input(&mut self, index: usize, input: Input) -> Result<(), Violation> {
        let host = &mut self.hosts[index];
        let Some(router) = &mut host.router else {
            return Ok(());
        };
        let now = host.clock.read(self.now);
        let before = router.state();
        let time = Duration::from_nanos(now);
        let actions = self.options.defect.handle(router, time, input);
        let call = Call {
            now,
            input,
            before,
            router,
            actions: &actions,
        };
        let judged = host.watch.saw(&call);
        let after = router.state();
        let quiet = actions.is_empty() && matches!(input, Input::Heard(_) | Input::Tick);
        if !quiet {
            self.note(|| format!("router {index}: {input:?} -> {actions:?}"));
        }
        if self.options.steps {
            judged?;
        }
        if (before == State::Master) != (after == State::Master) {
            let became = after == State::Master;
            self.record.masters(self.now, index, became);
            self.record.took_over(became, before, input);
        }
        for action in &actions {
            match action {
                Action::SendAdvert(priority) => self.send(index, *priority)?,
                Action::Announce => self.announce(index),
                Action::Enter(_) => {}
            }
        }
        if before == State::Master && after != State::Master {
            self.last_ghost = self.last_ghost.max(self.last_arrival[index]);
        }
        self.set_timer(index);
        Ok(())
    }

    fn send(&mut self, from: usize, priority: Priority) -> Result<(), Violation> {
        let octets = self.hosts[from]
            .advert(priority)
            .map_err(|error| Violation::NotEncoded {
                router: from,
                error,
            })?;
        self.record.adverts += 1;
        for to in (0..self.hosts.len()).filter(|to| *to != from) {
            for _ in 0..self.copies(from, to) {
                let packet = self.maybe_damaged(Packet::good(from, octets.clone()));
                let at = self.arrival(from);
                self.push(at, Event::Arrive(to, packet));
            }
        }
        Ok(())
    }

    fn announce(&mut self, by: usize) {
        self.record.announced(self.now, by);
        for segment in 0..self.hosts.len() {
            for _ in 0..self.copies(by, segment) {
                let at = self.arrival(by);
                self.push(at, Event::Announced(segment, by));
            }
        }
    }

    /// How often a packet arrives.
    fn copies(&mut self, from: usize, to: usize) -> usize {
        if !self.wiring.reaches(from, to) || self.random.percent(self.weather.loss) {
            return 0;
        }
        1 + usize::from(self.random.percent(self.weather.doubled))
    }

    fn maybe_damaged(&mut self, mut packet: Packet) -> Packet {
        if self.weather.damage > 0 && self.random.percent(self.weather.damage) {
            if self.random.percent(20) {
                packet.ttl -= 1;
                packet.bad = true;
            } else {
                packet.flip(self.random.index(packet.octets.len() * 8));
            }
        }
        packet
    }

    fn arrival(&mut self, from: usize) -> Nanos {
        let at = self.now + self.random.between(0, self.weather.delay);
        let last = &mut self.last_arrival[from];
        *last = at.max(*last);
        at
    }

    fn set_timer(&mut self, index: usize) {
        let host = &mut self.hosts[index];
        let deadline = host.router.as_ref().and_then(Router::deadline);
        let deadline = deadline.map(crate::bounds::nanos);
        if deadline == host.wake_for {
            return;
        }
        host.wake += 1;
        host.wake_for = deadline;
        if let Some(deadline) = deadline {
            let late = self.random.between(0, self.scenario.lateness);
            let at = host.clock.when(deadline).max(self.now) + late;
            let wake = Event::Wake(index, host.wake);
            self.push(at, wake);
        }
    }

    fn push(&mut self, at: Nanos, event: Event) {
        self.entries += 1;
        self.queue.push(Reverse(Entry {
            at,
            number: self.entries,
            event,
        }));
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        self.trace.note(self.now, line);
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
