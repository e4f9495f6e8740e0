//! The three programs that fill the table.

use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::table::Table;
use crate::cluster::lbd_program;
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;

/// Who fills the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Lbd,
    Ipvsadm,
    Keepalived,
}

/// What runs when the table is full.
#[derive(Debug)]
pub(super) struct Running {
    program: Program,
    host: Host,
    /// None of `ipvsadm`, which is done when the table is full.
    daemon: Option<Daemon>,
}

impl Program {
    pub(super) const ALL: [Self; 3] = [Self::Lbd, Self::Ipvsadm, Self::Keepalived];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lbd => "lbd",
            Self::Ipvsadm => "ipvsadm",
            Self::Keepalived => "keepalived",
        }
    }

    fn program(self) -> Result<String> {
        match self {
            Self::Lbd => lbd_program(),
            Self::Ipvsadm | Self::Keepalived => Ok(self.name().to_owned()),
        }
    }

    fn write_file(self, host: &Host, table: &Table) -> Result<String> {
        match self {
            Self::Lbd => host.write_file("lbd.yaml", &table.for_lbd(host.address())),
            Self::Ipvsadm => host.write_file("ipvsadm.rules", &table.for_ipvsadm()),
            Self::Keepalived => host.write_file("keepalived.conf", &table.for_keepalived()),
        }
    }

    /// Starts it; gives the moment just before.
    pub(super) fn start(self, host: &Host, table: &Table) -> Result<(Running, Instant)> {
        let file = self.write_file(host, table)?;
        let mut command = host.command(&self.program()?);
        match self {
            Self::Lbd => command.args(["run", "--config", &file]),
            Self::Ipvsadm => command
                .arg("-R")
                .stdin(File::open(&file)?)
                .stdout(Stdio::null()),
            // -G: without it each line goes to syslog too, and as nobody listens there, to the console.
            Self::Keepalived => command.args(["-C", "-n", "-l", "-G", "-f", &file]),
        };
        let began;
        let daemon = if self == Self::Ipvsadm {
            began = Instant::now();
            let status = command.status()?;
            ensure!(status.success(), "ipvsadm -R failed: {status}");
            None
        } else {
            // Into memory: in user-mode Linux the results are another machine's files, and slow.
            let log = host.folder().join(format!("{}.log", self.name()));
            let _ = std::fs::remove_file(&log);
            began = Instant::now();
            Some(Daemon::start(self.name().to_owned(), command, log)?)
        };
        let running = Running {
            program: self,
            host: host.clone(),
            daemon,
        };
        Ok((running, began))
    }

    /// The words by which it says that its file is in force again, and that it is not.
    const fn reload_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Lbd => ("changes in the kernel: ", "not reloaded"),
            Self::Ipvsadm | Self::Keepalived => ("Reload complete", "Reload failed"),
        }
    }
}

impl Running {
    /// Has an unchanged file read again. Gives how long it took until it said so; nothing where there is no daemon.
    pub(super) fn reload(&mut self) -> Result<Option<Duration>> {
        let (done, refused) = self.program.reload_words();
        let Some(daemon) = &mut self.daemon else {
            return Ok(None);
        };
        let before = daemon.log().len();
        let began = Instant::now();
        daemon.signal(Signal::SIGHUP)?;
        loop {
            let log = daemon.log();
            let new = log.get(before..).unwrap_or_default();
            if new.contains(done) {
                return Ok(Some(began.elapsed()));
            }
            ensure!(
                !new.contains(refused) && began.elapsed() < Duration::from_secs(60),
                "{} does not say \"{done}\": {}",
                self.program.name(),
                daemon.tail(5)
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Has it change the single server's weight; gives the moment just before. A daemon reads its file again.
    pub(super) fn change_weight(&mut self, table: &Table) -> Result<Instant> {
        let Some(daemon) = &mut self.daemon else {
            let (service, server) = table.single();
            let line =
                format!("-e {service} -r {server} -m -w {}", table.weight).replace("TCP ", "-t ");
            let mut command = self.host.command("ipvsadm");
            command.args(line.split(' '));
            let began = Instant::now();
            let status = command.status()?;
            ensure!(status.success(), "ipvsadm {line} failed: {status}");
            return Ok(began);
        };
        self.program.write_file(&self.host, table)?;
        let began = Instant::now();
        daemon.signal(Signal::SIGHUP)?;
        Ok(began)
    }

    /// Keeps its log among the results, and ends it.
    pub(super) fn stop(self) -> Result {
        if let Some(mut daemon) = self.daemon {
            daemon.stop()?;
            let name = format!("{}.log", self.program.name());
            self.host.write_file(&name, &daemon.log())?;
        }
        Ok(())
    }
}
