//! Memory and processor time of a master of many virtual routers.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use super::owners;
use super::program::{Program, Timing};
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

/// How many virtual routers.
pub(super) const SIZES: [u8; 3] = [1, 50, 255];
/// Processor time is counted over this.
const SPAN: Duration = Duration::from_secs(30);
/// From the last promotion to the beginning of the count: the second round of announcements (5 s) is over.
const SETTLE: Duration = Duration::from_secs(8);

/// What a program uses, all of its processes together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Use {
    pub(super) processes: usize,
    /// KiB.
    resident: u64,
    /// KiB; what several processes share is counted once, in parts.
    pub(super) proportional: u64,
    /// Seconds.
    processor: f64,
}

/// The table.
pub(super) fn measure(results: &Path, sizes: &[u8]) -> Result<String> {
    let mut text = String::from(
        "| virtual routers | measured | lbd | keepalived | keepalived / lbd |\n|---|---|---|---|---|\n",
    );
    for size in sizes {
        let programs = [Program::Lbd, Program::Keepalived];
        let [lbd, keepalived] = std::thread::scope(|scope| {
            let threads =
                programs.map(|program| scope.spawn(move || use_of(results, program, *size)));
            threads.map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Failed::new("a thread panicked")))
            })
        });
        rows(&mut text, *size, lbd?, keepalived?);
        println!("  {size} virtual routers done");
    }
    Ok(text)
}

fn rows(text: &mut String, size: u8, lbd: Use, keepalived: Use) {
    let mut row = |what: &str, [lbd, keepalived]: [f64; 2], unit: &str, places: usize| {
        let ratio = if lbd > 0.0 { keepalived / lbd } else { 0.0 };
        text.push_str(&format!(
            "| {size} | {what} | {lbd:.places$} {unit} | {keepalived:.places$} {unit} | {ratio:.2}× |\n"
        ));
    };
    let mib = |kib: u64| f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0;
    let resident = [lbd, keepalived].map(|used| mib(used.resident));
    let proportional = [lbd, keepalived].map(|used| mib(used.proportional));
    let span = format!("processor time in {} s", SPAN.as_secs());
    row(
        &format!(
            "memory, RSS of {} and {} processes",
            lbd.processes, keepalived.processes
        ),
        resident,
        "MiB",
        1,
    );
    row(
        "memory, PSS (shared pages in parts)",
        proportional,
        "MiB",
        1,
    );
    row(&span, [lbd, keepalived].map(|used| used.processor), "s", 3);
}

fn use_of(results: &Path, program: Program, size: u8) -> Result<Use> {
    let letter = program.name().chars().next().unwrap_or_default();
    let name = format!("{letter}m{size}");
    let mut lab = Lab::new(&results.join(&name))?;
    let host = lab.add_host(&name, Ipv4Addr::new(10, 9, 0, 1))?;
    // A director that never shows up, so that there is somebody to be master for.
    let other = lab.add_host(&format!("{name}b"), Ipv4Addr::new(10, 9, 0, 2))?;
    let addresses: Vec<Ipv4Addr> = (1..=size)
        .map(|last| Ipv4Addr::new(10, 9, 1, last))
        .collect();
    let directors = [host.clone(), other];
    let mut daemon = program.start(Timing::SecondsV3, &directors, 0, &addresses)?;
    await_masters(&host, size)?;
    std::thread::sleep(SETTLE);

    let (before, began) = (processor_seconds(&host)?, Instant::now());
    std::thread::sleep(SPAN);
    let processor =
        (processor_seconds(&host)? - before) * SPAN.as_secs_f64() / began.elapsed().as_secs_f64();
    let mut used = memory(&host)?;
    used.processor = processor;
    daemon.stop()?;
    Ok(used)
}

fn await_masters(host: &Host, size: u8) -> Result {
    let until = Instant::now() + Duration::from_secs(60);
    let ours = |address: Ipv4Addr| address.octets().starts_with(&[10, 9, 1]);
    loop {
        let there = owners::count(host, ours)?;
        if there == usize::from(size) {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "{} of {size} virtual addresses came up on {}",
            there,
            host.name()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Of all processes on the host.
pub(super) fn memory(host: &Host) -> Result<Use> {
    let mut used = Use::default();
    for pid in host.space().processes()? {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let field = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number
                .and_then(|number| number.parse().ok())
                .unwrap_or_default()
        };
        used.processes += 1;
        used.resident += field("Rss:");
        used.proportional += field("Pss:");
    }
    Ok(used)
}

/// Of all threads of all processes, to the nanosecond (the first number of `schedstat`).
pub(super) fn processor_seconds(host: &Host) -> Result<f64> {
    let mut nanoseconds = Duration::ZERO;
    for pid in host.space().processes()? {
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let number = text.split(' ').next().and_then(|word| word.parse().ok());
            nanoseconds += Duration::from_nanos(number.unwrap_or_default());
        }
    }
    Ok(nanoseconds.as_secs_f64())
}
