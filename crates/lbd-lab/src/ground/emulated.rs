//! A machine that QEMU computes, for what user-mode Linux lacks: its kernel has IPVS and every family of nf_tables.
//!
//! It is some ten times slower, and needs no virtualisation. Its first file system, a few modules and busybox, mounts the
//! machine's own files over virtio-fs; from there on it is a guest as the other one. `cargo xtask setup` makes the folder.

use std::io;
use std::path::Path;
use std::process::Command;

use super::boot::{contained, on_path};
use super::job::FOLDER_VARIABLE;

/// `vmlinuz`, `initrd`, and the modules below `lib`: what `cargo xtask setup` unpacks.
const HOME: &str = "/var/cache/lbd-lab/emulated";
/// Where the kernel's modules are, for the first process.
pub(super) const MODULES: &str = "/var/cache/lbd-lab/emulated/lib/modules";
/// The variable (and kernel parameter) that tells the first process where it is.
pub(super) const VARIABLE: &str = "LBD_LAB_EMULATED";

/// Shares the files from the folder that it is in, then boots; whatever ends the machine ends both.
const START: &str =
    "\"$0\" --socket-path=files -o source=/ -o cache=always -o sandbox=chroot 2>files.log &
for try in 1 2 3 4 5 6 7 8 9 10; do [ -S files ] || sleep 0.1; done
\"$@\"; exit";
/// In Debian 12 a part of `qemu-system-common`, later a package of its own.
const FILE_SERVERS: [&str; 2] = ["/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd"];
const QEMU: &str = "qemu-system-x86_64";
const MEMORY: &str = "1536M";

/// What is missing for it, in words.
pub(super) fn missing() -> Option<String> {
    if !on_path(QEMU) {
        return Some(format!("{QEMU} is not installed"));
    }
    if file_server().is_none() {
        return Some("virtiofsd is not installed".to_owned());
    }
    let unpacked = Path::new(HOME).join("initrd").exists();
    (!unpacked).then(|| format!("there is no {HOME}: `cargo xtask setup` makes it"))
}

fn file_server() -> Option<&'static str> {
    let mut servers = FILE_SERVERS.into_iter();
    servers.find(|program| Path::new(program).exists())
}

/// The machine and its file server, in a process namespace that ends with us. The socket between them is in `scratch`.
pub(super) fn command(folder: &Path, scratch: &Path) -> io::Result<Command> {
    let server = file_server().ok_or_else(|| io::Error::other("virtiofsd is not installed"))?;
    let program = std::env::current_exe()?;
    let parameters = format!(
        "console=ttyS0 quiet panic=-1 mitigations=off {VARIABLE}={} {FOLDER_VARIABLE}={}",
        program.display(),
        folder.display()
    );
    let mut command = contained(&["--pid", "--mount", "--mount-proc"]);
    command
        .current_dir(scratch)
        .args(["sh", "-c", START, server, QEMU])
        .args(["-nodefaults", "-no-user-config", "-no-reboot"])
        .args(["-display", "none", "-serial", "stdio"])
        .args(["-machine", "q35", "-accel", "tcg,thread=multi"])
        .args(["-cpu", "max", "-smp", "2", "-m", MEMORY])
        .arg("-kernel")
        .arg(Path::new(HOME).join("vmlinuz"))
        .arg("-initrd")
        .arg(Path::new(HOME).join("initrd"))
        .args(["-append", &parameters])
        // virtio-fs wants memory that both can see.
        .arg("-object")
        .arg(format!(
            "memory-backend-memfd,id=memory,size={MEMORY},share=on"
        ))
        .args(["-numa", "node,memdev=memory"])
        .args(["-chardev", "socket,id=files,path=files"])
        .args(["-device", "vhost-user-fs-pci,chardev=files,tag=root"]);
    Ok(command)
}
