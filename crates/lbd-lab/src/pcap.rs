//! Keeps frames for Wireshark and tcpdump.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::frame::Frame;

/// The classic format with nanoseconds, version 2.4, Ethernet: <https://wiki.wireshark.org/Development/LibpcapFileFormat>.
const MAGIC: u32 = 0xa1b2_3c4d;

/// Writes the frames as the switch received them: each once, at the port where it came in.
pub(crate) fn write(path: &Path, frames: &[Frame]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&MAGIC.to_le_bytes())?;
    file.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
    file.write_all(&65_535_u32.to_le_bytes())?;
    file.write_all(&1_u32.to_le_bytes())?;
    for frame in frames.iter().filter(|frame| frame.from_host) {
        let seconds = u32::try_from(frame.at.as_secs()).unwrap_or(u32::MAX);
        let length = u32::try_from(frame.bytes.len()).unwrap_or_default();
        for word in [seconds, frame.at.subsec_nanos(), length, length] {
            file.write_all(&word.to_le_bytes())?;
        }
        file.write_all(&frame.bytes)?;
    }
    file.flush()
}
