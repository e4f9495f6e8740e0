#!/bin/sh
# Unpacks what the lab's emulated machine boots: a Debian kernel with its modules, and a first file system.
# Nothing is installed: this machine keeps its own kernel, and its own busybox.
set -eu

home=$1
new=$home.new
rm -rf "$new"
mkdir -p "$new/packages" "$new/first/bin" "$new/first/proc" "$new/first/root" "$new/first/modules"
cd "$new/packages"
apt-get -q -o DPkg::Lock::Timeout=300 update
kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
# As root: apt's own user may not write here.
apt-get -q -o APT::Sandbox::User=root download "$kernel" busybox-static
for package in *.deb; do dpkg-deb -x "$package" files; done

cd "$new"
mv packages/files/boot/vmlinuz-* vmlinuz
mkdir lib
mv "$(find packages/files -type d -path '*lib/modules')" lib/modules
version=$(ls lib/modules)
depmod -b . "$version"

cp "$(find packages/files -type f -path '*bin/busybox')" first/bin/busybox
for module in virtio_pci virtiofs; do
    modprobe -d "$new" -S "$version" --show-depends "$module" | while read -r _insmod file _options; do
        name=$(basename "$file")
        grep -qx "$name" first/modules/order 2>/dev/null && continue
        cp "$file" first/modules/
        echo "$name" >>first/modules/order
    done
done
cat >first/init <<'FIRST'
#!/bin/busybox sh
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod "/modules/$module"; done
/bin/busybox mount -t virtiofs root /root
exec /bin/busybox switch_root /root "$LBD_LAB_EMULATED"
FIRST
chmod 755 first/init
(cd first && find . | bin/busybox cpio -o -H newc >../initrd)
rm -rf packages first "$home"
mv "$new" "$home"
