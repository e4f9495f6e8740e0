//! Whether other servers have the virtual address on their `lo`, proven from here: an echo request for it is sent to each
//! one's own MAC. Who has it answers, who has not cannot.

use std::net::IpAddr;

use lbd_core::host::Host;

use super::finding::{Finding, Report};
use super::heard::{Heard, virtual_on_servers};

/// Judges the answers of the other servers.
pub(super) fn judge(host: &Host, heard: &Heard, report: &mut Report) {
    let Some(echoes) = &heard.echoes else {
        return;
    };
    for (node, address) in virtual_on_servers(host) {
        let what = format!("whether {node} has {address} on lo");
        let mut unknown = |why: &str| report.not_known.push(format!("{what}: {why}"));
        let own = host.config.nodes.get(node).map(|node| node.address);
        let (Some(mac), Some(IpAddr::V4(own))) = (heard.mac_of(host, node), own) else {
            unknown("no host, or more than one, answers ARP for its own address");
            continue;
        };
        match (
            echoes.contains(&(mac, address)),
            echoes.contains(&(mac, own)),
        ) {
            (true, _) => {}
            (false, false) => unknown("it answers no echo requests for its own address either"),
            (false, true) => report.findings.push(Finding::new(
                "servers",
                format!(
                    "{node} does not have {address}: asked at its own MAC it answers for {own}, and not for that; what a director \
                     sends it is lost"
                ),
                format!("Start lbd on {node}, which puts {address} on its lo, and run `lbd doctor` there"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::net::Ipv4Addr;

    use super::super::stand::{host, mac};
    use super::*;

    /// `b` is at its MAC, and answers for these; `c` is off.
    fn judged(answers: &[u8]) -> Report {
        let address = |last| Ipv4Addr::new(192, 0, 2, last);
        let heard = Heard {
            holders: BTreeMap::from([(address(2), BTreeSet::from([mac(2)]))]),
            echoes: Some(
                answers
                    .iter()
                    .map(|last| (mac(2), address(*last)))
                    .collect(),
            ),
            own: None,
        };
        let mut report = Report::default();
        judge(&host("a"), &heard, &mut report);
        report
    }

    #[test]
    fn a_server_that_answers_for_itself_alone_lacks_the_address() {
        assert!(judged(&[2, 101]).findings.is_empty());
        let found = judged(&[2]).findings;
        let told = found.iter().map(ToString::to_string).collect::<String>();
        assert!(told.contains("b does not have 192.0.2.101"), "{told}");
    }

    #[test]
    fn of_one_that_does_not_answer_at_all_nothing_is_known() {
        let report = judged(&[]);
        assert!(report.findings.is_empty());
        let unknown = report.not_known.concat();
        assert!(unknown.contains("whether b has") && unknown.contains("whether c has"));
    }
}
