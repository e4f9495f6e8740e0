//! Every metric there is. What is written and what `docs/metrics.md` says come from the same list.

mod host;
mod routers;
mod servers;

use std::fmt::Write;

use crate::Snapshot;
use crate::exposition::Family;

pub(crate) use routers::router_state;

/// The sections, with their titles for people.
const SECTIONS: [(&str, &[Family]); 4] = [
    ("The host", &host::FAMILIES),
    ("Virtual routers", &routers::FAMILIES),
    ("Servers", &servers::FAMILIES),
    ("Traffic", &servers::TRAFFIC),
];

pub(crate) fn expose(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    for family in SECTIONS.iter().flat_map(|(_, families)| families.iter()) {
        family.expose(snapshot, &mut out);
    }
    out
}

/// The tables of `docs/metrics.md`, in Markdown: every metric with its type, labels and meaning.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for (title, families) in &SECTIONS {
        // A String takes whatever is written to it.
        let _ = write!(
            out,
            "\n## {title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n"
        );
        for family in *families {
            let labels: Vec<String> = family
                .labels
                .iter()
                .map(|label| format!("`{label}`"))
                .collect();
            let (name, kind) = (family.name, family.kind.as_str());
            let _ = writeln!(
                out,
                "| `{name}` | {kind} | {} | {} |",
                labels.join(", "),
                family.help.replace('|', "\\|")
            );
        }
    }
    out
}
