//! Time-outs (`IPVS_CMD_ATTR_TIMEOUT_*`) and facts (`IPVS_INFO_ATTR_*`).

use super::attributes::{Attributes, Writer};
use super::command::{ATTR_TIMEOUT_TCP, ATTR_TIMEOUT_TCP_FIN, ATTR_TIMEOUT_UDP};
use super::error::DecodeError;
use crate::info::{Info, Timeouts, Version};

const INFO_VERSION: u16 = 1;
const INFO_CONN_TAB_SIZE: u16 = 2;

pub(crate) fn encode_timeouts(out: &mut Writer<'_>, timeouts: &Timeouts) {
    let all = [
        (ATTR_TIMEOUT_TCP, timeouts.tcp),
        (ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin),
        (ATTR_TIMEOUT_UDP, timeouts.udp),
    ];
    for (kind, seconds) in all {
        if let Some(seconds) = seconds {
            out.u32(kind, seconds);
        }
    }
}

/// Reads the time-outs from the attributes of a reply (`IPVS_CMD_SET_CONFIG`), or of a request
/// that sets them. Unknown attributes are passed over.
///
/// # Errors
/// One of them is malformed.
pub fn decode_timeouts(attributes: &[u8]) -> Result<Timeouts, DecodeError> {
    let mut timeouts = Timeouts::default();
    for attribute in Attributes::new(attributes) {
        let attribute = attribute?;
        match attribute.kind {
            ATTR_TIMEOUT_TCP => {
                timeouts.tcp = Some(attribute.u32("IPVS_CMD_ATTR_TIMEOUT_TCP")?);
            }
            ATTR_TIMEOUT_TCP_FIN => {
                timeouts.tcp_fin = Some(attribute.u32("IPVS_CMD_ATTR_TIMEOUT_TCP_FIN")?);
            }
            ATTR_TIMEOUT_UDP => {
                timeouts.udp = Some(attribute.u32("IPVS_CMD_ATTR_TIMEOUT_UDP")?);
            }
            _unknown => {}
        }
    }
    Ok(timeouts)
}

/// Reads the facts from the attributes of a reply (`IPVS_CMD_SET_INFO`). Unknown attributes are
/// kept.
///
/// # Errors
/// One of them is missing or malformed.
pub fn decode_info(attributes: &[u8]) -> Result<Info, DecodeError> {
    let (mut version, mut size, mut unknown) = (None, None, Vec::new());
    for attribute in Attributes::new(attributes) {
        let attribute = attribute?;
        match attribute.kind {
            INFO_VERSION => version = Some(attribute.u32("IPVS_INFO_ATTR_VERSION")?),
            INFO_CONN_TAB_SIZE => size = Some(attribute.u32("IPVS_INFO_ATTR_CONN_TAB_SIZE")?),
            _unknown => attribute.keep(&mut unknown),
        }
    }
    Ok(Info {
        version: version
            .map(Version::from_code)
            .ok_or(DecodeError::Missing("IPVS_INFO_ATTR_VERSION"))?,
        connection_table_size: size.ok_or(DecodeError::Missing("IPVS_INFO_ATTR_CONN_TAB_SIZE"))?,
        unknown,
    })
}
