//! The worker's hold on a kernel, in a network of the test's own.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Command;
use std::sync::Arc;

use lbd_core::desired::{Desired, Marks, Vip};
use lbd_core::plan::Scope;
use netfilter_mark::{Backend, ChainState, Choice, MarkRule, Protocol};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, socket};
use tempfile::TempDir;

use super::Reform;
use super::convergence::Convergence;
use super::mailbox::Mailbox;
use crate::run::in_force::InForce;
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
    // Until the kernel has seen to its carrier it sends nothing.
    let sends = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        let link = Command::new("ip").args(["link", "show", "eth0"]).output();
        String::from_utf8_lossy(&link.unwrap().stdout).contains("state UP")
    });
    assert!(sends, "eth0 comes up");
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

/// Whether ARP packets are heard soon: on a busy machine they take a while.
fn hears(ear: &OwnedFd) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        heard(ear) > 0
    })
}

fn needs(marks: Option<&Backend>) -> Needs {
    Needs {
        ipvs: false,
        marks: marks.cloned(),
    }
}

async fn convergence(folder: &TempDir, marks: Option<&Backend>) -> Convergence {
    let scope = Scope {
        addresses: [vip()].into(),
        ..Scope::default()
    };
    let kernel = Kernel::reach(needs(marks)).await.unwrap();
    Convergence::new(
        kernel,
        scope,
        Ledger::open(folder.path()).unwrap(),
        Arc::default(),
    )
}

/// Announcements of [`vip`] that were ordered.
fn announcement() -> BTreeSet<(String, IpAddr)> {
    [("eth0".to_owned(), vip().address.addr())].into()
}

#[test]
fn an_address_is_announced_but_not_while_a_newer_order_waits_that_lacks_it() {
    network();
    let folder = TempDir::new().unwrap();
    let ear = ear();
    let runtime = crate::runtime::of_one_thread().unwrap();
    runtime.block_on(async {
        let mut state = convergence(&folder, None).await;
        let mailbox = Mailbox::default();
        state.order(Some(wanted()), BTreeSet::new());
        assert_eq!(state.converge(&mailbox).await, 1);
        state.announce(&mailbox).await;
        assert!(hears(&ear), "an address that came up is announced");

        state.order(None, announcement());
        state.converge(&mailbox).await;
        mailbox.order(|orders| orders.desired = Some(Desired::default()));
        state.announce(&mailbox).await;
        assert_eq!(heard(&ear), 0, "the role is lost meanwhile");

        let orders = mailbox.take();
        state.order(orders.desired, orders.announce);
        assert_eq!(state.converge(&mailbox).await, 1);
        state.announce(&mailbox).await;
        assert_eq!(heard(&ear), 0, "and the address gone");

        state.order(Some(wanted()), announcement());
        mailbox.order(|orders| orders.desired = Some(Desired::default()));
        assert_eq!(state.converge(&mailbox).await, 0, "the role is lost again");
        state.announce(&mailbox).await;
        assert_eq!(heard(&ear), 0, "it is not there");
        mailbox.order(|orders| orders.desired = Some(wanted()));
        let orders = mailbox.take();
        state.order(orders.desired, orders.announce);
        state.converge(&mailbox).await;
        state.announce(&mailbox).await;
        assert!(hears(&ear), "what waited is announced later");
    });
}

#[test]
fn news_of_other_things_keep_no_address_from_coming_up_and_being_announced() {
    network();
    let folder = TempDir::new().unwrap();
    let ear = ear();
    let runtime = crate::runtime::of_one_thread().unwrap();
    runtime.block_on(async {
        let mut state = convergence(&folder, None).await;
        let mailbox = Mailbox::default();
        state.order(Some(wanted()), BTreeSet::new());
        mailbox.order(|orders| orders.desired = Some(marked()));
        assert_eq!(state.converge(&mailbox).await, 1);
        state.announce(&mailbox).await;
        assert!(hears(&ear), "there and announced");
        assert!(mailbox.has_newer());
        std::thread::sleep(std::time::Duration::from_millis(50));
        heard(&ear);
        ip("addr del 192.0.2.101/32 dev eth0");
        state.order(None, announcement());
        assert_eq!(state.converge(&mailbox).await, 1);
        state.announce(&mailbox).await;
        assert!(hears(&ear), "again, as ordered");
    });
}

