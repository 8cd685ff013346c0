#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Lets vfbond speak LACP with Linux's bonding driver in the lab's virtual machine, over veth and
# over SR-IOV VFs: see lacp_with_linux.py, whose output (TAP) and status this has. Run by
# scripts/test.
#
# usage: lacp_with_linux.sh VFBOND
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/vm_case.sh
. "$here/vm_case.sh"

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi
vm_case "$1" lacp_with_linux.py proc_bonding.py vf_lab.py -- --topo igb-peer --hugepages 160
