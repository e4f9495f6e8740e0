//! Engines driven by hand: what the tests of all kinds share.
// Each test file uses its part of it.
#![allow(dead_code)]

use std::time::Duration;

use lbd_core::engine::{Effect, Engine, Event, LookId, Report};
use vrrp_proto::{Envelope, State};

pub(crate) fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The roles that were entered, in order.
pub(crate) fn roles(effects: &[Effect]) -> Vec<State> {
    let role = |effect: &Effect| match effect {
        Effect::Report(Report::Role { to, .. }) => Some(*to),
        _ => None,
    };
    effects.iter().filter_map(role).collect()
}

/// The priority of each advert among the effects.
pub(crate) fn adverts(effects: &[Effect]) -> Vec<u8> {
    let advert = |effect: &Effect| match effect {
        Effect::Send { payload, .. } => Some(payload[2]),
        _ => None,
    };
    effects.iter().filter_map(advert).collect()
}

/// Answers each look among the effects with the same finding; adds what comes of it.
pub(crate) fn found(
    engine: &mut Engine,
    now: Duration,
    effects: &mut Vec<Effect>,
    finding: &Result<i64, String>,
) {
    let looks: Vec<LookId> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Look { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    for id in looks {
        let found = finding.clone();
        effects.extend(engine.handle(now, Event::Looked { id, found }));
    }
}

/// All that is tracked is well.
pub(crate) fn well(engine: &mut Engine, now: Duration, effects: &mut Vec<Effect>) {
    found(engine, now, effects, &Ok(0));
}

/// Makes the engine master by letting its timers run out.
pub(crate) fn promoted(engine: &mut Engine) -> (Duration, Vec<Effect>) {
    for _ in 0..100 {
        let now = engine.deadline().unwrap();
        let mut effects = engine.handle(now, Event::Tick);
        well(engine, now, &mut effects);
        if roles(&effects).contains(&State::Master) {
            return (now, effects);
        }
    }
    panic!("never became master");
}

/// Hands the adverts that one engine sent over to another one.
pub(crate) fn deliver(
    from: &str,
    effects: &[Effect],
    to: &mut Engine,
    now: Duration,
) -> Vec<Effect> {
    let mut heard = Vec::new();
    for effect in effects {
        if let Effect::Send {
            link,
            destination,
            payload,
        } = effect
        {
            let envelope = Envelope {
                source: from.parse().unwrap(),
                destination: *destination,
                ttl: 255,
            };
            heard.extend(to.handle(
                now,
                Event::Advert {
                    link: *link,
                    envelope,
                    payload,
                },
            ));
        }
    }
    heard
}
