//! All scenarios: what each shows, what it needs, and its code, one file each.

mod bad_input;
mod balancer_only;
mod cleanup;
mod connections;
mod drain;
mod drift;
mod even_spread;
mod foreign_untouched;
mod health;
mod keepalived_pair;
mod killed_anywhere;
mod killed_daemon;
mod killed_with_bad_file;
mod left_parameters;
mod list;
mod loops;
mod mac_change;
mod mariadb_reads;
mod mariadb_replicates;
mod master_cut;
mod master_dies;
mod never_a_loop;
mod nftables;
mod plain_ipvs;
mod reload;
mod rolling_restart;
mod router_only;
mod server_killed;
mod sync_switched;
mod telling;
mod tunnel;
mod vrrp;
mod with_keepalived;

use std::time::Duration;

use crate::cluster::Cluster;
use crate::failed::Result;
use crate::ground::{Kernel, on_path};
use crate::host::Host;
use crate::lab::Lab;
pub use list::SCENARIOS;

use health::with_mariadb;
use vrrp::{two_lbd, with_keepalived as beside_keepalived};

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
    /// Whether it takes the whole machine, so that no other may run beside it.
    pub alone: bool,
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
    /// nft.
    Nft,
    /// aiosmtpd, a mail server.
    MailServer,
    /// strace, which kills at a given system call.
    Strace,
    /// The right to real-time scheduling.
    RealTime,
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
            Self::Nft => &["nft"],
            Self::MailServer => &["aiosmtpd"],
            Self::Strace => &["strace"],
            Self::RealTime => return vrrp::no_real_time(),
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

/// The database hosts but one.
fn without<'a>(cluster: &'a Cluster, dead: &Host) -> Vec<&'a Host> {
    cluster
        .databases()
        .into_iter()
        .filter(|host| host.name() != dead.name())
        .collect()
}

const WITH_LBD: &[Need] = &[Need::Lbd, Need::Ipvsadm];

/// A scenario of lbd on a kernel with IPVS.
const fn with_lbd(
    name: &'static str,
    sentence: &'static str,
    run: fn(&mut Lab) -> Result,
) -> Scenario {
    Scenario {
        name,
        sentence,
        kernel: Kernel::WithIpvs,
        needs: WITH_LBD,
        limit: seconds(150),
        alone: false,
        run,
    }
}
