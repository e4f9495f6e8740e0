//! Counters: `IPVS_STATS_ATTR_*`.

use super::attributes::{Attribute, Attributes};
use super::error::DecodeError;
use crate::stats::{CounterWidth, Stats};

/// All numbers have 64 bits (from Linux 4.1).
pub(crate) fn decode_stats64(nest: &[u8]) -> Result<Stats, DecodeError> {
    let mut stats = Stats::default();
    for attribute in Attributes::new(nest) {
        let attribute = attribute?;
        if let Some((slot, name)) = slot(&mut stats, attribute.kind) {
            *slot = attribute.u64(name)?;
        }
    }
    Ok(stats)
}

/// Only the octet counters have 64 bits.
pub(crate) fn decode_stats(nest: &[u8]) -> Result<Stats, DecodeError> {
    let mut stats = Stats {
        width: CounterWidth::Bits32,
        ..Stats::default()
    };
    for attribute in Attributes::new(nest) {
        let attribute = attribute?;
        if let Some((slot, name)) = slot(&mut stats, attribute.kind) {
            *slot = either(&attribute, name)?;
        }
    }
    Ok(stats)
}

fn either(attribute: &Attribute<'_>, name: &'static str) -> Result<u64, DecodeError> {
    match attribute.payload.len() {
        8 => attribute.u64(name),
        _ => attribute.u32(name).map(u64::from),
    }
}

/// Where a counter goes; counters of newer kernels go nowhere.
fn slot(stats: &mut Stats, kind: u16) -> Option<(&mut u64, &'static str)> {
    Some(match kind {
        1 => (&mut stats.connections, "IPVS_STATS_ATTR_CONNS"),
        2 => (&mut stats.packets_in, "IPVS_STATS_ATTR_INPKTS"),
        3 => (&mut stats.packets_out, "IPVS_STATS_ATTR_OUTPKTS"),
        4 => (&mut stats.bytes_in, "IPVS_STATS_ATTR_INBYTES"),
        5 => (&mut stats.bytes_out, "IPVS_STATS_ATTR_OUTBYTES"),
        6 => (&mut stats.rates.connections, "IPVS_STATS_ATTR_CPS"),
        7 => (&mut stats.rates.packets_in, "IPVS_STATS_ATTR_INPPS"),
        8 => (&mut stats.rates.packets_out, "IPVS_STATS_ATTR_OUTPPS"),
        9 => (&mut stats.rates.bytes_in, "IPVS_STATS_ATTR_INBPS"),
        10 => (&mut stats.rates.bytes_out, "IPVS_STATS_ATTR_OUTBPS"),
        _padding_or_unknown => return None,
    })
}
