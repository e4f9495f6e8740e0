//! What the turns come to, as a table.

use super::run::Cost;
use super::way::Way;
use crate::bench::figures::{Compare, Figures, One, no_ratio, ratio};

/// One way's figures.
#[derive(Clone, Debug, Default)]
pub(super) struct Costs {
    /// Probes a second of processor time.
    rate: Figures,
    /// Milliseconds of processor time for a probe.
    processor: Figures,
    /// Milliseconds from one probe to the next, which follows at once.
    took: Figures,
}

impl Costs {
    pub(super) fn add(&mut self, cost: &Cost) {
        let probes = f64::from(cost.probes);
        self.rate.add(probes / cost.processor);
        self.processor.add(cost.processor * 1000.0 / probes);
        self.took.add(cost.span * 1000.0 / probes);
    }
}

/// One column for each of [`Way::ALL`].
pub(super) fn text(all: &[Costs; Way::ALL.len()]) -> String {
    let [kept, fresh, client] = Way::ALL.map(Way::words);
    let mut text = format!(
        "| measured | {kept} | {fresh} | {client} | exec / kept session | exec / login |\n|---|---|---|---|---|---|\n"
    );
    let mut row = |what: &str, of: fn(&Costs) -> &Figures, one: One, compare: Compare| {
        let [kept, fresh, client] = all.each_ref().map(of);
        text.push_str(&format!(
            "| {what} | {} | {} | {} | {} | {} |\n",
            kept.written(one),
            fresh.written(one),
            client.written(one),
            compare(client, kept),
            compare(client, fresh)
        ));
    };
    let whole: One = |value| format!("{value:.0}");
    let microseconds: One = |value| format!("{:.0} µs", value * 1000.0);
    // The next row tells the ratio.
    row(
        "probes a second of processor time",
        |c| &c.rate,
        whole,
        no_ratio,
    );
    row(
        "processor time for a probe",
        |c| &c.processor,
        microseconds,
        ratio,
    );
    row("time for a probe", |c| &c.took, microseconds, ratio);
    text
}
