#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Boots the lab's virtual machine (build-image.sh makes it), runs one script in it as root, prints
# what it prints and exits with its status. For tests that need SR-IOV or another kernel; about 6
# seconds without KVM.
#
# usage: run-vm.sh [option...] SCRIPT [ARG...] [-- QEMU-ARG...]
#   --topo NAME       the network, default igb-peer:
#                       igb-peer   PFs pf0, pf1 (82576), each wired to a virtio NIC peer0, peer1 of
#                                  the same guest
#                       igb-cross  pf0 wired to pf1
#                       none
#   --root DIR        another tree than this machine's / as the guest's root
#   --mem MB          guest memory, default 2048; for igb at most 2815
#   --hugepages N     2 MiB pages reserved at boot, default 128
#   --timeout S       limit of the whole run, default 300
#   --share DIR       copy the files of DIR into the guest's /share
#   --keep DIR        keep the run's folder (console.log, share/) as DIR
#   --append STRING   more kernel parameters
#
# Exit status: the script's own; 124 when the limit ran out; 125 when the machine ended without one
# (panic, no boot): the tail of its console is printed.
#
# SCRIPT is executable and runs in /share, this run's writable folder, beside guest/lib.sh. The
# guest's only ways out are that folder and /dev/virtio-ports/qemu, the monitor of QEMU: `mon
# set_link pf0 off` (lib.sh) in a script pulls the cable of pf0. /tmp, /run and /dev/shm are the
# guest's own. $QEMU names another emulator, $VFBOND_LAB_OUT where build-image.sh put its files.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=${VFBOND_LAB_OUT:-${XDG_CACHE_HOME:-$HOME/.cache}/vfbond-lab}
qemu=${QEMU:-qemu-system-x86_64}
rootdir=/ topo=igb-peer mem_mb=2048 hugepages=128 limit_s=300 keep='' append='' share=''

usage() {
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --root | --topo | --mem | --hugepages | --timeout | --share | --keep | --append)
        [ $# -ge 2 ] || usage
        ;;
    -*) usage ;;
    *) break ;;
    esac
    case $1 in
    --root) rootdir=$(readlink -f "$2") ;;
    --topo) topo=$2 ;;
    --mem) mem_mb=$2 ;;
    --hugepages) hugepages=$2 ;;
    --timeout) limit_s=$2 ;;
    --share) share=$2 ;;
    --keep) keep=$2 ;;
    --append) append=$2 ;;
    esac
    shift 2
done
[ $# -gt 0 ] || usage
script=$1
shift
args=() extra=()
while [ $# -gt 0 ]; do
    if [ "$1" = -- ]; then
        shift
        extra=("$@")
        break
    fi
    args+=("$1")
    shift
done
if [ ! -s "$out/vmlinux" ] || [ ! -s "$out/initrd" ]; then
    echo "run-vm: no machine in $out: run $here/build-image.sh first" >&2
    exit 2
fi

run=$(mktemp -d)
qemu_pid=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    [ -z "$qemu_pid" ] || kill "$qemu_pid" 2>/dev/null
    if [ -n "$keep" ]; then
        rm -rf "$keep"
        mkdir -p "$(dirname "$keep")"
        mv "$run" "$keep"
    else
        rm -rf "$run"
    fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

mkdir "$run/share"
[ -z "$share" ] || cp -r "$share"/. "$run/share/"
cp "$here/guest/lib.sh" "$run/share/"
install -m 755 "$script" "$run/share/script"
printf '%q ' ./script "${args[@]}" >"$run/share/.command"
cat >"$run/share/.stage2" <<'END'
# Second stage in the guest, as process 1.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb
mkdir -p /dev/pts /dev/hugepages /dev/shm /dev/virtio-ports
mount -t devpts devpts /dev/pts
mount -t hugetlbfs hugetlbfs /dev/hugepages
for d in /dev/shm /run /tmp; do mount -t tmpfs tmpfs $d; done
ln -sf /proc/self/fd /dev/fd
for p in /sys/class/virtio-ports/*; do
    ln -s "../${p##*/}" "/dev/virtio-ports/$(cat "$p/name")"
done
echo lab >/proc/sys/kernel/hostname
ip link set lo up
cut -d' ' -f1 /proc/uptime >/share/.began
cd /share
. ./.command >/dev/virtio-ports/out 2>&1 </dev/null
echo $? >/share/status
cut -d' ' -f1 /proc/uptime >/share/.ended
sync
# Power off. The 9p folders die first, so that only what the shell itself has may follow.
{ echo o >/proc/sysrq-trigger; while :; do :; done; }
END

# QEMU 10.0 realizes the VFs before it knows that their BARs have 64 bits, and maps a BAR above
# 4 GiB at its lower half: the VF's registers are not there ("PF still resetting"). With all memory
# below 4 GiB the BIOS opens no window above it; q35 does that for less than 2816 MiB.
case $("$qemu" --version | head -1) in
*"version 10.0"*)
    if [ "$mem_mb" -ge 2816 ] && [ "${topo#igb}" != "$topo" ]; then
        echo "run-vm: QEMU 10.0 needs --mem below 2816 for igb VFs" >&2
        exit 2
    fi
    ;;
