//! One program's life under a load: started, left alone, watched, ended.

use std::fmt;
use std::time::{Duration, Instant};

use super::gaps::Lateness;
use super::listener::Listener;
use super::load::Load;
use crate::bench::kernel::count;
use crate::bench::program::Program;
use crate::bench::scale;
use crate::cluster::lbd_program;
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// How long it is watched.
pub(super) const SPAN: Duration = Duration::from_secs(30);
/// Before that, from the first check of every server on: what a program does after it has found everybody well.
const SETTLE: Duration = Duration::from_secs(5);
/// The longest wait for the first check of every server. Who needs longer is watched as it is.
const LIMIT: Duration = Duration::from_secs(60);

/// What one life showed.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) seen: Lateness,
    /// Seconds that it was watched.
    pub(super) span: f64,
    /// Seconds of processor time meanwhile.
    pub(super) processor: f64,
    /// KiB, shared pages in parts, and in how many processes.
    pub(super) memory: (u64, usize),
    /// Servers in the kernel's table at the end. All of them are well.
    pub(super) in_table: usize,
}

/// On a freshly booted host.
pub(super) fn live(host: &Host, load: &Load, program: Program) -> Result<Life> {
    host.boot()?;
    let listener = Listener::start(host, load)?;
    let mut daemon = start(host, load, program)?;
    let until = Instant::now() + LIMIT;
    while listener.unchecked() > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(SETTLE);
    let life = watch(host, &listener)?;
    end(host, &mut daemon, program)?;
    listener.end()?;
    Ok(life)
}

fn start(host: &Host, load: &Load, program: Program) -> Result<Daemon> {
    let (path, file, arguments) = match program {
        Program::Lbd => (
            lbd_program()?,
            host.write_file("lbd.yaml", &load.for_lbd(host.address()))?,
            &["run", "--config"][..],
        ),
        Program::Keepalived => (
            program.name().to_owned(),
            host.write_file("keepalived.conf", &load.for_keepalived())?,
            // Without a system log each line would also go to the guest's console, at keepalived's expense.
            &["-C", "-n", "-l", "-G", "-f"][..],
        ),
    };
    let mut command = host.command(&path);
    command.args(arguments).arg(file);
    // Into memory: in user-mode Linux the results are another machine's files, and slow.
    let log = host.folder().join(format!("{}.log", program.name()));
    let _ = std::fs::remove_file(&log);
    Daemon::start(program.name().to_owned(), command, log)
}

fn watch(host: &Host, listener: &Listener) -> Result<Life> {
    let before = scale::processor_seconds(host)?;
    let began = Instant::now();
    listener.begin();
    std::thread::sleep(SPAN);
    let seen = listener.seen();
    let span = began.elapsed().as_secs_f64();
    let processor = scale::processor_seconds(host)? - before;
    let used = scale::memory(host)?;
    let in_table = host
        .thread(count::destinations)?
        .join()
        .map_err(|_| Failed::new("the thread that counts destinations panicked"))??;
    Ok(Life {
        seen,
        span,
        processor,
        memory: (used.proportional, used.processes),
        in_table,
    })
}

/// Kills it, for an orderly stop takes its time over so many servers, and keeps its log among the results.
fn end(host: &Host, daemon: &mut Daemon, program: Program) -> Result {
    let name = program.name();
    ensure!(
        daemon.is_running(),
        "{name} ended by itself: {}",
        daemon.tail(15)
    );
    host.space().kill_all()?;
    daemon.wait(Duration::from_secs(15))?;
    host.write_file(&format!("{name}.log"), &daemon.log())?;
    Ok(())
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} checks in {:.1} s, {:.2} s of processor time, {} KiB, {} in the table; late by {:.1}, {:.1}, {:.1} ms",
            self.seen.checks,
            self.span,
            self.processor,
            self.memory.0,
            self.in_table,
            self.seen.half,
            self.seen.most,
            self.seen.worst
        )
    }
}
