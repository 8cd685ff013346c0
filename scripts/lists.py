# SPDX-License-Identifier: BSD-3-Clause
"""Reads commands.list, options.list and vfctl.list for the generators beside it."""

import itertools
import re
import sys

ANY, CHOICE, LITERAL = range(3)


class ListError(Exception):
    """What is wrong with a list, as FILE:LINE: reason."""


class Row:
    """A line of a list with three columns."""

    def __init__(self, where, group, columns):
        self.where = where
        self.group = group
        self.name, self.middle, self.help = columns


class Word:
    """A word of a grammar; struct command in command.h says what it may be."""

    def __init__(self, text):
        self.text = text
        self.optional = text.startswith("[")
        inner = text[1:-1] if self.optional else text
        self.is_arg = inner.startswith("<")
        self.rest = inner.endswith("...>")
        alt = inner
        if self.is_arg:
            alt = inner[1:-4] if self.rest else inner[1:-1]
        self.alternatives = alt.split("|")
        if not self.is_arg:
            self.kind = LITERAL
        else:
            self.kind = ANY if re.search("[A-Z]", alt) else CHOICE


WORD = re.compile(
    r"\[<[A-Za-z0-9=_|-]+(\.\.\.)?>\]|<[A-Za-z0-9=_|-]+(\.\.\.)?>|[a-z0-9_-]+(\|[a-z0-9_-]+)*"
)


def read_rows(path):
    """The rows of a list, in order. Comments and blank lines go, "## " begins a group."""
    rows = []
    group = None
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            where = f"{path}:{number}"
            line = line.strip()
            if line.startswith("## "):
                group = line[3:].strip()
            if not line or line.startswith("#"):
                continue
            columns = [c.strip() for c in line.split(" | ", 2)]
            if len(columns) != 3:
                raise ListError(f"{where}: not three columns separated by ' | '")
            if not columns[0] or not columns[2]:
                raise ListError(f"{where}: an empty column")
            rows.append(Row(where, group, columns))
    return rows


def grammar(row):
    """The words of a command's grammar, checked."""
    words = []
    for text in row.middle.split():
        if not WORD.fullmatch(text):
            raise ListError(f"{row.where}: '{text}' is no word of a grammar")
        word = Word(text)
        if words and words[-1].rest:
            raise ListError(f"{row.where}: '{words[-1].text}' must be the last word")
        if words and words[-1].optional and not word.optional:
            raise ListError(f"{row.where}: '{word.text}' follows what may be left out")
        words.append(word)
    if not words or words[0].kind != LITERAL:
        raise ListError(f"{row.where}: a command begins with a bare word")
    return words


def forms(words):
    """Every sequence of (kind, alternatives) that a grammar stands for; a rest as 1 to 3 words."""
    required = [w for w in words if not w.optional]
    optional = [w for w in words if w.optional]
    for given in range(len(optional) + 1):
        sequence = required + optional[:given]
        tails = (0, 1, 2) if sequence[-1].rest else (0,)
        for tail in tails:
            yield [(w.kind, set(w.alternatives)) for w in sequence + [sequence[-1]] * tail]


def ambiguous(a, b):
    """Whether some line fits both forms equally well (see command_find)."""
    if len(a) != len(b):
        return False
    for (kind_a, words_a), (kind_b, words_b) in zip(a, b):
        if kind_a != kind_b:
            # Elsewhere they may fit the same line, but one of them fits it better.
            return False
        if kind_a != ANY and not words_a & words_b:
            return False
    return True


def read_commands(path):
    """The rows of commands.list, checked; each with .words, its grammar."""
    rows = read_rows(path)
    seen = {}
    for row in rows:
        if not re.fullmatch("[a-z][a-z0-9_]*", row.name):
            raise ListError(f"{row.where}: '{row.name}' is no identifier")
        if row.name in seen:
            raise ListError(f"{row.where}: '{row.name}' stands at {seen[row.name]} already")
        if row.group is None:
            raise ListError(f"{row.where}: a command before the first group")
        seen[row.name] = row.where
        row.words = grammar(row)
    for a, b in itertools.combinations(rows, 2):
        if any(ambiguous(x, y) for x in forms(a.words) for y in forms(b.words)):
            raise ListError(f"{b.where}: '{b.middle}' can't be told from '{a.middle}'")
    groups = [group for group, _ in itertools.groupby(r.group for r in rows)]
    if len(groups) != len(set(groups)):
        raise ListError(f"{path}: a group stands in two places")
    return rows


def check_options(rows):
    """Whether rows are options, none of them twice."""
    seen = set()
    for row in rows:
        names = row.name.split(", ")
        for name in names:
            if not re.fullmatch("-[a-zA-Z0-9]|--[a-z][a-z0-9-]+", name):
                raise ListError(f"{row.where}: '{name}' is no option")
            if name in seen:
                raise ListError(f"{row.where}: '{name}' stands twice")
            seen.add(name)


def read_options(path):
    """The rows of options.list, checked."""
    rows = read_rows(path)
    check_options(rows)
    return rows


def c_string(text):
    """A C string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def roff(text):
    """Text that roff prints as it stands."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text


def roff_commands(rows):
    """The COMMANDS section as man(7) source."""
    out = [".SH COMMANDS"]
    for group, members in itertools.groupby(rows, key=lambda r: r.group):
        out += [".SS " + roff(group)]
        for row in members:
            out += [".TP", ".B " + roff(row.middle), roff(row.help)]
    return "\n".join(out) + "\n"


def run(main):
    """Run a generator's main; a faulty list is one line on standard error and status 1."""
    try:
        sys.stdout.write(main() or "")
    except (ListError, OSError, UnicodeDecodeError) as e:
        sys.exit(str(e))
