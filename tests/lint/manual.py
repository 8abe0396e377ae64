#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""What the manual for operators names exists: every corvctl verb with its options (daemon/ctl/verbs.c),
every setting (config/settings.def), every log event and code (docs/log-events.md and the source); and
docs/README.md leads to every page. What the commands say is for tests/path/test_a13_handleiding.py."""
import os
import re

import tree

PAGES = r"^docs/(handleiding/[^/]+|bewaren|alarmen|ketentest)\.md$"
INDEX = "docs/README.md"
FILES = re.compile(r"\.(md|yaml|yml|pem|key|deb|py|xml|jsonl|pub|sock|socket|service|dump|json|so|nl|c|h|def|crl|xsd|zip|xlsx|csv|html|xsl)$")
NOT_OURS = re.compile(r"^(db\d|https?:|www\.|\d)")


def verbs(top):
    """{verb: usage}"""
    text = tree.read(top, "daemon/ctl/verbs.c")
    text = re.sub(r'"\s*\n\s*"', "", text)
    return dict(re.findall(r'\{"([a-z ]+)",\s*"([^"]*)",', text))


def settings(top):
    """{"listen.port", "parties[].id", "oin"}"""
    found = set()
    for row in re.findall(r"^\| `([a-z_]+)` \|.*|^## (.*)", tree.read(top, "docs/settings.md"), re.M):
        if row[1]:
            place = row[1].strip("`") if row[1] != "Bovenaan" else ""
        else:
            found.add((place + "." if place else "") + row[0])
    return found


def known_names(top):
    """Log events, audit events and codes, wherever they are listed or said."""
    names = set(re.findall(r"^\| `([a-z0-9.-]+)` \|", tree.read(top, "docs/log-events.md"), re.M))
    for name in tree.files(top, r"^(adapters|daemon|queue)/.*\.(c|h|def)$"):
        names |= set(re.findall(r'"([a-z][a-z0-9-]*\.[a-z0-9-]+)"', tree.read(top, name)))
    return names


def command(words, table):
    """What is wrong with `corvctl …`, or None."""
    words = [w for w in words if w not in ("--json",)]
    if words[:1] == ["--config"]:
        words = words[2:]
    if not words or words[0].startswith("-"):
        return None
    verb = next((v for v in (" ".join(words[:2]), words[0]) if v in table), None)
    if not verb:
        return "no such verb"
    wrong = [w for w in words if w.startswith("--") and w not in table[verb] and w != "--help"]
    return "%s has no %s" % (verb, wrong[0]) if wrong else None


def shown_only(block):
    """The commands of a block, not what they said."""
    return "\n".join(x if x.startswith("$ ") else "" for x in block.group().split("\n"))


def judge(name, text, facts):
    """(line, problem) of one page."""
    table, rows, names = facts
    places = {r[:m.start()].removesuffix("[]") for r in rows for m in re.finditer(r"\.", r)}
    text = re.sub(r"```console\n.*?```", shown_only, text, flags=re.S)
    for number, line in enumerate(text.split("\n"), 1):
        quoted = re.findall(r"`([^`]+)`", line)
        spoken = [q for q in quoted if q.startswith("corvctl ")]
        spoken += re.findall(r"(?:^|[|$&(;] ?|sudo )(corvctl [^|;&#)`]*)", line) if "`" not in line else []
        for said in spoken:
            why = command(said.split()[1:], table)
            if why:
                yield number, "%s: %s" % (said.strip(), why)
        for q in quoted:
            word = q.split("=")[0].split(": ")[0].strip()
            if not re.fullmatch(r"[a-z_]+(\[\])?(\.[a-z0-9_-]+(\[\])?)+", word) or NOT_OURS.match(word):
                continue
            if (FILES.search(word) or word in rows or word in names or word.removesuffix("[]") in places or
                    re.fullmatch(r"http\.[1-5]\d\d", word)):
                continue
            yield number, "%s: no such setting, event or code" % word


def main():
    top, bad = tree.root(), []
    facts = (verbs(top), settings(top), known_names(top))
    pages = tree.files(top, PAGES)
    if min(map(len, facts)) < 3 or not pages:
        bad.append("hardly anything was found to compare with")
    for name in pages:
        bad += ["%s:%d: %s" % (name, n, why) for n, why in judge(name, tree.read(top, name), facts)]
    index = tree.read(top, INDEX)
    for name in tree.files(top, r"^docs/.*\.md$"):
        short = os.path.relpath(name, "docs")
        if name != INDEX and "(%s" % short not in index and not short.startswith("decisions/"):
            bad.append("%s leads nobody to %s" % (INDEX, short))
    tree.finish("manual", bad, "Correct the manual, or write what it promises.")


if __name__ == "__main__":
    main()
