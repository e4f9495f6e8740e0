//! Adds a TCP service with directly routed real servers:
//! `cargo run --example ipvs-add-service 192.0.2.1 3306 192.0.2.11 192.0.2.12` as root.

use std::error::Error;
use std::net::IpAddr;

use ipvs_netlink::{Change, Client, Destination, Forwarding, Scheduler, Service, ServiceKey};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err("usage: ipvs-add-service ADDRESS PORT [REAL-SERVER]...".into());
    };
    let port = port.parse()?;
    let key = ServiceKey::tcp(address.parse()?, port);

    let mut changes = vec![Change::AddService(Service::new(key, Scheduler::WLC))];
    for server in arguments {
        let server: IpAddr = server.parse()?;
        let destination = Destination::new(server, port, Forwarding::DirectRoute, 1);
        changes.push(Change::AddDestination(key, destination));
    }
    let mut ipvs = Client::connect().await?;
    for result in ipvs.apply(&changes).await? {
        result?;
    }
    Ok(())
}
