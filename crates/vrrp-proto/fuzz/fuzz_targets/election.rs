//! Any script of inputs to one router: no panic, and what holds in every state.
//!
//! The input: 1 octet of choices, priority, 2 octets of interval, 1 octet of preempt delay (in units of
//! 50 ms), 1 of announcements; then for each step 1 octet that says what happens and how much time
//! passes before (see `passed`), and what that needs: an advert takes its sender, priority and 2
//! octets of interval, a priority 1 octet.
#![no_main]

use std::net::IpAddr;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use vrrp_proto::{
    Action, Actions, Announce, Centis, Heard, Input, Priority, Router, RouterConfig, State, Time,
    Version, master_down,
};

fuzz_target!(|data: &[u8]| {
    let mut script = Script(data);
    let mut router = Router::new(config(&mut script));
    let mut now = Duration::from_secs(1000);
    while let Some(step) = script.next() {
        now = passed(now, step, &router);
        let input = input(step, &mut script);
        let mut twin = router.clone();
        let before = router.clone();
        let actions = router.handle(now, input);

        assert_eq!(actions, twin.handle(now, input), "not the same twice");
        assert_eq!(router, twin);
        judge_actions(&before, &router, input, &actions);
        judge_transition(&before, &router, now, input);
        judge_deadline(&before, &router, now, input);
        if input == Input::Tick {
            assert!(
                router.deadline().is_none_or(|deadline| deadline > now),
                "spins at {now:?}"
            );
        }
    }
});

fn config(script: &mut Script<'_>) -> RouterConfig {
    let choices = script.octet();
    let version = if choices & 1 == 0 {
        Version::V2
    } else {
        Version::V3
    };
    let priority = Priority::new(script.octet());
    let mut config = RouterConfig::new(version, priority, script.interval(), address(5));
    config.preempt = choices & 2 == 0;
    config.parting_advert = choices & 4 == 0;
    config.preempt_delay = Duration::from_millis(50) * u32::from(script.octet());
    let announce = script.octet();
    config.announce = Announce {
        repeat_after: Duration::from_millis(100) * u32::from(announce >> 4),
        repeats: announce & 3,
        refresh: (announce & 4 != 0).then(|| Duration::from_millis(250) * u32::from(announce >> 5)),
    };
    // A repeat after no time at all would be a mistake of the caller.
    config.announce.repeat_after += Duration::from_millis(1);
    if let Some(refresh) = &mut config.announce.refresh {
        *refresh += Duration::from_millis(1);
    }
    config
}

/// The upper half of a step: how much time has passed.
fn passed(now: Time, step: u8, router: &Router) -> Time {
    let deadline = router.deadline().unwrap_or(now).max(now);
    match step >> 4 {
        0..=3 => now,
        4 => now + Duration::from_micros(1),
        5 => now + Duration::from_millis(1),
        6 => now + Duration::from_millis(10),
        7 => now + Duration::from_secs(1),
        8 => now + Duration::from_secs(100),
        // Just before the deadline.
        9 => deadline.saturating_sub(Duration::from_nanos(1)).max(now),
        // A little late.
        10 => deadline + Duration::from_micros(50),
        11 => deadline + Duration::from_secs(3),
        _ => deadline,
    }
}

