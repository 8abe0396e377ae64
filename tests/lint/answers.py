#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""docs/antwoorden.md is what daemon/base/answer.def says, and the code and the table know the same
codes. answers.py [ROOT] [--write]"""
import os
import re
import sys

sys.argv, WRITE = [a for a in sys.argv if a != "--write"], "--write" in sys.argv
import tree  # noqa: E402

MANUAL = "docs/antwoorden.md"
# Families of codes that answer somebody; the other codes stand in docs/log-events.md only.
ANSWERS = re.compile(r"^(well-formed|security|schema|rule|addressing|access|receive|duplicate|route|payload)\.")
# Codes of those families that are no answers: they end the start of corvd or are log events.
NOT_ANSWERS = {"schema.compile", "schema.memory", "access.denied",
               "payload.destroyed", "payload.resealed"}
WHO = {"BEHANDELAAR": "behandelaar", "BEHEERDER": "functioneel beheerder",
       "LEVERANCIER": "leverancier van de verzender", "PARTNER": "de ontvangende partij"}


def strings(arguments):
    """The arguments of an X-macro row; adjoining strings joined."""
    parts = re.findall(r'((?:"(?:\\.|[^"\\])*"\s*)+|[^,\s"][^,"]*)\s*(?:,|$)', arguments, re.S)
    out = []
    for part in parts:
        quoted = re.findall(r'"((?:\\.|[^"\\])*)"', part)
        out.append("".join(quoted) if quoted else part.strip())
    return out


def rows(top):
    text = re.sub(r"/\*.*?\*/", "", tree.read(top, "daemon/base/answer.def"), flags=re.S)
    found = re.findall(r"^CORV_(ANSWER|CODE)\((.*?)\)$", text, re.M | re.S)
    answers = [strings(a) for kind, a in found if kind == "ANSWER"]
    codes = [strings(a) for kind, a in found if kind == "CODE"]
    keys = ("name", "situation", "status", "stuf", "plek", "way", "next", "title")
    return ([dict(zip(keys, a)) for a in answers],
            [dict(zip(("code", "answer", "who", "text"), c)) for c in codes])


def nexts(top):
    text = tree.read(top, "daemon/base/answer.c")
    found = re.findall(r'\[CORV_NEXT_(\w+)\]\s*=\s*((?:"[^"]*"\s*)+)', text)
    return {name: "".join(re.findall(r'"([^"]*)"', value)) for name, value in found}


def sync(a):
    if a["way"] == "LATER":
        return "- (al aangenomen)"
    if a["way"] == "NONE":
        return "`202`"
    return "`%s` problem+json" % a["status"]


def stuf(a, kind):
    if a["way"] == "HTTP":
        return "-"
    if a["way"] == "NONE" or (a["way"] == "LATER" and kind == "Fo03"):
        return "-" if a["way"] == "LATER" else "gewone bevestiging"
    return "%s %s, %s" % (kind, a["stuf"], a["plek"])


def manual(answers, codes, said):
    out = ["# Antwoorden", "",
           "Wat een verzender terugkrijgt als er iets is. Deze pagina komt uit `daemon/base/answer.def`",
           "(`tests/lint/answers.py --write`); verander haar daar. Codes zijn vast: een code krijgt nooit een",
           "andere betekenis. Elk antwoord noemt de code, een zin, wie moet handelen en wat de verzender doet;",
           "bij een bevinding ook het pad in het bericht, de regel, en bij een regel van de standaard de bron.",
           "Een antwoord haalt nooit gegevens uit het bericht aan.", "",
           "## Beslistabel", "",
           "Van boven naar beneden: is er meer aan de hand, dan beslist de bovenste rij over het antwoord. Alle",
           "bevindingen staan er wel in. *Fo03* krijgt wie op het antwoord wacht, *Fo01* wie niet wacht.",
           "Codes van StUF: zo ver als StUF 03.01 ons bekend is; waar StUF niets heeft, StUF058.", "",
           "| Situatie | HTTP | Wacht (StUF) | Wacht niet (StUF) | Wat de verzender doet |",
           "|---|---|---|---|---|",
           "| in orde | `202` | Bv03 of Bv04 | niets, of de ontvangstbevestiging van het kanaal | U hoeft niets te doen. |",
           "| zelfde bericht nog eens | `200`, het eerste nummer | hetzelfde antwoord nog eens | niets; niet nog eens bezorgd | U hoeft niets te doen. |"]
    for a in answers:
        out.append("| %s | %s | %s | %s | %s |" % (
            a["situation"], sync(a), stuf(a, "Fo03"), stuf(a, "Fo01"), said[a["next"]]))
    out += ["", "Een `503` heeft altijd `Retry-After`. In `details` van een Fo01 of Fo03 staan zo veel bevindingen als in",
            "1000 tekens passen, met daarna *en nog N*.", "", "## Codes", "",
            "*Wie* is wie gewoonlijk moet handelen; een bevinding kan preciezer zijn. De codes `rule.*` staan met hun",
            "bron in `docs/rules.md`.", ""]
    for a in answers:
        mine = [c for c in codes if c["answer"] == a["name"]]
        out += ["### %s" % (a["situation"][0].upper() + a["situation"][1:]), "", a["title"] + ".", "",
                "| Code | Betekenis | Wie |", "|---|---|---|"]
        out += ["| `%s` | %s | %s |" % (c["code"], c["text"], WHO[c["who"]]) for c in mine] + [""]
    return "\n".join(out).rstrip() + "\n"


def used_codes(top):
    """{code: file} of every code in the source that could be an answer."""
    found = {}
    for name in tree.files(top, r"^(daemon|schemas|queue|adapters|config)/.*\.[ch]$"):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", tree.read(top, name), flags=re.S)
        for code in re.findall(r'"([a-z-]+\.[a-z0-9-]+)"', text):
            found.setdefault(code, name)
    for name, pattern, family in (
            ("schemas/findings_text.c", r'say\(out, "([a-z-]+)"', "schema."),
            ("schemas/findings_text.c", r'\{XML_SCHEMAV_\w+,\s*"([a-z0-9-]+)"', "schema."),
            ("schemas/xml_error.c", r'\{(?:XML_\w+|0), "([a-z0-9-]+)"', "well-formed.")):
        for code in re.findall(pattern, tree.read(top, name)):
            found.setdefault(family + code, name)
    return found


def problems(top):
    answers, codes = rows(top)
    said = nexts(top)
    table = {c["code"] for c in codes}
    used = used_codes(top)
    wrong = ["answer.def: %s is nowhere used" % c for c in sorted(table) if c not in used and c != "rule.*"]
    wrong += ["%s: %s does not stand in answer.def" % (used[c], c) for c in sorted(used)
              if ANSWERS.match(c) and c not in table | NOT_ANSWERS and not c.startswith("rule.")
              and not is_event(top, used[c], c)]
    wrong += ["answer.def: no sentence for %s" % a["next"] for a in answers if a["next"] not in said]
    if not answers or not codes or wrong:
        return wrong or ["answer.def: no rows were found"]
    made = manual(answers, codes, said)
    if WRITE:
        with open(os.path.join(top, MANUAL), "w", encoding="utf-8") as f:
            f.write(made)
    if not os.path.exists(os.path.join(top, MANUAL)) or tree.read(top, MANUAL) != made:
        wrong.append(MANUAL + " is not what answer.def says")
    return wrong


def is_audit(text, code):
    """Whether it names an event of the audit trail there."""
    c = re.escape(code)
    if re.search(r'return "%s"' % c, text):  # event_name() in confirm.c
        return code.startswith("delivery.")
    return re.search(r'event\(m, \d, "%s"|struct action \w+ = \{"%s"|\.event = "%s"|event = [^;]*"%s"|'
                     r'note_key\([^;]*"%s"' % (c, c, c, c, c), text)


def is_event(top, name, code):
    text = tree.read(top, name)
    return is_audit(text, code) or re.search(r'CORV_LOG\(\s*\w+,\s*"%s"' % re.escape(code), text)


if __name__ == "__main__":
    tree.finish("answers", problems(tree.root()), "tests/lint/answers.py --write makes the manual again.")
