//! What a valid file had better not do.

use humantime::format_duration;
use ipvs_netlink::Scheduler;
use vrrp_proto::{Authentication, Priority};

use super::{Config, HealthCheck, Probe, VirtualRouter, VirtualService};

/// The port of MySQL and MariaDB.
const MYSQL: u16 = 3306;

impl Config {
    /// Warnings about a file that is valid: what it risks, and what to do.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        for router in &self.routers {
            advice.extend(ignored_tracks(router));
            advice.extend(unheeded_tracks(router));
            if router.authentication != Authentication::None {
                advice.push(format!(
                    "the password of `{}` is no security: every host on the network can read it in each advert \
                     (RFC 9568, 9); it only keeps routers of another setting apart",
                    router.name
                ));
            }
        }
        for service in &self.services {
            advice.extend(ignored_weights(service));
            advice.extend(even_shares(service));
            advice.extend(
                service
                    .health_check
                    .iter()
                    .flat_map(|check| check_advice(service, check)),
            );
            advice.extend(vain_weighting(service));
        }
        if self.connection_sync {
            advice.push(
                "connection_sync is unauthenticated multicast (224.0.0.81, UDP port 8848): whoever is on the network can \
                 read and forge it; all directors must use the same file"
                    .to_owned(),
            );
        }
        advice.extend(self.ownerless_commands());
        advice.extend(self.open_page());
        advice
    }

    /// Whoever reaches the page reads it.
    fn open_page(&self) -> Option<String> {
        let address = self
            .status_page
            .filter(|address| !address.ip().is_loopback())?;
        Some(format!(
            "status_page listens on {address}, without authentication or encryption: whoever reaches it reads the names, \
             addresses and state of all servers; keep others off by a firewall, or listen on 127.0.0.1 behind a proxy"
        ))
    }

    /// Scripts are written to be run, and seldom to be run as root.
    fn ownerless_commands(&self) -> Option<String> {
        let runs = self.commands().next().is_some();
        (runs && self.script_user.is_none()).then(|| {
            "tracked scripts and hooks run with lbd's own rights, as root; name a user for them: script_user".to_owned()
        })
    }
}

/// An owner's priority is what makes it one.
fn ignored_tracks(router: &VirtualRouter) -> Option<String> {
    let owner = router
        .priorities
        .iter()
        .find(|(_, priority)| **priority == Priority::OWNER)?
        .0;
    has_weights(router).then(|| {
        format!(
            "`{owner}` owns the addresses of `{}`: its priority stays 255, whatever weights say; a weight of 0 (a fault) counts",
            router.name
        )
    })
}

/// A backup that does not preempt puts up with a master of whatever priority.
fn unheeded_tracks(router: &VirtualRouter) -> Option<String> {
    (!router.preempt && has_weights(router)).then(|| {
        format!(
            "`{}` does not preempt: a master whose tracked things fail stays master, however low its priority; give them the \
             weight 0 (a fault)",
            router.name
        )
    })
}

fn has_weights(router: &VirtualRouter) -> bool {
    let scripts = router.track_scripts.iter().map(|track| track.weight);
    let mut weights = scripts
        .chain(router.track_interfaces.iter().map(|track| track.weight))
        .chain(router.track_processes.iter().map(|track| track.weight))
        .chain(router.track_files.iter().map(|track| track.weight));
    weights.any(|weight| weight != 0)
}

fn check_advice(service: &VirtualService, check: &HealthCheck) -> Vec<String> {
    let name = &service.name;
    let mut advice = Vec::new();
    if check.probe == Probe::Tcp && check.port.unwrap_or(service.port) == MYSQL {
        advice.push(format!(
            "the TCP check of `{name}` connects to MySQL without logging in: after max_connect_errors of these the \
             server refuses this host (error 1129); use health_check.mysql, or set skip_name_resolve=ON there"
        ));
    }
    let (timeout, interval) = (check.policy.timeout, check.policy.interval);
    if timeout > interval {
        advice.push(format!(
            "the check of `{name}` may take longer ({}) than from one to the next ({}): a server that hangs is asked \
             that much less often",
            format_duration(timeout),
            format_duration(interval)
        ));
    }
    advice
}

/// What weights follow that nothing can come of.
fn vain_weighting(service: &VirtualService) -> Option<String> {
    let (name, policy) = (&service.name, &service.weighting);
    if service.health_check.is_none() {
        return policy.slow_start.map(|_| {
            format!("slow_start of `{name}` has nothing to go by: there is no health_check")
        });
    }
    (policy.min_serving >= service.servers.len() && service.servers.len() > 1).then(|| {
        format!(
            "min_serving of `{name}` is the number of its servers: all of them always serve, however far they are behind"
        )
    })
}

/// Whether a scheduler knows only two weights: 0 and any other.
fn ignores_weights(scheduler: Scheduler) -> bool {
    [
        Scheduler::RR,
        Scheduler::LC,
        Scheduler::LBLC,
        Scheduler::LBLCR,
        Scheduler::DH,
    ]
    .contains(&scheduler)
}

/// A part of a weight means nothing to a scheduler that ignores weights, and a weight of 1 has none.
fn even_shares(service: &VirtualService) -> Option<String> {
    let policy = &service.weighting;
    let what = match (policy.lag.is_some(), policy.slow_start.is_some()) {
        (true, true) => "lag.soft and slow_start",
        (true, false) => "lag.soft",
        (false, true) => "slow_start",
        (false, false) => return None,
    };
    let name = &service.name;
    if ignores_weights(service.scheduler) {
        return Some(format!(
            "{what} of `{name}` gives a server a part of its weight, and the scheduler {} ignores every weight but 0: use \
             wrr or wlc",
            service.scheduler
        ));
    }
    (service.weight == 1 && service.weights.is_empty()).then(|| {
        format!("{what} of `{name}` gives a server a part of its weight, and 1 has no parts: give it a weight of 10 or so")
    })
}

/// `rr` and its like know only two weights: 0 and any other.
fn ignored_weights(service: &VirtualService) -> Option<String> {
    let weights = service.servers.iter().map(|node| service.weight_of(node));
    let mut shares = weights.filter(|weight| *weight != 0);
    let first = shares.next()?;
    let differ = shares.any(|weight| weight != first);
    (differ && ignores_weights(service.scheduler)).then(|| {
        format!(
            "the scheduler {} of `{}` ignores every weight but 0: its servers get equal shares; wrr and wlc honour weights",
            service.scheduler, service.name
        )
    })
}
