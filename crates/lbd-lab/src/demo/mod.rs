//! The demo: three real MariaDB servers, lbd on each host, and what happens when things die, told to a person.

mod acts;
mod screen;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::ground::{self, Ended, Kernel, Place, Verdict};
use crate::lab::Lab;
use crate::runner::{job_of_ours, mariadb_data};
use crate::scenarios::Need;

/// When a demo that hangs is ended.
const LIMIT: Duration = Duration::from_secs(240);

/// Shows it: boots the lab, and passes on what the acts tell. Gives whether all went as told.
///
/// # Errors
/// When something is missing on this machine.
pub fn show(lbd: &Path, results: &Path) -> Result<bool> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "the demo needs root: it makes network namespaces"
    );
    ensure!(
        lbd.is_file(),
        "there is no lbd at {}: build it, or name it with --lbd",
        lbd.display()
    );
    for need in [Need::Ipvsadm, Need::Mariadb] {
        if let Some(missing) = need.missing() {
            return Err(Failed::new(missing));
        }
    }
    let place = ground::place_for(Kernel::WithIpvs).map_err(Failed::new)?;
    let began = Instant::now();
    println!(
        "Three database hosts, a client and a switch, each host in network namespaces of its own."
    );
    match place {
        Place::Namespaces => println!("This machine's kernel has IPVS: they live right here."),
        Place::Guest | Place::Emulated => println!(
            "This machine's kernel has no IPVS: they live in a user-mode Linux guest, booting now."
        ),
    }
    let folder = results.join("demo");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let folder = fs::canonicalize(folder)?;
    let data = mariadb_data(&folder)?;
    let mut job = job_of_ours(&["demo-here"], Kernel::WithIpvs, &folder)?;
    for (name, path) in [("LBD_LAB_LBD", lbd), ("LBD_LAB_MARIADB", &data)] {
        job.environment
            .insert(name.to_owned(), path.to_string_lossy().into_owned());
    }
    let ended = ground::run_job(place, &job, &folder, LIMIT, true)?;
    println!(
        "\nThe demo took {:.0} s; logs are in {}",
        began.elapsed().as_secs_f64(),
        folder.display()
    );
    if ended == Ended::TimedOut {
        println!("It was ended at its limit of {} s.", LIMIT.as_secs());
    }
    Ok(ended == Ended::With(Verdict::Exited(0)))
}

/// The acts, in the place made for them.
///
/// # Errors
/// When something did not come about.
pub fn run_here() -> Result {
    let results = std::env::var_os("LBD_LAB_RESULTS").map(PathBuf::from);
    let mut lab = Lab::new(&results.ok_or_else(|| Failed::new("LBD_LAB_RESULTS is not set"))?)?;
    let cluster = Cluster::build(&mut lab)?;
    acts::play(&lab, &cluster)
}
