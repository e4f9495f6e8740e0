//! What goes into the engine, and what comes out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use healthcheck::{Alarm, Failure, Outcome};
use ipnet::IpNet;
use netfilter_mark::Mac;
use serde::{Deserialize, Serialize};
use vrrp_proto::{Centis, Envelope, Priority, Reject, State};

use crate::config::HealthCheck;
use crate::desired::Desired;
use crate::host::Interface;
use crate::weight::Want;

/// A place in [`super::Engine::links`]: where adverts are received and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(pub usize);

/// An interface and source address on which adverts travel; several routers may share one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvertLink {
    /// The interface.
    pub interface: String,
    /// The address adverts are sent from.
    pub source: IpAddr,
}

/// One probe of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeId {
    /// The number of the server's check.
    pub check: usize,
    /// Which of its probes.
    pub probe: u64,
}

/// Whom a check asks, and what: the same for all probes of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The service.
    pub service: String,
    /// The server's node.
    pub node: String,
    /// The address to ask from: never a virtual one, whose answers would go astray.
    pub source: Option<IpAddr>,
    /// Where.
    pub target: SocketAddr,
    /// What, and how often.
    pub check: Arc<HealthCheck>,
}

impl Assignment {
    /// The service and the node.
    #[must_use]
    pub fn name(&self) -> (String, String) {
        (self.service.clone(), self.node.clone())
    }
}

/// How one probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Which.
    pub id: ProbeId,
    /// How; none when this host itself was held up meanwhile, so that it says nothing of the server.
    pub outcome: Option<Outcome>,
}

/// How an operator keeps a server from serving. Health does not bring it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drain {
    /// It keeps its connections until they end, and gets no new ones (weight 0).
    Connections,
    /// It is not in the table: its connections are reset.
    Maintenance,
}

/// One look at a tracked thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookId {
    /// The number of the tracked thing.
    pub track: usize,
    /// Which of the looks at it.
    pub look: u64,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Run this program with these arguments: well if it ends with exit code 0 in time.
    Script(Vec<String>),
    /// Count the processes of this program (an absolute path) or kernel's name.
    Processes(String),
    /// Read the number that this file holds.
    Number(String),
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// The daemon is ready: begin.
    Start {
        /// Names of the routers whose master this host was until a moment ago, and whose adverts
        /// have gone on in the meantime: it goes on as their master.
        adopted: &'a [String],
    },
    /// A deadline has passed.
    Tick,
    /// What carries probes out on this host was held up: results are late for that reason.
    ProbesHeldUp,
    /// A VRRP packet arrived.
    Advert {
        /// Where.
        link: LinkId,
        /// What its IP header says.
        envelope: Envelope,
        /// What follows the IP header.
        payload: &'a [u8],
    },
    /// Probes ended. However many did, the weights that follow are decided once.
    Probed(Vec<Probed>),
    /// A look at a tracked thing ended.
    Looked {
        /// Which.
        id: LookId,
        /// The number of processes, or that in a file; of a script that went well, any. Else what was wrong.
        found: Result<i64, String>,
    },
    /// The kernel's interfaces and neighbours, read anew.
    Network {
        /// All interfaces.
        interfaces: &'a [Interface],
        /// The neighbours of the node's NIC.
        neighbours: &'a [Neighbour],
    },
    /// The operator drains a server, or gives it back. Also taken before [`Event::Start`], from an
    /// earlier life.
    Drain {
        /// The server's node.
        node: &'a str,
        /// How; none: not any more.
        how: Option<Drain>,
    },
    /// Give every mastership up in an orderly way, and do not take it back while another router has it.
    HandOver,
    /// Stop in an orderly way.
    Stop,
}

/// What the kernel knows of a host on the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its address.
    pub address: IpAddr,
    /// The state of its resolution.
    pub resolution: Resolution,
}

/// How far the kernel came in finding a neighbour's MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It answered with this MAC.
    Known(Mac),
    /// It has been asked and has not answered yet.
    Pending,
    /// It did not answer.
    Failed,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send an advert.
    Send {
        /// Where.
        link: LinkId,
        /// To whom.
        destination: IpAddr,
        /// The VRRP packet, without IP header.
        payload: Vec<u8>,
    },
    /// Make the kernel hold this. A later one replaces an earlier one that has not begun.
    Converge(Desired),
    /// Tell the network who holds these addresses, once every earlier [`Effect::Converge`] is done.
    Announce {
        /// The NIC.
        interface: String,
        /// The addresses.
        addresses: Vec<IpAddr>,
    },
    /// Probe a server, and report with [`Event::Probed`].
    Probe {
        /// Which probe it is. Whatever an earlier one of the same check has left is to be ended.
        id: ProbeId,
        /// How long it may take.
        timeout: Duration,
        /// Whom it asks what.
        assignment: Arc<Assignment>,
    },
    /// There is no such check any more: what is kept for it can go.
    Forget {
        /// Its number.
        check: usize,
    },
    /// Look at a tracked thing, and report with [`Event::Looked`].
    Look {
        /// Which look it is.
        id: LookId,
        /// At what.
        look: Look,
        /// How long it may take.
        timeout: Duration,
    },
    /// Make the kernel ask for a neighbour's MAC.
    Solicit {
        /// On which interface.
        interface: String,
        /// Whose.
        address: IpAddr,
    },
    /// Tell the operator.
    Report(Report),
}

