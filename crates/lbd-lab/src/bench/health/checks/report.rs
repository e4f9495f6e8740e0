//! What the lives of both programs come to, as a table.

use super::load::Load;
use super::run::{Life, SPAN};
use crate::bench::figures::{Compare, Figures, One, milliseconds, no_ratio, ratio};
use crate::bench::program::Program;

/// Both programs' figures under one load.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    lbd: Figured,
    keepalived: Figured,
}

#[derive(Clone, Debug, Default)]
struct Figured {
    /// Checks a second.
    rate: Figures,
    /// Seconds.
    processor: Figures,
    /// Microseconds of processor time for each check.
    each: Figures,
    /// MiB.
    memory: Figures,
    processes: usize,
    in_table: Figures,
    half: Figures,
    most: Figures,
    worst: Figures,
    repeated: usize,
}

impl Compared {
    pub(super) fn add(&mut self, program: Program, life: &Life) {
        match program {
            Program::Lbd => self.lbd.add(life),
            Program::Keepalived => self.keepalived.add(life),
        }
    }
}

impl Figured {
    fn add(&mut self, life: &Life) {
        let (checks, (kib, processes)) = (number(life.seen.checks), life.memory);
        self.rate.add(checks / life.span);
        self.processor
            .add(life.processor * SPAN.as_secs_f64() / life.span);
        if checks > 0.0 {
            self.each.add(life.processor * 1e6 / checks);
        }
        self.memory
            .add(f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0);
        self.processes = processes;
        self.in_table.add(number(life.in_table));
        self.half.add(life.seen.half);
        self.most.add(life.seen.most);
        self.worst.add(life.seen.worst);
        self.repeated += life.seen.repeated;
    }
}

/// A group of rows for each of [`Load::ALL`].
pub(super) fn text(all: &[Compared]) -> String {
    let mut text = String::from(
        "| load | measured | lbd | keepalived | keepalived / lbd |\n|---|---|---|---|---|\n",
    );
    for (load, compared) in Load::ALL.iter().zip(all) {
        rows(&mut text, load, compared);
    }
    let lbd: usize = all.iter().map(|both| both.lbd.repeated).sum();
    let keepalived: usize = all.iter().map(|both| both.keepalived.repeated).sum();
    text.push_str(&format!(
        "\nConnections that the listener was slow to accept, so that they were asked for twice: lbd {lbd}, \
         keepalived {keepalived}.\n"
    ));
    text
}

fn rows(text: &mut String, load: &Load, Compared { lbd, keepalived }: &Compared) {
    let mut row = |what: &str, of: fn(&Figured) -> &Figures, one: One, compare: Compare| {
        let [lbd, keepalived] = [lbd, keepalived].map(of);
        text.push_str(&format!(
            "| {load} | {what} | {} | {} | {} |\n",
            lbd.written(one),
            keepalived.written(one),
            compare(keepalived, lbd)
        ));
    };
    let whole: One = |value| format!("{value:.0}");
    let seconds: One = |value| format!("{value:.2} s");
    let microseconds: One = |value| format!("{value:.0} µs");
    let mib: One = |value| format!("{value:.1} MiB");
    let span = format!("processor time in {} s", SPAN.as_secs());
    let [ours, theirs] = [lbd.processes, keepalived.processes];
    let memory = format!("memory, PSS of {ours} and {theirs} processes");
    row("checks a second", |f| &f.rate, whole, ratio);
    row(
        "servers in the table at the end",
        |f| &f.in_table,
        whole,
        no_ratio,
    );
    row(&span, |f| &f.processor, seconds, ratio);
    row(
        "processor time for a check",
        |f| &f.each,
        microseconds,
        ratio,
    );
    row(&memory, |f| &f.memory, mib, ratio);
    row(
        "late: half of all, at most",
        |f| &f.half,
        milliseconds,
        no_ratio,
    );
    row(
        "late: 99 % of all, at most",
        |f| &f.most,
        milliseconds,
        ratio,
    );
    row("late: the worst", |f| &f.worst, milliseconds, ratio);
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
