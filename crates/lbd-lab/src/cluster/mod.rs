//! The reference cluster: three database hosts, two of them directors, a client, and one VIP.

mod keepalived;
pub mod mariadb;
pub mod mysql_check;
mod reference;
pub mod replication;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

pub use keepalived::Keepalived;
pub use reference::{Reference, SCRIPTS};

use crate::client::Load;
use crate::daemon::Daemon;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

/// The address that clients read from.
pub const VIP: Ipv4Addr = Ipv4Addr::new(10, 243, 95, 101);
/// The port of the service.
pub const PORT: u16 = 3306;
/// The MAC that a client would have to see for the VIP when `db1` is master: the lab's MACs end like the addresses.
const ADDRESSES: [(&str, Ipv4Addr); 4] = [
    ("db1", Ipv4Addr::new(10, 243, 95, 3)),
    ("db2", Ipv4Addr::new(10, 243, 95, 4)),
    ("db3", Ipv4Addr::new(10, 243, 95, 5)),
    ("client", Ipv4Addr::new(10, 243, 95, 50)),
];

/// Daemons of one kind, by the name of their host.
pub type Fleet = BTreeMap<String, Daemon>;

/// The hosts of the reference cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The primary, and a director (priority 100).
    pub db1: Host,
    /// A replica, and a director (priority 90).
    pub db2: Host,
    /// A replica; a real server only.
    pub db3: Host,
    /// Reads through the VIP.
    pub client: Host,
}

impl Cluster {
    /// Makes the hosts; nothing runs on them yet.
    ///
    /// # Errors
    /// When a host cannot be made.
    pub fn build(lab: &mut Lab) -> Result<Self> {
        for (name, address) in ADDRESSES {
            lab.add_host(name, address)?;
        }
        Ok(Self {
            db1: lab.host("db1")?,
            db2: lab.host("db2")?,
            db3: lab.host("db3")?,
            client: lab.host("client")?,
        })
    }

    /// The three database hosts.
    #[must_use]
    pub fn databases(&self) -> [&Host; 3] {
        [&self.db1, &self.db2, &self.db3]
    }

    /// Starts a line server on each database host, and waits until all answer.
    ///
    /// # Errors
    /// When one does not.
    pub fn line_servers(&self, lab: &Lab) -> Result<Fleet> {
        let mut fleet = Fleet::new();
        for host in self.databases() {
            fleet.insert(host.name().to_owned(), line_server(host)?);
        }
        for host in self.databases() {
            listening(lab, host)?;
        }
        Ok(fleet)
    }

    /// Starts lbd with this file on each database host.
    ///
    /// # Errors
    /// When one cannot be started.
    pub fn lbd_everywhere(&self, file: &Reference) -> Result<Fleet> {
        let mut fleet = Fleet::new();
        for host in self.databases() {
            fleet.insert(host.name().to_owned(), lbd(host, file)?);
        }
        Ok(fleet)
    }

    /// Waits until `master` holds the VIP on its card and balances over exactly these hosts.
    ///
    /// # Errors
    /// When that does not come about in 40 s.
    pub fn settled(&self, lab: &Lab, master: &Host, serving: &[&Host]) -> Result {
        use std::time::Duration;
        let names: Vec<&str> = serving.iter().map(|host| host.name()).collect();
        let mut addresses: Vec<String> = serving
            .iter()
            .map(|host| host.address().to_string())
            .collect();
        addresses.sort();
        let limit = Duration::from_secs(40);
        lab.wait_until(&format!("{} holds the VIP", master.name()), limit, || {
            master.has_on_nic(VIP)
        })?;
        let what = format!("{} balances over {}", master.name(), names.join(", "));
        lab.wait_until(&what, limit, || Ok(master.serving()? == addresses))?;
        // A daemon that starts late has not put the VIP on its `lo` yet, and its host would refuse what it gets.
        for host in serving {
            let what = format!("{} is ready to serve the VIP", host.name());
            lab.wait_until(&what, limit, || {
                Ok(host.addresses("lo")?.contains(&format!("{VIP}/32")))
            })?;
        }
        Ok(())
    }

