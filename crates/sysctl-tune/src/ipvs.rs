//! What IPVS on a director wants, and why.

use crate::{Key, Setting};

/// What a director uses of IPVS, as far as parameters depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpvsNeeds {
    /// A service is persistent: connections of one client stay with one server.
    pub persistence: bool,
    /// Connections are to live through a fail-over without synchronisation: every director has equal tables and the
    /// scheduler `mh`. Without effect beside `connection_sync`, which does so better.
    pub sloppy_tcp: bool,
    /// A sync daemon of IPVS runs here, as master or backup according to the host's role (also one that is bound to `lo`
    /// and sends nothing over the wire).
    pub connection_sync: bool,
}

/// What IPVS on a director wants when the directors are real servers too (kernel documentation:
/// `networking/ipvs-sysctl.rst`). The keys exist while `ip_vs` is loaded.
///
/// | parameter | value | wanted | also kept |
/// |---|---|---|---|
/// | `backup_only` | 1 | with `connection_sync` | |
/// | `expire_nodest_conn` | 1 | always | |
/// | `expire_quiescent_template` | 1 | with `persistence` | |
/// | `conn_reuse_mode` | 1 | always; see [`reuse_warning`] | 2, 3 |
/// | `conntrack` | 0 | always | |
/// | `sloppy_tcp` | 1 with `sloppy_tcp` and no `connection_sync`, else 0 | always | |
///
/// `conn_reuse_mode` 2 and 3 do what 1 does, and in addition schedule anew while the old connection is in `FIN_WAIT`.
pub fn ipvs_director(needs: &IpvsNeeds) -> Vec<Setting> {
    let mut settings = Vec::new();
    if needs.connection_sync {
        settings.push(vs(
            "backup_only",
            1,
            "while this host runs the sync daemon as backup, it balances nothing: frames of old connections cannot go in circles",
        ));
    }
    settings.push(vs(
        "expire_nodest_conn",
        1,
        "connections to a server that was taken out get a reset at once instead of a hang",
    ));
    if needs.persistence {
        settings.push(vs(
            "expire_quiescent_template",
            1,
            "persistence ends for a server with weight 0: a drained server does not keep its clients",
        ));
    }
    settings.push(Setting {
        also: &[2, 3],
        ..vs(
            "conn_reuse_mode",
            1,
            "a client that uses its port again is scheduled anew, not sent to the server of its old connection",
        )
    });
    settings.push(vs(
        "conntrack",
        0,
        "direct routing shows this host one direction only, which connection tracking takes for invalid",
    ));
    settings.push(if needs.sloppy_tcp && !needs.connection_sync {
        vs(
            "sloppy_tcp",
            1,
            "connections that another director began are taken up in the middle: the scheduler mh finds the same server again",
        )
    } else {
        vs(
            "sloppy_tcp",
            0,
            "a connection that is not known gets a reset at once instead of going to some other server",
        )
    });
    settings
}

fn vs(name: &str, value: i32, why: &'static str) -> Setting {
    Setting {
        key: Key::ipvs(name),
        value,
        also: &[],
        why,
    }
}

/// What to tell people about `conn_reuse_mode` 1 on a kernel of this release (as `uname -r` and
/// `/proc/sys/kernel/osrelease` have it: `5.4.0-150-generic`); `None` if there is nothing to tell, from Linux 5.9, or if
/// the text is no release.
///
/// The value is wanted there too. But such a kernel drops the SYN with which a client uses a port again if IPVS tracks
/// connections, and the client's next try comes a second later. With `conntrack` 0 it does not.
pub fn reuse_warning(release: &str) -> Option<&'static str> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let major: u32 = numbers.next()?.parse().ok()?;
    let minor: u32 = numbers.next()?.parse().ok()?;
    ((major, minor) < (5, 9)).then_some(
        "this kernel is older than 5.9: with net.ipv4.vs.conntrack=1 a client that uses its port again waits a second; leave conntrack at 0",
    )
}
