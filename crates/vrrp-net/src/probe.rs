//! Asking the neighbours: who answers for an address, and does a given host answer to one?

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{LinkAddr, bind, recvfrom};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use crate::{Error, frame, interface};

/// `ETH_P_ARP` and `ETH_P_IP` (linux/if_ether.h).
const ARP: u16 = 0x0806;
const IPV4: u16 = 0x0800;
/// Each question is sent so often, spread over the time that answers are waited for.
const TRIES: u32 = 2;
/// Octets of a received frame that are looked at: more than any answer has before its payload.
const LONGEST: usize = 256;

/// A host at its MAC, and an IPv4 address.
pub type MacAndAddress = ([u8; 6], Ipv4Addr);

/// Asks the neighbours of one Ethernet interface with frames of its own, past the kernel's tables, and hears every
/// answer, where the kernel keeps the first or the last one.
///
/// It is for diagnosis: each question blocks the calling thread for as long as it is told to wait.
#[derive(Debug)]
pub struct Prober {
    name: String,
    ifindex: u32,
    sender: Socket,
    mac: [u8; 6],
    address: Ipv4Addr,
}

impl Prober {
    /// Opens a packet socket on the interface `ifindex`, whose own are `mac` and `address`: the answers go there.
    ///
    /// # Errors
    /// [`Error`]: no such interface, or no `CAP_NET_RAW`.
    pub fn open(ifindex: u32, mac: [u8; 6], address: Ipv4Addr) -> Result<Self, Error> {
        let name = interface::name(ifindex)?;
        let link = interface::link_address(&name)?;
        // No protocol: it only sends.
        let sender =
            Socket::new(Domain::PACKET, Type::RAW, None).map_err(Error::create(&name, "packet"))?;
        bind(sender.as_raw_fd(), &link).map_err(Error::setup(&name, "bind the packet socket"))?;
        Ok(Self {
            name,
            ifindex,
            sender,
            mac,
            address,
        })
    }

    /// Asks by ARP (RFC 826) for each address, and gives the MACs of all who answered within `wait`. This host's own
    /// kernel does not hear the question.
    ///
    /// # Errors
    /// [`Error`]: no `CAP_NET_RAW`, or the interface is down or gone.
    pub fn who_has(
        &self,
        addresses: &BTreeSet<Ipv4Addr>,
        wait: Duration,
    ) -> Result<BTreeMap<Ipv4Addr, BTreeSet<[u8; 6]>>, Error> {
        let receiver = self.receiver(ARP)?;
        let question = |address: &Ipv4Addr| frame::arp_request(self.mac, self.address, *address);
        let questions: Vec<_> = addresses.iter().map(question).collect();
        let mut answers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        self.exchange(&receiver, &questions, wait, |octets| {
            if let Some((mac, address)) = frame::arp_reply(octets, self.address)
                && addresses.contains(&address)
            {
                answers.entry(address).or_default().insert(mac);
            }
        })?;
        Ok(answers)
    }

    /// Sends an ICMP echo request (RFC 792) for each address straight to the host at the MAC beside it, and gives those
    /// which that very host answered within `wait`. So it shows whether a host holds an address for which it does not
    /// answer ARP.
    ///
    /// # Errors
    /// As [`Self::who_has`].
    pub fn echo(
        &self,
        targets: &BTreeSet<MacAndAddress>,
        wait: Duration,
    ) -> Result<BTreeSet<MacAndAddress>, Error> {
        let receiver = self.receiver(IPV4)?;
        let filtered = receiver.attach_filter(&ICMP_ONLY);
        filtered.map_err(Error::setup(&self.name, "filter the packet socket"))?;
        let question = |(mac, address): &MacAndAddress| {
            frame::echo_request(self.mac, *mac, self.address, *address)
        };
        let questions: Vec<_> = targets.iter().filter_map(question).collect();
        let mut answers = BTreeSet::new();
        self.exchange(&receiver, &questions, wait, |octets| {
            let answer = frame::echo_reply(octets, self.address);
            answers.extend(answer.filter(|answer| targets.contains(answer)));
        })?;
        Ok(answers)
    }

    /// Not bound: what a packet socket of a protocol hears between its making and its binding is from any interface, so
    /// that each frame's own is looked at in any case.
    fn receiver(&self, protocol: u16) -> Result<Socket, Error> {
        let protocol = Protocol::from(i32::from(protocol.to_be()));
        Socket::new(Domain::PACKET, Type::RAW, Some(protocol))
            .map_err(Error::create(&self.name, "packet"))
    }

    fn exchange(
        &self,
        receiver: &Socket,
        questions: &[Vec<u8>],
        wait: Duration,
        mut hear: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        if questions.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        for turn in 1..=TRIES {
            for question in questions {
                let sent = self.sender.send(question);
                sent.map_err(Error::setup(&self.name, "send a frame"))?;
            }
            let end = wait * turn / TRIES;
            while let Some(left) = end
                .checked_sub(begun.elapsed())
                .filter(|left| !left.is_zero())
            {
                let heard = self.hear_one(receiver, left, &mut hear);
                heard.map_err(Error::setup(&self.name, "receive a frame"))?;
            }
        }
        Ok(())
    }

    fn hear_one(
        &self,
        receiver: &Socket,
        wait: Duration,
        hear: &mut impl FnMut(&[u8]),
    ) -> io::Result<()> {
        // The kernel counts in microseconds, and takes 0 for "for ever".
        receiver.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        let mut buffer = [0; LONGEST];
        let (length, from) = match recvfrom::<LinkAddr>(receiver.as_raw_fd(), &mut buffer) {
            Ok(received) => received,
            Err(error) => {
                let error = io::Error::from(error);
                let nothing = matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                );
                return if nothing { Ok(()) } else { Err(error) };
            }
        };
        let here = from.is_some_and(|from| u32::try_from(from.ifindex()) == Ok(self.ifindex));
        if let Some(octets) = buffer.get(..length).filter(|_| here) {
            hear(octets);
        }
        Ok(())
    }
}

/// Passes frames whose IPv4 protocol (octet 9 behind Ethernet's 14) is ICMP, 1 (linux/filter.h): a busy server's traffic would
/// else fill the socket.
const ICMP_ONLY: [SockFilter; 4] = [
    SockFilter::new(0x30, 0, 0, 23),     // BPF_LD | BPF_B | BPF_ABS
    SockFilter::new(0x15, 0, 1, 1),      // BPF_JMP | BPF_JEQ | BPF_K
    SockFilter::new(0x06, 0, 0, 0xffff), // BPF_RET | BPF_K: all of it
    SockFilter::new(0x06, 0, 0, 0),      // none of it
];
