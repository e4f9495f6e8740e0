//! The numbers of `linux/ip_vs.h`.

pub(crate) const FAMILY_NAME: &str = "IPVS";
pub(crate) const GENL_VERSION: u8 = 1;

pub(crate) const CMD_NEW_SERVICE: u8 = 1;
pub(crate) const CMD_SET_SERVICE: u8 = 2;
pub(crate) const CMD_DEL_SERVICE: u8 = 3;
pub(crate) const CMD_GET_SERVICE: u8 = 4;
pub(crate) const CMD_NEW_DEST: u8 = 5;
pub(crate) const CMD_SET_DEST: u8 = 6;
pub(crate) const CMD_DEL_DEST: u8 = 7;
pub(crate) const CMD_GET_DEST: u8 = 8;
pub(crate) const CMD_NEW_DAEMON: u8 = 9;
pub(crate) const CMD_DEL_DAEMON: u8 = 10;
pub(crate) const CMD_GET_DAEMON: u8 = 11;
pub(crate) const CMD_SET_CONFIG: u8 = 12;
pub(crate) const CMD_GET_CONFIG: u8 = 13;
pub(crate) const CMD_GET_INFO: u8 = 15;
pub(crate) const CMD_ZERO: u8 = 16;
pub(crate) const CMD_FLUSH: u8 = 17;

pub(crate) const ATTR_SERVICE: u16 = 1;
pub(crate) const ATTR_DEST: u16 = 2;
pub(crate) const ATTR_DAEMON: u16 = 3;
pub(crate) const ATTR_TIMEOUT_TCP: u16 = 4;
pub(crate) const ATTR_TIMEOUT_TCP_FIN: u16 = 5;
pub(crate) const ATTR_TIMEOUT_UDP: u16 = 6;

pub(crate) const AF_INET: u16 = 2;
pub(crate) const AF_INET6: u16 = 10;
