//! Finding the number of the family `IPVS`: the controller of generic netlink
//! (`linux/genetlink.h`).

use super::attributes::{Attributes, Writer};
use super::command::FAMILY_NAME;
use super::error::DecodeError;
use super::message::NLM_F_ACK;
use super::request::{Header, message};
use crate::Name;

const GENL_ID_CTRL: u16 = 0x10;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Appends the question for the family's number.
pub fn encode_get_family(out: &mut Vec<u8>, sequence: u32) {
    let header = Header {
        family: GENL_ID_CTRL,
        sequence,
    };
    message(out, &header, CTRL_CMD_GETFAMILY, NLM_F_ACK, |out| {
        Writer::new(out).name(CTRL_ATTR_FAMILY_NAME, &Name::known(FAMILY_NAME));
    });
}

/// Reads the family's number from the attributes of the answer.
///
/// # Errors
/// It is missing or malformed.
pub fn decode_family_id(attributes: &[u8]) -> Result<u16, DecodeError> {
    for attribute in Attributes::new(attributes) {
        let attribute = attribute?;
        if attribute.kind == CTRL_ATTR_FAMILY_ID {
            return attribute.u16("CTRL_ATTR_FAMILY_ID");
        }
    }
    Err(DecodeError::Missing("CTRL_ATTR_FAMILY_ID"))
}
