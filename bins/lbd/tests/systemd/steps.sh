# Runs lbd's unit under a manager of systemd, in namespaces of its own (network, mounts, processes), and prints what comes of each step
# as NAME=VALUE. $1: a folder for all this; $2: lbd; $3: the unit; $4: the name of a control group to live in.
set -eu
folder=$1 lbd=$2 unit=$3 group=$4

if [ "${5-}" != inside ]; then
    mount --make-rprivate /
    umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    mkdir "/sys/fs/cgroup/$group"
    echo $$ > "/sys/fs/cgroup/$group/cgroup.procs"
    exec unshare --cgroup sh "$0" "$folder" "$lbd" "$unit" "$group" inside
fi
umount /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup

ip link set lo up
ip link add eth0 type veth peer name far
ip addr add 192.0.2.1/24 dev eth0
ip link set eth0 up
ip link set far up

# What systemd looks for where it is process 1, and what it puts in the place of what a sandbox hides.
mkdir -p /run/systemd
mount -t tmpfs none /run/systemd
mkdir -p /run/systemd/system /run/systemd/inaccessible/dir
: > /run/systemd/inaccessible/reg
chmod -R a= /run/systemd/inaccessible

# A manager of units is the same for users; what differs are paths. Levels of real-time cannot be granted everywhere.
export HOME="$folder/home" XDG_CONFIG_HOME="$folder/home/.config" XDG_RUNTIME_DIR="$folder/run"
mkdir -p "$XDG_CONFIG_HOME/systemd/user"
mkdir -m 0700 "$XDG_RUNTIME_DIR"
sed -e "s#/usr/bin/lbd#$lbd#g" -e "s#/etc/lbd/lbd.yaml#$folder/lbd.yaml#g" -e "s#--runtime-dir /run/lbd#--runtime-dir $folder/run/lbd#" \
    -e 's/^WatchdogSec=.*/WatchdogSec=2s/' -e '/^LimitRTPRIO=/d' -e '/^PrivateTmp=/d' \
    "$unit" > "$XDG_CONFIG_HOME/systemd/user/lbd.service"
/lib/systemd/systemd --user >/dev/null 2>&1 &

ask() { systemctl --user show lbd -P "$1"; }
daemon() { cut -d' ' -f1 "/proc/$1/task/$1/children"; }
# Until a property has a value, 20 s at most.
until_is() {
    tries=0
    while [ "$(ask "$1")" != "$2" ] && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}
tries=0
until [ -S "$XDG_RUNTIME_DIR/systemd/private" ] || [ $tries -ge 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done

systemctl --user start lbd && echo start=done
main=$(ask MainPID)
echo "state=$(ask ActiveState)"
echo "effective=$(sed -n 's/^CapEff:\t//p' "/proc/$main/status")"
echo "filter=$(sed -n 's/^Seccomp:\t//p' "/proc/$main/status")"
tries=0
until ip addr show dev lo | grep -q 192.0.2.101/32 || [ $tries -ge 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
echo "address=$(ip addr show dev lo | grep -c 192.0.2.101/32 || true)"
echo "parameter=$(cat /proc/sys/net/ipv4/conf/all/arp_announce)"
# In lbd's own view of the files: the network's parameters alone can be written.
inside() { nsenter --target "$main" --mount "$@" 2>/dev/null; }
inside sh -c 'echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce' && echo network=written
inside sh -c 'cat /proc/sys/kernel/panic > /proc/sys/kernel/panic' || echo kernel=refused
inside sh -c ': > /etc/lbd-was-here' || echo etc=refused

systemctl --user reload lbd && echo reload=done
cp "$folder/lbd.yaml" "$folder/right"
echo nonsense > "$folder/lbd.yaml"
systemctl --user reload lbd 2>/dev/null || echo bad_reload=refused
cp "$folder/right" "$folder/lbd.yaml"
echo "after_bad_reload=$(ask ActiveState)"

kill -KILL "$(daemon "$main")"
sleep 1
echo "after_kill=$(ask ActiveState) $(ask NRestarts)"
kill -STOP "$(daemon "$main")"
until_is NRestarts 1
until_is ActiveState active
echo "after_hang=$(ask ActiveState) $(ask NRestarts)"

systemctl --user stop lbd && echo stop=done
echo "at_last=$(ask ActiveState) $(ask Result)"
[ -e "$folder/run/lbd/owned.json" ] && echo record=kept
