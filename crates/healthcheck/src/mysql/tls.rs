//! TLS under the packets, by rustls.

use core::fmt;
use std::io::{self, Write};
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::client::verify_server_cert_signed_by_trust_anchor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::{Connect, TlsConnector};

use super::Reason;
use super::stream::Stream;
use crate::tls;

/// Whether the connection is encrypted, as the `--ssl-mode` of MySQL's clients.
#[derive(Clone, Debug, Default)]
pub enum Tls {
    /// Never.
    #[default]
    Off,
    /// If the server offers it, with whatever certificate: against listeners, not against somebody in the middle. TLS
    /// that fails is a fault, not a reason to go on without.
    Preferred,
    /// Always. A server that does not offer it is not shown the password.
    Required(
        /// Who has to have signed the server's certificate; `None`: any certificate will do.
        Option<Authority>,
    ),
}

/// Authorities that may have signed servers' certificates, as `--ssl-mode=VERIFY_CA`.
///
/// The name in the certificate is not looked at: servers are probed by address, and certificates of databases seldom have any.
#[derive(Clone)]
pub struct Authority(Arc<RootCertStore>);

/// Certificates of authorities that cannot be used, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no certificate of an authority in PEM (`-----BEGIN CERTIFICATE-----`): {0}")]
pub struct AuthorityError(String);

impl Authority {
    /// Reads one or more certificates in PEM, as `ssl_ca` of the server's configuration names them.
    ///
    /// # Errors
    /// When there is none, or one that does not read.
    pub fn read(pem: &[u8]) -> Result<Self, AuthorityError> {
        let unreadable = |why: &dyn fmt::Display| AuthorityError(why.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|why| unreadable(&why))?;
            roots.add(certificate).map_err(|why| unreadable(&why))?;
        }
        match roots.is_empty() {
            true => Err(unreadable(&"there is none in it")),
            false => Ok(Self(Arc::new(roots))),
        }
    }

    fn check(&self, chain: Option<&[CertificateDer<'_>]>) -> Result<(), String> {
        let Some([first, intermediates @ ..]) = chain else {
            return Err("it has shown none".to_owned());
        };
        let algorithms = ring::default_provider().signature_verification_algorithms;
        ParsedCertificate::try_from(first)
            .and_then(|first| {
                let now = UnixTime::now();
                verify_server_cert_signed_by_trust_anchor(
                    &first,
                    &self.0,
                    intermediates,
                    now,
                    algorithms.all,
                )
            })
            .map_err(|why| why.to_string())
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({} certificates)", self.0.len())
    }
}

impl Tls {
    fn authority(&self) -> Option<&Authority> {
        match self {
            Self::Off | Self::Preferred => None,
            Self::Required(authority) => authority.as_ref(),
        }
    }

    fn connector(&self) -> Result<TlsConnector, Reason> {
        // `Authority::check` looks at the certificate after the handshake: one that is broken off would be held against
        // this host, and in the end have it blocked. That the server has the certificate's key means something only if
        // the certificate does.
        let client = tls::letting_through(self.authority().is_some());
        let config = client
            .map_err(|why| Reason::Local(why.to_string()))?
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

/// A connection that is, or is about to be, encrypted.
pub(super) enum Secured {
    Handshake(Box<Connect<TcpStream>>),
    Established(Box<TlsStream<TcpStream>>),
    /// The handshake failed.
    Broken,
}

impl Secured {
    /// Goes on with the handshake, if it is not done.
    pub(super) async fn established(&mut self) -> io::Result<&mut TlsStream<TcpStream>> {
        if let Self::Handshake(handshake) = self {
            let done = handshake.as_mut().await;
            *self = Self::Broken;
            *self = Self::Established(Box::new(done?));
        }
        match self {
            Self::Established(tls) => Ok(tls),
            Self::Handshake(_) | Self::Broken => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    pub(super) fn send_at_once(&mut self, octets: &[u8]) {
        if let Self::Established(tls) = self {
            let (tcp, session) = tls.get_mut();
            let _ = session.writer().write_all(octets);
            session.send_close_notify();
            let _ = session.write_tls(&mut AtOnce(tcp));
        }
    }

    pub(super) fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Handshake(handshake) => handshake.get_ref(),
            Self::Established(tls) => Some(tls.get_ref().0),
            Self::Broken => None,
        }
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshake(_) => "Handshake",
            Self::Established(_) => "Established",
            Self::Broken => "Broken",
        })
    }
}

impl Stream {
    /// Goes over to TLS, or goes on with that. Gives whether the server's certificate is trusted, and why not; nothing
    /// secret has been sent by then.
    pub(super) async fn secure(&mut self, tls: &Tls) -> Result<Result<(), String>, Reason> {
        if let Self::Plain(tcp) = self {
            let target = tcp.peer_addr()?;
            let connector = tls.connector()?;
            let Self::Plain(tcp) = mem::replace(self, Self::Tls(Secured::Broken)) else {
                return Err(Reason::Closed);
            };
            let handshake = connector.connect(name(target), tcp);
            *self = Self::Tls(Secured::Handshake(Box::new(handshake)));
        }
        let Self::Tls(secured) = self else {
            return Err(Reason::Closed);
        };
        let (_, session) = secured.established().await?.get_ref();
        let chain = session.peer_certificates();
        Ok(tls
            .authority()
            .map_or(Ok(()), |authority| authority.check(chain)))
    }
}

fn name(target: SocketAddr) -> ServerName<'static> {
    ServerName::IpAddress(target.ip().into())
}

/// Writes what can be written without waiting.
struct AtOnce<'a>(&'a TcpStream);

impl Write for AtOnce<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.try_write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
