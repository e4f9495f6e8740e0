//! The file's mail settings, as the crate that mails has them.

use std::time::Duration;

use lbd_core::config::{Config, Email, MailEncryption, MailLogin};
use notify::mail::{Encryption, Login, Settings};

/// How long changes are gathered for one mail: a takeover brings its changes within a few seconds.
const GATHER: Duration = Duration::from_secs(5);

/// When a mail server that did not answer is first tried again.
const RETRY: Duration = Duration::from_secs(10);

/// Where this node's mail goes; nowhere, if the file says nothing of mail.
pub(super) fn of(config: &Config, node: &str) -> Option<Settings> {
    let email = config.notifications.as_ref()?.email.as_ref()?;
    Some(settings(email, &config.cluster, node))
}

fn settings(email: &Email, cluster: &str, node: &str) -> Settings {
    Settings {
        from: email.from.clone(),
        to: email.to.clone(),
        host: email.smtp_server.host.clone(),
        port: email.smtp_server.port,
        greet_as: as_domain(node),
        connect_timeout: email.connect_timeout,
        encryption: match email.encryption {
            MailEncryption::None => Encryption::None,
            MailEncryption::StartTls => Encryption::StartTls,
            MailEncryption::Tls => Encryption::Tls,
        },
        ca_file: email.ca_file.as_ref().map(Into::into),
        login: email.login.as_ref().map(login),
        subject: format!("[{cluster}] {node}: "),
        gather: GATHER,
        retry: RETRY,
    }
}

/// A node may be called anything, a domain not (RFC 5321, 4.1.2).
fn as_domain(node: &str) -> String {
    let fitting = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    node.chars()
        .map(|c| if fitting(c) { c } else { '-' })
        .collect()
}

fn login(login: &MailLogin) -> Login {
    Login {
        user: login.user.clone(),
        password_file: (&login.password_file).into(),
    }
}
