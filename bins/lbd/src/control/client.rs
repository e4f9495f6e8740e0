//! The command line's side of the control socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use lbd_core::engine::{Drain, Status};

use super::{Answer, Command, LONGEST_ANSWER, Request, Response, VERSION, socket};
use crate::failure::Failure;
use crate::say::say;

/// How long the daemon may take to answer: a reload waits for programs that have a time limit of their own.
const PATIENCE: Duration = Duration::from_secs(40);

/// `lbd handover`.
pub(crate) fn hand_over(runtime_dir: &Path) -> Result<(), Failure> {
    match ask(runtime_dir, Command::Handover)? {
        Answer::HandedOver(routers) if routers.is_empty() => {
            say("this host is master of no virtual router; nothing to hand over")
        }
        Answer::HandedOver(routers) => say(&format!("handed over: {}", routers.join(", "))),
        Answer::Refused(why) => Err(Failure::Runtime(why)),
        Answer::Reloaded(_) | Answer::Drained | Answer::Status(_) => Err(strange()),
    }
}

/// `lbd reload`.
pub(crate) fn reload(runtime_dir: &Path) -> Result<(), Failure> {
    match ask(runtime_dir, Command::Reload)? {
        Answer::Reloaded(0) => say("reloaded; nothing in the kernel had to be changed"),
        Answer::Reloaded(count) => say(&format!("reloaded; changes in the kernel: {count}")),
        Answer::Refused(why) => Err(Failure::Runtime(why)),
        Answer::HandedOver(_) | Answer::Drained | Answer::Status(_) => Err(strange()),
    }
}

/// For `lbd status`.
pub(crate) fn status(runtime_dir: &Path) -> Result<Status, Failure> {
    match ask(runtime_dir, Command::Status)? {
        Answer::Status(status) => Ok(*status),
        Answer::Refused(why) => Err(Failure::Runtime(why)),
        Answer::HandedOver(_) | Answer::Reloaded(_) | Answer::Drained => Err(strange()),
    }
}

/// `lbd drain` and `lbd undrain`.
pub(crate) fn drain(runtime_dir: &Path, node: &str, how: Option<Drain>) -> Result<(), Failure> {
    let command = Command::Drain {
        node: node.to_owned(),
        how,
    };
    match ask(runtime_dir, command)? {
        Answer::Drained => say(&match how {
            Some(Drain::Connections) => {
                format!("{node} is drained: it gets no new connections from this director")
            }
            Some(Drain::Maintenance) => {
                format!("{node} is in maintenance: out of this director's table")
            }
            None => format!("{node} serves again, as far as its health allows"),
        }),
        Answer::Refused(why) => Err(Failure::Runtime(why)),
        Answer::HandedOver(_) | Answer::Reloaded(_) | Answer::Status(_) => Err(strange()),
    }
}

fn strange() -> Failure {
    Failure::Runtime("the daemon answered something else; is it of another version?".to_owned())
}

fn ask(runtime_dir: &Path, command: Command) -> Result<Answer, Failure> {
    let path = socket(runtime_dir);
    exchange(&path, command).map_err(|error| {
        Failure::Runtime(format!(
            "no answer on {}: {error}; is lbd running, and is this its runtime directory?",
            path.display()
        ))
    })
}

fn exchange(path: &Path, command: Command) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let version = VERSION;
    let request = serde_json::to_string(&Request { version, command })?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut line)?;
    let response: Response = serde_json::from_str(&line)?;
    Ok(response.answer)
}
