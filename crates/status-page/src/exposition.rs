//! The text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::{Display, Write};

use crate::Snapshot;

/// The type of a metric, as the format has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Grows until the daemon starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A number of observations (`_count`) and what they add up to (`_sum`).
    Summary,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
        }
    }
}

/// One metric: what it is called, what it means, and where its values come from.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) labels: &'static [&'static str],
    /// One line, without a full stop.
    pub(crate) help: &'static str,
    pub(crate) read: fn(&Snapshot, &mut Samples<'_>),
}

/// Takes the values of one metric.
pub(crate) struct Samples<'a> {
    out: &'a mut String,
    family: &'a Family,
}

impl Family {
    /// Writes the metric with its values. One without values is left out.
    pub(crate) fn expose(&self, snapshot: &Snapshot, out: &mut String) {
        let start = out.len();
        let (name, kind) = (self.name, self.kind.as_str());
        // A String takes whatever is written to it; and help texts are ours, without what needs escaping.
        let _ = writeln!(out, "# HELP {name} {}.\n# TYPE {name} {kind}", self.help);
        let head = out.len();
        (self.read)(snapshot, &mut Samples { out, family: self });
        if out.len() == head {
            out.truncate(start);
        }
    }
}

impl Samples<'_> {
    /// A value, with those of the labels in their order.
    pub(crate) fn add(&mut self, labels: &[&str], value: impl Display) {
        self.write("", labels, &value);
    }

    /// The value of a summary.
    pub(crate) fn summary(&mut self, labels: &[&str], count: u64, sum: f64) {
        self.write("_sum", labels, &sum);
        self.write("_count", labels, &count);
    }

    fn write(&mut self, suffix: &str, labels: &[&str], value: &dyn Display) {
        self.out.push_str(self.family.name);
        self.out.push_str(suffix);
        let mut separator = '{';
        for (name, value) in self.family.labels.iter().zip(labels) {
            self.out.push(separator);
            self.out.push_str(name);
            self.out.push_str("=\"");
            value.chars().for_each(|c| escape(c, self.out));
            self.out.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.out.push('}');
        }
        let _ = writeln!(self.out, " {value}");
    }
}

/// Backslash, quote and line feed are all that the format escapes.
fn escape(c: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\\\"),
        '"' => out.push_str("\\\""),
        '\n' => out.push_str("\\n"),
        other => out.push(other),
    }
}
