#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The systemd units are understood by systemd, and leave the daemon little room (exposure <= 1.5)."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DIST = os.path.join(TOP, "dist")
UNITS = ["corvd.service", "corvd.socket", "corvd-admin.socket"]
MOST = 1.5


def verify():
    """In a folder where the programs exist: any executable will do for that."""
    with tempfile.TemporaryDirectory() as there:
        for name in UNITS:
            with open(os.path.join(DIST, name), encoding="utf-8") as f:
                text = f.read()
            text = re.sub(r"^(Exec\w+)=/usr/(sbin|bin|lib/corvd)/\S+", r"\1=/bin/true", text, flags=re.M)
            text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)  # the pages are not installed
            with open(os.path.join(there, name), "w", encoding="utf-8") as f:
                f.write(text)
        run = subprocess.run(["systemd-analyze", "verify", "--man=no"] +
                             [os.path.join(there, n) for n in UNITS],
                             capture_output=True, text=True, check=False)
    return [line for line in (run.stdout + run.stderr).splitlines()
            if line.strip() and any(u in line for u in UNITS)]


def exposure():
    run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                          os.path.join(DIST, UNITS[0])], capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for corvd\.service: ([\d.]+)", run.stdout)
    return float(found.group(1)) if found else None


def main():
    if not shutil.which("systemd-analyze"):
        print("SKIPPED LOUDLY: no systemd-analyze: the units were not looked at")
        return 77
    wrong = verify()
    level = exposure()
    if level is None or level > MOST:
        wrong.append("corvd.service: exposure %s, at most %s" % (level, MOST))
    for path in ("make-first-certificate", "../package"):
        if shutil.which("shellcheck"):
            run = subprocess.run(["shellcheck", "-x", os.path.join(DIST, path)], capture_output=True,
                                 text=True, check=False, cwd=TOP)
            wrong += run.stdout.splitlines() if run.returncode else []
    for problem in wrong:
        print(problem)
    print("%d units, exposure %s, %d problems" % (len(UNITS), level, len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
