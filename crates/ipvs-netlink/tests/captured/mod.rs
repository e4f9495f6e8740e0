//! Attributes of real messages, as `ipvsadm` 1.31 and Linux 6.1 exchanged them on x86-64 (seen with
//! `strace`). The netlink headers are cut off: each begins with the attributes.
#![cfg(target_endian = "little")]

pub(crate) mod replies;
pub(crate) mod requests;
