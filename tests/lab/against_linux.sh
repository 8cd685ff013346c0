#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Compares vfbond with Linux's bonding driver in the lab's virtual machine, which is made first
# where it is missing: see against_linux.py, whose output (TAP) and status this has. Run by
# scripts/test.
#
# usage: against_linux.sh VFBOND
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${VFBOND_LAB_OUT:-${XDG_CACHE_HOME:-$HOME/.cache}/vfbond-lab}

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi
if [ ! -s "$out/vmlinux" ] || [ ! -s "$out/initrd" ]; then
    "$here/build-image.sh"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# The guest does not see this machine's /tmp, where the program may have been built.
cp "$1" "$work/vfbond"
cp "$here/against_linux_cases.py" "$here"/../../scripts/lib/{netlab,program}.py "$work/"
status=0
"$here/run-vm.sh" --topo none --hugepages 0 --timeout 600 --share "$work" --keep "$work/run" \
    "$here/against_linux.py" ./vfbond || status=$?
# What vfbond printed, for who looks for the reason.
if [ $status -ne 0 ] && [ -s "$work/run/share/vfbond.log" ]; then
    tail -n 40 "$work/run/share/vfbond.log" | sed 's/^/# vfbond: /'
fi
exit $status
