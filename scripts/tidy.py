#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""clang-tidy over everything we compile, in parallel, and only over what changed.

    tidy.py BUILD_DIR [-j N]

A file is judged again when it, one of our headers it includes, its flags or .clang-tidy changed.
What was found clean is remembered by content, not by place, in ~/.cache/corvd-tidy (or
CORV_TIDY_CACHE), so that a fresh clone on the same machine profits too; a warning never is."""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIDY = "clang-tidy-14"
CACHE = os.environ.get("CORV_TIDY_CACHE") or os.path.expanduser("~/.cache/corvd-tidy")


def sources(build):
    """(path, compile arguments) of each of our own .c files, once."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        for entry in {e["file"]: e for e in json.load(f)}.values():
            path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
            if path.startswith(TOP + os.sep) and not path.startswith(os.path.realpath(build) + os.sep):
                yield path, shlex.split(entry["command"]), entry["directory"]


def fingerprint(path, command, folder):
    """Of the bytes that can change the verdict."""
    ask = [a for a in command if not re.match(r"-(o|c|M.*)$|.*\.(o|c|d)$", a)] + ["-MM", path]
    deps = subprocess.run(ask, cwd=folder, capture_output=True, text=True, check=False)
    if deps.returncode != 0:
        return None
    files = re.sub(r"\\\n", " ", deps.stdout.partition(":")[2]).split() + [TOP + "/.clang-tidy"]
    flags = "\0".join(a for a in command if ".o" not in a)
    whole = hashlib.sha256(flags.replace(folder, "@build").replace(TOP, "@top").encode())
    for name in sorted({os.path.realpath(os.path.join(folder, f)) for f in files}):
        with open(name, "rb") as f:
            place = name.replace(os.path.realpath(folder), "@build").replace(TOP, "@top")
            whole.update(place.encode() + b"\0" + f.read() + b"\0")
    return whole.hexdigest()


def judge(build, path, command, folder):
    """(path, what is wrong or "", whether it had to be looked at)."""
    mark = fingerprint(path, command, folder)
    memory = os.path.join(CACHE, mark or "-")
    if mark and os.path.exists(memory):
        return path, "", False
    run = subprocess.run([TIDY, "-p", build, "--quiet", path], capture_output=True, text=True,
                         check=False)
    if run.returncode == 0 and not re.search(r"(warning|error):", run.stdout):
        if mark:
            with open(memory, "w", encoding="utf-8") as f:
                f.write(path + "\n")
        return path, "", True
    return path, run.stdout.strip() or run.stderr.strip(), True


def main():
    build = os.path.abspath(sys.argv[1])
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count()
    os.makedirs(CACHE, exist_ok=True)
    todo = sorted(sources(build))
    if not todo:
        sys.exit("clang-tidy: no source in %s/compile_commands.json: configure first" % build)
    bad = looked = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for path, complaint, fresh in pool.map(lambda s: judge(build, *s), todo):
            looked += fresh
            if complaint:
                bad += 1
                print("%s:\n%s\n" % (os.path.relpath(path, TOP), complaint))
    print("clang-tidy: %d files, %d looked at, %d with warnings" % (len(todo), looked, bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
