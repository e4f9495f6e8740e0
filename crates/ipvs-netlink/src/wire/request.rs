//! Whole requests: netlink header, generic netlink header, attributes.

use super::attributes::{Writer, padded};
use super::error::EncodeError;
use super::message::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST};
use super::{command, config, daemon, destination, service};
use crate::change::{Change, Query};

/// What the headers of a request need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number that [`encode_get_family`](super::encode_get_family) asks for.
    pub family: u16,
    /// Comes back in the answer.
    pub sequence: u32,
}

/// Appends the request for a change. Failure is always answered, success only if `acknowledge`:
/// of many changes in one datagram, it is enough to have the last one acknowledged.
///
/// # Errors
/// The change contradicts itself; nothing is then appended.
pub fn encode_change(
    out: &mut Vec<u8>,
    header: &Header,
    change: &Change,
    acknowledge: bool,
) -> Result<(), EncodeError> {
    let flags = if acknowledge { NLM_F_ACK } else { 0 };
    let start = out.len();
    let mut result = Ok(());
    message(out, header, change_command(change), flags, |out| {
        result = change_attributes(&mut Writer::new(out), change);
    });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn change_command(change: &Change) -> u8 {
    match change {
        Change::AddService(_) => command::CMD_NEW_SERVICE,
        Change::EditService(_) => command::CMD_SET_SERVICE,
        Change::DeleteService(_) => command::CMD_DEL_SERVICE,
        Change::AddDestination(..) => command::CMD_NEW_DEST,
        Change::EditDestination(..) => command::CMD_SET_DEST,
        Change::DeleteDestination(..) => command::CMD_DEL_DEST,
        Change::StartDaemon(_) => command::CMD_NEW_DAEMON,
        Change::StopDaemon(_) => command::CMD_DEL_DAEMON,
        Change::SetTimeouts(_) => command::CMD_SET_CONFIG,
        Change::ZeroService(_) | Change::ZeroAll => command::CMD_ZERO,
        Change::Flush => command::CMD_FLUSH,
    }
}

fn change_attributes(out: &mut Writer<'_>, change: &Change) -> Result<(), EncodeError> {
    match change {
        Change::AddService(wanted) | Change::EditService(wanted) => {
            service::encode_service(out, wanted)?;
        }
        Change::DeleteService(key) | Change::ZeroService(key) => service::encode_key(out, key),
        Change::AddDestination(key, wanted) | Change::EditDestination(key, wanted) => {
            service::encode_key(out, key);
            destination::encode_destination(out, wanted);
        }
        Change::DeleteDestination(key, destination) => {
            service::encode_key(out, key);
            destination::encode_key(out, destination);
        }
        Change::StartDaemon(wanted) => daemon::encode_daemon(out, wanted),
        Change::StopDaemon(role) => daemon::encode_role(out, *role),
        Change::SetTimeouts(timeouts) => config::encode_timeouts(out, timeouts),
        Change::ZeroAll | Change::Flush => {}
    }
    Ok(())
}

/// Appends a question. The answer to a dump ends with `NLMSG_DONE`, every other is followed by
/// an acknowledgement.
pub fn encode_query(out: &mut Vec<u8>, header: &Header, query: &Query) {
    let (number, flags) = match query {
        Query::Services => (command::CMD_GET_SERVICE, NLM_F_DUMP),
        Query::Service(_) => (command::CMD_GET_SERVICE, NLM_F_ACK),
        Query::Destinations(_) => (command::CMD_GET_DEST, NLM_F_DUMP),
        Query::Daemons => (command::CMD_GET_DAEMON, NLM_F_DUMP),
        Query::Timeouts => (command::CMD_GET_CONFIG, NLM_F_ACK),
        Query::Info => (command::CMD_GET_INFO, NLM_F_ACK),
    };
    message(out, header, number, flags, |out| match query {
        Query::Service(key) | Query::Destinations(key) => {
            service::encode_key(&mut Writer::new(out), key);
        }
        Query::Services | Query::Daemons | Query::Timeouts | Query::Info => {}
    });
}

/// Appends the headers and what `content` writes, then fills in the length.
pub(crate) fn message(
    out: &mut Vec<u8>,
    header: &Header,
    number: u8,
    flags: u16,
    content: impl FnOnce(&mut Vec<u8>),
) {
    out.resize(padded(out.len()), 0);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&header.family.to_ne_bytes());
    out.extend_from_slice(&(NLM_F_REQUEST | flags).to_ne_bytes());
    out.extend_from_slice(&header.sequence.to_ne_bytes());
    // Port 0: the kernel fills in the sender's.
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&[number, command::GENL_VERSION, 0, 0]);
    content(out);
    // A message of this crate has a few hundred octets.
    let len = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(slot) = out.get_mut(start..start + 4) {
        slot.copy_from_slice(&len.to_ne_bytes());
    }
}
