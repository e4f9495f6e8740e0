//! What the lives of the programs come to, as a table.

use super::program::Program;
use super::run::{Asked, Life};
use super::writes::Requests;
use crate::bench::figures::{Figures, ratio};

/// One program's figures.
#[derive(Clone, Debug, Default)]
pub(super) struct Figured {
    cold: Figures,
    filling: Figures,
    reload: Figures,
    weight: Figures,
    /// MiB.
    memory: Figures,
    processes: usize,
    asked: Asked,
}

impl Figured {
    pub(super) fn asked(asked: Asked) -> Self {
        Self {
            asked,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, life: &Life) {
        self.cold.add(life.cold);
        self.filling.add(life.filling);
        if let Some(time) = life.reload {
            self.reload.add(time);
        }
        self.weight.add(life.weight);
        if let Some((kib, processes)) = life.memory {
            self.memory
                .add(f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0);
            self.processes = processes;
        }
    }
}

/// One column for each of [`Program::ALL`].
pub(super) fn text(all: &[Figured; 3]) -> String {
    let [lbd, ipvsadm, keepalived] = Program::ALL.map(Program::name);
    let mut text = format!(
        "| measured | {lbd} | {ipvsadm} | {keepalived} | {ipvsadm} / {lbd} | {keepalived} / {lbd} |\n\
         |---|---|---|---|---|---|\n"
    );
    let mut times = |what: &str, of: fn(&Figured) -> &Figures| {
        let [lbd, ipvsadm, keepalived] = all.each_ref().map(of);
        text.push_str(&format!(
            "| {what} | {} | {} | {} | {} | {} |\n",
            time(lbd),
            time(ipvsadm),
            time(keepalived),
            ratio(ipvsadm, lbd),
            ratio(keepalived, lbd)
        ));
    };
    times(
        "cold: from the start of the program to the full table",
        |f| &f.cold,
    );
    times("cold: of it, from the first service on", |f| &f.filling);
    times("reload of an unchanged file", |f| &f.reload);
    times("one weight changed", |f| &f.weight);
    let mut counts = |what: &str, of: fn(&Asked) -> Option<Requests>| {
        let [lbd, ipvsadm, keepalived] = all.each_ref().map(|figured| requests(of(&figured.asked)));
        text.push_str(&format!(
            "| {what} | {lbd} | {ipvsadm} | {keepalived} | | |\n"
        ));
    };
    counts("reload of an unchanged file: requests", |asked| {
        asked.by_reload
    });
    counts("one weight changed: requests", |asked| {
        Some(asked.by_weight)
    });
    let [lbd, ipvsadm, keepalived] = all.each_ref().map(memory);
    let [of_lbd, of_ipvsadm, of_keepalived] = all.each_ref().map(|figured| &figured.memory);
    text.push_str(&format!(
        "| memory with the full table, PSS | {lbd} | {ipvsadm} | {keepalived} | {} | {} |\n",
        ratio(of_ipvsadm, of_lbd),
        ratio(of_keepalived, of_lbd)
    ));
    text
}

fn time(figures: &Figures) -> String {
    if figures.len() == 0 {
        return "–".to_owned();
    }
    figures.text()
}

fn requests(requests: Option<Requests>) -> String {
    requests.map_or("–".to_owned(), |Requests { reads, writes }| {
        format!("{writes} writes, {reads} reads")
    })
}

fn memory(figured: &Figured) -> String {
    figured.memory.median().map_or("–".to_owned(), |mib| {
        format!("{mib:.1} MiB in {} processes", figured.processes)
    })
}
