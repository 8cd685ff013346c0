#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the lab's virtual machine from Debian's packages: a kernel and an initrd. Installs QEMU with
# an SR-IOV NIC from backports, and the few tools it needs, where they are missing.
#
# usage: build-image.sh [--kernel linux-image-VERSION-amd64]
#   --kernel  the package of the kernel; by default the newest 6.12 that apt knows (backports)
#
# What it leaves in $VFBOND_LAB_OUT (default: vfbond-lab in the user's cache folder):
#   vmlinux   the kernel as an ELF file. QEMU enters it by PVH, which spares the guest to unpack it
#   initrd    busybox, the lab's kernel modules and /init, which mounts this machine's own / over
#             9p, read-only, puts a tmpfs over it and hands over to the script that run-vm.sh has
# So there is no root image: the guest sees what is installed and built here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

out=${VFBOND_LAB_OUT:-${XDG_CACHE_HOME:-$HOME/.cache}/vfbond-lab}
package=''
while [ $# -gt 0 ]; do
    case $1 in
    --kernel)
        package=${2:?the name of a package}
        shift 2
        ;;
    *)
        sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
        exit 2
        ;;
    esac
done
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say() { printf '[%3ds] %s\n' "$SECONDS" "$*" >&2; }

die() {
    echo "build-image: $*" >&2
    exit 1
}

newest_kernel() {
    apt-cache search --names-only '^linux-image-6\.12.*\+deb12-amd64$' | cut -d' ' -f1 |
        sort -V | tail -1
}

"$here/../../scripts/deps" install lab

# --- the kernel --------------------------------------------------------------------------------
# Debian's own has IOV, VFIO, the vIOMMU driver, igb and bonding. It is unpacked, never installed.
[ -n "$package" ] || package=$(newest_kernel)
if [ -z "$package" ]; then
    "$here/../../scripts/deps" backports >&2
    package=$(newest_kernel)
    [ -n "$package" ] || die "no package linux-image-6.12*+deb12-amd64; name one with --kernel"
fi
kver=${package#linux-image-}
say "kernel $kver"
(cd "$work" && apt-get download -qq "$package" 2>"$work/apt.log") ||
    die "cannot download $package: $(tail -1 "$work/apt.log")"
mkdir "$work/k"
keep=()
for dir in net fs lib crypto arch virt drivers/net drivers/vfio drivers/vhost drivers/uio \
    drivers/virtio drivers/block drivers/char drivers/i2c drivers/dca drivers/ptp; do
    keep+=("./lib/modules/*/kernel/$dir/*" "./usr/lib/modules/*/kernel/$dir/*")
done
# tar complains of the patterns that match nothing: the package has one of the two layouts.
dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb |
    tar -x -C "$work/k" --wildcards './boot/vmlinuz-*' \
        './lib/modules/*/modules.*' './usr/lib/modules/*/modules.*' "${keep[@]}" 2>/dev/null || true
[ -d "$work/k/lib" ] || ln -s usr/lib "$work/k/lib"
depmod -b "$work/k" "$kver"

# unpack_kernel MAGIC COMMAND... - find a compressed stream in the bzImage and unpack it
unpack_kernel() {
    local at offsets magic=$1 image=$work/k/boot/vmlinuz-$kver
    shift
    mapfile -t offsets < <(LC_ALL=C grep -aobP "$magic" "$image" | cut -d: -f1)
    for at in "${offsets[@]}"; do
        # Behind the stream there is more: the decompressor complains, and has done its work.
        tail -c "+$((at + 1))" "$image" | "$@" >"$work/vmlinux" 2>/dev/null || true
        [ "$(head -c 4 "$work/vmlinux" | tail -c 3)" != ELF ] || return 0
    done
    return 1
}
unpack_kernel '\xfd7zXZ\x00' xz -dc || unpack_kernel '\x28\xb5\x2f\xfd' zstd -dc ||
    die "cannot unpack the kernel of $package"

# --- the initramfs -----------------------------------------------------------------------------
modules=(
    virtio_pci virtio_net virtio_console 9pnet_virtio 9p overlay
    igb igbvf e1000e vfio vfio_iommu_type1 vfio_virqfd vfio_pci uio uio_pci_generic
    bonding veth 8021q bridge macvlan tun dummy
    sch_netem sch_ingress cls_u32 cls_matchall act_mirred
)
ird=$work/ird
mkdir -p "$ird"/{bin,dev,proc,sys,new} "$ird/lib/modules/$kver"
cp /bin/busybox "$ird/bin/busybox"
for applet in sh mount mkdir modprobe switch_root cat cp uname poweroff; do
    ln -s busybox "$ird/bin/$applet"
done
for m in "${modules[@]}"; do
    # Some exist in some kernels only.
    modprobe -d "$work/k" -S "$kver" --show-depends "$m" 2>/dev/null |
        sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
done | sort -u >"$work/list"
while read -r file; do
    rel=lib/modules/${file##*/lib/modules/}
    mkdir -p "$ird/$(dirname "$rel")"
    cp "$file" "$ird/$rel"
    case $rel in *.xz) xz -d "$ird/$rel" ;; esac # busybox loads plain ones only
done <"$work/list"
cp "$work/k/lib/modules/$kver"/modules.{builtin,builtin.modinfo,order} "$ird/lib/modules/$kver/"
depmod -b "$ird" "$kver"
install -m 755 "$here/init" "$ird/init"
(cd "$ird" && find . -print0 | sort -z | cpio -0 -o -H newc -R 0:0 --quiet) >"$work/initrd"
say "initrd: $(wc -l <"$work/list") modules, $(($(stat -c %s "$work/initrd") >> 20)) MiB"

mv "$work/vmlinux" "$work/initrd" "$out/"
say "done: $out"
