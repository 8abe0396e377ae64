#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The man pages are well-formed and say what the programs say.

Usage: test_manual.py BUILD [--write]
corvctl(1) holds the table of verbs between two marks, corvd.yaml(5) comes from settings.def whole;
--write makes both again."""
import json
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAN = os.path.join(TOP, "docs", "man")
MARKS = '.\\" verbs: made by tests/package/test_manual.py --write\n', '.\\" end of the verbs\n'


def escaped(text):
    """Text for mdoc: one sentence a line, nothing that looks like a command."""
    lines = []
    for line in re.sub(r"(?<=[.?;:]) (?=[A-Z/0-9-])", "\n", text).split("\n"):
        line = line.replace("\\", "\\e")
        lines.append(("\\&" if line[:1] in (".", "'") else "") + line)
    return "\n".join(lines) + "\n"


def verbs(build):
    said = subprocess.run([os.path.join(build, "corvctl"), "--json", "help"], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(said)


def table(build):
    text = MARKS[0] + ".Bl -tag -width Ds\n"
    for v in verbs(build):
        text += ".It Ic %s" % v["verb"]
        text += (" Ar " + v["usage"].replace("-", "\\-") if v["usage"] else "") + "\n"
        text += escaped(v["help"]) + (escaped(v["more"]) if v["more"] else "")
    return text + ".El\n" + MARKS[1]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def wanted(build):
    """{path: what should be in it}"""
    page = os.path.join(MAN, "corvctl.1")
    text = read(page)
    begin, end = text.index(MARKS[0]), text.index(MARKS[1]) + len(MARKS[1])
    made = {page: text[:begin] + table(build) + text[end:]}
    settings = os.path.join(build, "config", "corv_print_settings")
    if os.path.exists(settings):
        made[os.path.join(MAN, "corvd.yaml.5")] = subprocess.run(
            [settings, "man"], check=True, capture_output=True, text=True).stdout
    return made


def unnamed():
    """What an adapter may call or must give, and the page does not name."""
    header = re.sub(r"/\*.*?\*/", "", read(os.path.join(TOP, "adapters", "corv_adapter.h")), flags=re.S)
    page = read(os.path.join(MAN, "corv-adapter.7"))
    names = set()
    for struct in ("corv_services", "corv_adapter"):
        names |= set(re.findall(r"\(\*(\w+)\)\(", re.search(
            r"struct %s \{(.*?)\n\};" % struct, header, re.S).group(1)))
    for one in re.findall(r"enum \w+ \{(.*?)\}", header, re.S):
        names |= set(re.findall(r"\bCORV_\w+", one))
    assert len(names) > 60
    return ["corv-adapter.7 does not name " + n for n in sorted(names) if not re.search(r"\b%s\b" % n, page)]


def lint(path):
    """mandoc and groff both understand the page."""
    wrong = []
    if shutil.which("mandoc"):
        run = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True,
                             check=False)
        wrong += run.stdout.splitlines()
    if shutil.which("man"):
        run = subprocess.run(["man", "--warnings", "-l", "-Tutf8", path], check=False,
                             capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8",
                                                                  "MANWIDTH": "80", "PAGER": "cat"})
        wrong += ["%s: %s" % (path, e) for e in run.stderr.splitlines()
                  if "iconv" not in e and "can't set the locale" not in e]
        if len(run.stdout) < 1000:
            wrong.append("%s: is nearly empty" % path)
    return wrong


def main():
    build = sys.argv[1]
    wrong = []
    for path, text in wanted(build).items():
        if read(path) == text:
            continue
        if "--write" in sys.argv:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        else:
            wrong.append("%s is old: %s %s --write" % (path, sys.argv[0], build))
    pages = sorted(os.listdir(MAN))
    for name in pages:
        wrong += lint(os.path.join(MAN, name))
    wrong += unnamed()
    for problem in wrong:
        print(problem)
    print("%d pages, %d problems" % (len(pages), len(wrong)))
    return 1 if wrong or len(pages) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
