#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""How long functions and files are: a compass (20 and 350 lines) and two hard limits. A function is
found by its braces in the first column, which clang-format guarantees."""
import re

import tree

FUNCTION_MAX, FILE_MAX = 120, 1200


def functions(text):
    """(name, first line, lines) of each function body."""
    name, start = "?", 0
    for number, line in enumerate(text.split("\n"), 1):
        word = re.match(r"[A-Za-z_].*?(\w+)\(", line)
        if word and not start:
            name = word.group(1)
        if line == "{":
            start = number
        elif start and line.startswith("}"):
            yield name, start, number - start + 1
            start = 0


def main():
    top, bad, rows, sizes = tree.root(), [], [], []
    for name in tree.files(top, r"\.[ch]$"):
        text = tree.read(top, name)
        sizes.append((text.count("\n"), name))
        rows += [(n, "%s:%d %s" % (name, at, what)) for what, at, n in functions(text)]
    if not rows:
        tree.finish("lengths", ["no function found: the finder is blind"], "Mend lengths.py.")
    bad += ["%s: %d lines, at most %d" % (w, n, FUNCTION_MAX) for n, w in rows if n > FUNCTION_MAX]
    bad += ["%s: %d lines, at most %d" % (w, n, FILE_MAX) for n, w in sizes if n > FILE_MAX]
    rows.sort(reverse=True)
    sizes.sort(reverse=True)
    report("functions", rows)
    report("files", sizes)
    tree.finish("lengths", bad, "Give the second half a name of its own.")


def report(what, rows):
    numbers = [n for n, _ in rows]
    print("%s: %d, median %d, 95th pct %d, longest:" % (
        what, len(numbers), numbers[len(numbers) // 2], numbers[len(numbers) // 20]))
    for n, where in rows[:5]:
        print("  %4d  %s" % (n, where))


if __name__ == "__main__":
    main()
