//! Lists the IPVS table of this network namespace: `cargo run --example ipvs-list` as root.
#![allow(clippy::print_stdout)]

use ipvs_netlink::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut ipvs = Client::connect().await?;
    let info = ipvs.info().await?;
    println!(
        "IPVS {}, room for {} connections",
        info.version, info.connection_table_size
    );
    for (entry, servers) in ipvs.table(|_| true).await? {
        let service = entry.service;
        println!("{} {}", service.key, service.scheduler);
        for found in servers {
            let server = found.destination;
            println!(
                "  -> {} {:?} weight {}, {} active, {} inactive, {} so far",
                server.key(),
                server.forwarding,
                server.weight,
                found.active_connections,
                found.inactive_connections,
                found.stats.connections,
            );
        }
    }
    for entry in ipvs.daemons().await? {
        let daemon = entry.daemon;
        println!("{} sync daemon on {}", daemon.role, daemon.interface);
    }
    Ok(())
}
