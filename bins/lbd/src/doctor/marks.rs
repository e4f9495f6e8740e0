//! What the host's firewalls hold that could break the marks.

use lbd_core::desired::{Desired, Marks};
use lbd_core::host::Host;
use netfilter_mark::Backend;

use super::finding::{Finding, Report};
use crate::outlook::Outlook;

/// Looks for rules of others that meddle with the marks that this host is to set.
pub(super) fn look(host: &Host, outlook: &Outlook, report: &mut Report) {
    let Marks::Exactly(rules) = Desired::running(host, outlook).marks else {
        return;
    };
    let backend = match Backend::detect(host.config.mark_backend) {
        Ok(backend) => backend,
        Err(error) => {
            let what = format!("no program can set the marks: {error}");
            report.findings.push(own_words(what));
            return;
        }
    };
    let found = report.read("rules of others", netfilter_mark::survey(&backend, &rules));
    let found = found.unwrap_or_default();
    let found = found.iter().map(|finding| own_words(finding.to_string()));
    report.findings.extend(found);
}

/// These say themselves what to do.
fn own_words(what: String) -> Finding {
    Finding {
        about: "marks",
        what,
        remedy: None,
    }
}
