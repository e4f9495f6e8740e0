//! Takeovers of lbd and of keepalived, in the same run, as a table.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::act::Act;
use super::figures::{Figures, ratio};
use super::pair::{Pair, Quiet, Run};
use super::program::{Program, Timing};
use crate::failed::{Failed, Result};

/// What is measured of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Quantity {
    Advert,
    Announced,
    AdvertAfterResigning,
    AnnouncedAfterResigning,
    PastTheTimers,
    LongestGap,
    OnBoth,
    OnNone,
}

/// Of both programs.
#[derive(Debug, Default)]
struct Both<T> {
    lbd: T,
    keepalived: T,
}

impl<T> Both<T> {
    fn of(&mut self, program: Program) -> &mut T {
        match program {
            Program::Lbd => &mut self.lbd,
            Program::Keepalived => &mut self.keepalived,
        }
    }
}

/// Everything measured with one timing.
#[derive(Debug, Default)]
pub(super) struct Takeovers {
    figures: BTreeMap<(Act, Quantity), Both<Figures>>,
    runs: BTreeMap<Act, Both<usize>>,
    unasked: Both<usize>,
    both_at_the_end: BTreeMap<Act, Both<usize>>,
}

/// `runs` of every act and program. `pairs` pairs of each program live at the same time; they measure in turn where
/// milliseconds count.
pub(super) fn measure(
    results: &Path,
    timing: Timing,
    runs: usize,
    pairs: usize,
) -> Result<Takeovers> {
    let all = Mutex::new(Takeovers::default());
    let quiet = Quiet::default();
    let turns = &Turns {
        timing,
        runs,
        pairs,
        all: &all,
        quiet: &quiet,
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..pairs)
            .map(|index| scope.spawn(move || turns.take(results, index)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| Failed::new("a pair's thread panicked"))?
        })
    })?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

struct Turns<'a> {
    timing: Timing,
    runs: usize,
    pairs: usize,
    all: &'a Mutex<Takeovers>,
    quiet: &'a Quiet,
}

impl Turns<'_> {
    /// One pair of lbd and one of keepalived, every act in turn, until there have been enough runs.
    fn take(&self, results: &Path, index: usize) -> Result {
        let start = |program: Program| {
            let _quiet = self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
            let kind = match self.timing {
                Timing::SecondsV2 | Timing::SecondsV3 => 's',
                Timing::Centiseconds => 'c',
            };
            let letter = program.name().chars().next().unwrap_or_default();
            Pair::start(
                results,
                &format!("{letter}{kind}{index}"),
                program,
                self.timing,
            )
        };
        let mut both = [start(Program::Lbd)?, start(Program::Keepalived)?];
        for run in (index..self.runs).step_by(self.pairs) {
            for act in Act::ALL {
                // The golden ratio spreads the phases evenly, whatever the number of runs.
                let phase = (f64::from(u32::try_from(run)?) * 0.618_033_988_75).fract();
                if self.timing == Timing::Centiseconds {
                    for pair in &mut both {
                        self.once(pair, act, phase)?;
                    }
                } else {
                    self.at_once(&mut both, act, phase)?;
                }
            }
            println!("  run {} of {} done", run + 1, self.runs);
        }
        Ok(())
    }

    fn at_once(&self, both: &mut [Pair], act: Act, phase: f64) -> Result {
        std::thread::scope(|scope| {
            let threads: Vec<_> = both
                .iter_mut()
                .map(|pair| scope.spawn(move || self.once(pair, act, phase)))
                .collect();
            threads.into_iter().try_for_each(|thread| {
                thread
                    .join()
                    .map_err(|_| Failed::new("a pair's thread panicked"))?
            })
        })
    }

    fn once(&self, pair: &mut Pair, act: Act, phase: f64) -> Result {
        let (program, name) = (pair.program, pair.program.name());
        let run = pair
            .run(act, phase, self.quiet)
            .map_err(|error| error.while_doing(format!("{name}, {}", act.words())))?;
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(act, program, &run);
        Ok(())
    }
}

