//! What is read off the wire: adverts and announcements of both families.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use crate::failed::{Failed, Result};
use crate::frame::Frame;

/// An advert as a host sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) at: Duration,
    pub(super) port: String,
    pub(super) version: u8,
    pub(super) vrid: u8,
    pub(super) priority: u8,
}

/// The adverts that hosts sent, in order.
pub(super) fn adverts(frames: &[Frame]) -> Vec<Sent> {
    frames.iter().filter_map(advert).collect()
}

/// The advert in a frame that a host sent.
pub(super) fn advert(frame: &Frame) -> Option<Sent> {
    let [kind, vrid, priority] = *vrrp(frame)?.first_chunk()?;
    frame.from_host.then(|| Sent {
        at: frame.at,
        port: frame.port.clone(),
        version: kind >> 4,
        vrid,
        priority,
    })
}

/// The VRRP packet in a frame.
fn vrrp(frame: &Frame) -> Option<&[u8]> {
    if frame.ipv4().is_some_and(|ip| ip.protocol == 112) {
        let words = usize::from(frame.bytes.get(14)? & 0x0f);
        return frame.bytes.get(14 + words * 4..);
    }
    ipv6(frame, 112)
}

/// What an IPv6 packet without extension headers carries, if it is of this protocol.
fn ipv6(frame: &Frame, protocol: u8) -> Option<&[u8]> {
    let ours = frame.bytes.get(12..14)? == [0x86, 0xdd] && frame.bytes.get(20) == Some(&protocol);
    ours.then(|| frame.bytes.get(54..)).flatten()
}

/// When this host announced the address: gratuitous ARP, or an unsolicited neighbour advertisement.
pub(super) fn announcements(frames: &[Frame], vip: IpAddr) -> impl Iterator<Item = &Frame> {
    frames
        .iter()
        .filter(move |frame| frame.from_host && announced(frame) == Some(vip))
}

fn announced(frame: &Frame) -> Option<IpAddr> {
    if let Some(address) = frame.announced() {
        return Some(address.into());
    }
    // RFC 4861, 4.4: type 136, then 7 octets, then the target.
    let (kind, target) = ipv6(frame, 58)?.split_at_checked(8)?;
    let target: [u8; 16] = *target.first_chunk()?;
    (kind.first() == Some(&136)).then(|| Ipv6Addr::from(target).into())
}

/// Those of one host.
pub(super) fn from<'a>(
    all: &'a [Sent],
    port: &'a str,
) -> impl DoubleEndedIterator<Item = &'a Sent> {
    all.iter().filter(move |sent| sent.port == port)
}

/// What is on the wire already, but perhaps not yet in the capture.
pub(super) fn soon<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        match look() {
            Some(found) => return Ok(found),
            None if Instant::now() > until => {
                return Err(Failed::new(format!("not seen on the wire: {what}")));
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The longest time between two that follow each other.
pub(super) fn longest_gap(times: impl IntoIterator<Item = Duration>) -> Duration {
    let times: Vec<Duration> = times.into_iter().collect();
    let gaps = times
        .iter()
        .zip(times.iter().skip(1))
        .map(|(one, next)| next.saturating_sub(*one));
    gaps.max().unwrap_or_default()
}

/// One frame of each kind: the first of every sender and content.
pub(super) fn distinct(frames: &[Frame]) -> Vec<Frame> {
    let mut seen = Vec::new();
    let mut kept = Vec::new();
    for frame in frames {
        let Some(content) = advert(frame).and(vrrp(frame)) else {
            continue;
        };
        // Not by port: the switch itself hears what is sent to a group once more.
        let mark = (
            frame.source_mac(),
            frame.destination_mac(),
            content.to_vec(),
        );
        if !seen.contains(&mark) {
            seen.push(mark);
            kept.push(frame.clone());
        }
    }
    kept
}
