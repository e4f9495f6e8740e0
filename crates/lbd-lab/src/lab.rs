//! The lab: one switch, its hosts, a clock, and a folder for what happened.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::capture::Capture;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::switch::{Nic, Switch};

/// Where hosts keep what need not outlive the scenario: memory, in every place, and seen by all hosts.
const WORK: &str = "/dev/shm/lab";

/// One switch and the hosts on it.
#[derive(Debug)]
pub struct Lab {
    switch: Arc<Switch>,
    hosts: BTreeMap<String, Host>,
    results: PathBuf,
    started: Instant,
}

impl Lab {
    /// An empty lab that keeps logs, captures and tables in `results`.
    ///
    /// # Errors
    /// When the switch cannot be made.
    pub fn new(results: &Path) -> Result<Self> {
        fs::create_dir_all(results)?;
        fs::create_dir_all(WORK)?;
        let switch = Arc::new(Switch::new()?);
        Ok(Self {
            switch,
            hosts: BTreeMap::new(),
            results: results.to_owned(),
            started: Instant::now(),
        })
    }

    /// Adds a host with `eth0` on the switch; its MAC ends with the last octet of its address.
    ///
    /// # Errors
    /// When its namespaces or its card cannot be made.
    pub fn add_host(&mut self, name: &str, address: Ipv4Addr) -> Result<Host> {
        let [.., last] = address.octets();
        let nic = Nic {
            mac: [2, 0, 0, 0, 0, last],
            address,
            prefix: 24,
        };
        let host = Host::new(
            name,
            nic,
            Arc::clone(&self.switch),
            self.results.clone(),
            PathBuf::from(WORK),
        )
        .map_err(|error| error.while_doing(format!("making the host {name}")))?;
        self.hosts.insert(name.to_owned(), host.clone());
        Ok(host)
    }

    /// A host by its name.
    ///
    /// # Errors
    /// When there is none.
    pub fn host(&self, name: &str) -> Result<Host> {
        self.hosts
            .get(name)
            .cloned()
            .ok_or_else(|| Failed::new(format!("the lab has no host {name}")))
    }

    /// All hosts, by name.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    /// Time since the lab began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the lab began: the origin of every time that it tells.
    #[must_use]
    pub fn origin(&self) -> Instant {
        self.started
    }

    /// The folder of what is kept.
    #[must_use]
    pub fn results(&self) -> &Path {
        &self.results
    }

    /// Writes a line, with the time, to the scenario's log.
    pub fn say(&self, what: impl std::fmt::Display) {
        println!("{:7.2} s  {what}", self.now().as_secs_f64());
    }

    /// Keeps a text (a table, say) in the results folder; more of the same name is appended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, text: &str) -> Result {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.results.join(name))?;
        writeln!(file, "# at {:.2} s\n{text}", self.now().as_secs_f64())?;
        Ok(())
    }

    /// After a failure: keeps what every host's kernel holds, as far as it can be read.
    pub(crate) fn keep_everything(&self) {
        for host in self.hosts() {
            let mut text = String::new();
            for line in [
                "ip addr",
                "ip neigh",
                "ipvsadm -Ln --stats",
                "iptables-legacy-save",
                "ss -tan",
            ] {
                let said = host.run(line).unwrap_or_else(|error| error.to_string());
                text.push_str(&format!("$ {line}\n{said}\n"));
            }
            let _ = self.keep(&format!("{}-tables.txt", host.name()), &text);
        }
    }

    pub(crate) fn switch(&self) -> &Switch {
        &self.switch
    }

    /// Captures every frame at the switch's ports from now on.
    ///
    /// # Errors
    /// When the packet socket cannot be opened.
    pub fn capture(&self) -> Result<Capture> {
        Capture::start(self.switch.space(), self.started)
    }

    /// Waits until `condition` holds; bounds should be generous, machines are slow. Gives how long it took.
    ///
    /// # Errors
    /// When it does not hold within `limit`, or looking failed until then.
    pub fn wait_until(
        &self,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut() -> Result<bool>,
    ) -> Result<Duration> {
        let began = Instant::now();
        loop {
            let looked = condition();
            let took = began.elapsed();
            if let Ok(true) = looked {
                self.say(format!("{what} (after {:.2} s)", took.as_secs_f64()));
                return Ok(took);
            }
            if took > limit {
                let why = looked
                    .err()
                    .map(|error| format!(": {error}"))
                    .unwrap_or_default();
                return Err(Failed::new(format!(
                    "waited {} s in vain: {what}{why}",
                    limit.as_secs()
                )));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Lets time pass.
    pub fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
