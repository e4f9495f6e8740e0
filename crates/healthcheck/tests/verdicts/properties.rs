//! The monitor over random scripts, beside a second, naive account of what it was told.

use std::time::Duration;

use healthcheck::{
    Alarm, Alarms, Change, Counts, Failure, Health, Initial, Monitor, Outcome, Policy, Time,
};
use proptest::prelude::*;

use super::{REFUSED, SUCCESS, millis, policy, probe};

/// One step of a random script.
#[derive(Clone, Debug)]
enum Step {
    Wait(u32),
    ToDeadline,
    Poll,
    Expired,
    Finish(Outcome),
    FinishStale(Outcome),
    Suspect,
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(SUCCESS),
        3 => Just(REFUSED),
        2 => Just(Outcome::Busy),
        1 => Just(Outcome::Alarm(Alarm::HostBlocked)),
        1 => Just(Outcome::Alarm(Alarm::AccessDenied)),
        1 => Just(Outcome::Alarm(Alarm::Other("some".into()))),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => (0_u32..20_000).prop_map(Step::Wait),
        3 => Just(Step::ToDeadline),
        3 => Just(Step::Poll),
        1 => Just(Step::Expired),
        3 => outcomes().prop_map(Step::Finish),
        1 => outcomes().prop_map(Step::FinishStale),
        1 => Just(Step::Suspect),
    ];
    prop::collection::vec(step, 0..300)
}

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 0_u64..20_000, Just(u64::MAX)].prop_map(millis)
}

fn alarms() -> impl Strategy<Value = Alarms> {
    let counts = || {
        prop_oneof![
            Just(Counts::Nothing),
            Just(Counts::Success),
            Just(Counts::Failure)
        ]
    };
    (counts(), counts(), counts()).prop_map(|(host_blocked, access_denied, other)| Alarms {
        host_blocked,
        access_denied,
        other,
    })
}

prop_compose! {
    fn policies()(
        (interval, timeout, retry_delay, grace) in (durations(), durations(), durations(), durations()),
        fast_interval in prop::option::of(durations()),
        (jitter, suspect_rest, suspect_patience) in (durations(), durations(), durations()),
        (retries, rise) in (0_u32..5, 0_u32..5),
        initial in prop_oneof![Just(Initial::Down), Just(Initial::Up)],
        alarms in alarms(),
    ) -> Policy {
        Policy {
            interval, fast_interval, jitter, timeout, retries, retry_delay, rise, grace, initial, alarms,
            suspect_rest, suspect_patience,
        }
    }
}

/// How an outcome counts: the account's own reading of the policy.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Success,
    Busy,
    Failure,
    Nothing,
}

fn kind(policy: &Policy, outcome: &Outcome) -> Kind {
    let counts = match outcome {
        Outcome::Success { .. } => Counts::Success,
        Outcome::Busy => return Kind::Busy,
        Outcome::Failure(_) => Counts::Failure,
        Outcome::Alarm(Alarm::HostBlocked) => policy.alarms.host_blocked,
        Outcome::Alarm(Alarm::AccessDenied) => policy.alarms.access_denied,
        Outcome::Alarm(Alarm::Other(_)) => policy.alarms.other,
    };
    match counts {
        Counts::Success => Kind::Success,
        Counts::Failure => Kind::Failure,
        Counts::Nothing => Kind::Nothing,
    }
}

#[derive(Default)]
struct Account {
    /// The running probe's number.
    running: Option<u64>,
    /// It began before the suspicion.
    outdated: bool,
    failures: u32,
    refusals: u32,
    successes: u32,
    /// How the latest step ended a probe, if it counted.
    ended: Option<Kind>,
    last_suspicion: Option<Time>,
}

impl Account {
    fn ended(&mut self, kind: Kind) {
        let counts = !self.outdated || kind == Kind::Failure;
        (self.running, self.outdated) = (None, false);
        if !counts {
            return;
        }
        self.ended = Some(kind);
        match kind {
            Kind::Success => {
                (self.failures, self.refusals, self.successes) = (0, 0, self.successes + 1)
            }
            Kind::Busy => {
                (self.failures, self.refusals, self.successes) = (0, self.refusals + 1, 0)
            }
            Kind::Failure => {
                (self.failures, self.refusals, self.successes) =
                    (self.failures + 1, self.refusals + 1, 0);
            }
            Kind::Nothing => {}
        }
    }

    /// The running probe was given up.
    fn lost(&mut self) {
        if self.outdated {
            (self.running, self.outdated) = (None, false);
        } else {
            self.ended(Kind::Failure);
        }
    }
}

/// One step, told to both. Gives the change, where the monitor tells it.
fn take(
    monitor: &mut Monitor,
    account: &mut Account,
    now: &mut Time,
    step: Step,
) -> Result<Option<Change>, TestCaseError> {
    let overdue = account.running.is_some() && monitor.deadline().is_some_and(|at| at <= *now);
    let mut change = None;
    match step {
        Step::Wait(time) => *now = now.saturating_add(millis(time.into())),
        Step::ToDeadline => *now = monitor.deadline().unwrap().max(*now),
        Step::Poll => {
            if overdue {
                account.lost();
            }
            if let Some(start) = monitor.poll(*now) {
                prop_assert!(account.running.is_none(), "two probes at a time");
                prop_assert_eq!(start.deadline, now.saturating_add(start.timeout));
                account.running = Some(start.probe);
            }
        }
        Step::Expired => {
            change = monitor.expired(*now);
            if overdue {
                account.lost();
            }
        }
        Step::Finish(outcome) => {
            let kind = match account.outdated && !matches!(outcome, Outcome::Failure(_)) {
                true => Kind::Nothing,
                false => kind(monitor.policy(), &outcome),
            };
            change = monitor.finished(*now, outcome);
            if account.running.is_some() {
                account.ended(kind);
            }
        }
        Step::FinishStale(outcome) => {
            let stale = account.running.map_or(0, |probe| probe - 1);
            prop_assert_eq!(monitor.finished_probe(*now, stale, outcome), None);
        }
        Step::Suspect => {
            change = monitor.suspect(*now);
            if change.is_some() {
                let rest = monitor.policy().suspect_rest;
                let rested = account
                    .last_suspicion
                    .is_none_or(|last| last.saturating_add(rest) <= *now);
                prop_assert!(rested, "suspected again too soon");
                account.last_suspicion = Some(*now);
                account.outdated = account.running.is_some();
            }
        }
    }
    Ok(change)
}

