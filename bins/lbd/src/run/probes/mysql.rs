//! What a MySQL server's answers mean for its health.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use healthcheck::mysql::{
    Authority, Class, Fault, Prober, Reason, ReplicaStatus, Replication, Report, Role, Settings,
    Tls,
};
use healthcheck::{Alarm, Failure, Measured, Outcome};
use lbd_core::config::{MysqlLevel, MysqlProbe, MysqlTls};
use lbd_core::engine::Assignment;

use crate::{file, mysql};

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
        let prober = match self.prober.take() {
            Some(prober) => self.prober.insert(prober),
            None => match make(assignment, probe).await {
                Ok(prober) => self.prober.insert(prober),
                Err(why) => return Outcome::Alarm(Alarm::Other(why.into())),
            },
        };
        let found = prober.probe(timeout).await;
        if assignment.check.policy.interval >= probe.fresh_login {
            // The next one logs in anew: until then a session would only be idle.
            prober.close().await;
        }
        match found {
            Ok(report) => judge(&report, probe),
            Err(fault) => {
                let refused = matches!(
                    fault.reason,
                    Reason::AccessDenied(_) | Reason::TlsFailed(_) | Reason::TlsNotOffered
                );
                if refused {
                    // Perhaps the password or the authorities were changed, in their files too.
                    self.prober = None;
                }
                blame(fault, probe)
            }
        }
    }

    pub(super) async fn close(&mut self) {
        if let Some(prober) = &mut self.prober {
            prober.close().await;
        }
    }
}

/// Else why there is no asking. Small files of this host are read, on a thread that may wait for them.
async fn make(assignment: &Assignment, probe: &MysqlProbe) -> Result<Prober, String> {
    let (target, source, probe) = (assignment.target, assignment.source, probe.clone());
    let settings = tokio::task::spawn_blocking(move || settings(target, source, &probe));
    let settings = settings.await.map_err(|error| error.to_string())??;
    Prober::new(settings).map_err(|error| error.to_string())
}

fn settings(
    target: SocketAddr,
    source: Option<IpAddr>,
    probe: &MysqlProbe,
) -> Result<Settings, String> {
    let password = mysql::password(&probe.password).map_err(|error| error.to_string())?;
    let mut settings = Settings::new(target, &probe.user, password);
    settings.source = source;
    settings.level = mysql::level(&probe.level).map_err(|error| error.to_string())?;
    settings.fresh_login = probe.fresh_login;
    settings.tls = match &probe.tls {
        MysqlTls::Off => Tls::Off,
        MysqlTls::Preferred => Tls::Preferred,
        MysqlTls::Required(None) => Tls::Required(None),
        MysqlTls::Required(Some(file)) => Tls::Required(Some(authority(file)?)),
    };
    Ok(settings)
}

fn authority(path: &Path) -> Result<Authority, String> {
    let pem = file::octets(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Authority::read(&pem).map_err(|error| format!("{}: {error}", path.display()))
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
        (Role::Replica, Some(_)) if wants_read_only(probe) && !read_only => Err(
            "a replica that takes writes: set read_only=ON there, or leave require_read_only out"
                .to_owned(),
        ),
        (Role::Replica, Some(replica)) => Ok(Measured {
            role: healthcheck::Role::Replica,
            lag: match replica.is_cut_off() {
                true => replica.heartbeat,
                false => Some(lag(replica)?),
            },
            cut_off: replica.is_cut_off(),
            ..measured
        }),
        (role @ (Role::Neither | Role::Replica), _) => Err(format!(
            "{role}: its replication was reset, or it is a primary that was stopped from taking writes"
        )),
    }
}

/// Whether it matters that a replica takes writes.
fn wants_read_only(probe: &MysqlProbe) -> bool {
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

/// What cannot be judged counts against a server whose replication is to be known. A password that is not taken says
/// nothing of it.
fn blame(fault: Fault, probe: &MysqlProbe) -> Outcome {
    let replica = matches!(probe.level, MysqlLevel::Replica { .. });
    match (fault.class(), &fault.reason) {
        (Class::Busy, _) => Outcome::Busy,
        (Class::Alarm, Reason::MissingPrivilege(_) | Reason::UnknownLayout(_)) if replica => {
            Outcome::Failure(Failure::Wrong(fault.to_string().into()))
        }
        (Class::Alarm, Reason::HostBlocked(_)) => Outcome::Alarm(Alarm::HostBlocked),
        (Class::Alarm, Reason::AccessDenied(_)) => Outcome::Alarm(Alarm::AccessDenied),
        (Class::Alarm, _) => Outcome::Alarm(Alarm::Other(fault.to_string().into())),
        (Class::Down, _) => Outcome::Failure(fault.into()),
    }
}
