//! Shows, sets or removes the mark rule, in the firewall that this host uses:
//! `mark show`, `mark set ADDRESS PORT MARK GUARD [EXCLUDED-MAC...]`, `mark remove`.
#![allow(clippy::print_stdout)]

use std::error::Error;

use netfilter_mark::{Backend, Choice, MarkRule, Protocol};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let backend = Backend::detect(Choice::Auto)?;
    println!("{backend}");
    match arguments.as_slice() {
        ["show"] => println!("{:#?}", backend.read()?),
        ["set", destination, port, mark, guard, excluded @ ..] => {
            let rule = MarkRule {
                destination: destination.parse()?,
                protocol: Protocol::Tcp,
                port: port.parse()?,
                mark: mark.parse()?,
                guard: guard.parse()?,
                excluded: excluded
                    .iter()
                    .map(|mac| mac.parse())
                    .collect::<Result<_, _>>()?,
            };
            backend.replace(&[rule])?;
        }
        ["remove"] => Backend::remove_everywhere()?,
        _ => {
            return Err(
                "usage: mark show | set ADDRESS PORT MARK GUARD [EXCLUDED-MAC...] | remove".into(),
            );
        }
    }
    Ok(())
}