/// What the verdict may be after a step, given the one before.
fn verdict_is_earned(
    account: &Account,
    policy: &Policy,
    before: &Health,
    health: &Health,
) -> Result<(), TestCaseError> {
    let ended = account.ended;
    if account.failures > policy.retries {
        prop_assert!(health.is_down(), "failed open: {health}");
    }
    if account.refusals > policy.retries {
        prop_assert!(!health.is_up(), "failed open: {health}");
    }
    if account.successes >= policy.rise && ended == Some(Kind::Success) {
        prop_assert!(health.is_up());
    }
    match (before, health) {
        (Health::Unknown, Health::Up) => prop_assert!(ended == Some(Kind::Success)),
        (Health::Suspected, Health::Up) => {
            prop_assert!(matches!(ended, Some(Kind::Success | Kind::Nothing)));
        }
        (Health::Busy | Health::Down { .. }, Health::Up) => {
            prop_assert_eq!(account.successes, policy.rise);
        }
        (Health::Suspected, Health::Down { .. }) => prop_assert!(ended == Some(Kind::Failure)),
        (Health::Unknown | Health::Up | Health::Busy, Health::Down { .. }) => {
            prop_assert_eq!(account.failures, policy.retries + 1);
        }
        (Health::Suspected | Health::Down { .. }, Health::Busy) => {
            prop_assert!(ended == Some(Kind::Busy));
        }
        (Health::Unknown | Health::Up, Health::Busy) => {
            prop_assert_eq!(account.refusals, policy.retries + 1);
        }
        (before, Health::Suspected) => {
            prop_assert!(matches!(before, Health::Up | Health::Suspected));
        }
        (before, Health::Unknown) => prop_assert_eq!(before, &Health::Unknown),
        (Health::Up, Health::Up)
        | (Health::Busy, Health::Busy)
        | (Health::Down { .. }, Health::Down { .. }) => {}
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_monitor_keeps_its_promises(policy in policies(), script in steps(), phase in 0_u64..20_000, seed: u64) {
        let mut now = Duration::ZERO;
        let mut monitor = Monitor::new(policy, now, millis(phase)).with_seed(seed);
        let policy = monitor.policy().clone();
        let mut account = Account::default();
        for step in script {
            let before = monitor.health().clone();
            account.ended = None;
            let change = take(&mut monitor, &mut account, &mut now, step)?;
            prop_assert_eq!(monitor.is_probing(), account.running.is_some());
            prop_assert!(monitor.deadline().is_some(), "a monitor never falls silent");
            if let Some(change) = change {
                prop_assert_eq!(&change.from, &before);
                prop_assert_eq!(&change.to, monitor.health());
                prop_assert_ne!(change.from, change.to);
                prop_assert_eq!(monitor.since(), change.at);
            }
            verdict_is_earned(&account, &policy, &before, monitor.health())?;
        }
    }

    #[test]
    fn whatever_cannot_be_judged_never_makes_a_server_up(
        retries in 0_u32..4,
        outcomes in prop::collection::vec(prop_oneof![
            Just(REFUSED),
            Just(Outcome::Busy),
            Just(Outcome::Failure(Failure::Lost)),
            Just(Outcome::Failure(Failure::Wrong("gibberish".into()))),
            Just(Outcome::Alarm(Alarm::AccessDenied)),
        ], 1..60),
        suspected in any::<bool>(),
    ) {
        let mut monitor = Monitor::new(policy(retries, 1), Duration::ZERO, Duration::ZERO);
        for outcome in outcomes {
            if suspected {
                monitor.suspect(monitor.deadline().unwrap());
            }
            probe(&mut monitor, millis(1), outcome);
            prop_assert!(!monitor.health().is_up());
        }
    }

    #[test]
    fn the_next_probe_is_after_now_and_within_the_interval(
        interval in 1_u64..100_000,
        fast in prop::option::of(1_u64..100_000),
        delay in 1_u64..100_000,
        phase in 0_u64..100_000,
        script in prop::collection::vec((0_u64..50_000, any::<bool>()), 1..50),
    ) {
        let policy = Policy {
            interval: millis(interval),
            fast_interval: fast.map(millis),
            retry_delay: millis(delay),
            timeout: millis(50_000),
            ..policy(2, 2)
        };
        let phase = millis(phase);
        let mut monitor = Monitor::new(policy.clone(), Duration::ZERO, phase);
        for (took, success) in script {
            let outcome = if success { SUCCESS } else { REFUSED };
            let (begun, _) = probe(&mut monitor, millis(took), outcome);
            let now = begun + millis(took);
            let next = monitor.deadline().unwrap();
            prop_assert!(next > now);
            prop_assert!(next - now <= policy.interval.max(policy.retry_delay));
            let retry = (1..=policy.retries).contains(&monitor.failures()) && !monitor.health().is_down();
            if !retry && fast.is_none() {
                let into = next.abs_diff(phase).as_millis() % policy.interval.as_millis();
                prop_assert_eq!(into, 0, "off the grid");
            }
        }
    }
}
