//! That any number of probes leaves the server's counters as they were.

use std::time::{Duration, Instant};

use healthcheck::mysql::{Level, Password, Prober, Report, Settings};

use crate::mariadb::MariaDb;
use crate::network::{LONG, SOURCE, network_with_names, run, settings};

const PROBES: u32 = 100_000;
/// Where the machine is too slow for all of them, the test says how many it was.
const MOST_TIME: Duration = Duration::from_secs(50);

/// All that the server holds against this host and its clients.
fn record(server: &MariaDb) -> (u64, u64, String) {
    let host = format!(
        "SELECT SUM_CONNECT_ERRORS, COUNT_HOST_BLOCKED_ERRORS, COUNT_HANDSHAKE_ERRORS, \
         COUNT_AUTHENTICATION_ERRORS, COUNT_UNKNOWN_ERRORS FROM performance_schema.host_cache WHERE IP = '{SOURCE}'"
    );
    (
        server.counter("Aborted_connects"),
        server.counter("Aborted_clients"),
        server.sql(&host),
    )
}

#[test]
#[expect(clippy::print_stdout, reason = "says how many probes it was")]
fn a_hundred_thousand_probes_with_fresh_logins_among_them_leave_no_trace() {
    network_with_names();
    let server = MariaDb::with_user(
        1,
        &[
            "--skip-name-resolve=0",
            "--performance-schema=1",
            "--max-connect-errors=2",
        ],
        &Level::Ping,
    );
    let mut settings = settings(server.target());
    settings.fresh_login = Duration::from_millis(3);
    run(async {
        // So that the host stands in the cache.
        probe(&mut Prober::new(settings.clone()).unwrap()).await;
        let before = record(&server);
        assert!(
            !before.2.is_empty(),
            "this host is not in the server's host cache"
        );
        let (probes, logins) = many(settings).await;
        println!("{probes} probes, {logins} of them with a fresh login");
        assert!(logins > 100 && logins < probes / 2, "{logins} of {probes}");
        assert_eq!(record(&server), before);
    });
}

/// Probes, and says how often and with how many fresh logins.
async fn many(settings: Settings) -> (u32, u32) {
    let begun = Instant::now();
    let mut prober = Prober::new(settings).unwrap();
    let (mut probes, mut logins) = (0, 0);
    while probes < PROBES && begun.elapsed() < MOST_TIME {
        probes += 1;
        logins += u32::from(probe(&mut prober).await.fresh_login);
    }
    prober.close().await;
    (probes, logins)
}

async fn probe(prober: &mut Prober) -> Report {
    prober.probe(LONG).await.unwrap()
}

#[test]
fn refused_logins_do_not_count_towards_blocking_the_host() {
    network_with_names();
    let server = MariaDb::with_user(
        1,
        &[
            "--skip-name-resolve=0",
            "--performance-schema=1",
            "--max-connect-errors=3",
        ],
        &Level::Ping,
    );
    let good = settings(server.target());
    let mut wrong = good.clone();
    wrong.password = Password::new("wrong").unwrap();
    run(async {
        let mut prober = Prober::new(wrong).unwrap();
        for _ in 0..30 {
            prober.probe(LONG).await.unwrap_err();
        }
        let (_, clients, host) = record(&server);
        assert_eq!(clients, 0);
        assert!(host.starts_with("0\t0\t0\t"), "connect errors: {host}");
        probe(&mut Prober::new(good).unwrap()).await;
    });
}
