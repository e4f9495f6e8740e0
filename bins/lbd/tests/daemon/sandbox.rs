//! lbd with no more rights than its unit for systemd leaves it, and the unit itself.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::{FILE, Host, ip, network, started};

/// A host that is a server only: a copy of the address on `lo`, and kernel parameters.
const SERVER: &str = "
cluster: alone
nodes: { a: { address: 192.0.2.1 }, b: { address: 192.0.2.2 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { b: 100 }, addresses: [192.0.2.101] }
virtual_services:
  - { name: reads, address: 192.0.2.101, port: 3306, scheduler: rr, health_check: { tcp: {} } }
";

/// What goes before lbd: the whole host read-only but for `$1` and the paths in `$2`, real-time up to level `$3` (where
/// the machine of the test lets this be granted), capabilities `$4` and no others.
const CAGE: &str = r#"
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
for path in $2; do mount --bind "$path" "$path"; done
mount --bind /proc/sys /proc/sys
for path in $2; do mount --bind "$path" "$path"; done
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /
capabilities=$4
limit=
if prlimit --rtprio="$3:$3" true 2>/dev/null; then limit="prlimit --rtprio=$3:$3"; fi
shift 4
exec $limit setpriv --no-new-privs --bounding-set="$capabilities" "$@"
"#;

/// A file of the packaging.
fn packaged(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packaging")
        .join(name);
    fs::read_to_string(path).unwrap()
}

fn unit() -> String {
    packaged("debian/lbd.service")
}

/// The value of a setting.
fn setting(text: &str, name: &str) -> String {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.expect(name).to_owned()
}

/// The capabilities of a setting, all others being taken away, as setpriv(1) has them.
fn capabilities<'a>(values: impl IntoIterator<Item = &'a str>, setting_name: &str) -> String {
    let mut set = "-all".to_owned();
    for file in values {
        for capability in setting(file, setting_name).split(' ') {
            let name = capability.strip_prefix("CAP_").unwrap().to_lowercase();
            set = format!("{set},+{name}");
        }
    }
    set
}

/// Starts lbd with the rights that these files for systemd leave it, and further options of setpriv(1).
fn caged(folder: &TempDir, files: &[&str], further: &[&str], program: &Path) -> Child {
    let set = capabilities(files.iter().copied(), "CapabilityBoundingSet");
    let parameters = setting(&unit(), "ReadWritePaths");
    let parameters = parameters
        .split(' ')
        .filter(|path| path.starts_with("/proc/sys"));
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", CAGE, "cage"])
        .arg(folder.path())
        .arg(parameters.collect::<Vec<_>>().join(" "))
        .arg(setting(&unit(), "LimitRTPRIO"))
        .arg(set)
        .args(further)
        .arg(program);
    started(command, folder)
}

fn host(file: &str, files: &[&str]) -> Host {
    let folder = network();
    fs::write(folder.path().join("lbd.yaml"), file).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_lbd"));
    let guardian = caged(&folder, files, &["--inh-caps=-all"], program);
    Host { folder, guardian }
}

#[test]
fn a_director_does_its_work_with_the_rights_of_the_unit() {
    let host = host(FILE, &[&unit()]);
    host.wait("the address on the NIC", || host.holds());
    let effective = fs::read_to_string(format!("/proc/{}/status", host.guardian.id())).unwrap();
    assert!(
        effective.contains("CapBnd:\t0000000000003000"),
        "{effective}"
    );
    let can_grant = Command::new("prlimit")
        .args(["--rtprio=1:1", "true"])
        .output()
        .unwrap();
    let real_time = !host.log().contains("no real-time priority");
    assert_eq!(real_time, can_grant.status.success(), "{}", host.log());
    assert!(!host.log().contains("ERROR"), "{}", host.log());
}

#[test]
fn a_server_sets_its_kernel_parameters_with_the_rights_of_the_unit() {
    let host = host(SERVER, &[&unit()]);
    host.wait("the address on lo", || {
        ip("addr show dev lo").contains("192.0.2.101/32")
    });
    let parameter = |name| fs::read_to_string(format!("/proc/sys/net/ipv4/conf/all/{name}"));
    assert_eq!(parameter("arp_announce").unwrap().trim(), "2");
    assert!(!host.log().contains("ERROR"), "{}", host.log());
}

