//! The messages, without IO: what goes to the kernel and what comes back.
//!
//! Layers, outermost first:
//! - [`Messages`] splits a datagram into netlink messages, [`Message::body`] reads one;
//! - [`encode_change`] and [`encode_query`] write a whole request, [`encode_get_family`] the one
//!   that finds the family's number;
//! - [`decode_service`], [`decode_destination`], [`decode_daemon`], [`decode_timeouts`] and
//!   [`decode_info`] read the attributes of a reply.
//!
//! Octets are taken and given in the machine's byte order, as netlink has it, but for ports,
//! addresses and IPv4 masks, which IPVS keeps in network order. No input makes a function here
//! panic, and a decoder allocates at most a small multiple of its input.

mod attributes;
mod command;
mod config;
mod daemon;
mod destination;
mod error;
mod family;
mod message;
mod request;
mod service;
mod stats;

pub use attributes::{Attribute, Attributes};
pub use config::{decode_info, decode_timeouts};
pub use daemon::decode_daemon;
pub use destination::decode_destination;
pub use error::{DecodeError, EncodeError};
pub use family::{decode_family_id, encode_get_family};
pub use message::{Body, Message, Messages};
pub use request::{Header, encode_change, encode_query};
pub use service::decode_service;
