#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Asks Linux itself, in the lab's virtual machine, by which member of a bond it sends each of many
# frames under each transmit hash policy, and writes the answers down for the unit tests.
#
# usage: golden_xmit_hash.sh [--seed N] [--frames N] [FILE]
#   --seed    of the generator of frames, default 1
#   --frames  how many, default 1000
#   FILE      default: tests/unit/bond/golden/xmit_hash.txt
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    sed -n '/^# usage:/,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
}

seed=1 frames=1000 file=$here/../unit/bond/golden/xmit_hash.txt
while [ $# -gt 0 ]; do
    case $1 in
    --seed | --frames)
        [ $# -ge 2 ] || usage
        declare "${1#--}=$2"
        shift 2
        ;;
    -*) usage ;;
    *)
        [ $# -eq 1 ] || usage
        file=$1
        shift
        ;;
    esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/share"
cp "$here/xmit_hash_frames.py" "$work/share/"
"$here/run-vm.sh" --topo none --hugepages 0 --timeout 900 \
    --share "$work/share" --keep "$work/run" \
    "$here/golden_xmit_hash.py" --seed "$seed" --frames "$frames"
mkdir -p "$(dirname "$file")"
cp "$work/run/share/xmit_hash.txt" "$file"
echo "golden_xmit_hash: $(grep -vc '^#' "$file") frames in $file"
