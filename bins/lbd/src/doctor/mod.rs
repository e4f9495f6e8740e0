//! `lbd doctor`: finds what makes such a cluster fail on this host and around it, and says what to do.
//!
//! It changes nothing. Each family of findings has a file: what is read there is judged by a function that is pure. To the
//! network go ARP and ICMP echo requests only, and that this host listens to VRRP's group.

mod addresses;
mod adverts;
mod clock;
mod finding;
mod heard;
mod holders;
mod ipvs;
mod macs;
mod marks;
mod parameters;
mod rivals;
mod servers;
#[cfg(test)]
mod stand;
mod tracking;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use lbd_core::desired::{Desired, Vip};
use lbd_core::host::{Host, Interface};
use vip_netlink::Netlink;

use crate::failure::Failure;
use crate::file;
use crate::outlook::Outlook;
use crate::run::network;
use crate::run::preflight::rights;
use crate::say::say;
use finding::Report;

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// The configuration file.
    #[arg(long, default_value = "/etc/lbd/lbd.yaml")]
    config: PathBuf,
    /// Which node of the file this host is, when its addresses do not tell.
    #[arg(long)]
    node: Option<String>,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// What is read at first, of the kernel's side of the network.
struct Surroundings {
    host: Host,
    interfaces: Vec<Interface>,
    addresses: BTreeSet<Vip>,
    outlook: Outlook,
}

/// Looks, and tells what it found; with a finding it fails.
pub(crate) fn doctor(options: &DoctorOptions) -> Result<(), Failure> {
    rights()?;
    let runtime = crate::runtime::of_one_thread()?;
    let report = runtime.block_on(async {
        let around = surroundings(options).await?;
        Ok(look(&around).await)
    })?;
    match options.json {
        true => {
            let text = serde_json::to_string_pretty(&report);
            say(&text.map_err(|error| Failure::Runtime(error.to_string()))?)?;
        }
        false => say(&report.to_string())?,
    }
    match report.findings.is_empty() {
        true => Ok(()),
        false => Err(Failure::Findings),
    }
}

async fn surroundings(options: &DoctorOptions) -> Result<Surroundings, Failure> {
    let config = file::load(&options.config)?;
    let kernel = |error: vip_netlink::Error| Failure::Runtime(error.to_string());
    let netlink = Netlink::connect().await.map_err(kernel)?;
    let interfaces = network::interfaces(&netlink).await.map_err(kernel)?;
    let host = Host::new(config, &interfaces, options.node.as_deref())
        .map_err(|error| Failure::Host(format!("{}: {error}", options.config.display())))?;
    let name = |index| interfaces.iter().find(|i| i.index == index);
    let addresses = netlink.addresses().await.map_err(kernel)?;
    let addresses = addresses.into_iter().filter_map(|address| {
        Some(Vip {
            interface: name(address.index)?.name.clone(),
            address: address.address,
        })
    });
    Ok(Surroundings {
        addresses: addresses.collect(),
        // The neighbours are asked themselves, past the kernel's table.
        outlook: Outlook::new(&host, &[]).marking(),
        host,
        interfaces,
    })
}

async fn look(around: &Surroundings) -> Report {
    let host = &around.host;
    let mut report = Report::default();
    let findings = &mut report.findings;
    // Without an IPv4 address on lo nothing depends on them.
    if !Desired::standing(host).sysctls.is_empty() {
        let interfaces = serving(host, &around.interfaces);
        let values = parameters::read(&interfaces);
        let routes = std::fs::read_to_string("/proc/net/route").unwrap_or_default();
        let route = parameters::default_route(&routes);
        for interface in &interfaces {
            findings.extend(parameters::judge(interface, &values, route.as_deref()));
        }
    }
    findings.extend(addresses::judge(host, &around.addresses));
    let heard = heard::ask(host, &around.interfaces, &mut report);
    report.findings.extend(holders::judge(host, &heard));
    report.findings.extend(macs::judge(host, &heard));
    servers::judge(host, &heard, &mut report);
    let adverts = adverts::hear(host, &mut report).await;
    report.findings.extend(adverts::judge(host, &adverts));
    marks::look(host, &around.outlook, &mut report);
    if host.directed().next().is_some() {
        ipvs::look(&mut report).await;
    }
    report.findings.extend(tracking::look());
    report.findings.extend(rivals::look());
    clock::look(&mut report);
    if let Some(what) = not_asked(host) {
        report.not_known.push(what);
    }
    report
}

/// The interfaces that virtual addresses are reached on: the NIC, and those of virtual routers that there are.
fn serving(host: &Host, interfaces: &[Interface]) -> BTreeSet<String> {
    let routers = host.config.routers.iter().map(|router| &router.interface);
    routers
        .chain([&host.nic])
        .filter(|name| interfaces.iter().any(|i| i.name == **name))
        .cloned()
        .collect()
}

/// Neighbours are asked over IPv4 only.
fn not_asked(host: &Host) -> Option<String> {
    let services = host.config.services.iter();
    let v6: BTreeSet<String> = services
        .filter(|service| service.address.is_ipv6())
        .map(|service| service.address.to_string())
        .collect();
    let v6: Vec<String> = v6.into_iter().collect();
    (!v6.is_empty()).then(|| format!("who answers for {}: IPv6 is not asked for", v6.join(", ")))
}
