//! One check's way of asking, made when it is first needed: some of it is read from files.

use std::path::PathBuf;
use std::time::Duration;

use healthcheck::{Alarm, Failure, Outcome, exec, http, tcp};
use lbd_core::config::{ExecProbe, HttpProbe, HttpTrust, Probe};
use lbd_core::engine::Assignment;

use super::mysql::Mysql;
use crate::run::commands::Rights;

#[derive(Debug)]
pub(super) enum Prober {
    Tcp,
    Mysql(Box<Mysql>),
    Exec(Box<exec::Check>),
    /// There is nobody to run the command as.
    Impossible(String),
    /// None until it could be made.
    Http(Option<Box<http::Check>>),
}

impl Prober {
    pub(super) fn new(assignment: &Assignment, rights: &Rights) -> Self {
        match &assignment.check.probe {
            Probe::Tcp => Self::Tcp,
            Probe::Mysql(_) => Self::Mysql(Box::default()),
            Probe::Exec(probe) => match command(assignment, probe, rights) {
                Ok(options) => Self::Exec(Box::new(exec::Check::new(options))),
                Err(why) => Self::Impossible(why),
            },
            Probe::Http(_) => Self::Http(None),
        }
    }

    /// The larger kinds are boxed: what a task takes is kept until the next probe, and there may be ten thousand of the
    /// smallest kind.
    pub(super) async fn probe(&mut self, assignment: &Assignment, timeout: Duration) -> Outcome {
        let source = assignment.source;
        match (self, &assignment.check.probe) {
            (Self::Tcp, _) => {
                let options = tcp::Options { source, timeout };
                tcp::probe(assignment.target, &options).await
            }
            (Self::Mysql(mysql), Probe::Mysql(probe)) => {
                Box::pin(mysql.probe(assignment, probe, timeout)).await
            }
            (Self::Exec(check), _) => Box::pin(check.probe()).await,
            (Self::Http(kept), Probe::Http(probe)) => Box::pin(ask(kept, assignment, probe)).await,
            (Self::Impossible(why), _) => Outcome::Alarm(Alarm::Other(why.as_str().into())),
            (Self::Mysql(_) | Self::Http(_), _) => Outcome::Failure(Failure::Lost),
        }
    }

    /// Takes leave of the server.
    pub(super) async fn close(&mut self) {
        match self {
            Self::Mysql(mysql) => mysql.close().await,
            Self::Tcp | Self::Exec(_) | Self::Http(_) | Self::Impossible(_) => {}
        }
    }
}

fn command(
    assignment: &Assignment,
    probe: &ExecProbe,
    rights: &Rights,
) -> Result<exec::Options, String> {
    let timeout = assignment.check.policy.timeout;
    let command = rights.command(&probe.command, Vec::new(), timeout)?;
    let mut options = exec::Options::new(command.program, timeout);
    options.arguments = command.arguments;
    options.run_as = command.run_as;
    options.vetted = command.vetted;
    options.dynamic = probe.dynamic;
    let variables = [
        ("LBD_SERVICE", assignment.service.clone()),
        ("LBD_NODE", assignment.node.clone()),
        ("LBD_ADDRESS", assignment.target.ip().to_string()),
        ("LBD_PORT", assignment.target.port().to_string()),
    ];
    options.environment = variables
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    Ok(options)
}

async fn ask(
    kept: &mut Option<Box<http::Check>>,
    assignment: &Assignment,
    probe: &HttpProbe,
) -> Outcome {
    let check = match kept.take() {
        Some(check) => check,
        None => match http_check(assignment, probe).await {
            Ok(check) => Box::new(check),
            // It is this host that lacks something.
            Err(why) => return Outcome::Alarm(Alarm::Other(why.into())),
        },
    };
    let outcome = check.probe().await;
    // Whom to believe is read again after a failure: the authorities' file may be a newer one.
    if probe.tls.is_none() || matches!(outcome, Outcome::Success { .. }) {
        *kept = Some(check);
    }
    outcome
}

async fn http_check(assignment: &Assignment, probe: &HttpProbe) -> Result<http::Check, String> {
    let mut options = http::Options::new(assignment.check.policy.timeout);
    options.source = assignment.source;
    options.path.clone_from(&probe.path);
    options.host.clone_from(&probe.host);
    options.contains.clone_from(&probe.contains);
    if let Some(statuses) = &probe.statuses {
        options.statuses = statuses
            .parse()
            .map_err(|error: http::BadStatuses| error.to_string())?;
    }
    options.tls = probe.tls.as_ref().map(|trust| match trust {
        HttpTrust::System => http::Trust::Authorities(PathBuf::from(http::SYSTEM_AUTHORITIES)),
        HttpTrust::Authorities(file) => http::Trust::Authorities(file.clone()),
        HttpTrust::Anybody => http::Trust::Anybody,
    });
    let target = assignment.target;
    // It may read a file.
    tokio::task::spawn_blocking(move || http::Check::new(target, options))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}
