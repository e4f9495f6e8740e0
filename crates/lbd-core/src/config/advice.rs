//! What a valid file had better not do.

use vrrp_proto::Authentication;

use super::{Config, HealthCheck};

/// The port of MySQL and MariaDB.
const MYSQL: u16 = 3306;

impl Config {
    /// Warnings about a file that is valid: what it risks, and what to do.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        for router in &self.routers {
            if router.authentication != Authentication::None {
                advice.push(format!(
                    "the password of `{}` is no security: every host on the network can read it in each advert \
                     (RFC 9568, 9); it only keeps routers of another setting apart",
                    router.name
                ));
            }
        }
        for service in &self.services {
            let Some(HealthCheck::Tcp(tcp)) = &service.health_check else {
                continue;
            };
            if tcp.port.unwrap_or(service.port) == MYSQL {
                advice.push(format!(
                    "the TCP check of `{}` connects to MySQL without logging in: after max_connect_errors of these the \
                     server refuses this host (error 1129); set skip_name_resolve=ON there",
                    service.name
                ));
            }
        }
        advice
    }
}
