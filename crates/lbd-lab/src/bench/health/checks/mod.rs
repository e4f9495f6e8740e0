//! Thousands of TCP checks by lbd and by keepalived, in one place and run: are they on time, and what do they cost?

mod gaps;
mod listener;
mod load;
mod report;
mod run;

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Instant;

use self::load::Load;
use self::report::Compared;
use crate::bench::machine;
use crate::bench::program::Program;
use crate::failed::Result;
use crate::lab::Lab;

const BALANCER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);

/// Measures every load; gives the text.
pub(in crate::bench) fn measure(results: &Path, runs: usize) -> Result<String> {
    let began = Instant::now();
    let mut lab = Lab::new(results)?;
    let host = lab.add_host("lb", BALANCER)?;
    let mut all: [Compared; Load::ALL.len()] = Default::default();
    for number in 1..=runs {
        println!("checks: run {number} of {runs}");
        for (load, compared) in Load::ALL.iter().zip(&mut all) {
            // In turn: what changes with time hits both.
            for program in [Program::Lbd, Program::Keepalived] {
                let life = run::live(&host, load, program)?;
                println!("  {}: {load}: {life}", program.name());
                compared.add(program, &life);
            }
        }
    }
    Ok(text(&all, runs, began))
}

fn text(all: &[Compared], runs: usize, began: Instant) -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "- {runs} runs of each load and program, in turn; the TCP checks took {:.0} minutes\n\n\
         ## TCP checks\n\nOn Linux {}{}. Median (minimum to maximum).\n\n{}\n",
        began.elapsed().as_secs_f64() / 60.0,
        kernel.trim(),
        if machine::is_user_mode() {
            " in user mode, one processor"
        } else {
            ""
        },
        report::text(all),
    )
}
