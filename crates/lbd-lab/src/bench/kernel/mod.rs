//! The kernel's IPVS table at full size: filled, kept and changed by lbd, `ipvsadm` and keepalived, in one place and run.

mod alone;
pub(super) mod count;
mod program;
mod report;
mod run;
mod table;
mod writes;

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use self::alone::Alone;
use self::program::Program;
use self::report::Figured;
use self::table::Table;
use super::machine;
use crate::failed::Result;
use crate::lab::Lab;

const BALANCER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);

/// Measures everything; gives the text.
pub(super) fn measure(results: &Path, runs: usize) -> Result<String> {
    let began = Instant::now();
    let mut lab = Lab::new(results)?;
    let host = lab.add_host("lb", BALANCER)?;
    // Not timed: it also brings every program into the page cache.
    println!("what is asked of the kernel");
    let mut all: [Figured; 3] = Default::default();
    for (program, figured) in Program::ALL.into_iter().zip(&mut all) {
        *figured = Figured::asked(run::watched(&host, program)?);
    }
    let mut alone = Alone::default();
    for number in 1..=runs {
        println!("run {number} of {runs}");
        // In turn: what changes with time hits all of them.
        for (program, figured) in Program::ALL.into_iter().zip(&mut all) {
            figured.add(&run::live(&host, program)?);
        }
        alone.measure(&host)?;
    }
    Ok(text(&all, &alone, runs, began))
}

fn text(all: &[Figured; 3], alone: &Alone, runs: usize, began: Instant) -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let Table {
        services, servers, ..
    } = Table::FULL;
    format!(
        "- the kernel measured: Linux {}{}; {}\n- {runs} runs of each program, in turn; all of it took {:.0} minutes\n\n\
         {services} services with {servers} servers each, and one with a single server, whose weight is changed. \
         Median (minimum to maximum).\n\n{}\n\
         The crate by itself, batches of changes and reading, in the same runs:\n\n{}",
        kernel.trim(),
        if machine::is_user_mode() {
            " in user mode"
        } else {
            ""
        },
        machine::said(Command::new("ipvsadm").arg("--version")),
        began.elapsed().as_secs_f64() / 60.0,
        report::text(all),
        alone.text(),
    )
}
