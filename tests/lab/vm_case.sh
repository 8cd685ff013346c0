# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# What the lab's cases have in common; they source it. Each is a script that runs in the lab's
# virtual machine with vfbond and prints TAP.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# vm_case VFBOND SCRIPT [FILE...] [-- OPTION-OF-RUN-VM...] - make the machine where it is missing,
# run SCRIPT of this folder in it with the two programs (vfctl is the one built beside VFBOND) and
# FILEs of this folder beside it, and return its status
vm_case() {
    local out=${VFBOND_LAB_OUT:-${XDG_CACHE_HOME:-$HOME/.cache}/vfbond-lab} status=0
    local binary=$1 script=$2 files=()
    shift 2
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        files+=("$lab/$1")
        shift
    done
    [ $# -eq 0 ] || shift
    if [ ! -s "$out/vmlinux" ] || [ ! -s "$out/initrd" ]; then
        "$lab/build-image.sh"
    fi
    work=$(mktemp -d)
    kept=$work.run tap=$work.tap said=$work.said
    trap 'rm -rf "$work" "$kept" "$tap" "$said"' EXIT
    trap 'exit 130' INT TERM
    # The guest does not see this machine's /tmp, where the program may have been built.
    cp "$binary" "$work/vfbond"
    cp "$(dirname "$binary")/../vfctl/vfctl" "$work/vfctl"
    [ -z "${VFBOND_LONG-}" ] || touch "$work/long"
    cp "$lab/tap.py" "${files[@]}" "$work/"
    cp "$lab"/../../scripts/lib/{load,netlab,program,topology}.py "$work/"
    # Once in a while the guest stands still for good, idle, where a program lets go of VFs (seen
    # with QEMU 10.0 and Linux 6.12), and once the machine ended by itself there: such a run is made
    # again, once, and what the machine last said is printed either way.
    for _ in 1 2; do
        status=0
        "$lab/run-vm.sh" --timeout 300 --share "$work" --keep "$kept" "$@" "$lab/$script" \
            ./vfbond >"$tap" 2>"$said" || status=$?
        case $status in
        124 | 125) ;;
        *) break ;;
        esac
        echo "# VFs: $script: the machine ended ($status) behind: $(tail -n 1 "$tap")"
        sed 's/^/# VFs: /' "$said"
    done
    cat "$tap"
    # What vfbond printed, and what the machine said, for who looks for the reason.
    if [ $status -ne 0 ]; then
        [ ! -s "$kept/share/vfbond.log" ] ||
            tail -n 60 "$kept/share/vfbond.log" | sed 's/^/# vfbond: /'
        sed 's/^/# machine: /' "$said"
    fi
    cat "$said" >&2
    return $status
}
