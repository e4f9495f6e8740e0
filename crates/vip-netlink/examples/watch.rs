//! Shows links and addresses, then what changes: `watch`; or resolves a neighbour first: `watch NIC ADDRESS`.
#![allow(clippy::print_stdout)]

use std::error::Error;

use vip_netlink::{Change, Netlink};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let netlink = Netlink::connect().await?;
    let mut watch = netlink.watch()?;
    for link in netlink.links().await? {
        println!("{link:?}");
    }
    for address in netlink.addresses().await? {
        println!("{address:?}");
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [nic, address] = arguments.as_slice() {
        let link = netlink.link(nic).await?.ok_or("no such NIC")?;
        netlink.solicit(link.index, address.parse()?).await?;
    }
    loop {
        let change = watch.next().await?;
        println!("{change:?}");
        if change == Change::Overflow {
            println!("events were lost: links and addresses would have to be read again now");
        }
    }
}
