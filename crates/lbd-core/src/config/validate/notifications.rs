//! The section `notifications`.

use std::time::Duration;

use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::file;
use crate::config::model::{Email, Notifications};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn notifications(
    section: Option<&file::Notifications>,
    findings: &mut Findings,
) -> Option<Notifications> {
    let section = section?;
    Some(Notifications {
        email: section.email.as_ref().map(|email| mail(email, findings)),
    })
}

fn mail(section: &file::Email, findings: &mut Findings) -> Email {
    if section.to.value.is_empty() {
        findings.add(section.to.referenced, "`to` needs at least one receiver");
    }
    Email {
        from: mail_address(&section.from, findings),
        to: section
            .to
            .value
            .iter()
            .map(|to| mail_address(to, findings))
            .collect(),
        smtp_server: findings.text(&section.smtp_server, "smtp_server"),
        connect_timeout: findings.duration(
            section.connect_timeout.as_ref(),
            "connect_timeout",
            CONNECT_TIMEOUT,
        ),
    }
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
