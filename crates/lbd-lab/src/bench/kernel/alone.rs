//! `ipvs-netlink` by itself, without a daemon around it.

use std::time::Instant;

use ipvs_netlink::{Change, Client, Destination};

use super::run::milliseconds;
use super::table::Table;
use crate::bench::figures::Figures;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// Times in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Alone {
    pub(super) add: Figures,
    pub(super) edit: Figures,
    pub(super) read: Figures,
}

impl Alone {
    /// Once more, on a freshly booted host.
    pub(super) fn measure(&mut self, host: &Host) -> Result {
        host.boot()?;
        let thread = host.thread(|| runtime()?.block_on(once()))?;
        let [add, edit, read] = thread
            .join()
            .map_err(|_| Failed::new("the thread that measures ipvs-netlink panicked"))??;
        self.add.add(add);
        self.edit.add(edit);
        self.read.add(read);
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        let table = Table::FULL;
        let (adds, edits) = (table.changes().len(), table.destinations());
        let row = |what: &str, number: usize, times: &Figures| {
            let median = times.median().unwrap_or_default();
            let number = f64::from(u32::try_from(number).unwrap_or(u32::MAX));
            let rate = if median > 0.0 { number / median } else { 0.0 };
            format!("| {what} | {} | {rate:.0} 000 |\n", times.text())
        };
        format!(
            "| `ipvs-netlink` | time | a second |\n|---|---|---|\n{}{}{}",
            row(
                &format!("add {adds} services and destinations"),
                adds,
                &self.add
            ),
            row(&format!("edit {edits} destinations"), edits, &self.edit),
            row(&format!("read {edits} destinations"), edits, &self.read),
        )
    }
}

async fn once() -> Result<[f64; 3]> {
    let mut ipvs = Client::connect().await?;
    let adds = Table::FULL.changes();
    let edits: Vec<_> = adds.iter().filter_map(heavier).collect();
    let add = timed(&mut ipvs, &adds).await?;
    let edit = timed(&mut ipvs, &edits).await?;
    let began = Instant::now();
    let table = ipvs.table(|_| true).await?;
    let read = milliseconds(began.elapsed());
    let destinations: usize = table.iter().map(|(_, servers)| servers.len()).sum();
    crate::ensure!(
        destinations == Table::FULL.destinations(),
        "{destinations} destinations were read"
    );
    Ok([add, edit, read])
}

async fn timed(ipvs: &mut Client, changes: &[Change]) -> Result<f64> {
    let began = Instant::now();
    for result in ipvs.apply(changes).await? {
        result?;
    }
    Ok(milliseconds(began.elapsed()))
}

fn heavier(change: &Change) -> Option<Change> {
    let Change::AddDestination(service, server) = change else {
        return None;
    };
    let weight = server.weight + 1;
    Some(Change::EditDestination(
        *service,
        Destination { weight, ..*server },
    ))
}

/// For the calling thread alone, whose network the client then belongs to.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}
