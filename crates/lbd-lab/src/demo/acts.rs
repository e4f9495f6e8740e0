//! What happens, act by act.

use std::time::Duration;

use super::screen::{Reads, heading, wait, watch};
use super::table::{self, Row};
use crate::client::{Language, Running};
use crate::cluster::{
    Cluster, Fleet, Reference, VIP, ask_lbd, daemon_of, lbd, mariadb, mysql_check, replication,
};
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(40);
const SHOWN: Duration = Duration::from_secs(8);

/// The stage: what runs, and what the client sees.
struct Stage<'a> {
    lab: &'a Lab,
    cluster: &'a Cluster,
    servers: Fleet,
    daemons: Fleet,
    load: Running,
    bounds: Vec<(&'static str, Duration)>,
}

pub(super) fn play(lab: &Lab, cluster: &Cluster) -> Result {
    heading(
        0,
        "The stage",
        "Starting MariaDB on each host: db1 the primary, db2 and db3 its replicas.",
    );
    let servers = mariadb::start(lab, cluster)?;
    lab.say("Starting lbd on each host with the reference file, but that its checks log in to MySQL, each second to save your time.",
    );
    let file = mysql_check::file(cluster, "replica")?;
    let replicas = [&cluster.db2, &cluster.db3];
    replication::make_check_user(lab, &file, &cluster.db1, &replicas)?;
    let daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;

    let every = Duration::from_millis(50);
    let load = cluster
        .load()
        .speaking(Language::Mysql)
        .every(every)
        .start(lab, &cluster.client)?;
    let mut stage = Stage {
        lab,
        cluster,
        servers,
        daemons,
        load,
        bounds: Vec::new(),
    };
    stage.spread();
    stage.replica_stands_still()?;
    stage.replica_dies()?;
    stage.master_dies()?;
    stage.comes_back(&file)?;
    stage.end()
}

impl Stage<'_> {
    fn act(&mut self, name: &'static str, what: &str) {
        heading(self.bounds.len() + 1, name, what);
        self.bounds.push((name, self.lab.now()));
    }

    fn reads(&self) -> Reads<'_> {
        Reads {
            load: &self.load,
            since: self
                .bounds
                .last()
                .map(|(_, since)| *since)
                .unwrap_or_default(),
        }
    }

    fn show(&self) {
        watch(self.lab, &self.reads(), SHOWN);
    }

    fn spread(&mut self) {
        self.act(
            "Reads are spread",
            "A client logs in through the VIP 20 times a second and runs SELECT @@hostname.",
        );
        self.show();
    }

    fn replica_stands_still(&mut self) -> Result {
        self.act(
            "A replica stands still",
            "STOP SLAVE SQL_THREAD on db3. It takes every connection, and its answers get old; its check knows.",
        );
        let cluster = self.cluster;
        mariadb::query(&cluster.db3, &["STOP SLAVE SQL_THREAD"])?;
        self.balances(&cluster.db1, &[&cluster.db1, &cluster.db2])?;
        let status = ask_lbd(&cluster.db1, "status")?;
        let line = status.lines().find(|line| line.contains("db3"));
        self.lab
            .say(format!("lbd status: {}", line.unwrap_or_default().trim()));
        self.show();
        mariadb::query(&cluster.db3, &["START SLAVE"])?;
        self.balances(&cluster.db1, &cluster.databases())
    }

    fn replica_dies(&mut self) -> Result {
        self.act(
            "A replica's server dies",
            "kill -9 of MariaDB on db2. Its check fails, and it leaves the table.",
        );
        let cluster = self.cluster;
        daemon_of(&mut self.servers, &cluster.db2)?.kill()?;
        self.balances(&cluster.db1, &[&cluster.db1, &cluster.db3])?;
        self.show();
        self.lab.say("MariaDB starts again on db2.");
        daemon_of(&mut self.servers, &cluster.db2)?.restart()?;
        self.balances(&cluster.db1, &cluster.databases())
    }

    fn master_dies(&mut self) -> Result {
        self.act(
            "The master host dies",
            "db1 carries the VIP. Every process on it is killed and its link is cut, all at once, without a goodbye.",
        );
        let cluster = self.cluster;
        cluster.db1.die()?;
        wait(
            self.lab,
            &self.reads(),
            "db2 has taken over the VIP",
            LIMIT,
            || cluster.db2.has_on_nic(VIP),
        )?;
        self.balances(&cluster.db2, &[&cluster.db2, &cluster.db3])?;
        self.show();
        Ok(())
    }

    fn comes_back(&mut self, file: &Reference) -> Result {
        self.act("It comes back", "db1 boots; lbd and MariaDB start there. Its priority is higher, so it takes over again.");
        let cluster = self.cluster;
        cluster.db1.boot()?;
        // As the unit for systemd has it: a database that answers before the VIP is on `lo` drops what it is sent.
        self.daemons
            .insert("db1".to_owned(), lbd(&cluster.db1, file)?);
        let stands = || Ok(cluster.db1.addresses("lo")?.contains(&format!("{VIP}/32")));
        self.lab
            .wait_until("db1 has the VIP on lo", LIMIT, stands)?;
        self.servers
            .insert("db1".to_owned(), mariadb::start_primary(&cluster.db1)?);
        let alone = || Ok(cluster.holders()? == ["db1"]);
        wait(
            self.lab,
            &self.reads(),
            "db1 alone holds the VIP",
            LIMIT,
            alone,
        )?;
        self.balances(&cluster.db1, &cluster.databases())?;
        self.show();
        Ok(())
    }

    fn balances(&self, master: &Host, servers: &[&Host]) -> Result {
        let names: Vec<&str> = servers.iter().map(|host| host.name()).collect();
        let mut addresses: Vec<String> = servers
            .iter()
            .map(|host| host.address().to_string())
            .collect();
        addresses.sort();
        let what = format!("{} balances over {}", master.name(), names.join(", "));
        wait(self.lab, &self.reads(), &what, LIMIT, || {
            Ok(master.serving()? == addresses)
        })
    }

    fn end(mut self) -> Result {
        let end = self.lab.now();
        let reads = self.load.stop()?;
        reads.keep(&self.lab.results().join("reads.csv"))?;
        for daemon in self.daemons.values_mut() {
            daemon.stop()?;
        }
        let ends = self
            .bounds
            .iter()
            .skip(1)
            .map(|(_, begin)| *begin)
            .chain([end]);
        let rows: Vec<Row> = self
            .bounds
            .iter()
            .zip(ends)
            .map(|((act, begin), end)| Row {
                act,
                reads: reads.between(*begin, end),
            })
            .collect();
        table::print(&rows, &["db1", "db2", "db3"]);
        Ok(())
    }
}
