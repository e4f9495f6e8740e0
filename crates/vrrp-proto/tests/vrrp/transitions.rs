//! The whole transition table: every input in every state.

use core::net::IpAddr;
use core::time::Duration;

use Action::{Announce, Enter, SendAdvert};
use State::{Backup, Fault, Initialize, Master};
use vrrp_proto::{Action, Centis, Heard, Input, Priority, Router, RouterConfig, State, Version};

const OWN: Priority = Priority::new(100);
const NOW: Duration = Duration::from_secs(100);

/// Every input there is, the heard ones by how they compare with ourselves (priority 100, address
/// 192.0.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Start,
    Stop,
    TickTooEarly,
    TickDue,
    HeardOurselves,
    HeardZero,
    HeardLower,
    HeardEqualFromLowerAddress,
    HeardEqualFromHigherAddress,
    HeardHigher,
    HeardOwner,
    SetPriority,
    Fault,
    FaultCleared,
    Handover,
    EndHandover,
    TakeOver,
}

const EVENTS: [Event; 17] = [
    Event::Start,
    Event::Stop,
    Event::TickTooEarly,
    Event::TickDue,
    Event::HeardOurselves,
    Event::HeardZero,
    Event::HeardLower,
    Event::HeardEqualFromLowerAddress,
    Event::HeardEqualFromHigherAddress,
    Event::HeardHigher,
    Event::HeardOwner,
    Event::SetPriority,
    Event::Fault,
    Event::FaultCleared,
    Event::Handover,
    Event::EndHandover,
    Event::TakeOver,
];

impl Event {
    fn apply(self, router: &mut Router) -> vrrp_proto::Actions {
        let heard = |priority, last| {
            Input::Heard(Heard {
                source: IpAddr::from([192, 0, 2, last]),
                priority: Priority::new(priority),
                interval: Centis::from_secs(1).unwrap(),
            })
        };
        let due = router.deadline().unwrap_or(NOW);
        let (now, input) = match self {
            Self::Start => (NOW, Input::Start),
            Self::Stop => (NOW, Input::Stop),
            Self::TickTooEarly => (due.saturating_sub(Duration::from_micros(1)), Input::Tick),
            Self::TickDue => (due, Input::Tick),
            Self::HeardOurselves => (NOW, heard(200, 5)),
            Self::HeardZero => (NOW, heard(0, 9)),
            Self::HeardLower => (NOW, heard(99, 9)),
            Self::HeardEqualFromLowerAddress => (NOW, heard(100, 4)),
            Self::HeardEqualFromHigherAddress => (NOW, heard(100, 6)),
            Self::HeardHigher => (NOW, heard(101, 4)),
            Self::HeardOwner => (NOW, heard(255, 4)),
            Self::SetPriority => (NOW, Input::SetPriority(Priority::new(150))),
            Self::Fault => (NOW, Input::Fault),
            Self::FaultCleared => (NOW, Input::FaultCleared),
            Self::Handover => (NOW, Input::Handover),
            Self::EndHandover => (NOW, Input::EndHandover),
            Self::TakeOver => (NOW, Input::TakeOver),
        };
        router.handle(now, input)
    }
}

fn router(priority: Priority, inputs: &[Input]) -> Router {
    let interval = Centis::from_secs(1).unwrap();
    let address = IpAddr::from([192, 0, 2, 5]);
    let mut router = Router::new(RouterConfig::new(Version::V2, priority, interval, address));
    for input in inputs {
        router.handle(NOW, *input);
    }
    router
}

/// Checks the rows given and that every other event changes neither state nor anything outside.
fn table(from: &Router, rows: &[(Event, State, &[Action])]) {
    for event in EVENTS {
        let row = rows.iter().find(|(of, ..)| *of == event);
        let (to, actions) = row.map_or((from.state(), [].as_slice()), |(_, to, actions)| {
            (*to, *actions)
        });
        let mut router = from.clone();
        let done = event.apply(&mut router);
        assert_eq!(done.as_slice(), actions, "{event:?} in {}", from.state());
        assert_eq!(router.state(), to, "{event:?} in {}", from.state());
        let has_timer = matches!(to, Backup | Master);
        assert_eq!(router.deadline().is_some(), has_timer, "{event:?}");
        let set = event == Event::SetPriority;
        let priority = if set {
            Priority::new(150)
        } else {
            from.priority()
        };
        assert_eq!(router.priority(), priority, "{event:?}");
    }
}

const PROMOTION: [Action; 3] = [SendAdvert(OWN), Enter(Master), Announce];
const ANSWER: [Action; 2] = [SendAdvert(OWN), Announce];

#[test]
fn every_input_in_initialize() {
    let from = router(OWN, &[]);
    table(&from, &[(Event::Start, Backup, &[Enter(Backup)])]);
    let faulty = router(OWN, &[Input::Fault]);
    table(&faulty, &[(Event::Start, Fault, &[Enter(Fault)])]);
    let mended = router(OWN, &[Input::Fault, Input::FaultCleared]);
    assert_eq!(mended, from);
}

