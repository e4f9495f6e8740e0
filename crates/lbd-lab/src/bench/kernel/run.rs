//! One program's life at full size: cold, a reload of nothing, a change of one weight, the end.

use std::time::{Duration, Instant};

use ipvs_netlink::Client;

use super::alone::runtime;
use super::count::{self, Filled};
use super::program::{Program, Running};
use super::table::Table;
use super::writes::{Monitor, Requests};
use crate::bench::scale;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// The longest wait for anything.
const LIMIT: Duration = Duration::from_secs(120);
/// From a full table to the first look at the memory: what a program does after it has been done.
const SETTLE: Duration = Duration::from_secs(1);

/// What one life showed; times in milliseconds, nothing where there is no daemon to ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// From the start of the program to the full table.
    pub(super) cold: f64,
    /// From the first service in the table to the full table.
    pub(super) filling: f64,
    /// KiB, shared pages in parts, and how many processes.
    pub(super) memory: Option<(u64, usize)>,
    pub(super) reload: Option<f64>,
    pub(super) weight: f64,
}

/// What the kernel was asked for, by an unchanged file and by one weight.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) by_reload: Option<Requests>,
    pub(super) by_weight: Requests,
}

/// On a freshly booted host.
pub(super) fn live(host: &Host, program: Program) -> Result<Life> {
    let (mut running, began, filled) = fill(host, program)?;
    std::thread::sleep(SETTLE);
    let used = scale::memory(host)?;
    let reload = running.reload()?;
    let weight = changed_weight(host, &mut running)?;
    running.stop()?;
    Ok(Life {
        cold: milliseconds(filled.done - began),
        filling: milliseconds(filled.done - filled.began),
        memory: (used.processes > 0).then_some((used.proportional, used.processes)),
        reload: reload.map(milliseconds),
        weight: milliseconds(weight),
    })
}

/// The same once more with a monitor, which takes time: nothing is timed here.
pub(super) fn watched(host: &Host, program: Program) -> Result<Asked> {
    let (mut running, ..) = fill(host, program)?;
    std::thread::sleep(SETTLE);
    let monitor = Monitor::start(host)?;
    let mut asked = Asked::default();
    let reloaded = running.reload()?.is_some();
    std::thread::sleep(SETTLE);
    let requests = monitor.requests()?;
    if reloaded {
        asked.by_reload = Some(requests);
    }
    running.change_weight(&Table::FULL.with_weight(2))?;
    std::thread::sleep(SETTLE);
    asked.by_weight = monitor.requests()?;
    running.stop()?;
    Ok(asked)
}

fn fill(host: &Host, program: Program) -> Result<(Running, Instant, Filled)> {
    host.boot()?;
    let table = Table::FULL;
    let destinations = table.destinations();
    let watch = host.thread(move || count::await_filled(destinations, LIMIT))?;
    let (running, began) = program.start(host, &table)?;
    let filled = watch
        .join()
        .map_err(|_| Failed::new("the thread that watches the table panicked"))?
        .map_err(|error| error.while_doing(program.name()))?;
    Ok((running, began, filled))
}

fn changed_weight(host: &Host, running: &mut Running) -> Result<Duration> {
    let table = Table::FULL.with_weight(2);
    let watch = host.thread(move || runtime()?.block_on(await_weight(&table)))?;
    let began = running.change_weight(&table)?;
    let seen = watch
        .join()
        .map_err(|_| Failed::new("the thread that watches a weight panicked"))??;
    Ok(seen - began)
}

/// Looks each millisecond until the single server has the weight.
async fn await_weight(table: &Table) -> Result<Instant> {
    let (service, _) = table.single();
    let mut ipvs = Client::connect().await?;
    let until = Instant::now() + LIMIT;
    loop {
        let servers = ipvs.destinations(&service).await?;
        let now = Instant::now();
        if servers
            .iter()
            .any(|server| server.destination.weight == table.weight)
        {
            return Ok(now);
        }
        ensure!(
            now < until,
            "the weight does not change in {} s",
            LIMIT.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
