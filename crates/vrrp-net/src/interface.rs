//! Looking up an interface: its index, its addresses, its link-layer address.

use std::net::IpAddr;
use std::num::NonZeroU32;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::{if_indextoname, if_nametoindex};
use nix::sys::socket::{LinkAddr, SockaddrStorage};

use crate::Error;

/// The index of the interface `name`.
pub(crate) fn index(name: &str) -> Result<NonZeroU32, Error> {
    if_nametoindex(name)
        .ok()
        .and_then(NonZeroU32::new)
        .ok_or_else(|| Error::NoSuchInterface {
            interface: name.to_owned(),
        })
}

/// The name of the interface `index`.
pub(crate) fn name(index: u32) -> Result<String, Error> {
    if_indextoname(index)
        .ok()
        .and_then(|name| name.into_string().ok())
        .ok_or_else(|| Error::NoSuchInterface {
            interface: format!("#{index}"),
        })
}

/// Checks that `address` is one of the interface's own.
pub(crate) fn require_address(interface: &str, address: IpAddr) -> Result<(), Error> {
    let found = entries(interface)?
        .filter_map(|entry| entry.address)
        .any(|own| ip(&own) == Some(address));
    match found {
        true => Ok(()),
        false => Err(Error::NotOnInterface {
            interface: interface.to_owned(),
            address,
        }),
    }
}

/// The interface as a packet socket's address: its index, and protocol 0 ("receive nothing").
pub(crate) fn link_address(interface: &str) -> Result<LinkAddr, Error> {
    entries(interface)?
        .filter_map(|entry| entry.address)
        .find_map(|own| own.as_link_addr().copied())
        .ok_or_else(|| Error::NoSuchInterface {
            interface: interface.to_owned(),
        })
}

fn entries(interface: &str) -> Result<impl Iterator<Item = InterfaceAddress>, Error> {
    let all = getifaddrs().map_err(Error::setup(interface, "list the addresses"))?;
    Ok(all.filter(move |entry| is_of(&entry.interface_name, interface)))
}

/// For a labelled IPv4 address the C library gives the label (`eth0:1`) in place of the name.
fn is_of(label: &str, interface: &str) -> bool {
    label
        .strip_prefix(interface)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
}
