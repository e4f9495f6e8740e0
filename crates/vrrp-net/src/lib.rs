//! Raw sockets for VRRP, gratuitous ARP and unsolicited neighbour advertisements.
//!
//! Two things a virtual router does on the wire, and nothing of how it decides; and one for finding out what is wrong there:
//!
//! - [`AdvertSocket`] sends and receives advertisements (RFC 9568 section 5): IP protocol 112, TTL 255,
//!   precedence *internetwork control*, to the VRRP group or to one peer, always on one interface.
//! - [`Announcer`] tells the neighbours on the link that a virtual address now lives at this
//!   interface: gratuitous ARP for IPv4, an unsolicited neighbour advertisement for IPv6.
//! - [`Prober`] asks who all answers for an IPv4 address, and whether a given host does.
//!
//! Payloads are opaque octets here: reading and writing them belongs to a codec.
//! All of them need `CAP_NET_RAW`, and belong to the network namespace of the thread that opens them.
//!
//! ```no_run
//! use std::net::Ipv4Addr;
//! use vrrp_net::{AdvertSocket, Announcer, BUFFER_LEN, GROUP_V4};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let socket = AdvertSocket::open("eth0", Ipv4Addr::new(192, 0, 2, 11))?;
//! socket.send(&[0x21, 51, 100, 1], GROUP_V4.into())?;
//!
//! let mut buffer = [0; BUFFER_LEN];
//! let received = socket.recv(&mut buffer).await?;
//! let advertisement = received.payload(&buffer);
//! assert!(received.ttl == 255 || advertisement.is_empty());
//!
//! let announcer = Announcer::open(socket.ifindex(), [0x02, 0, 0, 0, 0, 0x0b])?;
//! announcer.announce(Ipv4Addr::new(192, 0, 2, 100).into())?;
//! # Ok(())
//! # }
//! ```

mod advert;
mod announce;
mod error;
pub mod frame;
mod interface;
mod options;
mod probe;
mod receive;

pub use advert::{AdvertSocket, BUFFER_LEN, GROUP_V4, GROUP_V6, PROTOCOL};
pub use announce::Announcer;
pub use error::Error;
pub use probe::{MacAndAddress, Prober};
pub use receive::Received;
