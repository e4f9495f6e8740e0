//! The benchmarks: builds the optimised programs and hands over to the lab.

use crate::project::Project;
use crate::{process, setup};
use std::process::Command;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    Vrrp,
    Kernel,
    Health,
}

/// How it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// One of them; none for all.
    pub(crate) bench: Option<Bench>,
    /// How often each thing is done; else as often as each wants.
    pub(crate) runs: Option<u32>,
}

impl Bench {
    pub(crate) const ALL: [Self; 3] = [Self::Vrrp, Self::Kernel, Self::Health];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Vrrp => "vrrp",
            Self::Kernel => "kernel",
            Self::Health => "health",
        }
    }

    /// With fewer runs the tables are printed, and the document keeps those it has.
    const fn runs(self) -> u32 {
        match self {
            Self::Vrrp | Self::Kernel => 20,
            // Each takes five minutes.
            Self::Health => 5,
        }
    }

    pub(crate) const fn purpose(self) -> &'static str {
        match self {
            Self::Vrrp => {
                "takeovers on the wire beside keepalived, memory and processor time, codec (10 minutes)"
            }
            Self::Kernel => {
                "10 000 IPVS destinations beside ipvsadm and keepalived: cold, reload, one weight, memory (5 minutes)"
            }
            Self::Health => {
                "10 000 TCP checks beside keepalived: processor time, memory, lateness; probes of MariaDB (25 minutes)"
            }
        }
    }
}

/// `[NAME] [--runs N]`.
pub(crate) fn parse(words: &[String]) -> Result<Options, String> {
    let mut options = Options {
        bench: None,
        runs: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--runs" {
            let number = words.next().ok_or("--runs needs a number")?;
            let runs = number.parse().ok().filter(|runs| *runs > 0);
            options.runs = Some(runs.ok_or_else(|| format!("'{number}' is no number of runs"))?);
            continue;
        }
        let bench = Bench::ALL.into_iter().find(|bench| bench.name() == word);
        options.bench = Some(bench.ok_or_else(|| format!("there is no benchmark '{word}'"))?);
    }
    Ok(options)
}

/// Measures, prints the tables, and puts them into `docs/benchmarks.md`.
pub(crate) fn run(project: &Project, options: Options) -> Result<(), String> {
    setup::host_programs()?;
    println!("bench: building lbd and the lab, optimised");
    process::run(&mut project.cargo("build --release -p lbd -p lbd-lab --bins"))
        .map_err(|why| format!("the build failed: {why}"))?;
    for bench in Bench::ALL {
        if options.bench.is_none_or(|wanted| wanted == bench) {
            println!("bench {}: {}", bench.name(), bench.purpose());
            process::run(&mut command(
                project,
                bench,
                options.runs.unwrap_or(bench.runs()),
            ))
            .map_err(|why| format!("{}: {why}", bench.name()))?;
        }
    }
    Ok(())
}

fn command(project: &Project, bench: Bench, runs: u32) -> Command {
    let mut command = Command::new(project.release_binary("lbd-lab"));
    command
        .args(["bench", bench.name(), "--runs", &runs.to_string(), "--lbd"])
        .arg(project.release_binary("lbd"))
        .arg("--results")
        .arg(project.lab_results());
    if runs >= bench.runs() {
        command
            .arg("--page")
            .arg(project.root().join("docs/benchmarks.md"));
    } else {
        println!(
            "bench: docs/benchmarks.md is only written with {} runs or more",
            bench.runs()
        );
    }
    command.current_dir(project.root());
    command
}

#[cfg(test)]
mod tests {
    use super::{Bench, Options, parse};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn names_and_numbers_are_checked() {
        let vrrp = Options {
            bench: Some(Bench::Vrrp),
            runs: Some(2),
        };
        let kernel = Options {
            bench: Some(Bench::Kernel),
            runs: None,
        };
        assert_eq!(parse(&words("kernel")), Ok(kernel));
        assert_eq!(parse(&words("vrrp --runs 2")), Ok(vrrp));
        assert!(parse(&words("")).is_ok_and(|all| all.bench.is_none()));
        for wrong in ["vrp", "--runs", "--runs none", "vrrp --runs 0"] {
            assert!(parse(&words(wrong)).is_err(), "{wrong}");
        }
    }
}
