#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""docs/metrics.md lists every row of daemon/metrics.def.
metrics.py [ROOT] [--write]"""
import os
import re
import sys

sys.argv, WRITE = [a for a in sys.argv if a != "--write"], "--write" in sys.argv
import tree  # noqa: E402

TABLE, MANUAL = "daemon/metrics.def", "docs/metrics.md"
ROW = re.compile(r'^CORV_(COUNTER|GAUGE|READ)\((\w+),\s*(.*?)\)$', re.M | re.S)


def rows(top):
    """(name, type, labels, sentence)"""
    text = re.sub(r"/\*.*?\*/", "", tree.read(top, TABLE), flags=re.S)
    text = re.sub(r"^#.*\n", "", text, flags=re.M)
    for kind, name, rest in ROW.findall(text):
        words = re.findall(r'"([^"]*)"', rest)
        yield (name, kind.lower(), "", words[0]) if kind != "READ" else (name, *words)


def manual(found):
    out = ["# Metrics", "",
           "What `/metrics` on the admin listener tells, in Prometheus text format. This page is made from",
           "`daemon/metrics.def` (`tests/lint/metrics.py --write`). A counter starts at 0 with the process. All of it",
           "is read from memory; what stands in the database is counted every 10 seconds (`corvd_backlog_age_seconds`).",
           "Alert rules are in `dist/prometheus/corvd.rules.yml`, a dashboard in `dist/grafana/corvd.json`.", "",
           "| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    out += ["| `corvd_%s` | %s | %s | %s |" % (n, t, labels or "-", s) for n, t, labels, s in sorted(found)]
    return "\n".join(out) + "\n"


def problems(top):
    found = list(rows(top))
    bad = ["%s: a counter ends in _total" % n for n, t, _, _ in found
           if (t == "counter") != n.endswith("_total")]
    bad += ["%s stands there twice" % n for n in {n for n, *_ in found if [m for m, *_ in found].count(n) > 1}]
    if len(found) < 10:
        bad.append("hardly a row was found in " + TABLE)
    made = manual(found)
    if WRITE:
        with open(os.path.join(top, MANUAL), "w", encoding="utf-8") as f:
            f.write(made)
    if not os.path.exists(os.path.join(top, MANUAL)) or tree.read(top, MANUAL) != made:
        bad.append(MANUAL + " is not what the table says")
    return bad


if __name__ == "__main__":
    tree.finish("metrics", problems(tree.root()), "tests/lint/metrics.py --write makes it again.")
