//! The section `notifications`.

use std::time::Duration;

use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::model::{Email, MailEncryption, MailLogin, Notifications};
use crate::config::{MailServer, file};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn notifications(
    section: Option<&file::Notifications>,
    findings: &mut Findings,
) -> Option<Notifications> {
    let section = section?;
    Some(Notifications {
        email: section
            .email
            .as_ref()
            .and_then(|email| mail(email, findings)),
    })
}

fn mail(section: &file::Email, findings: &mut Findings) -> Option<Email> {
    if section.to.value.is_empty() {
        findings.add(section.to.referenced, "`to` needs at least one receiver");
    }
    let smtp_server = server(&section.smtp_server, findings);
    Some(Email {
        from: mail_address(&section.from, findings),
        to: section
            .to
            .value
            .iter()
            .map(|to| mail_address(to, findings))
            .collect(),
        smtp_server: smtp_server?,
        connect_timeout: findings.duration(
            section.connect_timeout.as_ref(),
            "connect_timeout",
            CONNECT_TIMEOUT,
        ),
        encryption: encryption(section.encryption),
        ca_file: section
            .ca_file
            .as_ref()
            .map(|path| findings.absolute_path(path, "ca_file")),
        login: login(section, findings),
    })
}

fn server(value: &Spanned<String>, findings: &mut Findings) -> Option<MailServer> {
    let server = value.value.parse();
    server
        .map_err(|what: String| findings.add(value.referenced, what))
        .ok()
}

fn encryption(value: Option<file::Encryption>) -> MailEncryption {
    match value {
        None | Some(file::Encryption::None) => MailEncryption::None,
        Some(file::Encryption::StartTls) => MailEncryption::StartTls,
        Some(file::Encryption::Tls) => MailEncryption::Tls,
    }
}

fn login(section: &file::Email, findings: &mut Findings) -> Option<MailLogin> {
    let login = section.login.as_ref()?;
    if encryption(section.encryption) == MailEncryption::None {
        findings.add(
            login.referenced,
            "a login without encryption shows the password to the network; set encryption: starttls or tls",
        );
    }
    Some(MailLogin {
        user: findings.text(&login.value.user, "user"),
        password_file: findings.absolute_path(&login.value.password_file, "password_file"),
    })
}

fn mail_address(value: &Spanned<String>, findings: &mut Findings) -> String {
    let text = &value.value;
    let well_formed = text
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if !well_formed {
        findings.add(
            value.referenced,
            format!("`{}` is no mail address", text.escape_debug()),
        );
    }
    text.clone()
}
