//! A cluster under reads, and one fault after the other: provoked, seen, undone, seen.

use std::cell::RefCell;
use std::time::Duration;

use super::status::{self, entry};
use crate::client::{Language, Report, Running};
use crate::cluster::Cluster;
use crate::cluster::mysql_check::FULL;
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

/// Longer than a read may take: then it is known what became of each.
const SETTLE: Duration = Duration::from_millis(2300);
/// A read that begins so much later than the table changed does not meet the old table any more.
const SLACK: Duration = Duration::from_millis(300);

/// Something that befalls a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault<'a> {
    /// What, in words.
    pub(super) what: &'a str,
    /// To whom.
    pub(super) server: &'a Host,
    /// What the table comes to have of the server: a weight, or nothing.
    pub(super) entry: Option<u32>,
    /// What `lbd status` comes to say of it, in parts.
    pub(super) why: &'a [&'a str],
    /// When the table has it at the latest.
    pub(super) within: Duration,
}

/// A cluster whose `db1` balances reads of a client.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    pub(super) lab: &'a Lab,
    pub(super) cluster: &'a Cluster,
    load: Running,
    /// The lines of a table for people.
    lines: RefCell<Vec<String>>,
}

/// Its head.
const HEAD: &str = "| fault | in the table | after | reads failed / answered by it meanwhile | `lbd status` |\n\
                    |---|---|---|---|---|";

impl<'a> Watch<'a> {
    /// Reads begin, ten a second.
    pub(super) fn start(lab: &'a Lab, cluster: &'a Cluster) -> Result<Self> {
        let load = cluster
            .load()
            .speaking(Language::Mysql)
            .every(Duration::from_millis(100))
            .start(lab, &cluster.client)?;
        let lines = RefCell::new(vec![HEAD.to_owned()]);
        Ok(Self {
            lab,
            cluster,
            load,
            lines,
        })
    }

    /// Provokes a fault, and waits until it is seen where it has to be.
    pub(super) fn provoke(&self, fault: &Fault<'_>, act: impl FnOnce() -> Result) -> Result {
        let (lab, server) = (self.lab, fault.server);
        let began = lab.now();
        act().map_err(|error| error.while_doing(fault.what))?;
        let what = format!("{}: {} {}", fault.what, server.name(), words(fault.entry));
        lab.wait_until(&what, fault.within, || {
            Ok(entry(&self.cluster.db1, server)? == fault.entry)
        })?;
        let seen = lab.now();
        let why = self.says(server, fault.why)?;
        lab.pause(SETTLE.saturating_sub(lab.now().saturating_sub(seen)));
        let meanwhile = self.load.since(began).between(began, seen);
        self.note(fault, seen.saturating_sub(began), &meanwhile, &why);
        self.serves_on(fault, seen)
    }

    /// Undoes it, and waits until the server has its full weight again.
    pub(super) fn undo(&self, fault: &Fault<'_>, act: impl FnOnce() -> Result) -> Result {
        let server = fault.server;
        act().map_err(|error| error.while_doing(format!("undoing: {}", fault.what)))?;
        self.is_well(server, &format!("no more: {}", fault.what))
    }

    /// Waits until a server has its full weight, and reads are answered by it.
    pub(super) fn is_well(&self, server: &Host, when: &str) -> Result {
        let limit = Duration::from_secs(60);
        let what = format!("{when}: {} {}", server.name(), words(Some(FULL)));
        self.lab.wait_until(&what, limit, || {
            Ok(entry(&self.cluster.db1, server)? == Some(FULL))
        })?;
        self.says(server, &["up", &format!("full weight {FULL}")])?;
        let back = self.lab.now();
        let what = format!("reads are answered by {} again", server.name());
        self.lab.wait_until(&what, limit, || {
            Ok(self.load.since(back).of(server.name()) > 1)
        })?;
        Ok(())
    }

    /// Nothing changes for a server, for some time, though something is to be told of it.
    pub(super) fn is_told_only(&self, fault: &Fault<'_>, act: impl FnOnce() -> Result) -> Result {
        let server = fault.server;
        let began = self.lab.now();
        act().map_err(|error| error.while_doing(fault.what))?;
        let mut why = String::new();
        self.lab.wait_until(fault.what, fault.within, || {
            why = status::of(&self.cluster.db1, server)?.why;
            Ok(fault.why.iter().all(|part| why.contains(part)))
        })?;
        let told = self.lab.now();
        self.lab.pause(SETTLE * 2);
        ensure!(
            entry(&self.cluster.db1, server)? == fault.entry,
            "{}: the table stays as it was",
            fault.what
        );
        let meanwhile = self.load.since(began);
        ensure!(
            meanwhile.failed() == 0 && meanwhile.of(server.name()) > 0,
            "{}: reads go on, to {} too: {meanwhile}",
            fault.what,
            server.name()
        );
        self.note(fault, told.saturating_sub(began), &meanwhile, &why);
        Ok(())
    }

    /// The reads' report, at the end.
    pub(super) fn stop(self) -> Result<Report> {
        self.lab
            .keep("faults.md", &self.lines.borrow().join("\n"))?;
        let report = self.load.stop()?;
        report.keep(&self.lab.results().join("reads.csv"))?;
        self.lab.say(&report);
        Ok(report)
    }

    /// Waits until `lbd status` says all this of a server, and gives the sentence.
    pub(super) fn says(&self, server: &Host, parts: &[&str]) -> Result<String> {
        let mut said = String::new();
        let waited = self
            .lab
            .wait_until("lbd status says why", Duration::from_secs(45), || {
                said = status::of(&self.cluster.db1, server)?.why;
                Ok(parts.iter().all(|part| said.contains(part)))
            });
        waited.map_err(|error| error.while_doing(format!("{parts:?} not in {said:?}")))?;
        self.lab.say(format!("  {}: {said}", server.name()));
        Ok(said)
    }

    /// After the table has changed nothing goes wrong any more.
    fn serves_on(&self, fault: &Fault<'_>, seen: Duration) -> Result {
        let after = self.load.since(seen + SLACK);
        ensure!(
            after.failed() == 0 && after.answered() > 0,
            "{}: once it is seen, no read fails: {after}",
            fault.what
        );
        let gets_none = fault.entry.is_none_or(|weight| weight == 0);
        ensure!(
            !gets_none || after.of(fault.server.name()) == 0,
            "{}: once it is seen, no read goes to {}: {after}",
            fault.what,
            fault.server.name()
        );
        Ok(())
    }

    fn note(&self, fault: &Fault<'_>, after: Duration, meanwhile: &Report, why: &str) {
        let line = format!(
            "| {} | {} | {:.1} s | {} / {} | {why} |",
            fault.what,
            words(fault.entry),
            after.as_secs_f64(),
            meanwhile.failed(),
            meanwhile.of(fault.server.name()),
        );
        self.lab.say(&line);
        self.lines.borrow_mut().push(line);
    }
}

fn words(entry: Option<u32>) -> String {
    entry.map_or_else(
        || "is out of the table".to_owned(),
        |weight| format!("has the weight {weight}"),
    )
}
