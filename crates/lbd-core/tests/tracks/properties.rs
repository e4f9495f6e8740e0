//! Whatever is found, in whatever order.

use proptest::prelude::*;

use super::*;

proptest! {
    /// Whatever scripts find, and whenever: the priority is the configured one with every weight that applies, within
    /// its bounds.
    #[test]
    fn the_priority_is_the_sum_of_what_applies(
        base in 1_u8..=254,
        weights in proptest::collection::vec(
            prop_oneof![-253_i64..=-1, 1_i64..=253],
            1..5,
        ),
        results in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 5), 1..6),
    ) {
        let scripts: Vec<String> = weights
            .iter()
            .enumerate()
            .map(|(index, weight)| format!("{{ name: s{index}, command: [/bin/true], weight: {weight} }}"))
            .collect();
        let text = file(
            &format!("{{ db1: {base} }}"),
            &format!("track_scripts: [{}]", scripts.join(", ")),
        );
        let (mut engine, mut effects) = begun(&text, DB1);
        let mut now = at(0);
        for round in results {
            let looks: Vec<LookId> = effects.iter().filter_map(|effect| match effect {
                Effect::Look { id, .. } => Some(*id),
                _ => None,
            }).collect();
            prop_assert_eq!(looks.len(), weights.len());
            for (id, well) in looks.into_iter().zip(&round) {
                let found = if *well { Ok(0) } else { failed() };
                engine.handle(now, Event::Looked { id, found });
            }
            let change: i64 = weights.iter().zip(&round).map(|(weight, well)| {
                if *well { (*weight).max(0) } else { (*weight).min(0) }
            }).sum();
            let expected = (i64::from(base) + change).clamp(1, 254);
            let mut priority = None;
            let until = now + at(1000);
            effects = Vec::new();
            while now < until {
                now = engine.deadline().unwrap().min(until);
                let step = engine.handle(now, Event::Tick);
                priority = adverts(&step).last().copied().or(priority);
                effects.extend(step);
            }
            if let Some(priority) = priority {
                prop_assert_eq!(i64::from(priority), expected);
            }
        }
    }
}
