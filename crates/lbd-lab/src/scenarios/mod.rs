//! All scenarios: what each shows, what it needs, and its code, one file each.

mod keepalived_pair;
mod mariadb_replicates;
mod plain_ipvs;

use std::time::Duration;

use crate::failed::Result;
use crate::ground::{Kernel, on_path};
use crate::lab::Lab;

/// One scenario.
#[derive(Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub sentence: &'static str,
    /// The kernel it runs on.
    pub kernel: Kernel,
    /// The programs it needs.
    pub needs: &'static [Need],
    /// When it is killed.
    pub limit: Duration,
    /// The scenario itself, on an empty lab.
    pub run: fn(&mut Lab) -> Result,
}

/// A program that a scenario needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The daemon under test.
    Lbd,
    /// keepalived.
    Keepalived,
    /// MariaDB's server.
    Mariadb,
    /// ipvsadm and iptables.
    Ipvsadm,
}

impl Need {
    /// What is missing on this machine, in words.
    #[must_use]
    pub fn missing(self) -> Option<String> {
        let programs: &[&str] = match self {
            Self::Lbd => {
                return Some(
                    "no lbd: build it (cargo build -p lbd) or name it with --lbd".to_owned(),
                );
            }
            Self::Keepalived => &["keepalived"],
            Self::Mariadb => &["mariadbd", "mariadb-install-db"],
            Self::Ipvsadm => &["ipvsadm", "iptables"],
        };
        programs
            .iter()
            .find(|program| !on_path(program))
            .map(|program| format!("{program} is not installed"))
    }
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The table of all scenarios, in the order in which they run.
pub static SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "lab-plain-ipvs",
        sentence: "the lab itself: IPVS set up by hand spreads connections over three line servers",
        kernel: Kernel::WithIpvs,
        needs: &[Need::Ipvsadm],
        limit: seconds(60),
        run: plain_ipvs::run,
    },
    Scenario {
        name: "lab-keepalived-pair",
        sentence: "the lab itself: of two keepalived one is master, and the other takes over when its link is cut",
        kernel: Kernel::Any,
        needs: &[Need::Keepalived],
        limit: seconds(60),
        run: keepalived_pair::run,
    },
    Scenario {
        name: "lab-mariadb-replicates",
        sentence: "the lab itself: three real MariaDB servers replicate and answer through the VIP",
        kernel: Kernel::WithIpvs,
        needs: &[Need::Ipvsadm, Need::Mariadb],
        limit: seconds(150),
        run: mariadb_replicates::run,
    },
];