    /// A client's reads through the VIP.
    #[must_use]
    pub fn load(&self) -> Load {
        Load::new(VIP, PORT)
    }

    /// Checks that no two hosts hold the VIP on their cards, and gives the names of those that do.
    ///
    /// # Errors
    /// When a host cannot be asked.
    pub fn holders(&self) -> Result<Vec<String>> {
        let mut holders = Vec::new();
        for host in self.databases() {
            if host.has_on_nic(VIP)? {
                holders.push(host.name().to_owned());
            }
        }
        Ok(holders)
    }
}

/// Starts a line server on a host.
///
/// # Errors
/// When it cannot be started.
pub fn line_server(host: &Host) -> Result<Daemon> {
    let program = std::env::current_exe()?;
    host.start(
        "server",
        &program.to_string_lossy(),
        &["serve", "--name", host.name(), "--port", &PORT.to_string()],
    )
}

/// Waits until something listens at the service's port of a host.
///
/// # Errors
/// When nothing does within 60 s.
pub fn listening(lab: &Lab, host: &Host) -> Result {
    let what = format!("{} serves", host.name());
    let filter = format!("ss -Hltn sport = :{PORT}");
    lab.wait_until(&what, std::time::Duration::from_secs(60), || {
        Ok(!host.run(&filter)?.is_empty())
    })?;
    Ok(())
}

/// Starts lbd on a host with this file.
///
/// # Errors
/// When there is no lbd, or it cannot be started.
pub fn lbd(host: &Host, file: &Reference) -> Result<Daemon> {
    let config = host.write_file("lbd.yaml", file.text())?;
    host.start("lbd", &lbd_program()?, &["run", "--config", &config])
}

/// Runs a command of lbd's on a host (`reload`, say) and gives what it wrote.
///
/// # Errors
/// When its exit status is not 0; the sentence holds what it said.
pub fn ask_lbd(host: &Host, command: &str) -> Result<String> {
    host.run(&format!("{} {command}", lbd_program()?))
}

/// The program under test.
///
/// # Errors
/// When the lab was not told where it is.
pub fn lbd_program() -> Result<String> {
    std::env::var("LBD_LAB_LBD").map_err(|_| Failed::new("LBD_LAB_LBD does not say where lbd is"))
}

/// One daemon of a fleet.
///
/// # Errors
/// When there is none on that host.
pub fn daemon_of<'a>(fleet: &'a mut Fleet, host: &Host) -> Result<&'a mut Daemon> {
    fleet
        .get_mut(host.name())
        .ok_or_else(|| Failed::new(format!("no such daemon on {}", host.name())))
}

/// The folder of a prepared MariaDB data directory.
pub(crate) fn mariadb_template() -> Result<PathBuf> {
    std::env::var_os("LBD_LAB_MARIADB")
        .map(PathBuf::from)
        .ok_or_else(|| Failed::new("no MariaDB data was prepared"))
}

/// Sets a host up by hand as a real server of the VIP: what lbd does by itself.
///
/// # Errors
/// When a command fails.
pub fn make_real_server(host: &Host) -> Result {
    for setting in [
        "all.arp_ignore=1",
        "all.arp_announce=2",
        "lo.arp_ignore=1",
        "lo.arp_announce=2",
    ] {
        host.run(&format!("sysctl -qw net.ipv4.conf.{setting}"))?;
    }
    for interface in ["all", "default", "eth0"] {
        host.run(&format!(
            "sysctl -qw net.ipv4.conf.{interface}.send_redirects=0"
        ))?;
    }
    host.run(&format!("ip addr add {VIP}/32 dev lo")).map(drop)
}

/// Adds a mark rule by hand for the service's frames, but for those from these MACs.
///
/// # Errors
/// When `iptables` fails.
pub fn mark_by_hand(host: &Host, except: Option<[u8; 6]>) -> Result {
    let except = except
        .map(|mac| format!(" -m mac ! --mac-source {}", crate::switch::mac_text(mac)))
        .unwrap_or_default();
    let tool = host.iptables();
    host.run(&format!(
        "{tool} -t mangle -A PREROUTING -d {VIP} -p tcp --dport {PORT}{except} -j MARK --set-mark 2"
    ))
    .map(drop)
}
