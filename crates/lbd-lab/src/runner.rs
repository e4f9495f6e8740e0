//! Runs scenarios, each in a place of its own, a few at a time, and tells what came of them.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::cluster::mariadb;
use crate::failed::{Failed, Result};
use crate::ground::{self, Ended, Job, Kernel, Verdict};
use crate::lab::Lab;
use crate::scenarios::{Need, SCENARIOS, Scenario};

/// How a run is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of scenarios, or parts of names; none for all.
    pub names: Vec<String>,
    /// How many at a time.
    pub jobs: usize,
    /// The program under test.
    pub lbd: Option<PathBuf>,
    /// Where logs, captures and tables are kept, a folder for each scenario.
    pub results: PathBuf,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// Runs the chosen scenarios and prints a line for each; says whether none failed.
///
/// # Errors
/// When a name fits no scenario, or the results folder cannot be made.
pub fn run(options: &Options) -> Result<bool> {
    let chosen = choose(&options.names)?;
    fs::create_dir_all(&options.results)?;
    let results = fs::canonicalize(&options.results)?;
    let setting = Setting {
        lbd: options.lbd.clone(),
        mariadb: prepare_mariadb(&chosen, &results)?,
        results,
        machine: RwLock::new(()),
    };
    println!(
        "{} scenarios, {} at a time; logs in {}",
        chosen.len(),
        options.jobs,
        setting.results.display()
    );

    let queue = Mutex::new(chosen.into_iter().collect::<VecDeque<_>>());
    let lines = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(scenario) = next(&queue) {
                    let line = setting.run_one(scenario);
                    line.print();
                    lines
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(line);
                }
            });
        }
    });
    let lines = lines.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(summarise(&lines))
}

fn next(queue: &Mutex<VecDeque<&'static Scenario>>) -> Option<&'static Scenario> {
    queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front()
}

fn choose(names: &[String]) -> Result<Vec<&'static Scenario>> {
    for name in names {
        if !SCENARIOS
            .iter()
            .any(|scenario| scenario.name.contains(name.as_str()))
        {
            return Err(Failed::new(format!(
                "no scenario is called {name}; `lbd-lab list` tells them all"
            )));
        }
    }
    let wanted = |scenario: &Scenario| {
        // An exact name means that one only, though it may be a part of others.
        let exact = |name: &String| SCENARIOS.iter().any(|other| other.name == name);
        names.is_empty()
            || names.iter().any(|name| {
                if exact(name) {
                    scenario.name == name
                } else {
                    scenario.name.contains(name.as_str())
                }
            })
    };
    Ok(SCENARIOS
        .iter()
        .filter(|scenario| wanted(scenario))
        .collect())
}

fn prepare_mariadb(chosen: &[&Scenario], results: &Path) -> Result<Option<PathBuf>> {
    let wanted = chosen
        .iter()
        .any(|scenario| scenario.needs.contains(&Need::Mariadb));
    if !wanted || Need::Mariadb.missing().is_some() {
        return Ok(None);
    }
    mariadb_data(results).map(Some)
}

/// A fresh MariaDB data directory below `results`.
pub(crate) fn mariadb_data(results: &Path) -> Result<PathBuf> {
    let folder = results.join("mariadb-data");
    let _ = fs::remove_dir_all(&folder);
    mariadb::prepare(&folder)?;
    Ok(folder)
}

struct Setting {
    lbd: Option<PathBuf>,
    mariadb: Option<PathBuf>,
    results: PathBuf,
    /// Shared by scenarios, but for those that want it alone.
    machine: RwLock<()>,
}

impl Setting {
    fn run_one(&self, scenario: &'static Scenario) -> Line {
        let (shared, alone) = if scenario.alone {
            (None, Some(self.machine.write()))
        } else {
            (Some(self.machine.read()), None)
        };
        let line = self.run_now(scenario);
        drop((shared, alone));
        line
    }

    fn run_now(&self, scenario: &'static Scenario) -> Line {
        let began = Instant::now();
        let outcome = self
            .outcome(scenario)
            .unwrap_or_else(|error| Outcome::Failed(error.to_string()));
        Line {
            name: scenario.name,
            outcome,
            took: began.elapsed(),
        }
    }

