//! The one switch that all hosts hang on: a bridge in namespaces of its own.

use std::net::Ipv4Addr;
use std::process::Command;

use crate::failed::{Failed, Result};
use crate::space::Space;

/// The bridge's name inside the switch's namespace.
pub(crate) const BRIDGE: &str = "switch";

/// A network card: what its host calls `eth0`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nic {
    pub(crate) mac: [u8; 6],
    pub(crate) address: Ipv4Addr,
    pub(crate) prefix: u8,
}

/// A bridge; each port is named after the host behind it.
#[derive(Debug)]
pub struct Switch {
    space: Space,
}

impl Switch {
    pub(crate) fn new() -> Result<Self> {
        let switch = Self {
            space: Space::new("switch")?,
        };
        // No snooping: adverts are multicast, and a plain switch floods them.
        switch.ip(&format!(
            "link add {BRIDGE} type bridge forward_delay 0 stp_state 0 mcast_snooping 0"
        ))?;
        switch.ip(&format!("link set {BRIDGE} up"))?;
        Ok(switch)
    }

    /// The namespaces it lives in.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Puts a cable from the port `name` to a new `eth0` in the host's namespaces.
    pub(crate) fn connect(&self, name: &str, host: &Space, nic: &Nic) -> Result {
        let (mac, pid) = (mac_text(nic.mac), host.pid());
        self.ip(&format!(
            "link add {name} type veth peer name eth0 address {mac} netns {pid}"
        ))?;
        self.ip(&format!("link set {name} master {BRIDGE} up"))?;
        let eth0 = format!(
            "addr add {}/{} dev eth0\nlink set eth0 up\n",
            nic.address, nic.prefix
        );
        run_ip_batch(host, &eth0)
    }

    /// Takes the port away with the host's `eth0`.
    pub(crate) fn remove(&self, name: &str) -> Result {
        self.ip(&format!("link del {name}"))
    }

    /// The port forwards nothing, and the host does not notice.
    pub(crate) fn cut(&self, name: &str) -> Result {
        self.ip(&format!("link set {name} nomaster"))
    }

    /// The cable is pulled: the host's `eth0` loses its carrier.
    pub(crate) fn pull(&self, name: &str) -> Result {
        self.ip(&format!("link set {name} down"))
    }

    /// Undoes both.
    pub(crate) fn restore(&self, name: &str) -> Result {
        self.ip(&format!("link set {name} master {BRIDGE} up"))
    }

    fn ip(&self, arguments: &str) -> Result {
        let mut command = self.space.command("ip");
        command.args(arguments.split(' '));
        output_of(command).map(drop)
    }
}

/// Several `ip` commands in one process.
pub(crate) fn run_ip_batch(space: &Space, lines: &str) -> Result {
    let mut command = space.command("sh");
    command.args(["-c", "printf '%s' \"$0\" | ip -batch -", lines]);
    output_of(command).map(drop)
}

/// Runs a command to its end and gives what it wrote.
pub(crate) fn output_of(mut command: Command) -> Result<String> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let words: Vec<_> = command
        .get_args()
        .skip(6)
        .map(|word| word.to_string_lossy())
        .collect();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failed::new(format!(
        "`{}` failed ({}): {}{}",
        words.join(" "),
        output.status,
        said.trim(),
        text.trim()
    )))
}

/// `02:00:00:00:00:03`.
#[must_use]
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}
