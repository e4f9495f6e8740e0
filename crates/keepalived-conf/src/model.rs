//! What a keepalived file says that lbd has a place for.

use std::net::IpAddr;
use std::time::Duration;

use crate::Place;

/// One director's file.
#[derive(Clone, Debug, Default)]
pub struct Director {
    /// Its name, if one was given.
    pub given_name: Option<String>,
    /// Its file.
    pub file: String,
    /// `router_id`, and where it stands.
    pub router_id: Option<(String, Place)>,
    /// The virtual routers.
    pub routers: Vec<Router>,
    /// The balanced services.
    pub services: Vec<Service>,
    /// Mail to operators.
    pub email: Email,
}

/// A `vrrp_instance`.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// Where it starts.
    pub place: Place,
    /// `virtual_router_id`, 1 to 255.
    pub id: u8,
    /// `interface`.
    pub interface: String,
    /// 2 or 3.
    pub version: u8,
    /// `priority`, 1 to 255.
    pub priority: u8,
    /// `advert_int`.
    pub interval: Duration,
    /// `auth_pass`, 1 to 8 octets.
    pub password: Option<String>,
    /// The virtual addresses.
    pub addresses: Vec<Address>,
    /// Not `nopreempt`.
    pub preempt: bool,
    /// `preempt_delay`.
    pub preempt_delay: Duration,
    /// `unicast_peer`; empty for multicast.
    pub peers: Vec<(IpAddr, Place)>,
    /// `unicast_src_ip` or `mcast_src_ip`.
    pub source: Option<IpAddr>,
    /// The scripts that `track_script` names.
    pub scripts: Vec<Script>,
    /// `notify_master` and its like.
    pub notify: Notify,
}

impl Router {
    /// Whether its addresses are IPv6.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.addresses
            .first()
            .is_some_and(|address| address.ip.is_ipv6())
    }
}

/// A virtual address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The prefix length; 32 or 128 where the file has none.
    pub length: u8,
}

/// A `vrrp_script` that is tracked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// From one run to the next.
    pub interval: Duration,
    /// How long a run may take; the interval where the file has none.
    pub timeout: Option<Duration>,
    /// -253 to 253.
    pub weight: i16,
    /// Failures in a row until it counts as failed.
    pub fall: u32,
    /// Successes in a row until it counts as well.
    pub rise: u32,
}

/// Commands to run when the role changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// On becoming master.
    pub master: Option<Vec<String>>,
    /// On becoming backup.
    pub backup: Option<Vec<String>>,
    /// On a fault.
    pub fault: Option<Vec<String>>,
    /// On the daemon's stop.
    pub stop: Option<Vec<String>>,
}

/// A `virtual_server`.
#[derive(Clone, Debug)]
pub struct Service {
    /// `snmp_name`, or the name of the group.
    pub name: Option<String>,
    /// Where it starts.
    pub place: Place,
    /// What selects its packets.
    pub key: Key,
    /// `lvs_sched`.
    pub scheduler: String,
    /// `lvs_method`.
    pub forwarding: Forwarding,
    /// The real servers.
    pub servers: Vec<Server>,
}

/// What selects the packets of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A firewall mark.
    Mark(u32),
    /// An address and a port.
    Address(IpAddr, u16),
}

/// How packets reach a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarding {
    /// `DR`.
    DirectRoute,
    /// `NAT`.
    Masquerade,
    /// `TUN`.
    Tunnel,
}

/// A `real_server`.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where it starts.
    pub place: Place,
    /// Its address.
    pub ip: IpAddr,
    /// Its port, as written.
    pub port: Option<u16>,
    /// `weight`.
    pub weight: u32,
    /// The checkers that lbd has a kind of check for.
    pub checks: Vec<Check>,
    /// Whether it has others, too: those are not made.
    pub unchecked: bool,
}

/// A checker.
#[derive(Clone, Debug)]
pub struct Check {
    /// keepalived's word for it.
    pub word: &'static str,
    /// Where it starts.
    pub place: Place,
    /// `connect_port`.
    pub port: Option<u16>,
    /// The timing.
    pub timing: Timing,
    /// What is asked.
    pub probe: Probe,
}

/// What a checker asks a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `TCP_CHECK`: whether a connection stands.
    Tcp,
    /// `MISC_CHECK`: what a command says.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
        /// `misc_dynamic`: exit codes from 2 are weights.
        dynamic: bool,
    },
    /// `HTTP_GET`.
    Http(Request),
    /// `SSL_GET`. keepalived believes any certificate.
    Https(Request),
}

/// A `url`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `path`, from the slash on.
    pub path: String,
    /// `virtualhost`, of the URL or of what is around it.
    pub host: Option<String>,
    /// `status_code`, as in `200-299,401`.
    pub statuses: String,
}

/// When a server is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `delay_loop`.
    pub interval: Duration,
    /// `connect_timeout`, `misc_timeout`.
    pub timeout: Duration,
    /// `retry`.
    pub retries: u32,
    /// `delay_before_retry`.
    pub retry_delay: Duration,
}

/// Mail to operators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Email {
    /// `notification_email_from`.
    pub from: Option<String>,
    /// `notification_email`.
    pub to: Vec<String>,
    /// `smtp_server`, with its port.
    pub server: Option<String>,
    /// `smtp_connect_timeout`.
    pub timeout: Option<Duration>,
}
