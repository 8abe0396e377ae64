# SPDX-License-Identifier: EUPL-1.2
"""What all lints share: which files count, C without comments and strings, and how to end."""
import os
import re
import subprocess
import sys

SKIP = re.compile(r"^(build[^/]*|var|\.git|\.cache|\.pytest_cache|__pycache__)$")


def root():
    """The tree to look at: the first argument, or the one this file stands in."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else here


def files(top, pattern):
    """Paths relative to top that match, sorted. What git ignores is not ours."""
    ask = ["git", "-C", top, "ls-files", "-co", "--exclude-standard", "--", "."]
    found = subprocess.run(ask, capture_output=True, text=True, check=False)
    names = found.stdout.split("\n") if found.returncode == 0 else walk(top)
    return sorted(n for n in names if re.search(pattern, n) and os.path.isfile(os.path.join(top, n)))


def walk(top):
    """For a copy without git, or one that belongs to somebody else."""
    for folder, folders, names in os.walk(top):
        folders[:] = [f for f in folders if not SKIP.match(f)]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), top)


def read(top, name):
    with open(os.path.join(top, name), encoding="utf-8", errors="replace") as f:
        return f.read()


def code_only(text):
    """C with comments and strings blanked; line numbers stay."""
    shape = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(shape, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


def finish(name, problems, advice):
    for problem in problems:
        print(problem)
    if problems:
        sys.exit("%s: %d found. %s" % (name, len(problems), advice))
    print("%s: ok" % name)
