//! A command that runs.

use std::io;
use std::process::Stdio;

use nix::sys::signal::Signal;
use tokio::net::unix::pipe;

use crate::group::{End, Group};
use crate::tail::Tail;
use crate::{Error, Options};

/// All that a command inherits, besides [`Options::environment`].
const ENVIRONMENT: [(&str, &str); 2] = [
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("LC_ALL", "C"),
];

/// One run of a command, with its output. When it is dropped, its group is killed.
pub(crate) struct Running<'a> {
    group: &'a mut Group,
    /// None once everybody has closed it.
    output: Option<pipe::Receiver>,
    tail: Tail,
}

impl<'a> Running<'a> {
    pub(crate) fn start(
        options: &Options,
        slot: &'a mut Option<Group>,
    ) -> Result<Running<'a>, Error> {
        let failed = |source| Error::NotStarted {
            program: options.program.clone(),
            source,
        };
        let (reader, writer) = io::pipe().map_err(failed)?;
        let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(failed)?;
        let mut command = std::process::Command::new(&options.program);
        command
            .args(&options.arguments)
            .env_clear()
            .envs(ENVIRONMENT)
            .envs(
                options
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(failed)?)
            .stderr(writer);
        let group = Group::start(command, options).map_err(failed)?;
        Ok(Running {
            group: slot.insert(group),
            output: Some(reader),
            tail: Tail::default(),
        })
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.group.signal(signal);
    }

    /// Waits until the command has ended, and reaps it.
    pub(crate) async fn reap(&mut self) {
        self.group.reap().await;
    }

    /// Reads until the command itself ends.
    pub(crate) async fn end(&mut self) -> io::Result<End> {
        loop {
            tokio::select! {
                biased;
                end = self.group.ended() => return end,
                () = read(&mut self.output, &mut self.tail) => {}
            }
        }
    }

    /// The last line of what has been written up to now.
    pub(crate) fn last_line(&mut self) -> String {
        if let Some(output) = &self.output {
            // Past tokio, which would not read before it has heard that there is something.
            self.tail
                .take_what_is_there(|buffer| Ok(nix::unistd::read(output, buffer)?));
        }
        self.tail.last_line()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.group.signal(Signal::SIGKILL);
    }
}

/// Reads once; for ever, when there is nothing more to come.
async fn read(output: &mut Option<pipe::Receiver>, tail: &mut Tail) {
    let Some(open) = output else {
        return std::future::pending().await;
    };
    let readable = open.readable().await;
    if readable.is_err() || !tail.take_what_is_there(|buffer| open.try_read(buffer)) {
        *output = None;
    }
}
