#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""docs/life-of-a-message.md tells the steps of daemon/journey.def and the states of queue/states.c:
each once, in their order, with the same words for what is on disk and what a crash means."""
import re

import tree

PAGE, STEPS, STATES = "docs/life-of-a-message.md", "daemon/journey.def", "queue/states.c"


def strings(text):
    return re.findall(r'"((?:[^"\\]|\\.)*)"', text)


def rows(page, heading):
    """The cells of the table under a heading."""
    part = re.search(r"^## %s\n(.*?)(?=^## |\Z)" % re.escape(heading), page, re.M | re.S)
    lines = [x for x in (part.group(1) if part else "").split("\n") if x.startswith("| ")]
    return [[c.strip() for c in x.strip("|").split("|")] for x in lines[1:]]


def main():
    top, bad = tree.root(), []
    page = tree.read(top, PAGE)
    steps = [strings(m) for m in re.findall(r"^CORV_STEP\((.*?)\)\s*$", tree.read(top, STEPS), re.M | re.S)]
    told = rows(page, "The way in")
    if [s[0] for s in steps] != [t[0] for t in told]:
        bad.append("%s: the steps are %s" % (PAGE, [s[0] for s in steps]))
    for (name, _, disk, dies), row in zip(steps, told):
        if row[-1] != dies or row[-2] != disk.partition(":")[0]:
            bad.append("%s: %s: %s says '%s' and '%s'" % (PAGE, name, STEPS, disk, dies))
    states = strings(re.search(r"names\[.*?\};", tree.read(top, STATES), re.S).group())
    out = [r[0] for r in rows(page, "The way out")]
    bad += ["%s: the state %s is not told" % (PAGE, s) for s in states if s not in out]
    bad += ["%s: no such state: %s" % (PAGE, s) for s in out if s.partition(",")[0] not in states]
    if not steps or not states:
        bad.append("no steps or states found: the finder is blind")
    tree.finish("journey", bad, "Change the page with the table.")


if __name__ == "__main__":
    main()
