//! Mail through a real SMTP server (aiosmtpd) on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use notify::mail::{Delivery, Encryption, Login, Mail, Settings};
use tempfile::TempDir;

/// The interpreter of the system's package `python3-aiosmtpd`.
const PYTHON: &str = "/usr/bin/python3";

/// A mail server and what it has got.
struct Server {
    folder: TempDir,
    process: Child,
    port: u16,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(PYTHON)
            .arg(here("server.py"))
            .arg(folder.path().join("mails"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It tells of each handshake that fails as it should.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let port = line
            .trim()
            .parse()
            .expect("no mail server: apt-get install python3-aiosmtpd");
        Self {
            folder,
            process,
            port,
        }
    }

    fn encrypted(kind: &str, more: &[&str]) -> Self {
        let (certificate, key) = (
            here("certificates/server.pem"),
            here("certificates/server.key"),
        );
        let mut arguments = vec![
            "--tls",
            kind,
            certificate.to_str().unwrap(),
            key.to_str().unwrap(),
        ];
        arguments.extend(more);
        Self::start(&arguments)
    }

    fn mails(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("mails"));
        text.unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn settings(&self) -> Settings {
        settings(self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn settings(port: u16) -> Settings {
    Settings {
        from: "lbd@example.org".to_owned(),
        to: vec!["dba@example.org".to_owned()],
        host: "127.0.0.1".to_owned(),
        port,
        greet_as: "db1".to_owned(),
        connect_timeout: Duration::from_secs(5),
        encryption: Encryption::None,
        ca_file: None,
        login: None,
        subject: "[orders] db1: ".to_owned(),
        gather: Duration::from_millis(300),
        retry: Duration::from_millis(200),
    }
}

type Told = Arc<Mutex<Vec<Delivery>>>;

/// Mails while `work` goes on, then closes; gives what was told of it.
fn mailing(settings: Settings, work: impl FnOnce(&Mail, &Told)) -> Vec<Delivery> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (mail, post) = Mail::new(settings);
    let told = Told::default();
    let ours = Arc::clone(&told);
    let task = runtime.spawn(post.serve(move |delivery| ours.lock().unwrap().push(delivery)));
    work(&mail, &told);
    drop(mail);
    let ended =
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), task).await });
    ended.expect("it ends when it is closed").unwrap();
    told.lock().unwrap().clone()
}

fn secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o400)).unwrap();
}

fn wait(what: &str, reached: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !reached() {
        assert!(Instant::now() < until, "no {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn now() -> SystemTime {
    SystemTime::now()
}

#[test]
fn a_change_reaches_each_receiver_in_a_mail_of_its_own() {
    let server = Server::start(&[]);
    let mut settings = server.settings();
    settings.to.push("ops@example.org".to_owned());
    mailing(settings, |mail, _| {
        mail.tell(now(), "VI_1: backup -> master")
    });
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    for (mail, to) in mails.iter().zip(["dba@example.org", "ops@example.org"]) {
        for part in [
            r#""from": "lbd@example.org""#,
            &format!(r#""to": ["{to}"]"#),
            r#""greeting": "db1""#,
            r"Subject: [orders] db1: VI_1: backup -> master\r\n",
            r"Auto-Submitted: auto-generated\r\n",
            "Message-ID: <",
            "Date: ",
        ] {
            assert!(mail.contains(part), "no {part} in {mail}");
        }
    }
}

#[test]
fn a_storm_is_one_mail() {
    let server = Server::start(&[]);
    mailing(server.settings(), |mail, _| {
        for number in 0..200 {
            mail.tell(now(), format!("server {number} is down"));
        }
        wait("mail", || !server.mails().is_empty());
        mail.tell(now(), "all is well");
    });
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails[0].contains("Subject: [orders] db1: 200 changes"));
    assert!(mails[0].contains("server 0 is down") && mails[0].contains("server 199 is down"));
    assert!(mails[1].contains("Subject: [orders] db1: all is well"));
}

#[test]
fn a_dead_server_is_tried_again_and_nothing_that_happens_meanwhile_is_lost() {
    // A port at which nobody listens, and then somebody does.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let told = mailing(settings(port), |mail, told| {
        let begun = Instant::now();
        mail.tell(now(), "first");
        wait("failure", || told.lock().unwrap().len() > 1);
        mail.tell(now(), "second");
        assert!(begun.elapsed() < Duration::from_secs(20));
    });
    assert!(
        told.iter().all(
            |delivery| matches!(delivery, Delivery::Later { why, .. } if why.contains("refused"))
        ),
        "{told:?}"
    );
    let waits: Vec<Duration> = told
        .iter()
        .filter_map(|delivery| match delivery {
            Delivery::Later { again_in, .. } => Some(*again_in),
            Delivery::Sent { .. } | Delivery::Refused { .. } => None,
        })
        .collect();
    assert_eq!(
        waits[..2],
        [Duration::from_millis(200), Duration::from_millis(400)]
    );
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_delays_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let quick = Settings {
        connect_timeout: Duration::from_millis(300),
        ..settings(port)
    };
    let told = mailing(quick, |mail, told| {
        let begun = Instant::now();
        for number in 0..5000 {
            mail.tell(now(), format!("change {number}"));
        }
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "telling waits for nothing"
        );
        wait("failure", || !told.lock().unwrap().is_empty());
    });
    assert!(matches!(told[0], Delivery::Later { .. }), "{told:?}");
}

