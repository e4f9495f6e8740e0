//! Watches one server: `cargo run -p healthcheck --example tcp-check -- 192.0.2.11:3306`
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use healthcheck::{Monitor, Policy, tcp};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::args()
        .nth(1)
        .ok_or("usage: tcp-check ADDRESS:PORT")?;
    let target = target.parse()?;
    let policy = Policy {
        interval: Duration::from_secs(2),
        ..Policy::default()
    };

    let origin = Instant::now();
    let mut monitor = Monitor::new(policy, origin.elapsed(), Duration::ZERO);
    while let Some(deadline) = monitor.deadline() {
        tokio::time::sleep_until((origin + deadline).into()).await;
        let Some(start) = monitor.poll(origin.elapsed()) else {
            continue;
        };
        let outcome = tcp::probe(target, &tcp::Options::new(start.timeout)).await;
        println!("{target}: {outcome:?}");
        if let Some(change) = monitor.finished(origin.elapsed(), outcome) {
            println!("{target}: {} -> {}", change.from, change.to);
        }
    }
    Ok(())
}
