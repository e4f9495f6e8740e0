//! What a MySQL server's answers mean for its health.

use std::fs;
use std::time::Duration;

use healthcheck::mysql::{
    Authority, Class, Fault, Prober, Reason, ReplicaStatus, Replication, Report, Role, Settings,
    Tls,
};
use healthcheck::{Alarm, Failure, Measured, Outcome};
use lbd_core::config::{MysqlLevel, MysqlProbe, MysqlTls};
use lbd_core::engine::Assignment;

use crate::mysql;

/// The probe of one server, with its session.
#[derive(Debug, Default)]
pub(super) struct Mysql {
    /// None before the first probe, and when the password is to be read again.
    prober: Option<Prober>,
}

impl Mysql {
    pub(super) async fn probe(
        &mut self,
        assignment: &Assignment,
        probe: &MysqlProbe,
        timeout: Duration,
    ) -> Outcome {
        let prober = match self
            .prober
            .take()
            .map_or_else(|| make(assignment, probe), Ok)
        {
            Ok(prober) => self.prober.insert(prober),
            Err(why) => return Outcome::Alarm(Alarm::Other(why.into())),
        };
        match prober.probe(timeout).await {
            Ok(report) => judge(&report, probe),
            Err(fault) => {
                if matches!(fault.reason, Reason::AccessDenied(_)) {
                    // Perhaps the password was changed, in the file too.
                    self.prober = None;
                }
                blame(fault)
            }
        }
    }

    pub(super) async fn close(&mut self) {
        if let Some(prober) = &mut self.prober {
            prober.close().await;
        }
    }
}

/// Small files of this host are read; else why there is no asking.
fn make(assignment: &Assignment, probe: &MysqlProbe) -> Result<Prober, String> {
    let password = mysql::password(&probe.password).map_err(|error| error.to_string())?;
    let mut settings = Settings::new(assignment.target, &probe.user, password);
    settings.source = assignment.source;
    settings.level = mysql::level(&probe.level).map_err(|error| error.to_string())?;
    settings.fresh_login = probe.fresh_login;
    settings.tls = match &probe.tls {
        MysqlTls::Off => Tls::Off,
        MysqlTls::Preferred => Tls::Preferred,
        MysqlTls::Required(None) => Tls::Required(None),
        MysqlTls::Required(Some(file)) => {
            let unreadable = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
            let pem = fs::read(file).map_err(|error| unreadable(&error))?;
            Tls::Required(Some(
                Authority::read(&pem).map_err(|error| unreadable(&error))?,
            ))
        }
    };
    Prober::new(settings).map_err(|error| error.to_string())
}

fn judge(report: &Report, probe: &MysqlProbe) -> Outcome {
    let measured = match &report.replication {
        None => Ok(Measured::default()),
        Some(replication) => replicates(replication, probe),
    };
    match measured {
        Ok(measured) => Outcome::Success {
            took: report.took,
            measured,
        },
        Err(why) => Outcome::Failure(Failure::Wrong(why.into())),
    }
}

/// What a server is to replication, as far as it may serve; else why not.
fn replicates(replication: &Replication, probe: &MysqlProbe) -> Result<Measured, String> {
    let read_only = replication.read_only.read_only;
    let measured = Measured {
        read_only: Some(read_only),
        ..Measured::default()
    };
    match (replication.role(), &replication.replica) {
        (Role::Primary, _) => Ok(Measured {
            role: healthcheck::Role::Primary,
            ..measured
        }),
        (Role::Replica, Some(_)) if writable(probe) && !read_only => Err(
            "a replica that takes writes: set read_only=ON there, or leave require_read_only out"
                .to_owned(),
        ),
        (Role::Replica, Some(replica)) => Ok(Measured {
            role: healthcheck::Role::Replica,
            lag: Some(lag(replica)?),
            ..measured
        }),
        (role @ (Role::Neither | Role::Replica), _) => Err(format!(
            "{role}: its replication was reset, or it is a primary that was stopped from taking writes"
        )),
    }
}

/// Whether it matters that a replica takes writes.
fn writable(probe: &MysqlProbe) -> bool {
    matches!(
        probe.level,
        MysqlLevel::Replica {
            require_read_only: true,
            ..
        }
    )
}

fn lag(replica: &ReplicaStatus) -> Result<Duration, String> {
    replica.lag().ok_or_else(|| replica.to_string())
}

fn blame(fault: Fault) -> Outcome {
    match (fault.class(), &fault.reason) {
        (Class::Busy, _) => Outcome::Busy,
        (Class::Alarm, Reason::HostBlocked(_)) => Outcome::Alarm(Alarm::HostBlocked),
        (Class::Alarm, Reason::AccessDenied(_)) => Outcome::Alarm(Alarm::AccessDenied),
        (Class::Alarm, _) => Outcome::Alarm(Alarm::Other(fault.to_string().into())),
        (Class::Down, _) => Outcome::Failure(fault.into()),
    }
}
