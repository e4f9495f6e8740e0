//! What IPVS does to connections.

use ipvs_netlink::{Client, Error, Timeouts};
use sysctl_tune::Key;

use super::finding::{Finding, Report};

const ABOUT: &str = "ipvs";
/// MySQL's and MariaDB's `wait_timeout` unless set otherwise: how long a server keeps an idle connection, in seconds.
const WAIT_TIMEOUT: u32 = 28800;
/// Where the kernel says its release, as `uname -r` does.
const RELEASE: &str = "/proc/sys/kernel/osrelease";

/// Looks at IPVS on a director.
pub(super) async fn look(report: &mut Report) {
    let mut client = match Client::connect().await {
        Ok(client) => client,
        Err(Error::NoIpvs) => return report.findings.push(no_ipvs()),
        Err(error) => return report.not_known.push(format!("IPVS: {error}")),
    };
    let timeouts = report.read("the time-outs of IPVS", client.timeouts().await);
    report.findings.extend(timeouts.and_then(|t| idle(&t)));
    let release = std::fs::read_to_string(RELEASE).unwrap_or_default();
    if let Ok(value) = sysctl_tune::read(&Key::ipvs("conntrack")) {
        report.findings.extend(conntrack(value, &release));
    }
}

fn no_ipvs() -> Finding {
    Finding::new(
        ABOUT,
        "the kernel has no IPVS, and this host is a director: lbd run does not start",
        "`modprobe ip_vs`, and write it into a file of /etc/modules-load.d for the next boot",
    )
}

/// How long IPVS remembers an idle connection.
fn idle(timeouts: &Timeouts) -> Option<Finding> {
    let tcp = timeouts.tcp.filter(|tcp| *tcp < WAIT_TIMEOUT)?;
    Some(Finding::new(
        ABOUT,
        format!(
            "IPVS forgets a TCP connection that is idle for {tcp} s, and MySQL keeps it for {WAIT_TIMEOUT} s (wait_timeout, unless set \
             otherwise): a pool's connection that rests for longer gets a reset at its next use"
        ),
        format!(
            "`ipvsadm --set {WAIT_TIMEOUT} 0 0` on each director, at boot too; or let pools close or test connections that are idle for less \
             than {tcp} s; or lower wait_timeout"
        ),
    ))
}

fn conntrack(value: i32, release: &str) -> Option<Finding> {
    let slow = sysctl_tune::reuse_warning(release).map(|warning| format!("; {warning}"));
    (value != 0).then(|| {
        Finding::new(
            ABOUT,
            format!(
                "net.ipv4.vs.conntrack is {value}: netfilter follows what IPVS forwards, of which it sees one direction only{}",
                slow.unwrap_or_default()
            ),
            "Set it to 0; lbd run does so, unless the file says leave_ipvs_parameters: [conntrack]",
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_time_out_below_mysqls_is_found_and_one_that_is_not_is_well() {
        let of = |tcp| Timeouts {
            tcp,
            ..Timeouts::default()
        };
        assert!(
            idle(&of(Some(900)))
                .unwrap()
                .to_string()
                .contains("idle for 900 s")
        );
        assert_eq!(idle(&of(Some(WAIT_TIMEOUT))), None);
        assert_eq!(idle(&of(None)), None);
    }

    #[test]
    fn conntrack_of_ipvs_is_found_and_with_an_old_kernel_more_of_it() {
        assert_eq!(conntrack(0, "5.4.0"), None);
        let new = conntrack(1, "6.1.0").unwrap().what;
        assert!(conntrack(1, "5.4.0").unwrap().what.len() > new.len());
    }
}
