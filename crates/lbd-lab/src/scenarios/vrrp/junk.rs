//! A sender of adverts that must not be believed, as fast as it can.

use std::net::Ipv4Addr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use etherparse::{IpNumber, Ipv4Header};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::failed::Result;
use crate::host::Host;

use super::variant::VRID;

/// How many packets a second are aimed at.
pub(super) const RATE: u32 = 100_000;
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// Nobody's address, on this network.
const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 243, 95, 250);

/// Floods the group for this long; gives how many packets went out.
pub(super) fn flood(from: &Host, time: Duration) -> Result<JoinHandle<Result<u32>>> {
    from.thread(move || {
        // IPPROTO_RAW: the packets bring their own headers (raw(7)).
        let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(255)))?;
        let to = SockAddr::from(std::net::SocketAddrV4::new(GROUP, 0));
        socket.set_multicast_if_v4(&Ipv4Addr::UNSPECIFIED)?;
        socket.bind_device(Some(b"eth0"))?;
        let packets = packets()?;
        let began = Instant::now();
        let mut sent = 0;
        for packet in packets.iter().cycle() {
            if sent % 64 == 0 {
                let due = Duration::from_secs(1) * sent / RATE;
                let now = began.elapsed();
                if now > time {
                    break;
                }
                std::thread::sleep(due.saturating_sub(now));
            }
            // A full queue is a loss like any other.
            let _ = socket.send_to(packet, &to);
            sent += 1;
        }
        Ok(sent)
    })
}

/// Of each kind a few; one that were believed would make a router with priority 100 yield.
fn packets() -> Result<Vec<Vec<u8>>> {
    let good = advert(0x21, VRID, *b"secret12");
    let mut spoiled = good.clone();
    if let Some(last) = spoiled.last_mut() {
        *last ^= 1;
    }
    let mut all = vec![
        packet(64, &good)?,
        packet(255, &advert(0x21, VRID, *b"secret13"))?,
        packet(255, &advert(0x21, VRID + 1, *b"secret12"))?,
        packet(255, &advert(0x31, VRID, *b"secret12"))?,
        packet(255, &advert(0x22, VRID, *b"secret12"))?,
        packet(255, &bad_checksum(&good))?,
        packet(255, &spoiled)?,
        packet(255, &[])?,
    ];
    for length in [1, 6, 8, good.len() - 1] {
        all.push(packet(255, good.get(..length).unwrap_or_default())?);
    }
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for length in [8_u8, 20, 24, 40, 200] {
        let random: Vec<u8> = (0..length).map(|_| noise.octet()).collect();
        all.push(packet(255, &random)?);
    }
    Ok(all)
}

/// RFC 3768, 5.1, priority 255, with the addresses of the scenarios' virtual router.
fn advert(kind: u8, vrid: u8, password: [u8; 8]) -> Vec<u8> {
    let mut octets = vec![kind, vrid, 255, 2, 1, 1, 0, 0];
    octets.extend([10, 243, 95, 101, 10, 243, 95, 102]);
    octets.extend(password);
    let sum = checksum(&octets).to_be_bytes();
    if let Some(place) = octets.get_mut(6..8) {
        place.copy_from_slice(&sum);
    }
    octets
}

fn bad_checksum(good: &[u8]) -> Vec<u8> {
    let mut octets = good.to_vec();
    if let Some(octet) = octets.get_mut(7) {
        *octet ^= 0x55;
    }
    octets
}

/// RFC 1071.
fn checksum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| {
        pair.iter()
            .fold(0, |word, octet| word << 8 | u32::from(*octet))
    });
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).unwrap_or(u16::MAX)
}

fn packet(ttl: u8, payload: &[u8]) -> Result<Vec<u8>> {
    let length = u16::try_from(payload.len())?;
    let header = Ipv4Header::new(
        length,
        ttl,
        IpNumber(112),
        STRANGER.octets(),
        GROUP.octets(),
    )?;
    let mut octets = Vec::new();
    header.write(&mut octets)?;
    octets.extend(payload);
    Ok(octets)
}

/// xorshift64: the same octets in each run.
struct Noise(u64);

impl Noise {
    fn octet(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let [octet, ..] = self.0.to_be_bytes();
        octet
    }
}
