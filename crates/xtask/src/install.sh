#!/bin/sh
# Installs the named Debian packages; starts and enables nothing that they bring.
#
# Why not plain apt-get: keepalived and its like start at once when installed, and again at every boot.
# On somebody's own machine a demo has no business to leave daemons behind.
# Debian asks /usr/sbin/policy-rc.d before it starts a service (with systemd and without); 101 means "forbidden".
# Masking units instead would need their names beforehand, and would not cover those of dependencies.
# This is a shell script for its trap: the policy goes back to what it was even after Ctrl-C.
set -eu

policy=/usr/sbin/policy-rc.d
aside=$policy.before-lbd

restore() {
    rm -f "$policy"
    if [ -e "$aside" ]; then mv "$aside" "$policy"; fi
}
trap restore EXIT
trap 'exit 130' HUP INT TERM

# A file already aside is from a run that was killed: the policy in place is then ours, not the machine's.
if [ -e "$policy" ] && [ ! -e "$aside" ] && ! grep -q 'lbd: cargo xtask' "$policy"; then
    mv "$policy" "$aside"
fi
printf '#!/bin/sh\n# lbd: cargo xtask is installing packages.\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
# Another apt (unattended upgrades, say) may hold the lock for a while.
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"

# Not started now, and not at the next boot either. Only what was just installed is touched.
if command -v systemctl >/dev/null; then
    for package in "$@"; do
        for unit in $(dpkg -L "$package" | sed -n 's,.*/systemd/system/\([^/@]*\.service\)$,\1,p'); do
            systemctl --quiet disable "$unit" 2>/dev/null || true
        done
    done
fi
