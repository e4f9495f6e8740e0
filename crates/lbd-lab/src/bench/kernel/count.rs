//! How full the kernel's table is, asked so cheaply that the one who fills it hardly notices: the old socket
//! options (`linux/ip_vs.h`) tell the number of destinations of each service, which netlink does not.

use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::libc;
use socket2::{Domain, Protocol, Socket, Type};

use crate::ensure;
use crate::failed::Result;

/// `IP_VS_SO_GET_INFO` and `IP_VS_SO_GET_SERVICES`.
const GET_INFO: libc::c_int = 64 + 1024 + 64 + 1;
const GET_SERVICES: libc::c_int = GET_INFO + 1;
/// `struct ip_vs_getinfo`: version, size of the connection table, number of services.
const INFO: usize = 12;
/// `struct ip_vs_get_services`: the number of services, padding, then `struct ip_vs_service_entry` for each.
const HEADER: usize = 8;
const ENTRY: usize = 104;
/// Where an entry keeps `num_dests`.
const DESTINATIONS: usize = 44;

/// From nothing to a full table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filled {
    /// When the first service was seen.
    pub(super) began: Instant,
    /// When all destinations were.
    pub(super) done: Instant,
}

/// Looks each millisecond until all destinations are there.
pub(super) fn await_filled(destinations: usize, limit: Duration) -> Result<Filled> {
    let socket = open()?;
    let until = Instant::now() + limit;
    let mut began = None;
    loop {
        let (services, found) = count(&socket)?;
        let now = Instant::now();
        if services > 0 {
            began = began.or(Some(now));
        }
        if let (Some(began), true) = (began, found >= destinations) {
            return Ok(Filled { began, done: now });
        }
        ensure!(
            now < until,
            "{found} of {destinations} destinations are in the table after {} s",
            limit.as_secs()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The destinations of all services in the calling thread's network now.
pub(in crate::bench) fn destinations() -> Result<usize> {
    Ok(count(&open()?)?.1)
}

fn open() -> io::Result<Socket> {
    Socket::new(
        Domain::IPV4,
        Type::RAW,
        Some(Protocol::from(libc::IPPROTO_RAW)),
    )
}

/// Services and destinations now.
fn count(socket: &Socket) -> io::Result<(usize, usize)> {
    let mut info = [0; INFO];
    ask(socket, GET_INFO, &mut info)?;
    let [.., a, b, c, d] = info;
    let services = usize::try_from(u32::from_ne_bytes([a, b, c, d])).unwrap_or_default();
    let mut answer = vec![0; HEADER + services * ENTRY];
    if let Some(number) = answer.get_mut(..4) {
        number.copy_from_slice(&[a, b, c, d]);
    }
    match ask(socket, GET_SERVICES, &mut answer) {
        Ok(()) => {}
        // There is one more than a moment ago.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return Ok((services, 0)),
        Err(error) => return Err(error),
    }
    let entries = answer.get(HEADER..).unwrap_or_default();
    let destinations = entries.chunks_exact(ENTRY).filter_map(|entry| {
        let number = entry.get(DESTINATIONS..)?.first_chunk::<4>()?;
        usize::try_from(u32::from_ne_bytes(*number)).ok()
    });
    Ok((services, destinations.sum()))
}

#[allow(unsafe_code)]
fn ask(socket: &Socket, option: libc::c_int, answer: &mut [u8]) -> io::Result<()> {
    let mut length = libc::socklen_t::try_from(answer.len()).map_err(io::Error::other)?;
    // SAFETY: the kernel writes at most `length` octets to `answer`, which has as many.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            option,
            answer.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}
