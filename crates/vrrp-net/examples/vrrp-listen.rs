//! Prints the advertisements on one interface:
//! `cargo run -p vrrp-net --example vrrp-listen -- eth0 192.0.2.11` (as root; the address is this host's own)
#![allow(clippy::print_stdout)]

use vrrp_net::{AdvertSocket, BUFFER_LEN};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(interface), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: vrrp-listen INTERFACE OWN-ADDRESS".into());
    };
    let socket = AdvertSocket::open(&interface, address.parse::<std::net::IpAddr>()?)?;
    let mut buffer = [0; BUFFER_LEN];
    loop {
        let received = socket.recv(&mut buffer).await?;
        let payload = received.payload(&buffer);
        print!(
            "{} > {} ttl {}, {} octets",
            received.source,
            received.destination,
            received.ttl,
            payload.len()
        );
        match payload {
            [kind, vrid, priority, ..] => println!(
                ": version {}, virtual router {vrid}, priority {priority}",
                kind >> 4
            ),
            _ => println!(": too short"),
        }
    }
}
