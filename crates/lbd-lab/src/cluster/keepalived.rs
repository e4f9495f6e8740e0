//! keepalived as a director of the reference cluster.

use std::fmt::Write;

use super::{PORT, VIP};
use crate::daemon::Daemon;
use crate::failed::Result;
use crate::host::Host;

/// What a keepalived director does.
#[derive(Clone, Copy, Debug)]
pub struct Keepalived<'a> {
    priority: u8,
    servers: &'a [&'a Host],
    check: Check,
}

/// Its `delay_loop` in seconds, and lines of its `TCP_CHECK`.
type Check = (u32, &'static str);

const QUICK: Check = (1, "connect_timeout 1");
/// What the reference file asks of lbd's checks.
const SLOW: Check = (
    10,
    "connect_timeout 10\n            retry 3\n            delay_before_retry 3",
);

impl<'a> Keepalived<'a> {
    /// A virtual router only, with this priority.
    #[must_use]
    pub fn router(priority: u8) -> Self {
        Self {
            priority,
            servers: &[],
            check: QUICK,
        }
    }

    /// A virtual router, and the fwmark service over these hosts with a check each second.
    #[must_use]
    pub fn director(priority: u8, servers: &'a [&'a Host]) -> Self {
        Self {
            priority,
            servers,
            check: QUICK,
        }
    }

    /// The same with checks as slow as those of the reference file.
    #[must_use]
    pub fn with_slow_checks(self) -> Self {
        Self {
            check: SLOW,
            ..self
        }
    }

    /// Starts it on a host.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, host: &Host) -> Result<Daemon> {
        let file = host.write_file("keepalived.conf", &self.text(host.name()))?;
        // The pid files of a killed one would stop the next.
        host.run("rm -f /run/keepalived.pid /run/vrrp.pid /run/checkers.pid")?;
        let mut arguments = vec!["-n", "-l", "-D", "-f", &file];
        arguments.extend([
            "-p",
            "/run/keepalived.pid",
            "-r",
            "/run/vrrp.pid",
            "-c",
            "/run/checkers.pid",
        ]);
        if self.servers.is_empty() {
            arguments.insert(0, "-P");
        }
        host.start("keepalived", "keepalived", &arguments)
    }

    fn text(&self, router_id: &str) -> String {
        let priority = self.priority;
        let mut text = format!(
            "global_defs {{\n    router_id {router_id}\n}}\n\
             vrrp_instance VI_1 {{\n    state BACKUP\n    interface eth0\n    virtual_router_id 200\n    \
             priority {priority}\n    advert_int 1\n    authentication {{\n        auth_type PASS\n        auth_pass 1111\n    }}\n    \
             virtual_ipaddress {{\n        {VIP}\n    }}\n}}\n"
        );
        if self.servers.is_empty() {
            return text;
        }
        let (interval, check) = self.check;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "virtual_server fwmark 2 {{\n    delay_loop {interval}\n    lb_algo rr\n    lb_kind DR\n"
        );
        for server in self.servers {
            let address = server.address();
            let _ = write!(
                text,
                "    real_server {address} {PORT} {{\n        weight 3\n        TCP_CHECK {{\n            \
                 connect_port {PORT}\n            {check}\n        }}\n    }}\n"
            );
        }
        text.push_str("}\n");
        text
    }
}