#[test]
fn every_input_in_backup() {
    let from = router(OWN, &[Input::Start]);
    table(
        &from,
        &[
            (Event::Stop, Initialize, &[Enter(Initialize)]),
            (Event::TickDue, Master, &PROMOTION),
            (Event::Fault, Fault, &[Enter(Fault)]),
            (Event::TakeOver, Master, &PROMOTION),
        ],
    );
}

#[test]
fn every_input_in_backup_after_a_handover() {
    let from = router(OWN, &[Input::Start, Input::TakeOver, Input::Handover]);
    assert!(from.handed_over());
    table(
        &from,
        &[
            (Event::Stop, Initialize, &[Enter(Initialize)]),
            (Event::TickDue, Master, &PROMOTION),
            (Event::Fault, Fault, &[Enter(Fault)]),
            (Event::TakeOver, Master, &PROMOTION),
        ],
    );
    for event in EVENTS {
        let mut router = from.clone();
        event.apply(&mut router);
        let over = matches!(
            event,
            Event::Stop | Event::TickDue | Event::TakeOver | Event::EndHandover
        );
        assert_eq!(router.handed_over(), !over, "{event:?}");
    }
}

#[test]
fn a_fault_does_not_make_a_handover_forgotten() {
    let mut router = router(OWN, &[Input::Start, Input::TakeOver, Input::Handover]);
    Event::Fault.apply(&mut router);
    assert!(router.handed_over());
    let mut told_otherwise = router.clone();
    told_otherwise.handle(Duration::ZERO, Input::EndHandover);
    assert!(!told_otherwise.handed_over());
    router.handle(Duration::ZERO, Input::FaultCleared);
    assert_eq!((router.state(), router.handed_over()), (Backup, true));
}

#[test]
fn every_input_in_master() {
    let from = router(OWN, &[Input::Start, Input::TakeOver]);
    let yielding = [SendAdvert(OWN), Enter(Backup)];
    table(
        &from,
        &[
            (
                Event::Stop,
                Initialize,
                &[SendAdvert(Priority::ZERO), Enter(Initialize)],
            ),
            (Event::TickDue, Master, &[SendAdvert(OWN)]),
            (Event::HeardZero, Master, &ANSWER),
            (Event::HeardLower, Master, &ANSWER),
            (Event::HeardEqualFromLowerAddress, Master, &ANSWER),
            (Event::HeardEqualFromHigherAddress, Backup, &yielding),
            (Event::HeardHigher, Backup, &yielding),
            (Event::HeardOwner, Backup, &yielding),
            (
                Event::Fault,
                Fault,
                &[SendAdvert(Priority::ZERO), Enter(Fault)],
            ),
            (
                Event::Handover,
                Backup,
                &[SendAdvert(Priority::ZERO), Enter(Backup)],
            ),
        ],
    );
}

#[test]
fn every_input_in_a_master_that_owns_the_addresses() {
    let own = Priority::OWNER;
    let from = router(own, &[Input::Start]);
    assert_eq!(from.state(), Master, "an owner does not listen first");
    let answer = [SendAdvert(own), Announce];
    table(
        &from,
        &[
            (
                Event::Stop,
                Initialize,
                &[SendAdvert(Priority::ZERO), Enter(Initialize)],
            ),
            (Event::TickDue, Master, &[SendAdvert(own)]),
            (Event::HeardZero, Master, &answer),
            (Event::HeardLower, Master, &answer),
            (Event::HeardEqualFromLowerAddress, Master, &answer),
            (Event::HeardEqualFromHigherAddress, Master, &answer),
            (Event::HeardHigher, Master, &answer),
            // From a lower address.
            (Event::HeardOwner, Master, &answer),
            (
                Event::Fault,
                Fault,
                &[SendAdvert(Priority::ZERO), Enter(Fault)],
            ),
            (
                Event::Handover,
                Backup,
                &[SendAdvert(Priority::ZERO), Enter(Backup)],
            ),
        ],
    );
}

#[test]
fn every_input_in_fault() {
    let from = router(OWN, &[Input::Start, Input::Fault]);
    table(
        &from,
        &[
            (Event::Stop, Initialize, &[Enter(Initialize)]),
            (Event::FaultCleared, Backup, &[Enter(Backup)]),
        ],
    );
    let owner = router(Priority::OWNER, &[Input::Start, Input::Fault]);
    let promotion = [SendAdvert(Priority::OWNER), Enter(Master), Announce];
    table(
        &owner,
        &[
            (Event::Stop, Initialize, &[Enter(Initialize)]),
            (Event::FaultCleared, Master, &promotion),
        ],
    );
}

#[test]
fn a_fault_outlives_a_stop() {
    let mut router = router(OWN, &[Input::Start, Input::Fault, Input::Stop]);
    let actions = router.handle(NOW, Input::Start);
    assert_eq!(actions.as_slice(), [Enter(Fault)]);
}
