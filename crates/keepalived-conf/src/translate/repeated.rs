//! Words that stand twice in a block where keepalived takes one.

use std::collections::BTreeMap;

use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// The words that can say one thing only.
const SINGLE: [&str; 35] = [
    "advert_int",
    "auth_pass",
    "auth_type",
    "connect_port",
    "connect_timeout",
    "delay_before_retry",
    "delay_loop",
    "fall",
    "interface",
    "interval",
    "lb_algo",
    "lb_kind",
    "lvs_method",
    "lvs_sched",
    "misc_path",
    "misc_timeout",
    "notification_email_from",
    "path",
    "preempt_delay",
    "priority",
    "protocol",
    "retry",
    "rise",
    "router_id",
    "script",
    "smtp_connect_timeout",
    "smtp_server",
    "snmp_name",
    "state",
    "timeout",
    "version",
    "virtual_router_id",
    "virtualhost",
    "vrrp_version",
    "weight",
];

/// Notes each of them that stands again further down: the last one counts.
pub(super) fn note(tree: &[Directive], notes: &mut Notes) {
    let mut last: BTreeMap<&str, &Directive> = BTreeMap::new();
    for directive in tree {
        let name = directive.name.text.as_str();
        if SINGLE.contains(&name)
            && let Some(earlier) = last.insert(name, directive)
        {
            let message = format!(
                "`{name}` stands again in line {}; the last valid one counts",
                directive.name.place.line
            );
            notes.add(Kind::Ignored, &earlier.name.place, message);
        }
        note(directive.children(), notes);
    }
}
