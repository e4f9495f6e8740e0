//! What the kernel lets this process do (capabilities(7)).

/// One capability: its bit in linux/capability.h, and its name.
pub(crate) type Capability = (u32, &'static str);

/// To change the network.
pub(crate) const NETWORK: [Capability; 2] = [(12, "CAP_NET_ADMIN"), (13, "CAP_NET_RAW")];
/// To run commands as another user, and to end them.
pub(crate) const ANOTHER_USER: [Capability; 3] =
    [(6, "CAP_SETGID"), (7, "CAP_SETUID"), (5, "CAP_KILL")];

/// Those that this process has not got.
pub(crate) fn missing(needed: &[Capability]) -> Vec<&'static str> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    needed
        .iter()
        .filter(|(bit, _)| effective & (1 << bit) == 0)
        .map(|(_, name)| *name)
        .collect()
}
