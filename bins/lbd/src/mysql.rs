//! The MySQL checks of the file in the terms of the probes.

use healthcheck::mysql::replica::HeartbeatError;
use healthcheck::mysql::{
    Heartbeat, Level, Password, PasswordError, ReplicaOptions, read_credential, read_password_file,
};
use lbd_core::config::{MysqlLevel, PasswordSource};

pub(crate) fn level(level: &MysqlLevel) -> Result<Level, HeartbeatError> {
    Ok(match level {
        MysqlLevel::Ping => Level::Ping,
        MysqlLevel::Query(statement) => Level::Query(statement.clone()),
        MysqlLevel::Replica { heartbeat, .. } => {
            let heartbeat = heartbeat.as_ref();
            let heartbeat = heartbeat.map(|table| Heartbeat::new(table, None));
            Level::Replica(ReplicaOptions {
                heartbeat: heartbeat.transpose()?,
            })
        }
    })
}

pub(crate) fn password(source: &PasswordSource) -> Result<Password, PasswordError> {
    match source {
        PasswordSource::Empty => Ok(Password::default()),
        PasswordSource::File(path) => read_password_file(path),
        PasswordSource::Credential(name) => read_credential(name),
    }
}
