set -e
echo "$0" >/proc/sys/kernel/hostname
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/netns /run/mha/scripts /run/mha/log
# The scripts of the reference file. The one that is tracked does what files beside it say.
cat >/run/mha/scripts/check_manager.sh <<'SCRIPT'
#!/bin/sh
echo $$ >>"$1/runs"
if [ -e "$1/hang" ]; then
    sleep 1000 &
    echo $! >"$1/child"
    wait
fi
[ ! -e "$1/down" ] || { echo "the file down is there"; exit 1; }
SCRIPT
cat >/run/mha/scripts/write_state.sh <<'SCRIPT'
#!/bin/sh
log=$1
shift
echo "$* ($TYPE $NAME $STATE $PRIORITY)" >>"$log/states"
SCRIPT
chmod 755 /run/mha/scripts/*
mount -t sysfs sys /sys
ip link set lo up
echo ready
exec sleep infinity