#[test]
fn a_process_of_another_user_is_seen_by_its_name_and_by_its_path_that_is_said_to_be_hidden() {
    let mut sleeper = Command::new("setpriv")
        .args(["--reuid=nobody", "--clear-groups", "sleep", "100"])
        .spawn()
        .unwrap();
    let program = fs::canonicalize("/bin/sleep").unwrap();
    let tracks = format!(
        "track_processes: [{{ process: sleep, weight: -1 }}, {{ process: {}, weight: -2 }}], addresses",
        program.display()
    );
    let host = host(&FILE.replace("addresses", &tracks), &[&unit()]);
    host.wait("the verdicts", || {
        host.log().contains("CAP_SYS_PTRACE") && host.log().contains("process sleep is well")
    });
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn a_user_of_its_own_can_do_all_that_with_the_capabilities_of_the_drop_in() {
    let drop_in = packaged("examples/own-user.conf");
    assert_eq!(setting(&drop_in, "User"), "lbd");
    let ambient = capabilities([drop_in.as_str()], "AmbientCapabilities");
    let ambient = [
        format!("--inh-caps={ambient}"),
        format!("--ambient-caps={ambient}"),
    ];
    let mut further = vec!["--reuid=nobody", "--regid=nogroup", "--clear-groups"];
    further.extend(ambient.iter().map(String::as_str));
    let folder = network();
    fs::write(folder.path().join("lbd.yaml"), SERVER).unwrap();
    // Not in a folder of root's alone; `nobody` owns it, as systemd sees to it for the runtime directory.
    for path in ["", "lbd.yaml"] {
        std::os::unix::fs::chown(folder.path().join(path), Some(65534), None).unwrap();
    }
    let program = folder.path().join("lbd");
    fs::copy(env!("CARGO_BIN_EXE_lbd"), &program).unwrap();
    let guardian = caged(&folder, &[&unit()], &further, &program);
    let host = Host { folder, guardian };
    host.wait("the address on lo", || {
        ip("addr show dev lo").contains("192.0.2.101/32")
    });
    let status = fs::read_to_string(format!("/proc/{}/status", host.guardian.id())).unwrap();
    assert!(status.contains("Uid:\t65534\t"), "{status}");
    assert!(!host.log().contains("ERROR"), "{}", host.log());
}

#[test]
fn commands_of_another_user_are_refused_with_the_rights_they_lack_and_run_with_the_drop_in() {
    // Without a weight: the address is on the NIC only if the script runs well.
    let tracks = "track_scripts: [{ name: t, command: [/bin/true] }], addresses";
    let file = format!("script_user: nobody{}", FILE.replace("addresses", tracks));
    let mut refused = host(&file, &[&unit()]);
    assert_eq!(refused.guardian.wait().unwrap().code(), Some(4));
    let said = refused.log();
    assert!(said.contains("CAP_SETGID, CAP_SETUID, CAP_KILL"), "{said}");

    let drop_in = packaged("examples/script-user.conf");
    let host = host(&file, &[&unit(), &drop_in]);
    host.wait("the address on the NIC", || host.holds());
    assert!(!host.log().contains("ERROR"), "{}", host.log());
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit_and_little_that_it_leaves_open() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("lbd.service");
    fs::write(
        &copy,
        unit().replace("/usr/bin/lbd", env!("CARGO_BIN_EXE_lbd")),
    )
    .unwrap();
    let analyze = |words: &[&str]| {
        let output = Command::new("systemd-analyze")
            .args(words)
            .arg(&copy)
            .output();
        match output {
            Ok(output) => Some((output.status.success(), format!("{output:?}"))),
            // Not every system has it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("systemd-analyze: {error}"),
        }
    };
    let Some((fine, said)) = analyze(&["verify", "--man=no"]) else {
        assert!(unit().contains("Type=notify"));
        return;
    };
    assert!(fine, "{said}");
    // Of 100, where 0 is a service without any rights; what it leaves open is in docs/security.md.
    let (fine, said) = analyze(&["security", "--offline=true", "--threshold=30"]).unwrap();
    assert!(fine, "{said}");
}
