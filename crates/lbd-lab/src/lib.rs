//! Whole clusters on a real kernel, for tests and the demo.
//!
//! A scenario is a function that gets a [`Lab`](lab::Lab): hosts with NICs on one switch, each in namespaces of its
//! own, in which it starts and kills daemons, cuts links, captures frames and reads the kernel's tables.
//!
//! Where the machine's kernel has IPVS a scenario runs in namespaces of this very machine; where it has not, inside a
//! user-mode Linux guest that borrows the machine's file system; what needs nftables too runs on an emulated machine.
//! In all cases the same binary is the first process there ([`ground::init`]), and nothing outlives it.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a test tool: its output is what it is for

pub mod bench;
pub mod capture;
pub mod client;
pub mod cluster;
pub mod daemon;
pub mod demo;
pub mod failed;
pub mod frame;
pub mod ground;
pub mod host;
pub mod lab;
mod pcap;
pub mod runner;
pub mod scenarios;
pub mod serve;
pub mod snapshot;
pub mod space;
pub mod switch;
pub mod tables;
