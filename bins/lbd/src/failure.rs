//! How a command fails: the message for a person, and the exit code for a program.

use std::io::Write;
use std::process::ExitCode;

use thiserror::Error;

/// A command's failure. Each kind has an exit code of its own; 2 is the command line's.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Something failed while running.
    #[error("{0}")]
    Runtime(String),
    /// The configuration file cannot be read or is not valid; the text names file, line and column.
    #[error("{0}")]
    Config(String),
    /// This host is not what the file says: not in it, or without the interface or address.
    #[error("{0}")]
    Host(String),
    /// Not root, or without the capabilities.
    #[error("{0}")]
    Rights(String),
    /// The kernel or the system lacks something: no IPVS, no iptables.
    #[error("{0}")]
    Kernel(String),
    /// Another daemon runs already.
    #[error("{0}")]
    Running(String),
    /// A look found something, and told it.
    #[error("something was found")]
    Findings,
    /// The daemon said what was wrong and left with this exit code; its guardian follows.
    #[error("the daemon ended with exit code {0}")]
    Daemon(u8),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Runtime(_) | Self::Findings => 1,
            Self::Config(_) => 3,
            Self::Host(_) => 4,
            Self::Rights(_) => 5,
            Self::Kernel(_) => 6,
            Self::Running(_) => 7,
            Self::Daemon(code) => *code,
        }
    }

    /// Says what failed and gives the exit code.
    pub(crate) fn tell(&self) -> ExitCode {
        if matches!(self, Self::Daemon(_) | Self::Findings) {
            return ExitCode::from(self.code());
        }
        // Nothing can be done about a closed standard error.
        let _ = writeln!(std::io::stderr(), "lbd: {}", self.to_string().trim_end());
        ExitCode::from(self.code())
    }
}