#[test]
fn a_receiver_that_is_refused_costs_the_others_nothing_and_is_not_tried_again() {
    let server = Server::start(&["--answer", "gone@example.org", "550 no such user here"]);
    let mut settings = server.settings();
    settings.to.insert(0, "gone@example.org".to_owned());
    let told = mailing(settings, |mail, _| {
        mail.tell(now(), "one");
        wait("mail", || !server.mails().is_empty());
    });
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        matches!(&told[0], Delivery::Refused { why, to } if why.contains("no such user here") && to == "gone@example.org"),
        "{told:?}"
    );
    assert!(matches!(&told[1], Delivery::Sent { changes: 1, .. }));
}

#[test]
fn one_that_is_put_off_is_tried_again() {
    let server = Server::start(&["--answer", "slow@example.org", "450 try later"]);
    let mut settings = server.settings();
    settings.to = vec!["slow@example.org".to_owned()];
    let told = mailing(settings, |mail, told| {
        mail.tell(now(), "one");
        wait("second try", || told.lock().unwrap().len() > 1);
    });
    assert!(
        told.iter()
            .all(|delivery| matches!(delivery, Delivery::Later { .. })),
        "{told:?}"
    );
}

#[test]
fn with_starttls_or_tls_and_a_login_the_mail_goes_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    secret(&password_file, "s3cret\n");
    for (kind, encryption) in [("starttls", Encryption::StartTls), ("tls", Encryption::Tls)] {
        let server = Server::encrypted(kind, &["--login", "lbd", "s3cret"]);
        let settings = Settings {
            encryption,
            ca_file: Some(here("certificates/authority.pem")),
            login: Some(Login {
                user: "lbd".to_owned(),
                password_file: password_file.clone(),
            }),
            ..server.settings()
        };
        let told = mailing(settings, |mail, _| mail.tell(now(), "secret"));
        assert!(
            matches!(told[..], [Delivery::Sent { .. }]),
            "{kind}: {told:?}"
        );
        let mails = server.mails();
        assert!(mails[0].contains(r#""encrypted": true"#), "{mails:?}");
    }
}

#[test]
fn a_wrong_password_is_a_refusal_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    secret(&password_file, "guessed");
    let server = Server::encrypted("starttls", &["--login", "lbd", "s3cret"]);
    let settings = Settings {
        encryption: Encryption::StartTls,
        ca_file: Some(here("certificates/authority.pem")),
        login: Some(Login {
            user: "lbd".to_owned(),
            password_file,
        }),
        ..server.settings()
    };
    let told = mailing(settings, |mail, _| mail.tell(now(), "one"));
    assert!(
        matches!(&told[..], [Delivery::Refused { why, .. }] if why.contains("535")),
        "{told:?}"
    );
    assert!(server.mails().is_empty());
}

#[test]
fn a_server_that_a_stranger_vouches_for_gets_no_mail() {
    let server = Server::encrypted("starttls", &[]);
    let settings = Settings {
        encryption: Encryption::StartTls,
        ca_file: Some(here("certificates/stranger.pem")),
        ..server.settings()
    };
    let told = mailing(settings, |mail, _| mail.tell(now(), "one"));
    assert!(
        matches!(&told[0], Delivery::Later { why, .. } if why.contains("certificate")),
        "{told:?}"
    );
    assert!(server.mails().is_empty());
}

#[test]
fn nor_does_one_that_offers_no_starttls() {
    let server = Server::start(&[]);
    let settings = Settings {
        encryption: Encryption::StartTls,
        ca_file: Some(here("certificates/authority.pem")),
        ..server.settings()
    };
    let told = mailing(settings, |mail, _| mail.tell(now(), "one"));
    assert!(
        !told
            .iter()
            .any(|delivery| matches!(delivery, Delivery::Sent { .. })),
        "{told:?}"
    );
    assert!(server.mails().is_empty());
}

#[test]
fn a_password_file_that_is_missing_is_named() {
    let server = Server::encrypted("starttls", &[]);
    let settings = Settings {
        encryption: Encryption::StartTls,
        ca_file: Some(here("certificates/authority.pem")),
        login: Some(Login {
            user: "lbd".to_owned(),
            password_file: PathBuf::from("/no/such/password"),
        }),
        ..server.settings()
    };
    let told = mailing(settings, |mail, _| mail.tell(now(), "one"));
    assert!(
        matches!(&told[0], Delivery::Later { why, .. } if why.contains("/no/such/password")),
        "{told:?}"
    );
}