    fn outcome(&self, scenario: &Scenario) -> Result<Outcome> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(Outcome::Skipped("not root".to_owned()));
        }
        if let Some(missing) = self.missing(scenario) {
            return Ok(Outcome::Skipped(missing));
        }
        let place = match ground::place_for(scenario.kernel) {
            Ok(place) => place,
            Err(why) => return Ok(Outcome::Skipped(why)),
        };
        let folder = self.results.join(scenario.name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let job = self.job(&["guest", scenario.name], scenario.kernel, &folder)?;
        let ended = ground::run_job(place, &job, &folder, scenario.limit, false)?;
        Ok(match ended {
            Ended::With(Verdict::Exited(0)) => Outcome::Passed,
            Ended::With(Verdict::Exited(_)) => {
                Outcome::Failed(tail(&folder, &["stdout", "stderr"]))
            }
            Ended::With(Verdict::Signalled(signal)) => Outcome::Failed(format!(
                "ended by signal {signal}\n{}",
                tail(&folder, &["stdout", "stderr"])
            )),
            Ended::TimedOut => {
                let limit = scenario.limit.as_secs();
                Outcome::Failed(format!(
                    "killed at its limit of {limit} s\n{}",
                    tail(&folder, &["stdout"])
                ))
            }
            Ended::NoVerdict => Outcome::Failed(format!(
                "no verdict\n{}",
                tail(&folder, &["stdout", "console.log"])
            )),
        })
    }

    fn missing(&self, scenario: &Scenario) -> Option<String> {
        let lbd = self.lbd.as_ref().is_some_and(|lbd| lbd.is_file());
        let wanted = scenario
            .needs
            .iter()
            .filter(|need| !(lbd && **need == Need::Lbd));
        wanted.copied().find_map(Need::missing)
    }

    fn job(&self, arguments: &[&str], kernel: Kernel, folder: &Path) -> Result<Job> {
        let mut job = job_of_ours(arguments, kernel, folder)?;
        let mut set = |name: &str, path: &Option<PathBuf>| {
            if let Some(path) = path {
                job.environment
                    .insert(name.to_owned(), path.to_string_lossy().into_owned());
            }
        };
        set("LBD_LAB_MARIADB", &self.mariadb);
        set("LBD_LAB_LBD", &self.lbd);
        Ok(job)
    }
}

/// This very program, as a job that keeps its results in `folder`.
pub(crate) fn job_of_ours(arguments: &[&str], kernel: Kernel, folder: &Path) -> Result<Job> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let command = std::iter::once(program)
        .chain(arguments.iter().map(|word| (*word).to_owned()))
        .collect();
    let mut job = Job::here(command, kernel.has_ipvs())?;
    job.environment.insert(
        "LBD_LAB_RESULTS".to_owned(),
        folder.to_string_lossy().into_owned(),
    );
    Ok(job)
}

/// What runs in a scenario's own place: the scenario, on an empty lab.
///
/// # Errors
/// When it fails; the sentence says how.
pub fn run_here(name: &str) -> Result {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name);
    let scenario = scenario.ok_or_else(|| Failed::new(format!("no scenario is called {name}")))?;
    let results = std::env::var_os("LBD_LAB_RESULTS")
        .ok_or_else(|| Failed::new("LBD_LAB_RESULTS is not set"))?;
    let mut lab = Lab::new(Path::new(&results))?;
    let done = (scenario.run)(&mut lab);
    if done.is_err() {
        lab.keep_everything();
    }
    done
}

fn tail(folder: &Path, names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        let all = fs::read_to_string(folder.join(name)).unwrap_or_default();
        let lines: Vec<&str> = all.lines().collect();
        for line in lines
            .get(lines.len().saturating_sub(25)..)
            .unwrap_or_default()
        {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.push_str(&format!("more in {}", folder.display()));
    text
}

impl Line {
    fn print(&self) {
        let (name, seconds) = (self.name, self.took.as_secs_f64());
        match &self.outcome {
            Outcome::Passed => println!("passed   {name:<28} {seconds:6.1} s"),
            Outcome::Skipped(why) => println!("skipped  {name:<28} {why}"),
            Outcome::Failed(why) => {
                println!(
                    "FAILED   {name:<28} {seconds:6.1} s\n    {}",
                    why.trim_end().replace('\n', "\n    ")
                );
            }
        }
    }
}

fn summarise(lines: &[Line]) -> bool {
    let count =
        |wanted: fn(&Outcome) -> bool| lines.iter().filter(|line| wanted(&line.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    if failed > 0 {
        let names: Vec<_> = lines
            .iter()
            .filter(|line| matches!(line.outcome, Outcome::Failed(_)))
            .map(|line| line.name)
            .collect();
        println!("\nfailed: {}", names.join(", "));
    }
    println!(
        "{} passed, {failed} failed, {} skipped",
        count(|outcome| matches!(outcome, Outcome::Passed)),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    );
    failed == 0
}
