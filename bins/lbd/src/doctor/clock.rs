//! Whether something keeps the host's clock.

use std::path::Path;
use std::process::{Command, Stdio};

use super::finding::{Finding, Report};

/// systemd-timesyncd makes it at its first synchronisation after the boot (systemd-timesyncd.service(8)).
const MARK: &str = "/run/systemd/timesync/synchronized";

/// Asks systemd, which asks the kernel: so every time program counts.
pub(super) fn look(report: &mut Report) {
    if Path::new(MARK).exists() {
        return;
    }
    match synchronized() {
        Some(true) => {}
        Some(false) => report.findings.push(finding()),
        None => report.not_known.push(
            "whether the clock is synchronised: `timedatectl` does not say; compare `date` on the hosts".to_owned(),
        ),
    }
}

fn synchronized() -> Option<bool> {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    let output = command.stdin(Stdio::null()).output().ok()?;
    said(&String::from_utf8_lossy(&output.stdout)).filter(|_| output.status.success())
}

fn said(answer: &str) -> Option<bool> {
    match answer.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _other => None,
    }
}

fn finding() -> Finding {
    Finding::new(
        "clock",
        "nothing synchronises the clock: a lag that is told from the times of two hosts is wrong by what their clocks differ, and \
         their logs cannot be laid side by side",
        "Install and start chrony or systemd-timesyncd on all hosts",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_answer_counts() {
        assert_eq!(said("yes\n"), Some(true));
        assert_eq!(said("no\n"), Some(false));
        assert_eq!(said(""), None);
        assert_eq!(said("Failed to connect to bus"), None);
    }
}
