//! Vets a program and runs it as another user, for ten seconds at most:
//! `cargo run --example run-command -- nobody /usr/bin/id`
#![allow(clippy::print_stdout)]

use std::time::Duration;

use command_group::{Options, RunAs, Runner};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(user), Some(program)) = (words.next(), words.next()) else {
        return Err("usage: run-command USER PROGRAM [ARGUMENT...]".into());
    };
    let options = Options {
        arguments: words.collect(),
        run_as: Some(RunAs::named(&user)?),
        vetted: true,
        ..Options::new(program, Duration::from_secs(10))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let run = runtime.block_on(Runner::new().run(&options))?;
    println!("{run} (after {:?})", run.took);
    Ok(())
}
