//! TLS of an HTTP check.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use super::{Invalid, talk};
use crate::{Failure, tls};

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
        let config = match trust {
            Trust::Authorities(file) => {
                let authorities = authorities(file)?;
                tls::client().map(|client| client.with_root_certificates(authorities))
            }
            // Not that a stranger holds a certificate's key: the handshake itself stays proper.
            Trust::Anybody => tls::letting_through(true),
        };
        let config = config.map_err(|error| Invalid::Tls(error.to_string()))?;
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
