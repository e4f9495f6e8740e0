//! netfilter's table of connections, which every host with a stateful firewall has.

use sysctl_tune::Key;

use super::finding::Finding;

/// Reads how full it is; a host without it has nothing to say.
pub(super) fn look() -> Option<Finding> {
    let read = |name: &str| sysctl_tune::read(&Key::new(["net", "netfilter", name])).ok();
    judge(read("nf_conntrack_count")?, read("nf_conntrack_max")?)
}

fn judge(count: i32, most: i32) -> Option<Finding> {
    let full = i64::from(count) * 10 >= i64::from(most) * 9 && most > 0;
    full.then(|| {
        Finding::new(
            "conntrack",
            format!(
                "netfilter's table of connections holds {count} of at most {most}: when it is full, new connections are dropped without a word"
            ),
            "Raise net.netfilter.nf_conntrack_max, or let the firewall not track the service's port (`CT --notrack`, `notrack`)",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_nearly_full_is_found() {
        assert_eq!(judge(100, 262_144), None);
        assert_eq!(judge(89, 100), None);
        assert!(judge(90, 100).is_some_and(|found| found.what.contains("90 of at most 100")));
        assert_eq!(judge(0, 0), None, "no limit");
    }
}
