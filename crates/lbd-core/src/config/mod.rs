//! The configuration file, checked whole: what this module hands out is valid.
//!
//! The file is YAML, the same on every node of the cluster. It is read in two steps: into the
//! shape of the file, where every key is known and typed, and then into the types of this module,
//! where what the parts say of each other is checked too. Every complaint knows its line
//! and column.

mod advice;
mod check;
mod commands;
mod duration;
mod error;
mod file;
mod file_check;
mod mail_server;
mod model;
pub(crate) mod nearest;
mod validate;

pub use check::{
    ExecProbe, HealthCheck, HttpProbe, HttpTrust, MysqlLevel, MysqlProbe, MysqlTls, PasswordSource,
    Probe,
};
pub use error::{ConfigError, Problem};
pub use mail_server::MailServer;
pub use model::{
    Config, Email, MailEncryption, MailLogin, MarkMode, Node, Notifications, NotifyHooks,
    ServerHooks, TrackFile, TrackInterface, TrackProcess, TrackScript, VirtualRouter,
    VirtualService,
};

impl Config {
    /// Reads and checks the text of a configuration file.
    ///
    /// # Errors
    /// All that is wrong with it: the first syntax error, or else every contradiction found.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file = file::read(text)?;
        validate::config(&file)
    }
}
