//! Shows, sets or removes the mark rule, in the firewall that this host uses: `mark show`, `mark set ADDRESS PORT MARK
//! GUARD [EXCLUDED-MAC...]`, `mark remove`; looks for what could break the rules that are set: `mark survey`; puts back
//! what somebody takes away: `mark keep ADDRESS PORT MARK GUARD [EXCLUDED-MAC...]`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::os::fd::AsFd;

use netfilter_mark::{Backend, ChainState, Changes, Choice, MarkRule, Protocol, survey};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let backend = Backend::detect(Choice::Auto)?;
    println!("{backend}");
    match arguments.as_slice() {
        ["show"] => println!("{:#?}", backend.read()?),
        ["set", rule @ ..] => backend.replace(&[parse(rule)?])?,
        ["keep", rule @ ..] => keep(&backend, parse(rule)?)?,
        ["survey"] => tell(&backend)?,
        ["remove"] => Backend::remove_everywhere()?,
        _ => return Err("usage: mark show | set RULE | keep RULE | survey | remove".into()),
    }
    Ok(())
}

fn parse(words: &[&str]) -> Result<MarkRule, Box<dyn Error>> {
    let [destination, port, mark, guard, excluded @ ..] = words else {
        return Err("a rule is: ADDRESS PORT MARK GUARD [EXCLUDED-MAC...]".into());
    };
    Ok(MarkRule {
        destination: destination.parse()?,
        protocol: Protocol::Tcp,
        port: port.parse()?,
        mark: mark.parse()?,
        guard: guard.parse()?,
        excluded: excluded
            .iter()
            .map(|mac| mac.parse())
            .collect::<Result<_, _>>()?,
    })
}

/// Legacy iptables tells nobody about changes, so a look from time to time is needed as well.
fn keep(backend: &Backend, rule: MarkRule) -> Result<(), Box<dyn Error>> {
    let changes = Changes::watch()?;
    let rules = [rule];
    loop {
        changes.drain()?;
        let state = backend.read()?;
        if !state.holds(&rules) {
            if let ChainState::Damaged(damage) = state {
                println!("repairing: {damage}");
            }
            backend.replace(&rules)?;
        }
        let news = PollFd::new(changes.as_fd(), PollFlags::POLLIN);
        poll(&mut [news], PollTimeout::from(5000_u16))?;
    }
}

fn tell(backend: &Backend) -> Result<(), Box<dyn Error>> {
    let rules = match backend.read()? {
        ChainState::Absent => Vec::new(),
        ChainState::Installed(rules) => rules,
        ChainState::Damaged(damage) => damage.rules,
    };
    for finding in survey(backend, &rules)? {
        println!("- {finding}");
    }
    Ok(())
}
