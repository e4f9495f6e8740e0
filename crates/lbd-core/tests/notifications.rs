//! What a file says of commands and mail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use lbd_core::config::{Config, Email, MailEncryption, MailServer};
use proptest::prelude::*;

/// A file with these lines at its top, in its service, and in its mail settings.
fn parse(top: &str, service: &str, email: &str) -> Result<Config, String> {
    let text = format!(
        "
cluster: told
{top}
nodes: {{ db1: {{ address: 192.0.2.1 }}, db2: {{ address: 192.0.2.2 }} }}
virtual_routers:
  - {{ name: V, id: 1, interface: eth0, priority: {{ db1: 100 }}, addresses: [192.0.2.101] }}
virtual_services:
  - name: reads
    address: 192.0.2.101
    port: 3306
    servers: [db2]
    {service}
notifications:
  email:
    from: lbd@example.org
    to: [dba@example.org]
    {email}
"
    );
    Config::parse(&text).map_err(|error| error.to_string())
}

fn email(lines: &str) -> Result<Email, String> {
    let config = parse("", "", lines)?;
    Ok(config.notifications.unwrap().email.unwrap())
}

#[test]
fn a_mail_server_is_a_name_or_an_address_with_or_without_a_port() {
    for (text, host, port) in [
        ("mail.example.org", "mail.example.org", 25),
        ("mail.example.org:587", "mail.example.org", 587),
        ("192.0.2.9", "192.0.2.9", 25),
        ("192.0.2.9:2525", "192.0.2.9", 2525),
        ("2001:db8::9", "2001:db8::9", 25),
        ("[2001:db8::9]", "2001:db8::9", 25),
        ("[2001:db8::9]:587", "2001:db8::9", 587),
    ] {
        let server: MailServer = text.parse().unwrap();
        assert_eq!((server.host.as_str(), server.port), (host, port), "{text}");
    }
    for text in [
        "",
        ":25",
        "mail:",
        "mail:0",
        "mail:65536",
        "a b",
        "[mail]:25",
        "2001:db8::9:x",
    ] {
        let error = text.parse::<MailServer>().unwrap_err();
        assert!(error.contains("is no mail server"), "{text}: {error}");
    }
}

#[test]
fn mail_is_plain_and_without_a_login_unless_the_file_says_otherwise() {
    let email = email("smtp_server: mail.example.org").unwrap();
    assert_eq!(email.encryption, MailEncryption::None);
    assert_eq!((email.login, email.ca_file), (None, None));
}

#[test]
fn with_encryption_there_may_be_a_login() {
    for (word, encryption) in [
        ("starttls", MailEncryption::StartTls),
        ("tls", MailEncryption::Tls),
    ] {
        let login = "login: { user: lbd, password_file: /etc/lbd/pw }";
        let lines = format!("smtp_server: mail\n    encryption: {word}\n    {login}");
        let email = email(&lines).unwrap();
        assert_eq!(email.encryption, encryption);
        assert_eq!(email.login.unwrap().password_file, "/etc/lbd/pw");
    }
}

#[test]
fn what_is_wrong_with_mail_and_commands_is_named() {
    let server = "smtp_server: mail\n    ";
    let login = "login: { user: lbd, password_file: /pw }";
    let cases = [
        ("", "", format!("{server}{login}"), "shows the password"),
        ("", "", format!("{server}ca_file: ca.pem"), "absolute path"),
        (
            "",
            "",
            "smtp_server: mail:0".to_owned(),
            "is no mail server",
        ),
        (
            "",
            "",
            format!("{server}encryption: ssl"),
            "unknown variant `ssl`",
        ),
        (
            "",
            "notify: { up: [hook] }",
            server.to_owned(),
            "absolute path",
        ),
        ("", "notify: { gone: [/hook] }", server.to_owned(), "gone"),
        ("script_user: \"\"", "", server.to_owned(), "script_user"),
    ];
    for (top, service, email, sign) in cases {
        let error = parse(top, service, &email).unwrap_err();
        assert!(error.contains(sign), "{sign}: {error}");
    }
}

#[test]
fn the_commands_of_a_service_are_named_with_their_places() {
    let config = parse(
        "",
        "notify: { up: [/hook, a], down: [/hook] }",
        "smtp_server: mail",
    )
    .unwrap();
    let commands: Vec<(String, Vec<String>)> = config
        .commands()
        .map(|(place, command)| (place, command.to_vec()))
        .collect();
    assert_eq!(
        commands,
        [
            (
                "hook `up` of `reads`".to_owned(),
                vec!["/hook".to_owned(), "a".to_owned()]
            ),
            (
                "hook `down` of `reads`".to_owned(),
                vec!["/hook".to_owned()]
            ),
        ]
    );
}

proptest! {
    #[test]
    fn a_mail_server_is_written_as_it_is_read(text in "\\PC{0,40}") {
        if let Ok(server) = text.parse::<MailServer>() {
            prop_assert_eq!(server.to_string().parse(), Ok(server));
        }
    }
}
