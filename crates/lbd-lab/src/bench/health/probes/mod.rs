//! What a look at a replica costs the host that looks: by the prober of `healthcheck`, and by a command that runs the
//! client, which is what a check by script comes to. A real MariaDB replica, on the machine's own kernel.

mod report;
mod run;
mod way;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use healthcheck::mysql::{Account, Version, grants};

use self::report::Costs;
use self::way::{PASSWORD, USER, Way, level};
use crate::bench::machine;
use crate::cluster::{Cluster, PORT, mariadb};
use crate::failed::{Failed, Result};
use crate::lab::Lab;

/// For the replica to have what was written on the primary.
const LIMIT: Duration = Duration::from_secs(30);

/// Measures every way; gives the text.
pub(in crate::bench) fn measure(results: &Path, runs: usize) -> Result<String> {
    let began = Instant::now();
    let mut lab = Lab::new(results)?;
    let cluster = Cluster::build(&mut lab)?;
    let _servers = mariadb::start(&lab, &cluster)?;
    let target = SocketAddr::from((cluster.db2.address(), PORT));
    let version = let_in(&lab, &cluster)?;
    let mut all: [Costs; Way::ALL.len()] = Default::default();
    for number in 1..=runs {
        println!("probes: run {number} of {runs}");
        // In turn: what changes with time hits all of them.
        for (way, costs) in Way::ALL.into_iter().zip(&mut all) {
            let cost = run::measure(&cluster.client, way, target)?;
            println!("  {}: {cost}", way.words());
            costs.add(&cost);
        }
    }
    Ok(format!(
        "## Probes of a replica\n\n- {version}; client: {}\n- {runs} runs of {} s each way, in turn; {:.0} minutes\n\n\
         Median (minimum to maximum).\n\n{}\n",
        machine::said(Command::new("mariadb").arg("--version")),
        run::SPAN.as_secs(),
        began.elapsed().as_secs_f64() / 60.0,
        report::text(&all),
    ))
}

/// Makes the probing user on the primary, waits until the replica has it, and tells the server's version.
fn let_in(lab: &Lab, cluster: &Cluster) -> Result<String> {
    let version = mariadb::query(&cluster.db2, &["SELECT VERSION()"])?
        .into_iter()
        .flatten()
        .flatten()
        .next()
        .ok_or_else(|| Failed::new("MariaDB tells no version"))?;
    let account = Account {
        user: USER,
        host: "%",
        password: PASSWORD,
    };
    let statements = grants(&account, Some(&Version::read(&version)), &level());
    let statements: Vec<&str> = statements.lines().collect();
    mariadb::query(&cluster.db1, &statements)?;
    // The last of the statements must have arrived, not only the user.
    let granted = format!(
        "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = \"'{USER}'@'%'\" \
         AND PRIVILEGE_TYPE <> 'USAGE'"
    );
    let ready = || Ok(!mariadb::query(&cluster.db2, &[&granted])?.is_empty());
    lab.wait_until("the replica knows the probing user", LIMIT, ready)?;
    Ok(version)
}
