#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Links in Markdown lead somewhere: the file is there, in this repository, and so is the heading."""
import os
import re

import tree


def anchors(text):
    """As the usual renderers make them from headings."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    for title in re.findall(r"^#+\s+(.*?)\s*#*$", text, flags=re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def main():
    top, bad = tree.root(), []
    for name in tree.files(top, r"\.md$"):
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group().count("\n"), tree.read(top, name),
                      flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            for target in re.findall(r"\[[^\]]*\]\(<?([^)\s>]+)[^)]*\)", re.sub(r"`[^`]*`", "", line)):
                why = judge(top, name, target)
                if why:
                    bad.append("%s:%d: %s: %s" % (name, number, target, why))
    tree.finish("links", bad, "Correct the link or write the page.")


def judge(top, name, target):
    if re.match(r"[a-z]+:", target):
        return None  # the outside world is not ours to check
    path, _, anchor = target.partition("#")
    real = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
    if real.startswith(".."):
        return "leads out of the repository"
    if not os.path.exists(os.path.join(top, real)):
        return "no such file"
    if anchor and real.endswith(".md") and anchor not in anchors(tree.read(top, real)):
        return "no such heading"
    return None


if __name__ == "__main__":
    main()
