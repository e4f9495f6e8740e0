//! TLS for checks, through rustls with ring.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::{Invalid, talk};
use crate::Failure;

/// Where Debian's package ca-certificates keeps the authorities that the system believes.
pub const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Whom to believe that the server is who it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The authorities whose certificates are in this PEM file, such as [`SYSTEM_AUTHORITIES`]. The
    /// certificate has to be valid, and for [`Options::host`](super::Options::host).
    Authorities(PathBuf),
    /// Anybody, whatever the certificate. Enough to see that the server is alive, and no more.
    Anybody,
}

/// All that is needed for the TLS side of a check.
#[derive(Clone)]
pub(super) struct Client {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("name", &self.name).finish()
    }
}

impl Client {
    pub(super) fn new(trust: &Trust, host: &str) -> Result<Client, Invalid> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name =
            ServerName::try_from(bare.to_owned()).map_err(|_| Invalid::Host(host.to_owned()))?;
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Invalid::Tls(error.to_string()))?;
        let config = match trust {
            Trust::Authorities(file) => builder.with_root_certificates(authorities(file)?),
            Trust::Anybody => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider))),
        };
        Ok(Client {
            connector: TlsConnector::from(Arc::new(config.with_no_client_auth())),
            name,
        })
    }

    pub(super) async fn connect(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        let connected = self.connector.connect(self.name.clone(), stream).await;
        connected.map_err(|error| talk::io_failure("TLS", &error))
    }
}

fn authorities(file: &Path) -> Result<RootCertStore, Invalid> {
    let invalid = |why: String| Invalid::Authorities {
        file: file.display().to_string(),
        why,
    };
    let mut store = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(file).map_err(|error| invalid(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
        // The system's file may hold some that rustls does not take; one that serves is enough.
        let _ = store.add(certificate);
    }
    match store.is_empty() {
        true => Err(invalid("it has none that can be used".to_owned())),
        false => Ok(store),
    }
}

/// Believes every certificate, but not that a stranger holds its key: the handshake itself stays proper.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
