//! Watches one server, or prints what the probing user needs:
//!
//! ```sh
//! cargo run -p healthcheck --features mysql --example mysql-check -- 192.0.2.11:3306 probe /etc/lbd/password replica
//! cargo run -p healthcheck --features mysql --example mysql-check -- grants 'probe' '192.0.2.%' 10.11.9-MariaDB
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use healthcheck::mysql::{
    Account, Fault, Level, Prober, ReplicaOptions, Report, Settings, Version, grants,
    read_password_file,
};

const USAGE: &str =
    "usage: mysql-check ADDRESS:PORT USER PASSWORD_FILE [ping | replica | STATEMENT]
       mysql-check grants USER HOST VERSION";
const INTERVAL: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["grants", user, host, version] => print_grants(user, host, version),
        [target, user, file, level @ ..] => {
            let password = read_password_file(Path::new(file))?;
            let mut settings = Settings::new(target.parse()?, *user, password);
            settings.level = level_of(level);
            watch(Prober::new(settings)?).await;
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn level_of(words: &[&str]) -> Level {
    match words {
        [] | ["ping"] => Level::Ping,
        ["replica"] => Level::Replica(ReplicaOptions::default()),
        words => Level::Query(words.join(" ")),
    }
}

fn print_grants(user: &str, host: &str, version: &str) {
    let account = Account {
        user,
        host,
        password: "PUT-THE-PASSWORD-HERE",
    };
    let level = Level::Replica(ReplicaOptions::default());
    println!(
        "{}",
        grants(&account, Some(&Version::read(version)), &level)
    );
}

/// Until SIGINT; then it takes leave of the server.
async fn watch(mut prober: Prober) {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            _ = ticks.tick() => {}
        }
        print_one(prober.probe(LIMIT).await);
    }
    prober.close().await;
}

fn print_one(found: Result<Report, Fault>) {
    match found {
        Ok(report) => {
            println!("{} in {:?}", report.version, report.took);
            if let Some(replication) = report.replication {
                println!("  {}", replication.role());
                let replica = replication.replica.iter();
                replica.for_each(|replica| println!("  {replica}"));
            }
        }
        Err(fault) => println!("{:?}: {fault}", fault.class()),
    }
}
