//! What routers track and whom they tell: scripts, hooks, mail.

use std::path::Path;
use std::time::Duration;

use crate::cluster::{Cluster, Reference, SCRIPTS, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);

fn file() -> Reference {
    let stop = format!(
        "      stop: [\"{SCRIPTS}/scripts/write_state.sh\", \"{SCRIPTS}/log\", \"STOP\"]\n\nvirtual_services:"
    );
    let servers = format!(
        "scheduler: rr\n    notify: {{ up: [{SCRIPTS}/scripts/write_state.sh, {SCRIPTS}, UP], \
         down: [{SCRIPTS}/scripts/write_state.sh, {SCRIPTS}, DOWN] }}\n"
    );
    Reference::new()
        .with_quick_checks()
        .with_quick_script()
        .replace("\nvirtual_services:", &stop)
        .replace("scheduler: rr\n", &servers)
}

pub(super) fn script(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let mut servers = cluster.line_servers(lab)?;
    let mut fleet = cluster.lbd_everywhere(&file())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let load = cluster.load().start(lab, &cluster.client)?;

    lab.say("the script of db1 fails: 100 - 40 is less than 90");
    set(&cluster.db1, "down")?;
    lab.wait_until("db2 alone holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db2"])
    })?;
    cluster.settled(lab, &cluster.db2, &cluster.databases())?;

    lab.say("the script of db2 fails too: the order is the old one");
    set(&cluster.db2, "down")?;
    lab.wait_until("db1 alone holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;

    lab.say("db2 is well again, and then db1");
    clear(&cluster.db2, "down")?;
    lab.wait_until("db2 alone holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db2"])
    })?;
    clear(&cluster.db1, "down")?;
    lab.wait_until("db1 alone holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let report = load.stop()?;
    lab.say(&report);

    lab.say("the server of db3 goes and comes");
    let down = "DOWN SERVER db3 DOWN reads (SERVER db3 DOWN )";
    let up = "UP SERVER db3 UP reads (SERVER db3 UP )";
    daemon_of(&mut servers, &cluster.db3)?.kill()?;
    server_told(lab, &cluster.db1, down)?;
    daemon_of(&mut servers, &cluster.db3)?.restart()?;
    server_told(lab, &cluster.db1, up)?;

    daemon_of(&mut fleet, &cluster.db1)?.stop()?;
    let states = cluster.db1.run(&format!("cat {SCRIPTS}/log/states"))?;
    lab.say(&states);
    let expected: Vec<String> = [
        "BACKUP 100",
        "MASTER 100",
        "BACKUP 60",
        "MASTER 60",
        "BACKUP 60",
        "MASTER 100",
        "STOP 100",
    ]
    .iter()
    .map(|line| {
        let state = line.split(' ').next().unwrap_or_default();
        format!("{state} INSTANCE VI_1 {line} (INSTANCE VI_1 {line})")
    })
    .collect();
    ensure!(
        states.lines().eq(expected.iter().map(String::as_str)),
        "db1's hooks told each state in order, with arguments and environment: {states}"
    );
    Ok(())
}

/// Waits until this is the last that the hooks for servers told.
fn server_told(lab: &Lab, host: &Host, line: &str) -> Result {
    lab.wait_until(&format!("the hook is told {line}"), LIMIT, || {
        // Nothing was told, no file.
        let told = host
            .run(&format!("cat {SCRIPTS}/states"))
            .unwrap_or_default();
        Ok(told.lines().last() == Some(line))
    })
    .map(drop)
}

pub(super) fn hanging_script(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut fleet = cluster.lbd_everywhere(&file())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;

    set(&cluster.db1, "hang")?;
    lab.wait_until("db2 alone holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db2"])
    })?;
    let log = daemon_of(&mut fleet, &cluster.db1)?.log();
    ensure!(
        log.contains("script chk_mha has failed: timed out"),
        "the log tells why: {log}"
    );
    let first = cluster.db1.run(&format!("cat {SCRIPTS}/child"))?;
    lab.pause(Duration::from_secs(5));
    ensure!(
        !Path::new("/proc").join(first.trim()).exists(),
        "what the script started is ended with it"
    );
    let sleepers = running(&cluster.db1)?;
    ensure!(sleepers <= 1, "never two at once: {sleepers}");

    clear(&cluster.db1, "hang")?;
    lab.wait_until("db1 alone holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    Ok(())
}

/// How many runs of the script go on.
fn running(host: &Host) -> Result<usize> {
    let runs = host.run(&format!("cat {SCRIPTS}/runs"))?;
    let alive = |pid: &&str| Path::new("/proc").join(pid).exists();
    Ok(runs.lines().filter(alive).count())
}

pub(super) fn mail(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = file().with_mail_server(cluster.client.address());
    let mut fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;

    lab.say("nobody listens yet: a takeover is as quick as ever");
    let log = |fleet: &mut _| -> Result<String> { Ok(daemon_of(fleet, &cluster.db2)?.log()) };
    lab.wait_until("db2 has tried to mail", LIMIT, || {
        Ok(log(&mut fleet)?.contains("is tried again"))
    })?;
    cluster.db1.cut()?;
    let without_db1 = [&cluster.db2, &cluster.db3];
    cluster.settled(lab, &cluster.db2, &without_db1)?;

    let folder = cluster.client.folder().join("mails");
    let folder = folder.to_string_lossy().into_owned();
    let server = cluster.client.start(
        "mail",
        "aiosmtpd",
        &[
            "-n",
            "-c",
            "aiosmtpd.handlers.Mailbox",
            "-l",
            "0.0.0.0:25",
            &folder,
        ],
    )?;
    lab.say(format!("{} is there now", server.name()));
    lab.wait_until("db2 tells of it all", Duration::from_secs(60), || {
        let mails = mails(&folder);
        Ok(told(&mails, "VI_1: backup -> master, priority 90")
            && told(&mails, "reads: server db1 is down"))
    })?;
    let before = mails(&folder).len();

    cluster.db1.reconnect()?;
    lab.wait_until("the return is told", Duration::from_secs(60), || {
        let mails = mails(&folder);
        Ok(told(&mails, "reads: server db1 is up")
            && told(&mails, "VI_1: master -> backup, priority 90"))
    })?;
    let all = mails(&folder);
    lab.say(format!("{before} mails at first, {} in all", all.len()));
    for mail in &all {
        ensure!(
            mail.contains("From: lbd@example.org") && mail.contains("Subject: [orders] db"),
            "each says whose it is: {mail}"
        );
    }
    ensure!(all.len() <= 12, "changes are gathered: {} mails", all.len());
    Ok(())
}

/// The mails that the server has, from every folder of its mailbox.
fn mails(folder: &str) -> Vec<String> {
    let files = std::fs::read_dir(Path::new(folder).join("new"));
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(entry.ok()?.path()).ok()?;
        // Long lines are broken softly (RFC 2045, 6.7).
        Some(
            text.replace("\r\n", "\n")
                .replace("=\n", "")
                .replace("=3D", "="),
        )
    };
    files.into_iter().flatten().filter_map(read).collect()
}

fn told(mails: &[String], line: &str) -> bool {
    mails.iter().any(|mail| mail.contains(line))
}

fn set(host: &Host, file: &str) -> Result {
    host.run(&format!("touch {SCRIPTS}/{file}")).map(drop)
}

fn clear(host: &Host, file: &str) -> Result {
    host.run(&format!("rm {SCRIPTS}/{file}")).map(drop)
}
