#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Compares vfbond with Linux's bonding driver in the lab's virtual machine, which is made first
# where it is missing: see against_linux.py, whose output (TAP) and status this has. Run by
# scripts/test.
#
# usage: against_linux.sh VFBOND
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/vm_case.sh
. "$here/vm_case.sh"

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi
vm_case "$1" against_linux.py against_linux_cases.py -- --topo none --hugepages 0
