//! Mail: the first file that asks for it.

use std::time::Duration;

use super::nodes::Named;
use crate::model::Email;
use crate::note::{Kind, Notes};

/// What the files say of mail, complete.
pub(super) fn email(named: &[Named], notes: &mut Notes) -> Email {
    let mut asking = named.iter().filter(|one| !one.director.email.to.is_empty());
    let Some(first) = asking.next() else {
        if named
            .iter()
            .any(|one| one.director.email != Email::default())
        {
            notes.add_general(
                Kind::NotCarried,
                "mail settings without a `notification_email`: nobody would get any",
            );
        }
        return Email::default();
    };
    if asking.any(|other| other.director.email.to != first.director.email.to) {
        let message = format!(
            "the receivers of mail differ between the files; those of {} are taken",
            first.director.file
        );
        notes.add_general(Kind::Changed, message);
    }
    let mut email = first.director.email.clone();
    email.timeout = email
        .timeout
        .filter(|timeout| !timeout.is_zero() && *timeout <= Duration::from_secs(86_400));
    if email.from.as_ref().is_none_or(|from| !from.contains('@')) {
        notes.add_general(
            Kind::Changed,
            "mail without `notification_email_from` comes from keepalived@localhost; change it",
        );
        email.from = Some("keepalived@localhost".to_owned());
    }
    if email.server.is_none() {
        notes.add_general(
            Kind::Changed,
            "mail without `smtp_server` goes to 127.0.0.1",
        );
        email.server = Some("127.0.0.1".to_owned());
    }
    email
}
