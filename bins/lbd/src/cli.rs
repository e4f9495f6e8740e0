//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Spreads MySQL reads over a primary and its replicas, with no extra machines.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What is logged: error, warn, info, debug or trace, also per module (`info,lbd=debug`).
    #[arg(long, global = true, default_value = "info", env = "LBD_LOG", value_parser = filter)]
    pub(crate) log: Filter,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or stopped in an orderly way
  1  failed while running; doctor: something was found
  2  wrong command line
  3  the configuration file cannot be read or is not valid
  4  this host is not what the file says (not in it, no such interface or address, a command that it may not run)
  5  not root (CAP_NET_ADMIN and CAP_NET_RAW are needed)
  6  the kernel or the system lacks something (no IPVS, no iptables)
  7  another lbd runs with the same runtime directory
With 2 to 7, this start has changed nothing in the kernel.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the daemon in the foreground until SIGTERM or SIGINT.
    Run(RunOptions),
    /// Makes the running daemon give its mastership up, to whoever ranks next, until that one is gone.
    Handover {
        /// The runtime directory of the daemon.
        #[arg(long, default_value = "/run/lbd")]
        runtime_dir: PathBuf,
    },
    /// Makes the running daemon read its file again. A file that is not valid changes nothing. SIGHUP does the same.
    Reload {
        /// The runtime directory of the daemon.
        #[arg(long, default_value = "/run/lbd")]
        runtime_dir: PathBuf,
    },
    /// Gives a server no new connections; those that it has run out. On this host's daemon: do it on each director.
    Drain {
        /// The server's node.
        node: String,
        /// Take it out of the table: its connections are reset.
        #[arg(long)]
        maintenance: bool,
        /// The runtime directory of the daemon.
        #[arg(long, default_value = "/run/lbd")]
        runtime_dir: PathBuf,
    },
    /// Lets a server that was drained serve again.
    Undrain {
        /// The server's node.
        node: String,
        /// The runtime directory of the daemon.
        #[arg(long, default_value = "/run/lbd")]
        runtime_dir: PathBuf,
    },
    /// Says what the running daemon does: its roles, the servers, and why each has the weight that it has.
    Status {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
        /// Again every second, until it is interrupted; with --json a line each.
        #[arg(long)]
        watch: bool,
        /// The runtime directory of the daemon.
        #[arg(long, default_value = "/run/lbd")]
        runtime_dir: PathBuf,
    },
    /// Prints the statements that make the users which the MySQL checks of a file need, with their passwords.
    MysqlGrants {
        /// The configuration file.
        file: PathBuf,
        /// The servers' version, as `SELECT VERSION()` says it; without, for MariaDB from 10.5.9 and MySQL from 5.7.
        #[arg(long, value_name = "VERSION")]
        server_version: Option<String>,
        /// Print something else in the place of passwords, whose files are then not read.
        #[arg(long)]
        hide_password: bool,
    },
    /// Takes everything of lbd's off this host, and puts kernel parameters back to what they were. No daemon may run.
    Cleanup {
        /// The runtime directory of the daemon that ran.
        #[arg(long, default_value = "/run/lbd")]
        runtime_dir: PathBuf,
    },
    /// Checks a configuration file and says what is wrong with it, by line and column.
    Check {
        /// The configuration file.
        file: PathBuf,
    },
    /// Finds what makes such a cluster fail, on this host and around it, and says what to do. Changes nothing.
    Doctor(crate::doctor::DoctorOptions),
    /// Says what `run` would change on this host now, step by step. Changes nothing.
    Plan(crate::plan::PlanOptions),
    /// Prints completions of this command line for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Writes the man pages into a directory, one for each command.
    #[command(hide = true)]
    Man {
        /// The directory, which is there.
        directory: PathBuf,
    },
    /// Makes lbd's configuration file out of keepalived's, and says what it cannot carry over.
    Import(crate::import::ImportOptions),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    /// The configuration file, the same on every node.
    #[arg(long, default_value = "/etc/lbd/lbd.yaml")]
    pub(crate) config: PathBuf,
    /// Which node of the file this host is, when its addresses do not tell.
    #[arg(long)]
    pub(crate) node: Option<String>,
    /// Where lbd keeps its lock and what it wrote down of its own things in the kernel; one for each network namespace.
    #[arg(long, default_value = "/run/lbd")]
    pub(crate) runtime_dir: PathBuf,
    /// Run without the guardian that stands in for a daemon that was killed and starts it again.
    #[arg(long)]
    pub(crate) no_guardian: bool,
    /// This is the daemon; its standard input leads to its guardian.
    #[arg(long, hide = true)]
    pub(crate) guarded: bool,
    /// This daemon comes after one that was killed.
    #[arg(long, hide = true)]
    pub(crate) revived: bool,
    /// A virtual router to go on with as master.
    #[arg(long, hide = true)]
    pub(crate) adopt: Vec<String>,
    /// How often the guardian wants a sign of life, in microseconds.
    #[arg(long, hide = true)]
    pub(crate) heartbeat: Option<u64>,
}

/// A log filter that has been found to make sense.
#[derive(Clone, Debug)]
pub(crate) struct Filter(String);

fn filter(text: &str) -> Result<Filter, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(Filter(text.to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// How many lines may wait to be written: what 255 virtual routers have to say at once, several times. The queue is made in
/// full at the start, 32 octets a line, and in both processes: the library's own limit of 128 000 lines would cost 8 MiB,
/// more than all the rest, and each page of it a fault.
const WAITING_LINES: usize = 2048;

/// Logs to standard error, where journald and people look. A thread of its own writes them: a reader that
/// is slow delays nothing, and what it cannot keep up with is dropped. The guard writes the rest when it goes.
pub(crate) fn start_logging(filter: &Filter) -> WorkerGuard {
    let filter = EnvFilter::new(&filter.0);
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING_LINES)
        .finish(std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .init();
    guard
}
