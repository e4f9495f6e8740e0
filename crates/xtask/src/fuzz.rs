//! The fuzz targets, for a short while each: what was found once stays found, and a coarse new mistake shows.

use crate::cargo_tool;
use crate::project::Project;
use crate::stage::Verdict;
use crate::{process, setup};

/// A crate with fuzz targets, in a workspace of their own in its folder `fuzz`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fuzzed {
    /// The crate's folder.
    folder: &'static str,
    /// Each with its folder of seeds. No two crates have a target of one name: findings are kept by it.
    targets: &'static [(&'static str, &'static str)],
}

/// All of them.
pub(crate) const FUZZED: [Fuzzed; 4] = [
    Fuzzed {
        folder: "crates/healthcheck",
        targets: &[("mysql", "testdata/fuzz/mysql")],
    },
    Fuzzed {
        folder: "crates/ipvs-netlink",
        targets: &[
            ("reply", "testdata/fuzz/reply"),
            ("request", "testdata/fuzz/request"),
        ],
    },
    Fuzzed {
        folder: "crates/keepalived-conf",
        targets: &[("import", "testdata/keepalived")],
    },
    Fuzzed {
        folder: "crates/vrrp-proto",
        targets: &[
            ("decode", "testdata/fuzz/decode"),
            ("round_trip", "testdata/fuzz/round_trip"),
            ("election", "testdata/fuzz/election"),
        ],
    },
];

/// How long each target runs, in seconds: a minute and a half for all. A hunt takes hours and is started by hand.
const SECONDS: u32 = 12;

impl Fuzzed {
    /// The targets' own `Cargo.toml`.
    pub(crate) fn manifest(self) -> String {
        format!("{}/fuzz/Cargo.toml", self.folder)
    }
}

pub(crate) fn run(project: &Project) -> Verdict {
    if let Err(why) = setup::fuzzing().and_then(|()| cargo_tool::FUZZ.ensure(project)) {
        return Verdict::NotRun(why);
    }
    for fuzzed in FUZZED {
        for (target, seeds) in fuzzed.targets {
            println!("fuzz: {target} of {} for {SECONDS} s", fuzzed.folder);
            if let Err(why) = run_target(project, fuzzed.folder, target, seeds) {
                return Verdict::Failed(format!("{target}: {why}"));
            }
        }
    }
    Verdict::Passed
}

fn run_target(project: &Project, folder: &str, target: &str, seeds: &str) -> Result<(), String> {
    let built = project.fuzzing();
    let corpus = built.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|why| format!("{}: {why}", corpus.display()))?;
    // Without a sanitizer the stable compiler will do.
    let mut command = project.cargo("fuzz run --sanitizer none");
    command
        .arg(target)
        .arg(&corpus)
        .arg(project.root().join(seeds))
        .args([
            "--",
            &format!("-max_total_time={SECONDS}"),
            "-print_final_stats=1",
            "-verbosity=0",
        ])
        .current_dir(project.root().join(folder))
        .env("CARGO_TARGET_DIR", &built);
    process::run(&mut command)
}
