//! The machine, named by its facts.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Lines of a list: processor, memory, kernel, versions, date.
pub(super) fn facts(lbd: &Path) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpu.lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map_or("unknown", |(_, value)| value.trim())
    };
    let cores = cpu
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let virtual_machine = if field("flags").split(' ').any(|flag| flag == "hypervisor") {
        ", in a virtual machine"
    } else {
        ""
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "- {}, {cores} processors{virtual_machine}\n- Linux {}, {}\n- {}, release build; {}\n- {}\n",
        field("model name"),
        kernel.trim(),
        distribution(),
        said(Command::new(lbd).arg("--version")),
        said(Command::new("keepalived").arg("--version")),
        said(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])),
    )
}

fn distribution() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or("unknown distribution")
        .trim_matches('"')
        .to_owned()
}

/// The first line that it writes, wherever it does.
pub(super) fn said(command: &mut Command) -> String {
    let Ok(output) = command.output() else {
        return format!("{} not found", command.get_program().to_string_lossy());
    };
    let all = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&all);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Whether this is user-mode Linux, where each system call costs a hundred times as much as elsewhere.
pub(super) fn is_user_mode() -> bool {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cpu.lines()
        .any(|line| line.starts_with("vendor_id") && line.ends_with("User Mode Linux"))
}

/// The load averages of the last minutes.
pub(super) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(2).collect::<Vec<_>>().join(" and ")
}
