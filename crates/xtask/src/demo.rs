//! The demo: makes everything ready and hands over to the lab.

use crate::{process, project::Project, setup};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Sets up, builds, and becomes the lab. Returns only what prevented that.
pub(crate) fn run(project: &Project) -> String {
    if let Err(why) = setup::host_programs() {
        return why;
    }
    println!("demo: building lbd and the lab");
    // The development profile: the optimised one takes several times as long to build, and the demo's
    // traffic goes through the kernel, not through lbd.
    if let Err(why) = process::run(&mut project.cargo("build -p lbd -p lbd-lab --bins")) {
        return format!("the build failed: {why}");
    }
    let lab = project.binary("lbd-lab");
    let mut command = Command::new(&lab);
    command.args(["demo", "--lbd"]).arg(project.binary("lbd"));
    let error = command.current_dir(project.root()).exec();
    format!("{} does not run: {error}", lab.display())
}