impl Takeovers {
    fn add(&mut self, act: Act, program: Program, run: &Run) {
        *self.runs.entry(act).or_default().of(program) += 1;
        *self.unasked.of(program) += run.unasked;
        let seen = &run.seen;
        let mut add = |quantity, value: Option<f64>| {
            let both = self.figures.entry((act, quantity)).or_default();
            if let Some(value) = value {
                both.of(program).add(value);
            }
        };
        add(Quantity::Advert, seen.advert);
        add(Quantity::Announced, seen.announced);
        add(Quantity::AdvertAfterResigning, seen.advert_after_resigning);
        add(
            Quantity::AnnouncedAfterResigning,
            seen.announced_after_resigning,
        );
        add(Quantity::PastTheTimers, seen.past_the_timers);
        add(Quantity::LongestGap, Some(seen.longest_gap));
        if let Some(owned) = run.owned {
            let ms = |time: std::time::Duration| Some(time.as_secs_f64() * 1000.0);
            add(Quantity::OnBoth, ms(owned.by_both));
            add(Quantity::OnNone, ms(owned.by_none));
            let counts = self.both_at_the_end.entry(act).or_default();
            *counts.of(program) += usize::from(owned.both_at_the_end);
        }
    }

    /// The table.
    pub(super) fn text(&self, timing: Timing) -> String {
        let mut text = format!(
            "### {}\n\n| the master's end | measured | lbd | keepalived | keepalived / lbd |\n|---|---|---|---|---|\n",
            timing.words()
        );
        let from_act = [
            (Quantity::Advert, "to the backup's first advert"),
            (Quantity::Announced, "to its first gratuitous ARP"),
        ];
        self.rows(&mut text, Act::HostDies, &from_act);
        let timers = [(
            Quantity::PastTheTimers,
            "first advert, later than the timers require",
        )];
        self.rows(&mut text, Act::HostDies, &timers);
        self.rows(&mut text, Act::Terminate, &from_act);
        let from_resigning = [
            (
                Quantity::AdvertAfterResigning,
                "from the advert of priority 0 to the first advert",
            ),
            (
                Quantity::AnnouncedAfterResigning,
                "from the advert of priority 0 to the first gratuitous ARP",
            ),
        ];
        self.rows(&mut text, Act::Terminate, &from_resigning);
        let alive = [
            (
                Quantity::LongestGap,
                "longest time without an advert of any master",
            ),
            (Quantity::OnBoth, "address on both hosts"),
            (Quantity::OnNone, "address on no host"),
        ];
        for act in [Act::KillDaemon, Act::KillAll] {
            self.takeovers(&mut text, act);
            if act == Act::KillAll {
                self.rows(&mut text, act, &from_act);
            }
            self.rows(&mut text, act, &alive);
            self.both_at_the_end(&mut text, act, timing);
        }
        text.push_str(&format!(
            "\nTakeovers before anything was done (the run was repeated): lbd {}, keepalived {}.\n",
            self.unasked.lbd, self.unasked.keepalived
        ));
        text
    }

    fn rows(&self, text: &mut String, act: Act, rows: &[(Quantity, &str)]) {
        for (quantity, words) in rows {
            if let Some(Both { lbd, keepalived }) = self.figures.get(&(act, *quantity)) {
                text.push_str(&format!(
                    "| {} | {words} | {} | {} | {} |\n",
                    act.words(),
                    lbd.text(),
                    keepalived.text(),
                    // Where zero is the aim, and where both are below zero, a ratio says nothing.
                    match quantity {
                        Quantity::OnBoth | Quantity::OnNone | Quantity::PastTheTimers =>
                            "–".to_owned(),
                        Quantity::Advert
                        | Quantity::Announced
                        | Quantity::AdvertAfterResigning
                        | Quantity::AnnouncedAfterResigning
                        | Quantity::LongestGap => ratio(keepalived, lbd),
                    }
                ));
            }
        }
    }

    fn takeovers(&self, text: &mut String, act: Act) {
        let (Some(runs), Some(taken)) = (
            self.runs.get(&act),
            self.figures.get(&(act, Quantity::Advert)),
        ) else {
            return;
        };
        text.push_str(&format!(
            "| {} | runs in which the backup took over | {} of {} | {} of {} | |\n",
            act.words(),
            taken.lbd.len(),
            runs.lbd,
            taken.keepalived.len(),
            runs.keepalived
        ));
    }

    fn both_at_the_end(&self, text: &mut String, act: Act, timing: Timing) {
        if let (Some(runs), Some(both)) = (self.runs.get(&act), self.both_at_the_end.get(&act)) {
            text.push_str(&format!(
                "| {} | still on both after {} s | {} of {} | {} of {} | |\n",
                act.words(),
                act.window(timing).as_secs(),
                both.lbd,
                runs.lbd,
                both.keepalived,
                runs.keepalived
            ));
        }
    }
}
