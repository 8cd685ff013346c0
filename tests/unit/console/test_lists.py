#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What gen-commands, gen-options and gen-man refuse, and what they print."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


def generate(script, text, *args):
    """Run a generator on a list of this text. (status, stdout, stderr)"""
    with tempfile.NamedTemporaryFile("w", suffix=".list") as f:
        f.write(text)
        f.flush()
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / script), *args, f.name],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr.replace(f.name, "LIST")


class Commands(unittest.TestCase):
    """commands.list"""

    def refused(self, rows, why):
        status, out, err = generate("gen-commands", "## G\n" + rows, "--check")
        self.assertEqual((status, out), (1, ""))
        self.assertIn(why, err)

    def accepted(self, rows):
        status, _, err = generate("gen-commands", "## G\n" + rows, "--check")
        self.assertEqual((status, err), (0, ""))

    def test_columns(self):
        self.refused("a | a\n", "LIST:2: not three columns")
        self.refused("a | a | \n", "LIST:2: not three columns")
        self.refused("a | a | b\nb | c |  \n", "LIST:3: not three columns")
        self.accepted("a | a|b | c | d\n")

    def test_ids(self):
        self.refused("a | a | x\na | b | x\n", "LIST:3: 'a' stands at LIST:2 already")
        self.refused("A | a | x\n", "'A' is no identifier")

    def test_grammar(self):
        self.refused("a | <X> | x\n", "begins with a bare word")
        self.refused("a | a [<X>] b | x\n", "'b' follows what may be left out")
        self.refused("a | a <X...> <Y> | x\n", "'<X...>' must be the last word")
        self.refused("a | a <X | x\n", "'<X' is no word")
        self.refused("a | a [x] | x\n", "'[x]' is no word")
        self.accepted("a | a <X> b|c [<d|e>] [<F...>] | x\n")

    def test_ambiguity(self):
        self.refused("a | a <X> | x\nb | a <Y> | x\n", "'a <Y>' can't be told from 'a <X>'")
        self.refused("a | a | x\nb | a [<X>] | x\n", "can't be told")
        self.refused("a | a b|c | x\nb | a c|d | x\n", "can't be told")
        self.refused("a | a <on|off> | x\nb | a <off|auto> | x\n", "can't be told")
        self.refused("a | a <X> <Y> | x\nb | a <X...> | x\n", "can't be told")
        self.accepted("a | a <X> | x\nb | a b | x\nc | a <on|off> | x\nf | a <X> <Y> | x\n")
        self.accepted("a | a b <X> c | x\nf | a <X> b c | x\n")

    def test_groups(self):
        self.refused("a | a | x\n## H\nb | b | x\n## G\nc | c | x\n", "a group stands in two")
        status, _, err = generate("gen-commands", "a | a | x\n", "--check")
        self.assertEqual(status, 1)
        self.assertIn("before the first group", err)

    def test_output(self):
        status, out, _ = generate("gen-commands", '## G\na | a <X> | say "\\"\n')
        self.assertEqual(status, 0)
        self.assertIn('.help = "say \\"\\\\\\"",', out)
        self.assertIn(".fn = cmd_a,", out)
        _, out, _ = generate("gen-commands", "## G\na | a-b <X> | x-y's\n", "--man")
        self.assertIn(".TP\n.B a\\-b <X>\nx\\-y\\(aqs\n", out)


class Options(unittest.TestCase):
    """options.list"""

    def test_names(self):
        for rows, why in (
            ("x | | h\n", "not three columns"),
            ("x |  | h\n", "'x' is no option"),
            ("--a-b |  | h\n-a, --a-b |  | h\n", "'--a-b' stands twice"),
        ):
            status, _, err = generate("gen-options", rows)
            self.assertEqual(status, 1)
            self.assertIn(why, err)

    def test_output(self):
        status, out, _ = generate("gen-options", "-i, --in |  | read\n--out | A|B | write\n")
        self.assertEqual(status, 0)
        self.assertIn('{"-i, --in", "", "read"},', out)
        self.assertIn('{"--out", "A|B", "write"},', out)


if __name__ == "__main__":
    unittest.main()