fn marked() -> Desired {
    let rule = MarkRule {
        destination: vip().address.addr(),
        protocol: Protocol::Tcp,
        port: 3306,
        mark: NonZeroU32::new(2).unwrap(),
        guard: NonZeroU32::new(2 | 1 << 31).unwrap(),
        excluded: BTreeSet::new(),
    };
    Desired {
        marks: Marks::Exactly(vec![rule]),
        ..wanted()
    }
}

/// The rules of [`marked`].
fn rules() -> Vec<MarkRule> {
    let Marks::Exactly(rules) = marked().marks else {
        unreachable!()
    };
    rules
}

#[test]
fn a_lasting_failure_elsewhere_leaves_no_mark_rules_in_another_backend() {
    network();
    let folder = TempDir::new().unwrap();
    let iptables = Backend::detect(Choice::Iptables).unwrap();
    iptables.replace(&rules()).unwrap();
    let nftables = Backend::detect(Choice::Nftables).unwrap();
    let nowhere = Vip {
        interface: "eth9".to_owned(),
        ..vip()
    };
    let runtime = crate::runtime::of_one_thread().unwrap();
    runtime.block_on(async {
        let mut state = convergence(&folder, Some(&nftables)).await;
        let mut desired = marked();
        desired.addresses.insert(nowhere);
        state.order(Some(desired), BTreeSet::new());
        state.converge(&Mailbox::default()).await;
        let wrong = state.ending().unwrap_err();
        assert!(wrong.contains("there is no interface eth9"), "{wrong}");
        assert!(nftables.read().unwrap().holds(&rules()));
        assert_eq!(iptables.read().unwrap(), ChainState::Absent);
    });
}

#[test]
fn another_mark_backend_takes_the_rules_over_and_the_first_one_is_cleared() {
    network();
    let folder = TempDir::new().unwrap();
    let iptables = Backend::detect(Choice::Iptables).unwrap();
    let nftables = Backend::detect(Choice::Nftables).unwrap();
    let runtime = crate::runtime::of_one_thread().unwrap();
    runtime.block_on(async {
        let mut state = convergence(&folder, Some(&iptables)).await;
        let mailbox = Mailbox::default();
        state.order(Some(marked()), BTreeSet::new());
        assert_eq!(state.converge(&mailbox).await, 2, "address and rules");
        for (new, old) in [(&nftables, &iptables), (&iptables, &nftables)] {
            assert!(old.read().unwrap().holds(&rules()));
            state.reform(Reform {
                scope: Scope {
                    marks: true,
                    ..Scope::default()
                },
                needs: needs(Some(new)),
                in_force: InForce::new(folder.path(), "the new file".to_owned()),
            });
            assert_eq!(state.converge(&mailbox).await, 1, "the rules only");
            assert_eq!(state.ending(), Ok(()));
            assert!(new.read().unwrap().holds(&rules()));
            assert_eq!(old.read().unwrap(), ChainState::Absent);
            assert_eq!(state.converge(&mailbox).await, 0, "and then nothing");
        }
    });
    let kept = std::fs::read_to_string(folder.path().join("in-force.yaml"));
    assert_eq!(kept.unwrap(), "the new file");
}

#[test]
fn a_file_that_comes_to_need_ipvs_has_it_or_is_told_so_at_each_try() {
    network();
    let folder = TempDir::new().unwrap();
    let runtime = crate::runtime::of_one_thread().unwrap();
    runtime.block_on(async {
        let reached = ipvs_netlink::Client::connect().await;
        let mut state = convergence(&folder, None).await;
        state.reform(Reform {
            scope: Scope::default(),
            needs: Needs {
                ipvs: true,
                marks: None,
            },
            in_force: InForce::new(folder.path(), "the new file".to_owned()),
        });
        state.order(Some(wanted()), BTreeSet::new());
        for changes in [1, 0] {
            assert_eq!(state.converge(&Mailbox::default()).await, changes);
            match &reached {
                Ok(_) => assert_eq!(state.ending(), Ok(())),
                Err(error) => assert_eq!(state.ending(), Err(error.to_string())),
            }
        }
    });
}
