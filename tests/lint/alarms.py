#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""docs/alarmen.md has a section for every cause of daemon/incident.def, in that order, which begins
with how urgent it is. alarms.py [ROOT]"""
import re

import tree

TABLE, MANUAL = "daemon/incident.def", "docs/alarmen.md"
DEGREES = {"ERROR": "dringend", "WARNING": "let op", "NOTICE": "ter info"}


def problems(top):
    rows = re.findall(r'^CORV_CAUSE\(\w+, "([^"]+)", (\w+),', tree.read(top, TABLE), re.M)
    sections = re.findall(r"^### `([^`]+)`\n(.*?)(?=^##|\Z)", tree.read(top, MANUAL), re.M | re.S)
    bad = []
    if len(rows) < 10:
        bad.append("hardly a cause was found in " + TABLE)
    if [code for code, _ in rows] != [code for code, _ in sections]:
        bad.append("%s has not the causes of %s in their order: %s" % (
            MANUAL, TABLE, sorted({c for c, _ in rows} ^ {c for c, _ in sections})))
    for code, text in sections:
        wanted = DEGREES[dict(rows).get(code, "ERROR")]
        if wanted not in text.split(".")[0].lower():
            bad.append("%s: the first words of %s do not say %s" % (MANUAL, code, wanted))
    return bad


if __name__ == "__main__":
    tree.finish("alarms", problems(tree.root()), "write what an operator must do.")
