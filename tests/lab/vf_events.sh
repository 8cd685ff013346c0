#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Resets PFs under the VFs of a bond, pulls their cables and takes a VF away, in the lab's virtual
# machine: see vf_events.py, whose output (TAP) and status this has. Run by scripts/test.
#
# usage: vf_events.sh VFBOND
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/vm_case.sh
. "$here/vm_case.sh"

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi
# A driver that waits for its PF sleeps in steps of 0.5 ms, which take 8 ms without high-resolution
# timers: a restart would hold up the program for 16 s instead of 2.
vm_case "$1" vf_events.py vf_lab.py -- --topo igb-peer --hugepages 160 \
    --append "nohz=on highres=on"
