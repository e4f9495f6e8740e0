//! What can go wrong with a parameter.

use std::io;

use crate::Key;

/// Why a parameter could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key does not name one file below `/proc/sys`.
    #[error("{key:?} is no kernel parameter: a component is empty, \"..\", or has a slash in it")]
    BadKey {
        /// The key as given.
        key: Key,
    },
    /// The kernel has no such parameter, now and in this network namespace.
    #[error("the kernel has no parameter {key}: {}", why_missing(.key))]
    Missing {
        /// The parameter.
        key: Key,
    },
    /// Not permitted.
    #[error(
        "{key} may not be {action}: root or CAP_NET_ADMIN is needed, and under systemd ReadWritePaths=/proc/sys/net"
    )]
    Denied {
        /// The parameter.
        key: Key,
        /// "read" or "written".
        action: &'static str,
    },
    /// `/proc/sys` is mounted read-only, as in many containers.
    #[error(
        "{key} cannot be written, /proc/sys is read-only: set it on the host or start the container with --sysctl; under systemd set ReadWritePaths=/proc/sys/net"
    )]
    ReadOnly {
        /// The parameter.
        key: Key,
    },
    /// The kernel refused the value.
    #[error("the kernel does not take {value} for {key}")]
    Refused {
        /// The parameter.
        key: Key,
        /// The value it refused.
        value: i32,
    },
    /// The parameter does not hold one whole number.
    #[error("{key} holds \"{text}\", not one whole number")]
    NotANumber {
        /// The parameter.
        key: Key,
        /// What it holds, cut after 64 characters.
        text: String,
    },
    /// Anything else the system answered.
    #[error("{key} could not be {action}: {source}")]
    Io {
        /// The parameter.
        key: Key,
        /// "read" or "written".
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
}

fn why_missing(key: &Key) -> String {
    match key.interface() {
        Some("all" | "default") => "this kernel does not know it".to_owned(),
        Some(interface) => format!("is there an interface {interface}? (ip link)"),
        None if key.is_ipvs() => "load IPVS first (modprobe ip_vs)".to_owned(),
        None => "the module that brings it may not be loaded".to_owned(),
    }
}
