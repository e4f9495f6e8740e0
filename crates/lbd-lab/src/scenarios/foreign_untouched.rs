//! After a stop nothing of lbd's is left but what must stay, and nothing of others is gone.

use crate::cluster::{Cluster, Reference};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;
use crate::snapshot::{Part, Snapshot};

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut before = Vec::new();
    for host in cluster.databases() {
        things_of_others(host)?;
        before.push(Snapshot::of(host, &Part::TAKEN_BACK)?);
    }
    let mut daemons = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    let ours = |host: &Host| -> Result<Vec<String>> {
        Ok(host
            .ipvs()?
            .into_iter()
            .filter(|service| service.key == "-f 2")
            .flat_map(|s| s.servers.into_keys())
            .collect())
    };
    let limit = std::time::Duration::from_secs(40);
    lab.wait_until("db1 balances over three", limit, || {
        Ok(ours(&cluster.db1)?.len() == 3)
    })?;
    lab.wait_until("db1 holds the VIP", limit, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    for (host, before) in cluster.databases().into_iter().zip(&before) {
        others_are_there(host)?;
        if let Some(daemon) = daemons.get_mut(host.name()) {
            ensure!(
                daemon.stop()?.success(),
                "{} ends well when asked to: {}",
                daemon.name(),
                daemon.tail(5)
            );
        }
        before.must_equal(
            &Snapshot::of(host, &Part::TAKEN_BACK)?,
            &format!("after lbd stopped on {}", host.name()),
        )?;
    }
    Ok(())
}

/// A service, a rule, a mark and an address that are not lbd's.
pub(super) fn things_of_others(host: &Host) -> Result {
    host.run("ip addr add 10.243.95.77/32 dev eth0")?;
    host.run("ipvsadm -A -t 10.243.95.77:80 -s wlc")?;
    host.run("ipvsadm -a -t 10.243.95.77:80 -r 10.243.95.200:80 -m -w 7")?;
    host.run("ipvsadm -A -f 9 -s rr")?;
    let tool = host.iptables();
    host.run(&format!("{tool} -t mangle -N THEIRS"))?;
    host.run(&format!(
        "{tool} -t mangle -A THEIRS -p tcp --dport 80 -j MARK --set-mark 9"
    ))?;
    host.run(&format!("{tool} -t mangle -A PREROUTING -j THEIRS"))?;
    Ok(())
}

pub(super) fn others_are_there(host: &Host) -> Result {
    let keys: Vec<String> = host
        .ipvs()?
        .into_iter()
        .map(|service| service.key)
        .collect();
    for key in ["-t 10.243.95.77:80", "-f 9"] {
        ensure!(
            keys.iter().any(|found| found == key),
            "the foreign service {key} is gone from {}: {keys:?}",
            host.name()
        );
    }
    ensure!(
        host.has_on_nic("10.243.95.77")?,
        "the foreign address is gone from {}",
        host.name()
    );
    ensure!(
        host.mangle()?.iter().any(|rule| rule.contains("THEIRS")),
        "the foreign rule is gone from {}",
        host.name()
    );
    Ok(())
}
