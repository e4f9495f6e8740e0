//! HTTPS: who is believed, and what happens else.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use healthcheck::http::{Check, Options, SYSTEM_AUTHORITIES, Trust};
use healthcheck::{Failure, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{SHORT, answered, block_on, is_success, options, wrong};

fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/certificates");
    PathBuf::from(folder).join(name)
}

fn acceptor() -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_file(file("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Answers one request over TLS, if the handshake succeeds. Gives the name that was asked for.
async fn serve(listener: TcpListener) -> Option<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = acceptor().accept(stream).await.ok()?;
    let name = stream.get_ref().1.server_name().map(str::to_owned);
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nall well";
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
    name
}

/// The outcome of a probe of such a server, and the name that it saw.
fn probe(trust: Trust, host: Option<&str>) -> (Outcome, Option<String>) {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = Options {
            tls: Some(trust),
            host: host.map(str::to_owned),
            contains: Some("all well".to_owned()),
            ..options()
        };
        let check = Check::new(listener.local_addr().unwrap(), options).unwrap();
        let server = tokio::spawn(serve(listener));
        let outcome = check.probe().await;
        (outcome, server.await.unwrap())
    })
}

fn authority() -> Trust {
    Trust::Authorities(file("authority.pem"))
}

#[test]
fn a_certificate_for_the_address_or_the_given_name_is_believed() {
    for (host, name) in [
        (None, None),
        (Some("db1.example"), Some("db1.example")),
        (Some("db1.example:8443"), Some("db1.example")),
    ] {
        let (outcome, seen) = probe(authority(), host);
        assert!(is_success(&outcome), "{outcome:?}");
        assert_eq!(seen.as_deref(), name);
    }
}

#[test]
fn a_certificate_for_another_name_is_not_believed() {
    let what = wrong(probe(authority(), Some("db2.example")).0);
    assert!(
        what.starts_with("TLS: ") && what.contains("db2.example"),
        "{what}"
    );
}

#[test]
fn an_authority_that_is_not_named_is_not_believed() {
    // The server signs itself as far as this store knows.
    let what = wrong(probe(Trust::Authorities(file("stranger.pem")), None).0);
    assert!(
        what.starts_with("TLS: ") && what.contains("certificate"),
        "{what}"
    );
}

#[test]
fn anybody_is_believed_where_that_is_asked_for() {
    let (outcome, _) = probe(Trust::Anybody, Some("whatever.example"));
    assert!(is_success(&outcome), "{outcome:?}");
}

#[test]
fn a_server_that_speaks_no_tls_is_told() {
    let options = Options {
        tls: Some(Trust::Anybody),
        ..options()
    };
    let (address, thread) = super::serve(|mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let what = wrong(super::probe(address, options));
    assert!(what.starts_with("TLS: "), "{what}");
    thread.join().unwrap();
}

#[test]
fn plain_http_to_a_server_that_speaks_tls_is_no_proper_answer() {
    let alert = [21, 3, 3, 0, 2, 2, 80];
    assert!(wrong(answered(alert, options())).starts_with("no proper HTTP answer"));
}

#[test]
fn a_server_that_accepts_and_says_nothing_times_out_in_the_handshake() {
    let options = Options {
        tls: Some(Trust::Anybody),
        ..Options::new(SHORT)
    };
    let (address, thread) = super::serve(|mut stream| {
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let outcome = super::probe(address, options);
    assert_eq!(outcome, Outcome::Failure(Failure::TimedOut));
    thread.join().unwrap();
}

#[test]
fn a_file_without_authorities_is_refused_and_named() {
    let target: SocketAddr = "127.0.0.1:1".parse().unwrap();
    for name in ["missing.pem", "README.md", "server.key"] {
        let options = Options {
            tls: Some(Trust::Authorities(file(name))),
            ..options()
        };
        let error = Check::new(target, options).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn the_systems_authorities_are_where_debian_keeps_them() {
    let options = Options {
        tls: Some(Trust::Authorities(SYSTEM_AUTHORITIES.into())),
        ..options()
    };
    let check = Check::new("[::1]:443".parse().unwrap(), options);
    match std::fs::exists(SYSTEM_AUTHORITIES).unwrap() {
        true => assert!(check.is_ok(), "{:?}", check.err()),
        false => assert!(check.unwrap_err().to_string().contains(SYSTEM_AUTHORITIES)),
    }
}
