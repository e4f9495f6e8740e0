//! keepalived as the other router, in the same form of the protocol.

use std::fs;

use crate::daemon::Daemon;
use crate::failed::Result;
use crate::host::Host;

use super::lan::kill_together;
use super::variant::{VRID, Variant};

/// keepalived on a host, its priority set through a file that it tracks.
#[derive(Debug)]
pub(super) struct Keepalived {
    host: Host,
    daemon: Daemon,
    text: String,
}

impl Keepalived {
    /// Starts it with this base priority, to which `weight` is added.
    pub(super) fn start(
        variant: &Variant,
        host: &Host,
        peer: &Host,
        priority: u8,
        weight: i32,
    ) -> Result<Self> {
        let text = text(variant, host, peer, priority);
        weigh(host, weight)?;
        Ok(Self {
            daemon: start(host, &text)?,
            host: host.clone(),
            text,
        })
    }

    /// Changes what is added to its priority.
    pub(super) fn weigh(&self, weight: i32) -> Result {
        weigh(&self.host, weight)
    }

    /// SIGTERM.
    pub(super) fn stop(&mut self) -> Result {
        self.daemon.stop().map(drop)
    }

    /// SIGKILL to all of its processes.
    pub(super) fn kill(&mut self) -> Result {
        kill_together(&self.host, &mut self.daemon, "keepalived")
    }

    /// Starts it after it was stopped or killed.
    pub(super) fn restart(&mut self) -> Result {
        self.daemon = start(&self.host, &self.text)?;
        Ok(())
    }
}

fn weigh(host: &Host, weight: i32) -> Result {
    Ok(fs::write(
        host.folder().join("weight"),
        format!("{weight}\n"),
    )?)
}

fn start(host: &Host, text: &str) -> Result<Daemon> {
    let file = host.write_file("keepalived.conf", text)?;
    // The pid files of a killed one would stop the next.
    host.run("rm -f /run/keepalived.pid /run/vrrp.pid")?;
    let mut arguments = vec!["-P", "-n", "-l", "-D", "-f", &file];
    arguments.extend(["-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid"]);
    host.start("keepalived", "keepalived", &arguments)
}

fn text(variant: &Variant, host: &Host, peer: &Host, priority: u8) -> String {
    let weight = host.folder().join("weight");
    let mut text = format!(
        "global_defs {{\n    router_id {}\n}}\n\
         track_file weight {{\n    file \"{}\"\n}}\n\
         vrrp_instance VI_1 {{\n    state BACKUP\n    interface eth0\n    version {}\n    \
         virtual_router_id {VRID}\n    priority {priority}\n    advert_int {}\n    \
         track_file {{\n        weight weight 1\n    }}\n",
        host.name(),
        weight.display(),
        variant.version,
        variant.interval.as_secs_f64(),
    );
    if let Some(password) = variant.password {
        text.push_str(&format!(
            "    authentication {{\n        auth_type PASS\n        auth_pass {password}\n    }}\n"
        ));
    }
    if variant.unicast {
        text.push_str(&format!(
            "    unicast_src_ip {}\n    unicast_peer {{\n        {}\n    }}\n",
            host.address(),
            peer.address()
        ));
    }
    text.push_str("    virtual_ipaddress {\n");
    for vip in variant.vips {
        text.push_str(&format!("        {vip}\n"));
    }
    text.push_str("    }\n}\n");
    text
}
