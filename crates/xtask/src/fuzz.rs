//! The fuzz targets, for a short while each: what was found once stays found, and a coarse new mistake shows.

use crate::cargo_tool;
use crate::project::Project;
use crate::stage::Verdict;
use crate::{process, setup};

/// The crate that has the targets, and its targets.
const CRATE: &str = "crates/vrrp-proto";
const TARGETS: [&str; 3] = ["decode", "round_trip", "election"];
/// How long each runs, in seconds. A hunt takes hours and is started by hand.
const SECONDS: u32 = 30;

pub(crate) fn run(project: &Project) -> Verdict {
    if let Err(why) = setup::fuzzing().and_then(|()| cargo_tool::FUZZ.ensure(project)) {
        return Verdict::NotRun(why);
    }
    for target in TARGETS {
        println!("fuzz: {target} for {SECONDS} s");
        if let Err(why) = run_target(project, target) {
            return Verdict::Failed(format!("{target}: {why}"));
        }
    }
    Verdict::Passed
}

fn run_target(project: &Project, target: &str) -> Result<(), String> {
    let folder = project.fuzzing();
    let corpus = folder.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|why| format!("{}: {why}", corpus.display()))?;
    // Without a sanitizer the stable compiler will do.
    let mut command = project.cargo("fuzz run --sanitizer none");
    command
        .arg(target)
        .arg(&corpus)
        .arg(project.root().join("testdata/fuzz").join(target))
        .args([
            "--",
            &format!("-max_total_time={SECONDS}"),
            "-print_final_stats=1",
            "-verbosity=0",
        ])
        .current_dir(project.root().join(CRATE))
        .env("CARGO_TARGET_DIR", &folder);
    process::run(&mut command)
}
