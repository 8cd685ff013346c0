#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Lets vfbond claim and bond VFs in the lab's virtual machine: see vf_bond.py, whose output
# (TAP) and status this has. Run by scripts/test.
#
# usage: vf_bond.sh VFBOND
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/vm_case.sh
. "$here/vm_case.sh"

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi
vm_case "$1" vf_bond.py vf_lab.py -- --topo igb-peer --hugepages 160