esac

parameters=(
    console=ttyS0 quiet loglevel=4 panic=-1 intel_iommu=on iommu=pt mitigations=off nokaslr
    no_timer_check tsc=reliable random.trust_cpu=on net.ifnames=0 nmi_watchdog=0
    # A tick that comes by itself: now and then a processor of the guest lost its one-shot timer for
    # good ("rcu_preempt kthread timer wakeup didn't happen"), and all that waited stood still.
    nohz=off highres=off
    "hugepages=$hugepages"
)
machine=(
    -nodefaults -no-user-config -display none -no-reboot
    -M q35 -accel "tcg,thread=multi,tb-size=256" -cpu max -smp 2 -m "$mem_mb"
    -device "intel-iommu,intremap=on"
    -kernel "$out/vmlinux" -initrd "$out/initrd" -append "${parameters[*]} $append"
    -serial "file:$run/console.log"
    -fsdev "local,id=hostroot,path=$rootdir,security_model=none,readonly=on,multidevs=remap"
    -device "virtio-9p-pci,fsdev=hostroot,mount_tag=hostroot"
    -fsdev "local,id=share,path=$run/share,security_model=none,multidevs=remap"
    -device "virtio-9p-pci,fsdev=share,mount_tag=share"
    # What the script prints: a pipe, as an end of file on stdin would close the port.
    -device virtio-serial-pci
    -chardev "file,id=out,path=/dev/fd/9"
    -device "virtserialport,chardev=out,name=out"
    # The monitor, and a port of the guest that is connected to it.
    -chardev "socket,id=mon,path=$run/mon,server=on,wait=off"
    -mon "chardev=mon,mode=readline"
    -chardev "socket,id=monc,path=$run/mon"
    -device "virtserialport,chardev=monc,name=qemu"
)

# A hub with two ports is a wire. Every PF sits below a PCIe root port of its own: bus 1 has pf0 and
# its VFs, bus 2 has pf1 and its VFs.
igb() { # index, hub
    local slot
    slot=$(printf %x $((0x10 + $1)))
    machine+=(
        -device "pcie-root-port,id=rp$1,bus=pcie.0,chassis=$1,slot=$1,addr=$slot"
        -netdev "hubport,id=npf$1,hubid=$2"
        -device "igb,id=pf$1,bus=rp$1,netdev=npf$1,mac=52:54:00:aa:00:0$1,romfile="
    )
}
peer() { # index, hub; the speed is for 802.3ad, which ignores ports without one
    local device="virtio-net-pci,id=peer$1,netdev=npeer$1,mac=52:54:00:bb:00:0$1"
    machine+=(
        -netdev "hubport,id=npeer$1,hubid=$2"
        -device "$device,speed=1000,duplex=full,romfile="
    )
}
case $topo in
none) ;;
igb-peer)
    igb 0 10
    igb 1 11
    peer 0 10
    peer 1 11
    ;;
igb-cross)
    igb 0 10
    igb 1 10
    ;;
*)
    echo "run-vm: no topology $topo" >&2
    exit 2
    ;;
esac

exec 9> >(exec cat)
cat_pid=$!
begin_us=${EPOCHREALTIME/./}
nice -n 5 timeout -k 5 "$limit_s" "$qemu" "${machine[@]}" "${extra[@]}" </dev/null \
    2> >(grep -vE 'not connected to host network|-mon. is deprecated' >&2) &
qemu_pid=$!
wait "$qemu_pid"
qemu_status=$?
qemu_pid=''
exec 9>&-
wait "$cat_pid" 2>/dev/null
wall_ds=$(((${EPOCHREALTIME/./} - begin_us) / 100000))
at() { cat "$run/share/.$1" 2>/dev/null || echo -; }
printf 'run-vm: %s s; by the clock of the guest the script began at %s s and ended at %s s\n' \
    "$((wall_ds / 10)).$((wall_ds % 10))" "$(at began)" "$(at ended)" >&2
[ ! -s "$run/share/status" ] || exit "$(cat "$run/share/status")"
tail -30 "$run/console.log" >&2
if [ "$qemu_status" = 124 ] || [ "$qemu_status" = 137 ]; then
    echo "run-vm: the limit of $limit_s s ran out" >&2
    exit 124
fi
echo "run-vm: the machine ended without a status (qemu: $qemu_status)" >&2
exit 125
