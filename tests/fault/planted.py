#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The harness must be able to see what it is for: corvd says yes before COMMIT (CORVD_PLANT, which
exists in test builds only), and dies or loses its line in between. run.py must then count what was
lost, and fail."""
import os
import re
import subprocess
import sys

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")


def main():
    run = subprocess.run(
        [sys.executable, RUN, "--seed", "3", "--steps", "4", "--only", "crash-at-acknowledged,cut-before-commit"],
        env={**os.environ, "CORVD_PLANT": "yes-before-commit"}, capture_output=True, text=True, check=False)
    print(run.stdout + run.stderr)
    lost = re.search(r"^lost (\d+)$", run.stdout, re.M)
    if run.returncode != 1 or not lost or int(lost.group(1)) == 0:
        print("planted: a yes before COMMIT was not seen: exit %d" % run.returncode)
        return 1
    print("planted: a yes before COMMIT is seen: lost %s" % lost.group(1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
