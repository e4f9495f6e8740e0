//! Packets out of a stream, and into it.

use super::WireError;

/// The longest payload of a packet, and the most octets of one answer, that are kept: 1 MiB. The longest thing
/// a probe asks for is a row of replication state, of some kilobytes.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// Length and sequence before each payload.
const HEADER: usize = 4;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Counts up through one exchange, from 0, over both directions.
    pub sequence: u8,
    /// What it says.
    pub payload: Vec<u8>,
}

/// Cuts a stream into packets.
///
/// Give it what was read, then take packets until there is none, before reading more: it never
/// holds more than one packet and one read.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// An empty stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was read.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next whole packet, if it has come.
    ///
    /// # Errors
    /// [`WireError::TooLarge`] as soon as the header of such a packet is there. Nothing after it can be read then.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, WireError> {
        let Some(([low, middle, high, sequence], rest)) = self.buffer.split_first_chunk::<HEADER>()
        else {
            return Ok(None);
        };
        let announced = length([*low, *middle, *high]);
        if announced > MAX_PAYLOAD {
            return Err(WireError::TooLarge {
                announced,
                limit: MAX_PAYLOAD,
            });
        }
        let Some(payload) = rest.get(..announced) else {
            return Ok(None);
        };
        let packet = Packet {
            sequence: *sequence,
            payload: payload.to_vec(),
        };
        self.buffer.drain(..HEADER.saturating_add(announced));
        Ok(Some(packet))
    }

    /// The sequence number of the next packet, once its header has come.
    #[must_use]
    pub fn next_sequence(&self) -> Option<u8> {
        let ([.., sequence], _) = self.buffer.split_first_chunk::<HEADER>()?;
        Some(*sequence)
    }

    /// Whether nothing is held: no packet, and no part of one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

/// A packet as it is sent.
///
/// # Errors
/// [`WireError::TooLarge`] for a payload longer than [`MAX_PAYLOAD`].
pub fn frame(sequence: u8, payload: &[u8]) -> Result<Vec<u8>, WireError> {
    let too_large = WireError::TooLarge {
        announced: payload.len(),
        limit: MAX_PAYLOAD,
    };
    let length = u32::try_from(payload.len()).map_err(|_| too_large.clone())?;
    if payload.len() > MAX_PAYLOAD {
        return Err(too_large);
    }
    let [low, middle, high, _] = length.to_le_bytes();
    let mut packet = vec![low, middle, high, sequence];
    packet.extend_from_slice(payload);
    Ok(packet)
}

fn length([low, middle, high]: [u8; 3]) -> usize {
    usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16
}
