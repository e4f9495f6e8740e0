//! One mail to one receiver, by SMTP.

use std::path::Path;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::letter::Letter;
use super::{Encryption, Login, Settings, password};

/// How many answers of the server a mail takes, each within the connection's time-out: with what comes before the mail,
/// fewer than this.
const ANSWERS: u32 = 12;

/// Why a mail was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may be the next time.
    Passing(String),
    /// It never will be.
    ForGood(String),
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

pub(super) async fn send(settings: &Settings, letter: &Letter, to: &str) -> Result<(), Failure> {
    let message = message(settings, letter, to)?;
    let owned = settings.clone();
    // Files are read for it, the system's authorities among them.
    let transport = tokio::task::spawn_blocking(move || transport(&owned)).await;
    let transport = transport.map_err(|error| Failure::Passing(error.to_string()))??;
    let limit = settings.connect_timeout.saturating_mul(ANSWERS);
    match tokio::time::timeout(limit, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.is_permanent() => Err(Failure::ForGood(in_full(&error))),
        Ok(Err(error)) => Err(Failure::Passing(in_full(&error))),
        Err(_elapsed) => Err(Failure::Passing(format!("no end within {limit:?}"))),
    }
}

/// An error with what caused it: the library keeps the server's words there.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn message(settings: &Settings, letter: &Letter, to: &str) -> Result<Message, Failure> {
    let for_good = |what: &str, error: &dyn std::error::Error| {
        Failure::ForGood(format!("{what} cannot be sent to: {error}"))
    };
    let mailbox = |address: &str| {
        let parsed = address.parse::<Address>();
        parsed
            .map(|address| Mailbox::new(None, address))
            .map_err(|error| for_good(address, &error))
    };
    // RFC 3834, 5: nobody's absence note should answer this.
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    );
    Message::builder()
        .from(mailbox(&settings.from)?)
        .to(mailbox(to)?)
        .subject(letter.subject(&settings.subject))
        .message_id(Some(message_id(settings)))
        .raw_header(automatic)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.body())
        .map_err(|error| for_good("this", &error))
}

/// Unique: no two mails of one process are made in the same nanosecond.
fn message_id(settings: &Settings) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or(Duration::ZERO).as_nanos();
    format!("<{now}.{}@{}>", std::process::id(), settings.greet_as)
}

fn transport(settings: &Settings) -> Result<Transport, Failure> {
    let tls = match settings.encryption {
        Encryption::None => Tls::None,
        Encryption::StartTls => Tls::Required(parameters(settings)?),
        Encryption::Tls => Tls::Wrapper(parameters(settings)?),
    };
    // "Dangerous" is the library's word for being asked for no encryption.
    let mut builder = Transport::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(settings.connect_timeout))
        .hello_name(ClientId::Domain(settings.greet_as.clone()));
    if let Some(login) = &settings.login {
        builder = builder.credentials(credentials(login)?);
    }
    Ok(builder.build())
}

fn parameters(settings: &Settings) -> Result<TlsParameters, Failure> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let certificates = Certificate::from_pem(&read(path)?);
        let certificates = certificates
            .map_err(|error| Failure::Passing(format!("{}: {error}", path.display())))?;
        builder = builder.certificate_store(CertificateStore::None);
        builder = builder.add_root_certificate(certificates);
    }
    builder
        .build()
        .map_err(|error| Failure::Passing(format!("TLS cannot be set up: {error}")))
}

fn credentials(login: &Login) -> Result<Credentials, Failure> {
    let password = password::read(&login.password_file).map_err(Failure::Passing)?;
    Ok(Credentials::new(login.user.clone(), password))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Passing(format!("{}: {error}", path.display())))
}