/// The lower half of a step: what happens.
fn input(step: u8, script: &mut Script<'_>) -> Input {
    match step & 0x0F {
        0 => Input::Start,
        1 => Input::Stop,
        2 => Input::Fault,
        3 => Input::FaultCleared,
        4 => Input::Handover,
        5 => Input::EndHandover,
        6 => Input::TakeOver,
        7 => Input::SetPriority(Priority::new(script.octet())),
        8..=11 => Input::Heard(Heard {
            source: address(script.octet() % 9),
            priority: Priority::new(script.octet()),
            interval: script.interval(),
        }),
        _ => Input::Tick,
    }
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// What it does fits the state that it is in.
fn judge_actions(before: &Router, after: &Router, input: Input, actions: &Actions) {
    let promoted = before.state() != State::Master && after.state() == State::Master;
    let left = before.state() == State::Master && after.state() != State::Master;
    let entered: Vec<_> = actions
        .into_iter()
        .filter_map(|action| match action {
            Action::Enter(state) => Some(*state),
            Action::SendAdvert(_) | Action::Announce => None,
        })
        .collect();
    if before.state() == after.state() {
        assert!(entered.is_empty(), "{input:?}: {actions:?}");
    } else {
        assert_eq!(entered, [after.state()], "{input:?}");
    }
    if promoted {
        let wanted = [
            Action::SendAdvert(after.priority()),
            Action::Enter(State::Master),
            Action::Announce,
        ];
        assert_eq!(actions.as_slice(), wanted);
    }
    for action in actions {
        match action {
            Action::SendAdvert(priority) if left => {
                assert!([Priority::ZERO, after.priority()].contains(priority));
            }
            Action::SendAdvert(priority) => {
                assert_eq!(after.state(), State::Master);
                assert_eq!(*priority, after.priority());
            }
            Action::Announce => assert_eq!(after.state(), State::Master),
            Action::Enter(_) => {}
        }
    }
    let resigns = matches!(input, Input::Stop | Input::Fault | Input::Handover);
    let zero = actions.as_slice().first() == Some(&Action::SendAdvert(Priority::ZERO));
    assert_eq!(zero, left && resigns, "{input:?}: {actions:?}");
}

/// It changes state only for a reason.
fn judge_transition(before: &Router, after: &Router, now: Time, input: Input) {
    let owner = before.priority() == Priority::OWNER;
    let due = before.deadline().is_some_and(|deadline| deadline <= now);
    let better = |heard: Heard| {
        (heard.priority, heard.source) > (before.priority(), before.config().address)
            && heard.source != before.config().address
    };
    let allowed = match (before.state(), after.state(), input) {
        (from, to, _) if from == to => match input {
            // What must not be ignored.
            Input::Heard(heard) => from != State::Master || !better(heard),
            Input::Tick => from != State::Backup || !due,
            Input::TakeOver => from != State::Backup,
            Input::Start | Input::Stop if from == State::Initialize => input == Input::Stop,
            Input::Stop => false,
            Input::Fault => matches!(from, State::Initialize | State::Fault),
            Input::FaultCleared => from != State::Fault,
            Input::Handover => from != State::Master,
            Input::Start | Input::SetPriority(_) | Input::EndHandover => true,
        },
        (State::Initialize, State::Fault, Input::Start) => true,
        (State::Initialize, to, Input::Start) | (State::Fault, to, Input::FaultCleared) => {
            let listens = !owner || before.handed_over();
            to == if listens {
                State::Backup
            } else {
                State::Master
            }
        }
        (State::Backup, State::Master, Input::Tick) => due,
        (State::Backup, State::Master, Input::TakeOver) => true,
        (State::Master, State::Backup, Input::Heard(heard)) => better(heard),
        (State::Master, State::Backup, Input::Handover) => true,
        (_, State::Initialize, Input::Stop) => true,
        (State::Backup | State::Master, State::Fault, Input::Fault) => true,
        _ => false,
    };
    assert!(
        allowed,
        "{} -> {} on {input:?}",
        before.state(),
        after.state()
    );
    assert!(after.priority() >= Priority::LOWEST);
}

/// A timer runs in two states, and never longer than the RFC lets it.
fn judge_deadline(before: &Router, after: &Router, now: Time, input: Input) {
    let config = after.config();
    let longest = match after.state() {
        State::Initialize | State::Fault => {
            assert_eq!(after.deadline(), None);
            return;
        }
        State::Backup => master_down(config.version, after.priority(), after.master_interval()),
        State::Master => config.interval.as_duration(),
    };
    let deadline = after.deadline().expect("it has a timer");
    assert!(deadline <= now + longest, "{deadline:?} at {now:?}");
    if input == Input::Tick && before.deadline().is_some_and(|deadline| deadline > now) {
        assert_eq!(before, after, "a tick before its time");
    }
}

/// What is left to read.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// 0 if there is none.
    fn octet(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    fn interval(&mut self) -> Centis {
        let centis = u16::from_be_bytes([self.octet(), self.octet()]);
        Centis::new(centis).unwrap_or(Centis::new(100).expect("not 0"))
    }
}
