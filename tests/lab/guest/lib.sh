#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Helpers for scripts that run inside the lab's virtual machine; they source it from /share.
# shellcheck disable=SC2034 # variables set here are for the scripts

passed=0 failed=0

now() { cut -d' ' -f1 /proc/uptime; }
say() { printf '[%8s] %s\n' "$(now)" "$*"; }
die() {
    say "FAIL: $*"
    exit 1
}

# check TEXT COMMAND... - count one expectation; finish - print the sum and exit
check() {
    local text=$1
    shift
    if "$@" >/run/check.out 2>&1; then # not in a subshell: it may set variables
        passed=$((passed + 1))
        say "ok    $text"
    else
        failed=$((failed + 1))
        say "WRONG $text $(cat /run/check.out)"
    fi
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
not() { ! "$@"; }

# wait_for SECONDS COMMAND... - poll until the command succeeds
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

# mon COMMAND - run one command of QEMU's monitor and print what it answers
mon() {
    local fd line
    exec {fd}<>/dev/virtio-ports/qemu || return
    echo "$*" >&"$fd"
    while IFS= read -r -t 0.5 line <&"$fd"; do printf '%s\n' "$line"; done |
        tr -d '\r' | sed '/\x1b\[/d'
    exec {fd}>&-
}
# cable 0|1 on|off - plug or pull the wire of pair 0 or 1, at both its ends
cable() { printf "set_link %s $2\n" "pf$1" "peer$1" >/dev/virtio-ports/qemu; }

# --- SR-IOV ------------------------------------------------------------------------------------
p0=0000:01:00.0 p1=0000:02:00.0 # the PFs; where the VFs are, lab_vfs finds

netdev_of() { # PCI address
    local net
    for net in /sys/bus/pci/devices/"$1"/net/* /sys/bus/pci/devices/"$1"/virtio*/net/*; do
        [ ! -e "$net" ] || basename "$net"
    done | head -1
}
has_carrier() { ip -br link show "$1" | grep -q LOWER_UP; }

# make_vfs PF-ADDRESS COUNT - PF up, VFs created, no kernel driver on them
make_vfs() {
    local d=/sys/bus/pci/devices/$1
    modprobe -q igb
    modprobe -q virtio_net
    ip link set "$(netdev_of "$1")" up || return
    echo 0 >"$d/sriov_drivers_autoprobe" || return
    echo "$2" >"$d/sriov_numvfs"
}

# to_vfio ADDRESS - hand one PCI function to vfio-pci
to_vfio() {
    local d=/sys/bus/pci/devices/$1
    modprobe vfio-pci || return
    [ ! -e "$d/driver" ] || echo "$1" >"$d/driver/unbind"
    echo vfio-pci >"$d/driver_override" || return
    echo "$1" >/sys/bus/pci/drivers_probe || return
    [ "$(basename "$(readlink "$d/driver")")" = vfio-pci ]
}

vf0_of() { basename "$(readlink "/sys/bus/pci/devices/$1/virtfn0")"; } # PCI address of the PF

# lab_vfs [ATTRIBUTES0 ATTRIBUTES1] - one VF of each PF, with these `ip link set vf 0` attributes,
# on vfio-pci; sets pf0 pf1 (interfaces) and v0 v1 (addresses)
lab_vfs() {
    local attributes0 attributes1
    read -ra attributes0 <<<"${1-}"
    read -ra attributes1 <<<"${2-}"
    sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    make_vfs $p0 1 && make_vfs $p1 1 || return
    pf0=$(netdev_of $p0) pf1=$(netdev_of $p1)
    v0=$(vf0_of $p0) v1=$(vf0_of $p1)
    wait_for 10 has_carrier "$pf0" && wait_for 10 has_carrier "$pf1" || return
    [ -z "${1-}" ] || ip link set "$pf0" vf 0 "${attributes0[@]}" || return
    [ -z "${2-}" ] || ip link set "$pf1" vf 0 "${attributes1[@]}" || return
    to_vfio "$v0" && to_vfio "$v1"
}

# --- the far side: peer0 and peer1 in the network namespace "sw" -------------------------------
in_sw() { ip netns exec sw "$@"; }

lab_peers() {
    modprobe virtio_net
    peer0=$(ip -br link | awk '$3 == "52:54:00:bb:00:00" { print $1 }')
    peer1=$(ip -br link | awk '$3 == "52:54:00:bb:00:01" { print $1 }')
    ip netns add sw || return
    ip link set "$peer0" netns sw && ip link set "$peer1" netns sw || return
    in_sw sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
}
# peer_as KIND [ARG...] - "bridge", or a mode of the kernel's bonding driver; the far side then is
# 10.9.0.1
peer_as() {
    local i kind=$1
    shift
    if [ "$kind" = bridge ]; then
        modprobe bridge
        in_sw ip link add far type bridge ageing_time 500 || return
    else
        modprobe bonding max_bonds=0
        in_sw ip link add far type bond mode "$kind" "$@" miimon 100 || return
    fi
    for i in "$peer0" "$peer1"; do
        in_sw ip link set "$i" down
        in_sw ip link set "$i" master far
        in_sw ip link set "$i" up
    done
    in_sw ip link set far up
    in_sw ip addr add 10.9.0.1/24 dev far
}
peer_clear() {
    in_sw ip link del far
    in_sw ip link set "$peer0" down
    in_sw ip link set "$peer1" down
}
# peer_for MODE - the far side that fits a bonding mode of ours
peer_for() {
    case $1 in
    0 | balance-rr) peer_as balance-rr ;;
    2 | balance-xor) peer_as balance-xor ;;
    3 | broadcast) peer_as broadcast ;;
    4 | 802.3ad) peer_as 802.3ad lacp_rate fast ;;
    *) peer_as bridge ;;
    esac
}
# pings [ADDRESS] - 5 echo requests from the far side, neighbour cache empty; succeeds when at least
# 4 are answered
pings() {
    local out
    in_sw ip neigh flush all
    out=$(in_sw ping -c 5 -i 0.2 -W 1 "${1:-10.9.0.2}" | grep -o '[0-9]* received')
    echo "$out"
    [ "${out% *}" -ge 4 ]
}
lacp_up() { # both far ports collecting and distributing (0x3f, 0x3d: long timeout)
    [ "$(in_sw grep -cE 'port state: (63|61)' /proc/net/bonding/far)" = 4 ]
}
