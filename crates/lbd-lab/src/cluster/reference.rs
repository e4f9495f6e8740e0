//! The reference configuration and its variations.

/// The configuration file that every node of the reference cluster runs with.
const FILE: &str = include_str!("../../../../testdata/lbd.yaml");

/// Where the lab's hosts have the scripts that the file has at `/root/mha`.
pub const SCRIPTS: &str = "/run/mha";

/// The reference configuration, perhaps varied.
///
/// A variation replaces a passage of the very file; one that no longer finds its passage gives a file that no longer
/// parses, so that it cannot silently test something else.
#[derive(Clone, Debug)]
pub struct Reference {
    text: String,
}

impl Default for Reference {
    fn default() -> Self {
        Self::new()
    }
}

impl Reference {
    /// The file as it stands, but for the place of its scripts: `/root` is the machine's, and each host of the lab has a
    /// `/run` of its own. The scripts there (`space/prepare.sh`) do what files beside them say.
    #[must_use]
    pub fn new() -> Self {
        Self {
            text: FILE.replace("/root/mha", SCRIPTS),
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// With checks each second, down after two failures: a dead server is out within 3 s.
    #[must_use]
    pub fn with_quick_checks(self) -> Self {
        self.replace(
            "interval: 10s\n        timeout: 10s",
            "interval: 1s\n        timeout: 1s",
        )
        .replace(
            "retries: 3\n        retry_delay: 3s",
            "retries: 1\n        retry_delay: 1s",
        )
    }

    /// With the script run each second, failed after two failures, and given up after a second.
    #[must_use]
    pub fn with_quick_script(self) -> Self {
        self.replace(
            "interval: 5s\n        weight: -40\n        fall: 3",
            "interval: 1s\n        timeout: 1s\n        weight: -40\n        fall: 2",
        )
    }

    /// With mail to a server at this address.
    #[must_use]
    pub fn with_mail_server(self, address: std::net::Ipv4Addr) -> Self {
        self.replace("192.168.200.1", &address.to_string())
    }

    /// With frames marked by somebody else.
    #[must_use]
    pub fn with_external_mark(self) -> Self {
        self.replace("    fwmark: 2 ", "    mark: external\n    fwmark: 2 ")
    }

    /// With `db3` as a third director.
    #[must_use]
    pub fn with_third_director(self) -> Self {
        self.replace("{ db1: 100, db2: 90 }", "{ db1: 100, db2: 90, db3: 80 }")
    }

    /// With `db3` as a third director and `db4` as a fourth server.
    #[must_use]
    pub fn with_fourth_server(self) -> Self {
        self.with_third_director().replace(
            "\nvirtual_routers:",
            "  db4: { address: 10.243.95.6 }\n\nvirtual_routers:",
        )
    }

    /// With the directors telling each other of their connections.
    #[must_use]
    pub fn with_connection_sync(self) -> Self {
        self.replace(
            "cluster: orders\n",
            "cluster: orders\nconnection_sync: true\n",
        )
    }

    /// With another scheduler.
    #[must_use]
    pub fn with_scheduler(self, lines: &str) -> Self {
        self.replace("scheduler: rr", lines)
    }

    /// With another health check: the lines below `health_check:`, from its kind on.
    #[must_use]
    pub fn with_check(self, lines: &str) -> Self {
        let without = self.without_section("      tcp:", Some("\nnotifications:"));
        without.replace(
            "    health_check:\n",
            &format!("    health_check:\n{lines}"),
        )
    }

    /// With these lines more in the service.
    #[must_use]
    pub fn with_service_keys(self, lines: &str) -> Self {
        self.replace(
            "    health_check:\n",
            &format!("{lines}    health_check:\n"),
        )
    }

    /// With weights that count, and this one for each server.
    #[must_use]
    pub fn with_weight(self, weight: u32) -> Self {
        self.with_scheduler("scheduler: wrr")
            .replace("weight: 3", &format!("weight: {weight}"))
    }

    /// With virtual routers only.
    #[must_use]
    pub fn without_services(self) -> Self {
        self.without_section("virtual_services:", Some("notifications:"))
    }

    /// With services only.
    #[must_use]
    pub fn without_virtual_routers(self) -> Self {
        self.without_section("virtual_routers:", Some("virtual_services:"))
    }

    /// Without the tracked script, the hooks and the mail.
    #[must_use]
    pub fn without_hooks(self) -> Self {
        self.without_section("    track_scripts:", Some("\nvirtual_services:"))
            .without_section("notifications:", None)
    }

    /// With a passage replaced by another.
    #[must_use]
    pub fn replace(self, passage: &str, by: &str) -> Self {
        if self.text.contains(passage) {
            return Self {
                text: self.text.replacen(passage, by, 1),
            };
        }
        Self {
            text: format!(
                "the reference file has no {passage:?} any more\n{}",
                self.text
            ),
        }
    }

    fn without_section(self, from: &str, to: Option<&str>) -> Self {
        let begin = self.text.find(from);
        let end = to.map_or(Some(self.text.len()), |to| self.text.find(to));
        match (begin, end) {
            (Some(begin), Some(end)) if begin < end => {
                let kept = self.text.get(..begin).unwrap_or_default().to_owned();
                Self {
                    text: kept + self.text.get(end..).unwrap_or_default(),
                }
            }
            _ => self.replace(from, ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variation_finds_its_passage() {
        let varied = [
            Reference::new()
                .with_quick_checks()
                .with_external_mark()
                .with_third_director(),
            Reference::new().with_fourth_server().with_connection_sync(),
            Reference::new().with_scheduler("scheduler: wlc"),
            Reference::new()
                .with_weight(10)
                .with_service_keys("    min_serving: 1\n")
                .with_check("      exec:\n        command: [/bin/true]\n"),
            Reference::new().without_services(),
            Reference::new().without_virtual_routers(),
            Reference::new().without_hooks(),
            Reference::new()
                .with_quick_script()
                .with_mail_server(std::net::Ipv4Addr::LOCALHOST),
        ];
        for file in varied {
            assert!(
                !file.text().starts_with("the reference file"),
                "{}",
                file.text()
            );
            assert_ne!(file.text(), FILE);
        }
    }
}
