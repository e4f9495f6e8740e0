//! Netlink messages: length (4 octets, header included), kind (2), flags (2), sequence (4),
//! port (4), payload, padding to 4.

use super::attributes::{Attribute, Attributes, padded};
use super::error::DecodeError;

const HEADER: usize = 16;
const GENL_HEADER: usize = 4;

const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
/// Kinds below this are netlink's own.
const NLMSG_MIN_TYPE: u16 = 16;

pub(crate) const NLM_F_REQUEST: u16 = 0x1;
pub(crate) const NLM_F_ACK: u16 = 0x4;
pub(crate) const NLM_F_DUMP: u16 = 0x300;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// One netlink message, borrowed from the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `nlmsg_type`: the family's number, or one of netlink's own.
    pub kind: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// `nlmsg_seq`: that of the request it answers.
    pub sequence: u32,
    /// `nlmsg_pid`: the port of the socket it is for.
    pub port: u32,
    /// What follows the header.
    pub payload: &'a [u8],
}

/// What a netlink message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// `NLMSG_ERROR`; an `errno` of 0 is an acknowledgement.
    Error {
        /// The error number, positive.
        errno: i32,
        /// The kernel's own words, where it has any (extended acknowledgement).
        text: Option<&'a str>,
    },
    /// `NLMSG_DONE`: the end of a dump; `errno` is positive if it failed.
    Done {
        /// The error number, positive, or 0.
        errno: i32,
    },
    /// `NLMSG_OVERRUN`: data was lost.
    Overrun,
    /// `NLMSG_NOOP` and others that say nothing.
    Noop,
    /// A generic netlink message.
    Generic {
        /// The family's command.
        command: u8,
        /// The attributes after the header.
        attributes: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// Reads what the message says.
    ///
    /// # Errors
    /// The payload is shorter than its kind needs.
    pub fn body(&self) -> Result<Body<'a>, DecodeError> {
        match self.kind {
            NLMSG_ERROR => Ok(Body::Error {
                errno: self.errno().ok_or_else(|| self.too_short(4))?,
                text: self.error_text(),
            }),
            NLMSG_DONE => Ok(Body::Done {
                errno: self.errno().unwrap_or(0),
            }),
            NLMSG_OVERRUN => Ok(Body::Overrun),
            NLMSG_NOOP | 0..NLMSG_MIN_TYPE => Ok(Body::Noop),
            NLMSG_MIN_TYPE.. => match self.payload {
                [command, _version, _, _, attributes @ ..] => Ok(Body::Generic {
                    command: *command,
                    attributes,
                }),
                _ => Err(self.too_short(GENL_HEADER)),
            },
        }
    }

    fn too_short(&self, wanted: usize) -> DecodeError {
        DecodeError::MessageLength {
            says: HEADER + wanted,
            left: HEADER + self.payload.len(),
        }
    }

    /// The kernel's numbers are negative.
    fn errno(&self) -> Option<i32> {
        let bytes = self.payload.first_chunk::<4>()?;
        Some(i32::from_ne_bytes(*bytes).saturating_neg())
    }

    /// After the number comes the request, whole or (capped) its header, then attributes.
    fn error_text(&self) -> Option<&'a str> {
        if self.flags & NLM_F_ACK_TLVS == 0 {
            return None;
        }
        let request = self.payload.get(4..)?;
        let says = u32::from_ne_bytes(*request.first_chunk::<4>()?);
        let len = if self.flags & NLM_F_CAPPED == 0 {
            padded(usize::try_from(says).ok()?.min(request.len()))
        } else {
            HEADER
        };
        let text = Attributes::find(request.get(len..)?, NLMSGERR_ATTR_MSG).ok()??;
        let text = text.strip_suffix(&[0]).unwrap_or(text);
        core::str::from_utf8(text).ok()
    }
}

/// Splits a datagram into messages. Stops after the first error.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// The messages in `datagram`.
    #[must_use]
    pub const fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }

    fn split(&mut self) -> Result<Message<'a>, DecodeError> {
        let left = self.rest.len();
        let &[
            l0,
            l1,
            l2,
            l3,
            k0,
            k1,
            f0,
            f1,
            s0,
            s1,
            s2,
            s3,
            p0,
            p1,
            p2,
            p3,
            ..,
        ] = self.rest
        else {
            return Err(DecodeError::MessageLength { says: 0, left });
        };
        let says = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let payload = self
            .rest
            .get(HEADER..says)
            .ok_or(DecodeError::MessageLength { says, left })?;
        self.rest = self.rest.get(padded(says)..).unwrap_or_default();
        Ok(Message {
            kind: u16::from_ne_bytes([k0, k1]),
            flags: u16::from_ne_bytes([f0, f1]),
            sequence: u32::from_ne_bytes([s0, s1, s2, s3]),
            port: u32::from_ne_bytes([p0, p1, p2, p3]),
            payload,
        })
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.split();
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

/// The payload of the nest that a reply consists of.
pub(crate) fn nest<'a>(
    attributes: &'a [u8],
    kind: u16,
    name: &'static str,
) -> Result<Attribute<'a>, DecodeError> {
    let payload = Attributes::find(attributes, kind)?.ok_or(DecodeError::Missing(name))?;
    Ok(Attribute { kind, payload })
}
