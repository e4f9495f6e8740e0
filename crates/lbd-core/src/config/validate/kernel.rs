//! The keys of the top level that say how the kernel is used.

use std::collections::BTreeSet;

use netfilter_mark::Choice;
use sysctl_tune::IpvsNeeds;

use super::findings::Findings;
use crate::config::file::{File, MarkBackend};
use crate::config::model::{VirtualRouter, VirtualService};

pub(super) fn mark_backend(value: Option<MarkBackend>) -> Choice {
    match value {
        None | Some(MarkBackend::Auto) => Choice::Auto,
        Some(MarkBackend::Iptables) => Choice::Iptables,
        Some(MarkBackend::Nftables) => Choice::Nftables,
    }
}

/// The kernel has one pair of sync daemons, which follows one role: that of the router of all services.
pub(super) fn connection_sync(
    file: &File,
    routers: &[VirtualRouter],
    services: &[VirtualService],
    findings: &mut Findings,
) -> bool {
    let Some(value) = file.connection_sync.as_ref().filter(|value| value.value) else {
        return false;
    };
    let holds = |router: &&VirtualRouter| services.iter().any(|s| router.holds(s.address));
    let holders: Vec<&VirtualRouter> = routers.iter().filter(holds).collect();
    let all_held = services
        .iter()
        .all(|service| holders.iter().any(|router| router.holds(service.address)));
    match holders.as_slice() {
        [_] if all_held => {}
        [] => findings.add(
            value.referenced,
            "connection_sync follows a virtual router's role, and none holds a service's address",
        ),
        [_] => findings.add(
            value.referenced,
            "connection_sync needs every service's address to be held by the one virtual router that it follows",
        ),
        [first, second, ..] => findings.add(
            value.referenced,
            format!(
                "connection_sync can follow one role only, and both `{}` and `{}` hold addresses of services: give \
                 one router all the addresses",
                first.name, second.name
            ),
        ),
    }
    true
}

/// Parameters that lbd is to leave alone; each must be one that it would manage.
pub(super) fn left_parameters(file: &File, findings: &mut Findings) -> BTreeSet<String> {
    // The needs under which each is managed.
    let managed = sysctl_tune::ipvs_director(&IpvsNeeds {
        persistence: true,
        connection_sync: true,
        sloppy_tcp: true,
    });
    let known: Vec<&str> = managed.iter().map(|setting| setting.key.name()).collect();
    let mut left = BTreeSet::new();
    for name in file.leave_ipvs_parameters.iter().flatten() {
        if !known.contains(&name.value.as_str()) {
            findings.add(
                name.referenced,
                format!(
                    "`{}` is no parameter of IPVS that lbd manages; it manages {}",
                    name.value.escape_debug(),
                    known.join(", ")
                ),
            );
        }
        left.insert(name.value.clone());
    }
    left
}
