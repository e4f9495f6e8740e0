//! What a valid file had better not do, on this host's kernel too.

use lbd_core::config::Config;

/// Where the kernel says its release, as `uname -r` does.
const RELEASE: &str = "/proc/sys/kernel/osrelease";

/// Warnings about a file that is valid.
pub(crate) fn about(config: &Config) -> Vec<String> {
    // Without /proc nothing is known of the kernel, and nothing said.
    let release = std::fs::read_to_string(RELEASE).unwrap_or_default();
    let mut advice = config.advice();
    advice.extend(about_kernel(config, &release));
    advice
}

/// `conntrack` is set to 0 unless the file leaves it to others.
fn about_kernel(config: &Config, release: &str) -> Option<String> {
    let left = config.left_parameters.contains("conntrack");
    let warning =
        sysctl_tune::reuse_warning(release).filter(|_| left && !config.services.is_empty())?;
    Some(format!("leave_ipvs_parameters: {warning}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str = "
cluster: alone
nodes: { a: { address: 192.0.2.1 } }
virtual_services:
  - { name: s, address: 192.0.2.101, port: 3307, fwmark: 2 }
";

    #[test]
    fn an_old_kernel_is_warned_of_where_conntrack_is_left_to_others() {
        let leaving = format!("{FILE}leave_ipvs_parameters: [conntrack]\n");
        let config = Config::parse(&leaving).unwrap();
        let advice = about_kernel(&config, "5.4.0-150-generic").unwrap();
        assert!(advice.contains("conntrack"), "{advice}");
        assert_eq!(about_kernel(&config, "6.1.0"), None);
        assert_eq!(about_kernel(&config, ""), None);
        let config = Config::parse(FILE).unwrap();
        assert_eq!(about_kernel(&config, "5.4.0"), None, "lbd keeps it at 0");
    }
}
