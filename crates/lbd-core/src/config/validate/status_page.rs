//! The section `status_page`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::findings::Findings;
use crate::config::file::StatusPage;

/// An address with a port, or a port alone, which is one of loopback: there is no authentication.
pub(super) fn listen(section: Option<&StatusPage>, findings: &mut Findings) -> Option<SocketAddr> {
    let value = &section?.listen;
    let port = value.value.parse::<u16>();
    let alone = port.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let address = alone.ok().or_else(|| value.value.parse().ok());
    let address = address.filter(|address| address.port() != 0 && !address.ip().is_multicast());
    if address.is_none() {
        findings.add(
            value.referenced,
            format!(
                "`{}` is nothing to listen on: a port (1 to 65535), or an address and a port, as 127.0.0.1:9477 or [::1]:9477",
                value.value.escape_debug()
            ),
        );
    }
    address
}
