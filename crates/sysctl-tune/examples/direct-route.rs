//! Shows what a direct-routing host would have to change: `direct-route NIC [--apply]`.
#![allow(clippy::print_stdout)]

use std::error::Error;

use sysctl_tune::{direct_route_host, plan, read_all, write};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let nic = arguments
        .first()
        .ok_or("which NIC? (direct-route NIC [--apply])")?;
    let apply = arguments.iter().any(|argument| argument == "--apply");
    let wanted = direct_route_host(nic);
    let changes = plan(&wanted, &read_all(&wanted)?);
    if changes.is_empty() {
        println!("nothing to change");
    }
    for change in changes {
        let from = change
            .from
            .map_or("?".to_owned(), |value| value.to_string());
        println!("{} = {} (is {from}): {}", change.key, change.to, change.why);
        if apply {
            write(&change.key, change.to)?;
        }
    }
    Ok(())
}
