#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The manual, the table, the struct and the example name the same settings.

Usage: check_settings.py [ROOT] [PRINT_SETTINGS]
With the program corv_print_settings the manual must equal what it prints, byte for byte.
"""
import pathlib
import re
import subprocess
import sys

PLACES = {
    "TOP": "", "LISTEN": "listen", "ADMIN": "admin", "LIMITS": "limits", "DELIVERY": "delivery",
    "RETENTION": "retention", "ALARMS": "alarms", "SCHEMA": "schemas[]", "RULE": "rules[]",
    "ADAPTER": "adapters[]", "ADAPTER_SETTING": "adapters[].settings[]", "PARTY": "parties[]",
    "PARTY_ROLE": "parties[].roles[]", "MANDATE": "mandates[]", "ROUTE": "routes[]",
}
# members of the structs that are no setting of their own
NOT_SET = {"path", "digest", "index", "schemas", "rules", "parties", "mandates", "routes", "adapters"}


def table(root):
    text = (root / "config/settings.def").read_text()
    rows = re.findall(r"^CORV_([A-Z_]+)\((\w+),", text, re.M)
    return [(PLACES[place], key) for place, key in rows]


def manual(root):
    place, rows = None, []
    for line in (root / "docs/settings.md").read_text().splitlines():
        heading = re.match(r"## (?:`(.*)`|Bovenaan)$", line)
        row = re.match(r"\| `(\w+)` \|", line)
        if heading:
            place = heading.group(1) or ""
        elif row:
            rows.append((place, row.group(1)))
    return rows


def struct_members(root):
    text = (root / "config/config.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    body = re.search(r"^struct corv_config \{(.*?)^\};", text, re.M | re.S).group(1)
    found = []
    for section in re.finditer(r"struct \{(.*?)\} (\w+);", body, re.S):
        found += [(section.group(2), name) for name in re.findall(r"(\w+);", section.group(1))]
    rest = re.sub(r"struct \{.*?\} \w+;", "", body, flags=re.S)
    for name in re.findall(r"(\w+)(?:\[\d+\])?;", rest):
        if name not in NOT_SET and not name.endswith("_count"):
            found.append(("", name))
    return found


def differences(name, want, got):
    lines = [f"{name} lacks {place or 'top'}: {key}" for place, key in want if (place, key) not in got]
    return lines + [f"{name} has {place or 'top'}: {key}, which the table lacks"
                    for place, key in got if (place, key) not in want]


def main(argv):
    root = pathlib.Path(argv[1] if len(argv) > 1 else ".")
    rows = table(root)
    wrong = differences("docs/settings.md", rows, manual(root))
    scalars = [row for row in rows if "[]" not in row[0]]
    wrong += differences("config/config.h", scalars, struct_members(root))
    if len(argv) > 2:
        printed = subprocess.run([argv[2]], check=True, capture_output=True).stdout
        if printed != (root / "docs/settings.md").read_bytes():
            wrong.append("docs/settings.md is old: cmake --build BUILD --target print-settings")
    for line in wrong:
        print(line)
    print(f"{len(rows)} settings, {len(wrong)} differences")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