/// A role that this host holds, with all that is needed to keep it for a moment without an engine, or to
/// give it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The router's name.
    pub router: String,
    /// Where its adverts are sent.
    pub interface: String,
    /// The address they are sent from.
    pub source: IpAddr,
    /// From one advert to the next.
    pub interval: Duration,
    /// For each destination an advert, and the one that resigns; both without IP header.
    pub adverts: Vec<(IpAddr, Vec<u8>, Vec<u8>)>,
    /// The addresses that the role puts on the interface.
    pub addresses: Vec<IpNet>,
}

/// Something an operator may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A router changed its state.
    Role {
        /// The router's name.
        router: String,
        /// The state before.
        from: State,
        /// The state now.
        to: State,
        /// The priority it has.
        priority: Priority,
    },
    /// A tracked thing of a router was judged for the first time, or anew.
    Tracked {
        /// The router's name.
        router: String,
        /// The thing, in words.
        what: String,
        /// Whether it is well.
        well: bool,
        /// What was found.
        detail: String,
    },
    /// Tracked things changed a router's priority.
    Priority {
        /// The router's name.
        router: String,
        /// The priority before.
        from: Priority,
        /// The priority now.
        to: Priority,
    },
    /// For the first time since the start a master was heard that this host will not replace.
    MasterHeard {
        /// The router's name.
        router: String,
        /// Who.
        source: IpAddr,
        /// Its priority.
        priority: Priority,
    },
    /// An advert was not accepted: the first for this reason, or the second, fourth, eighth, …
    Rejected {
        /// The router's name.
        router: String,
        /// The interface.
        interface: String,
        /// Who sent it.
        source: IpAddr,
        /// Why.
        reject: Reject,
        /// How many of this reason there have been on this router.
        count: u64,
    },
    /// An advert was accepted, but lists other addresses than this router.
    AddressesDiffer {
        /// The router's name.
        router: String,
        /// Who sent it.
        source: IpAddr,
    },
    /// An accepted advert of version 3 comes in another interval than the file's: this router follows it while
    /// it is backup (RFC 9568, 7.1).
    IntervalDiffers {
        /// The router's name.
        router: String,
        /// Who sent it.
        source: IpAddr,
        /// The interval it says.
        theirs: Centis,
        /// The interval of the file.
        ours: Centis,
    },
    /// An advert could not be built.
    NotSent {
        /// The router's name.
        router: String,
        /// Why.
        detail: String,
    },
    /// A server came up or went down.
    Server {
        /// The service's name.
        service: String,
        /// The server's node.
        node: String,
        /// Nothing: it is up. Else how it failed.
        failure: Option<Failure>,
    },
    /// What is wanted of a server in the table changed. Where that follows from its coming up or going down, only
    /// [`Report::Server`] tells.
    Weight {
        /// The service's name.
        service: String,
        /// The server's node.
        node: String,
        /// What is wanted now.
        want: Want,
        /// Why, in one sentence without a full stop.
        why: String,
    },
    /// The check of a server cannot say more until somebody acts, or it can again.
    Alarm {
        /// The service's name.
        service: String,
        /// The server's node.
        node: String,
        /// What has to be seen to; nothing any more.
        alarm: Option<Alarm>,
    },
    /// The master of a virtual router fell silent, and this host took its place: the master's host is
    /// suspected.
    MasterSilent {
        /// The router's name.
        router: String,
        /// The master's node's address.
        address: IpAddr,
    },
    /// Another director's MAC was learned, or changed.
    DirectorMac {
        /// The director.
        node: String,
        /// Its MAC before.
        before: Option<Mac>,
        /// Its MAC now.
        now: Mac,
    },
    /// Another director's MAC is not to be had: frames from it would be balanced.
    DirectorMacUnknown {
        /// The director.
        node: String,
        /// The address that nobody answers for.
        address: IpAddr,
    },
}
