//! The worker's hold on a kernel, in a network of the test's own.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Command;

use lbd_core::desired::{Desired, Vip};
use lbd_core::plan::Scope;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, socket};
use tempfile::TempDir;

use super::convergence::Convergence;
use super::mailbox::Mailbox;
use crate::run::kernel::Kernel;
use crate::run::ledger::Ledger;
use crate::run::preflight::Needs;

/// Makes a network with a NIC for the calling thread.
fn network() {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    for words in [
        "link add eth0 type veth peer name far",
        "link set eth0 up",
        "link set far up",
    ] {
        ip(words);
    }
}

fn ip(words: &str) {
    let status = Command::new("ip").args(words.split(' ')).status().unwrap();
    assert!(status.success(), "ip {words}");
}

fn vip() -> Vip {
    Vip {
        interface: "eth0".to_owned(),
        address: "192.0.2.101/32".parse().unwrap(),
    }
}

fn wanted() -> Desired {
    Desired {
        addresses: [vip()].into(),
        ..Desired::default()
    }
}

/// Every frame on this network.
fn ear() -> OwnedFd {
    let (kind, flags) = (SockType::Datagram, SockFlag::SOCK_NONBLOCK);
    socket(AddressFamily::Packet, kind, flags, SockProtocol::EthAll).unwrap()
}

/// How many ARP packets (Ethernet, IPv4: RFC 826) were heard since the last time.
fn heard(ear: &OwnedFd) -> usize {
    let mut packet = [0; 64];
    let packets = std::iter::from_fn(|| {
        let length = recv(ear.as_raw_fd(), &mut packet, MsgFlags::empty()).ok()?;
        Some(packet[..length].starts_with(&[0, 1, 8, 0]))
    });
    packets.filter(|arp| *arp).count()
}

async fn convergence(folder: &TempDir) -> Convergence {
    let needs = Needs {
        ipvs: false,
        marks: None,
    };
    let scope = Scope {
        addresses: [vip()].into(),
        ..Scope::default()
    };
    let kernel = Kernel::reach(needs).await.unwrap();
    Convergence::new(kernel, scope, Ledger::open(folder.path()).unwrap())
}

#[test]
fn an_address_is_announced_but_not_while_a_newer_order_waits() {
    network();
    let folder = TempDir::new().unwrap();
    let ear = ear();
    let announcement = BTreeSet::from([("eth0".to_owned(), vip().address.addr())]);
    let runtime = crate::runtime::of_one_thread().unwrap();
    runtime.block_on(async {
        let mut state = convergence(&folder).await;
        let mailbox = Mailbox::default();
        state.order(Some(wanted()), BTreeSet::new());
        assert_eq!(state.converge(&mailbox).await, 1);
        state.announce(&mailbox).await;
        assert!(heard(&ear) > 0, "an address that came up is announced");

        state.order(None, announcement.clone());
        state.converge(&mailbox).await;
        mailbox.order(|orders| orders.desired = Some(Desired::default()));
        state.announce(&mailbox).await;
        assert_eq!(heard(&ear), 0, "the role is lost meanwhile");

        let orders = mailbox.take();
        state.order(orders.desired, orders.announce);
        assert_eq!(state.converge(&mailbox).await, 1);
        state.announce(&mailbox).await;
        assert_eq!(heard(&ear), 0, "and the address gone");

        state.order(Some(wanted()), announcement);
        mailbox.order(|orders| orders.desired = Some(wanted()));
        state.converge(&mailbox).await;
        state.announce(&mailbox).await;
        assert_eq!(heard(&ear), 0, "it is not there yet");
        let orders = mailbox.take();
        state.order(orders.desired, orders.announce);
        state.converge(&mailbox).await;
        state.announce(&mailbox).await;
        assert!(heard(&ear) > 0, "what waited is announced later");
    });
}
