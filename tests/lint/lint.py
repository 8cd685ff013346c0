# SPDX-License-Identifier: BSD-3-Clause
"""What the lint scripts share: the tree's files, the compiler's arguments, the way to fail."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED_DIRS = re.compile(r"^(\.git|build.*|__pycache__|\.pytest_cache|.*\.p)$")


def files(*suffixes, under=("",)):
    """Files of the tree, without what a build or a test run leaves, sorted, relative to ROOT."""
    found = []
    for top in under:
        for where, dirs, names in os.walk(ROOT / top):
            dirs[:] = sorted(d for d in dirs if not SKIPPED_DIRS.match(d))
            for name in names:
                path = Path(where, name).relative_to(ROOT)
                if not suffixes or path.suffix in suffixes:
                    found.append(path)
    return sorted(set(found))


def text(path):
    """The file's text, or None for a binary file."""
    data = (ROOT / path).read_bytes()
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def fail(headline, findings):
    """End the test: status 1 with the findings, 0 without."""
    if not findings:
        return
    print(f"{headline}:")
    for finding in findings:
        print(f"  {finding}")
    sys.exit(1)


def build_dir():
    """The build directory whose compile_commands.json describes the tree (argument 1)."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_DIR")
    return Path(sys.argv[1]).resolve()


def folder_flags():
    """
    For each folder with a source file that is built, the different ways in which it is: the
    compiler and its arguments without input and output, so that any other text can be compiled as
    if it stood there, and the directory to do it in.
    """
    build = build_dir()
    flags = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (build / entry["file"]).resolve()
        if not source.is_relative_to(ROOT) or source.is_relative_to(build):
            continue  # generated
        folder = source.relative_to(ROOT).parent
        kept = ["-fdiagnostics-color=never", "-fsyntax-only"]
        words = iter(shlex.split(entry["command"]))
        compiler = next(words)
        for word in words:
            if word in ("-o", "-MF", "-MQ", "-MT", "-c"):
                next(words)
            elif word not in ("-MD", "-MMD", "-fdiagnostics-color=always") and not (
                # The target's own directory of generated files, which is empty for most.
                word.startswith("-I") and word.endswith(".p")
            ):
                kept.append(word)
        ways = flags.setdefault(folder, [])
        if [compiler, *kept] not in ways:
            ways.append([compiler, *kept])
    return flags, build
