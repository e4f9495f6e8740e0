//! Sync daemons: `IPVS_DAEMON_ATTR_*`.

use core::net::IpAddr;

use super::attributes::{Attributes, Writer};
use super::command::ATTR_DAEMON;
use super::error::DecodeError;
use super::message::nest;
use crate::Name;
use crate::daemon::{Daemon, DaemonEntry, DaemonRole};

const STATE: u16 = 1;
const MCAST_IFN: u16 = 2;
const SYNC_ID: u16 = 3;
const SYNC_MAXLEN: u16 = 4;
const MCAST_GROUP: u16 = 5;
const MCAST_GROUP6: u16 = 6;
const MCAST_PORT: u16 = 7;
const MCAST_TTL: u16 = 8;

pub(crate) fn encode_daemon(out: &mut Writer<'_>, daemon: &Daemon) {
    out.nest(ATTR_DAEMON, |out| {
        out.u32(STATE, state(daemon.role));
        out.name(MCAST_IFN, &daemon.interface);
        out.u32(SYNC_ID, daemon.sync_id.into());
        if let Some(octets) = daemon.max_length {
            out.u16(SYNC_MAXLEN, octets);
        }
        if let Some(port) = daemon.port {
            // In the machine's byte order, unlike the ports of services.
            out.u16(MCAST_PORT, port);
        }
        if let Some(ttl) = daemon.ttl {
            out.u8(MCAST_TTL, ttl);
        }
        match daemon.group {
            Some(IpAddr::V4(group)) => out.bytes(MCAST_GROUP, &group.octets()),
            Some(IpAddr::V6(group)) => out.bytes(MCAST_GROUP6, &group.octets()),
            None => {}
        }
    });
}

pub(crate) fn encode_role(out: &mut Writer<'_>, role: DaemonRole) {
    out.nest(ATTR_DAEMON, |out| out.u32(STATE, state(role)));
}

fn state(role: DaemonRole) -> u32 {
    match role {
        DaemonRole::Master => 1,
        DaemonRole::Backup => 2,
    }
}

/// Reads a sync daemon from the attributes of a reply (`IPVS_CMD_NEW_DAEMON`), or of a request
/// that starts one. Unknown attributes are kept.
///
/// # Errors
/// State, interface or id is missing or malformed.
pub fn decode_daemon(attributes: &[u8]) -> Result<DaemonEntry, DecodeError> {
    let nest = nest(attributes, ATTR_DAEMON, "IPVS_CMD_ATTR_DAEMON")?;
    let mut role = None;
    let mut interface: Option<Name> = None;
    let mut sync_id = None;
    let (mut max_length, mut group, mut port, mut ttl) = (None, None, None, None);
    let mut unknown = Vec::new();
    for attribute in Attributes::new(nest.payload) {
        let attribute = attribute?;
        match attribute.kind {
            STATE => role = Some(decode_state(attribute.u32("IPVS_DAEMON_ATTR_STATE")?)?),
            MCAST_IFN => interface = Some(attribute.name("IPVS_DAEMON_ATTR_MCAST_IFN")?),
            SYNC_ID => sync_id = Some(attribute.u32("IPVS_DAEMON_ATTR_SYNC_ID")?),
            SYNC_MAXLEN => max_length = Some(attribute.u16("IPVS_DAEMON_ATTR_SYNC_MAXLEN")?),
            MCAST_GROUP => {
                group = Some(attribute.ipv4("IPVS_DAEMON_ATTR_MCAST_GROUP")?.into());
            }
            MCAST_GROUP6 => {
                group = Some(attribute.ipv6("IPVS_DAEMON_ATTR_MCAST_GROUP6")?.into());
            }
            MCAST_PORT => port = Some(attribute.u16("IPVS_DAEMON_ATTR_MCAST_PORT")?),
            MCAST_TTL => ttl = Some(attribute.u8("IPVS_DAEMON_ATTR_MCAST_TTL")?),
            _unknown => attribute.keep(&mut unknown),
        }
    }
    let sync_id = sync_id.ok_or(DecodeError::Missing("IPVS_DAEMON_ATTR_SYNC_ID"))?;
    let daemon = Daemon {
        role: role.ok_or(DecodeError::Missing("IPVS_DAEMON_ATTR_STATE"))?,
        interface: interface.ok_or(DecodeError::Missing("IPVS_DAEMON_ATTR_MCAST_IFN"))?,
        sync_id: u8::try_from(sync_id).map_err(|_| DecodeError::Value {
            attribute: "IPVS_DAEMON_ATTR_SYNC_ID",
            value: sync_id,
        })?,
        max_length,
        group,
        port,
        ttl,
    };
    Ok(DaemonEntry { daemon, unknown })
}

fn decode_state(state: u32) -> Result<DaemonRole, DecodeError> {
    match state {
        1 => Ok(DaemonRole::Master),
        2 => Ok(DaemonRole::Backup),
        value => Err(DecodeError::Value {
            attribute: "IPVS_DAEMON_ATTR_STATE",
            value,
        }),
    }
}
