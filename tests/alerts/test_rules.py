#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The alert rules do what they say (promtool), each of them is tried both ways, and they and the
dashboard name only metrics and labels that daemon/metrics.def has. tests/path/test_a12_metrics.py
looks for the same names in what a corvd really tells.

Usage: test_rules.py BUILD"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "lint"))
RULES, DASHBOARD = "dist/prometheus/corvd.rules.yml", "dist/grafana/corvd.json"


def named(path):
    """The metrics a file names, with the labels it asks for: {name: set of labels}."""
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        text = f.read().replace('\\"', '"')
    found = {}
    for name, labels in re.findall(r"\bcorvd_(\w+)(?:\{([^{}]*)\})?", text):
        name = re.sub(r"_(bucket|count|sum)$", "", name)
        found.setdefault(name, set()).update(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", labels))
    return found


def strangers(path):
    import metrics
    rows = {n: set(labels.replace(",", "").split()) for n, _, labels, _ in metrics.rows(TOP)}
    bad = ["%s names corvd_%s, which does not exist" % (path, n) for n in named(path) if n not in rows]
    return bad + ["%s asks corvd_%s for the label %s" % (path, n, label)
                  for n, labels in named(path).items() for label in labels
                  if n in rows and label not in rows[n] | {"instance", "job", "le"}]


def untried():
    with open(os.path.join(TOP, RULES), encoding="utf-8") as f:
        rules = set(re.findall(r"- alert: (\w+)", f.read()))
    with open(os.path.join(HERE, "corvd.test.yml"), encoding="utf-8") as f:
        text = f.read()
    quiet = set(re.findall(r"alertname: (\w+), eval_time: \w+, exp_alerts: \[\]", text)) | {"CorvdHeartbeat"}
    fires = set(re.findall(r"alertname: (\w+)\n", text)) | set(re.findall(r"alertname: (\w+), [^\n]*exp_labels", text))
    return (["no test in which %s is quiet" % r for r in sorted(rules - quiet)] +
            ["no test in which %s fires" % r for r in sorted(rules - fires)])


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def main(build):
    tool = os.path.join(build, "tools", "promtool")
    tool = tool if os.path.exists(tool) else shutil.which("promtool")
    bad = strangers(RULES) + strangers(DASHBOARD) + untried()
    if len(named(RULES)) < 5 or len(named(DASHBOARD)) < 10:
        bad.append("hardly a metric is named")
    if tool:
        bad += run(tool, "check", "rules", os.path.join(TOP, RULES))
        bad += run(tool, "test", "rules", os.path.join(HERE, "corvd.test.yml"))
    print("\n".join(bad))
    if not tool and not bad:
        print("SKIPPED LOUDLY: no promtool (scripts/promtool.sh); only the names were looked at")
        return 77
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
