//! One host: namespaces, a network card on the switch, and what can be done to it.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::daemon::Daemon;
use crate::failed::Result;
use crate::space::Space;
use crate::switch::{Nic, Switch, mac_text, output_of};

/// A host of the lab. Cheap to clone: all clones are the same host.
#[derive(Clone, Debug)]
pub struct Host {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    nic: Mutex<Nic>,
    space: Mutex<Arc<Space>>,
    switch: Arc<Switch>,
    results: PathBuf,
    work: PathBuf,
}

impl Host {
    pub(crate) fn new(
        name: &str,
        nic: Nic,
        switch: Arc<Switch>,
        results: PathBuf,
        work: PathBuf,
    ) -> Result<Self> {
        let space = Space::new(name)?;
        switch.connect(name, &space, &nic)?;
        let work = work.join(name);
        fs::create_dir_all(&work)?;
        let space = Mutex::new(Arc::new(space));
        Ok(Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                nic: Mutex::new(nic),
                space,
                switch,
                results,
                work,
            }),
        })
    }

    /// Its name, also its host name and the name of its port on the switch.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Its own address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        lock(&self.inner.nic).address
    }

    /// The MAC of its card.
    #[must_use]
    pub fn mac(&self) -> [u8; 6] {
        lock(&self.inner.nic).mac
    }

    /// A folder of its own for files that need not be kept.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.inner.work.clone()
    }

    /// The namespaces it lives in now.
    #[must_use]
    pub fn space(&self) -> Arc<Space> {
        Arc::clone(&lock(&self.inner.space))
    }

    /// A command that will run on this host.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        self.space().command(program)
    }

    /// Runs a command line (words parted by single spaces) to its end and gives what it wrote.
    ///
    /// # Errors
    /// When it cannot be started or its exit status is not 0; the sentence holds what it said.
    pub fn run(&self, line: &str) -> Result<String> {
        let mut words = line.split(' ');
        let mut command = self.command(words.next().unwrap_or_default());
        command.args(words);
        output_of(command).map_err(|error| error.while_doing(format!("on {}", self.name())))
    }

    /// Starts a long-lived process. Its output goes to `HOST-NAME.log` of the results folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, name: &str, program: &str, arguments: &[&str]) -> Result<Daemon> {
        let mut command = self.command(program);
        command.args(arguments);
        let log = self
            .inner
            .results
            .join(format!("{}-{name}.log", self.name()));
        Daemon::start(format!("{name} on {}", self.name()), command, log)
    }

    /// Runs a function in a thread whose sockets belong to this host.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn thread<T, F>(&self, work: F) -> Result<JoinHandle<Result<T>>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        self.space().thread(self.name(), work)
    }

    /// Writes a file into the host's folder (a copy is kept among the results) and gives its path.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_file(&self, name: &str, text: &str) -> Result<String> {
        let path = self.inner.work.join(name);
        fs::write(&path, text)?;
        fs::write(
            self.inner.results.join(format!("{}-{name}", self.name())),
            text,
        )?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Cuts its link silently: the switch forwards nothing any more, and the host keeps its carrier.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn cut(&self) -> Result {
        self.inner.switch.cut(self.name())
    }

    /// Pulls its cable: the host loses its carrier.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn pull_cable(&self) -> Result {
        self.inner.switch.pull(self.name())
    }

    /// Undoes [`cut`](Self::cut) and [`pull_cable`](Self::pull_cable).
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn reconnect(&self) -> Result {
        self.inner.switch.restore(self.name())
    }

    /// The whole host dies at once: link cut, every process killed.
    ///
    /// # Errors
    /// When the switch or `/proc` refuse.
    pub fn die(&self) -> Result {
        self.cut()?;
        self.space().kill_all()
    }

    /// The host comes back from the dead as a freshly booted one: nothing runs, nothing is set.
    ///
    /// # Errors
    /// When its namespaces or its card cannot be made.
    pub fn boot(&self) -> Result {
        self.inner.switch.remove(self.name())?;
        let space = Arc::new(Space::new(self.name())?);
        let nic = *lock(&self.inner.nic);
        self.inner.switch.connect(self.name(), &space, &nic)?;
        *lock(&self.inner.space) = space;
        Ok(())
    }

    /// Gives its card another MAC, as when a bond fails over.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn set_mac(&self, mac: [u8; 6]) -> Result {
        self.run(&format!("ip link set eth0 address {}", mac_text(mac)))?;
        lock(&self.inner.nic).mac = mac;
        Ok(())
    }

    /// Sets a sysctl, named with slashes or dots below `/proc/sys`: `net.ipv4.conf.all.arp_ignore`.
    ///
    /// # Errors
    /// When there is none of that name, or the kernel refuses the value.
    pub fn set_sysctl(&self, key: &str, value: &str) -> Result {
        self.run(&format!("sysctl -qw {key}={value}")).map(drop)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
