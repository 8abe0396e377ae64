#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""docs/log-events.md lists every log event, audit event and code that stands in the source.
log_events.py [ROOT] [--write]"""
import os
import re
import sys

sys.argv, WRITE = [a for a in sys.argv if a != "--write"], "--write" in sys.argv
import answers  # noqa: E402
import tree  # noqa: E402

MANUAL = "docs/log-events.md"
STRING = r'"([a-z][a-z0-9-]*\.[a-z0-9][a-z0-9.-]*)"'
LEVELS = {"ERROR": "fout: een beheerder moet iets doen", "WARNING": "let op", "INFO": "gewoon", "DEBUG": "op verzoek"}
AUDIT = re.compile(r"^(message|delivery|config|schemas|reference|rules|daemon|payload|key|node|database|traffic)\.")
NO_CODE = re.compile(r"\.(c|h|def|html|css|js|sql|xsd|xml|json|yaml|pem|conf|pid|sock|o|so|txt|md|new|tmp|lock|zip|xlsx)$")


def source(top, name):
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", tree.read(top, name), flags=re.S)


def gather(top):
    """(log events {name: {levels, fields, files}}, audit events {name: files}, codes {code: files})"""
    logs, audit, codes = {}, {}, {}
    settings = setting_names(top)
    for name in tree.files(top, r"^(daemon|config|schemas|queue|adapters)/.*\.(c|h|def)$"):
        text = source(top, name)
        events = set()
        for call in re.finditer(r"CORV_LOG\(\s*(\w+),\s*([^,]+),(.*?)\);", text, re.S):
            level, what, rest = call.groups()
            for event in re.findall(STRING, what):
                row = logs.setdefault(event, {"levels": set(), "fields": set(), "files": set()})
                row["levels"].add(level)
                row["fields"] |= {f.lower() for f in re.findall(r"CORV_[FN]\((\w+)", rest)}
                row["files"].add(name)
                events.add(call.start(2))
        through(text, name, logs)
        outside = re.sub(r"CORV_LOG\(\s*\w+,\s*%s" % STRING, "CORV_LOG(", text)
        for code in re.findall(STRING, outside):
            if code in settings or NO_CODE.search(code):
                continue
            if AUDIT.match(code) and name.startswith(("daemon/", "queue/")) and answers.is_audit(outside, code):
                audit.setdefault(code, set()).add(name)
            elif not name.startswith("daemon/ctl/words") and not AUDIT_ONLY_SHOWN(name, code):
                codes.setdefault(code, set()).add(name)
    for code, name in answers.used_codes(top).items():
        if code.startswith(("schema.", "well-formed.")) and code not in logs:
            codes.setdefault(code, set()).add(name)
    for code in list(codes):
        if code in audit or code in logs and codes[code] <= logs[code]["files"]:
            codes.pop(code)
    return logs, audit, codes


def note_event(logs, event, levels, said, name):
    row = logs.setdefault(event, {"levels": set(), "fields": set(), "files": set()})
    row["levels"] |= set(levels)
    row["fields"] |= {f.lower() for f in re.findall(r"CORV_[FN]\((\w+)", said)}
    row["files"].add(name)


def through(text, name, logs):
    """Lines written with the function behind the macro: straight, or by a helper that is given the event."""
    for call in re.finditer(r"corv_log_write\((.*?)\);", text, re.S):
        body = text[:call.start()].rpartition("\nstatic ")[2]
        levels = re.findall(r"CORV_LOG_(ERROR|WARNING|INFO|DEBUG)\b", call.group(1) + body) or ["WARNING"]
        for event in re.findall(STRING, call.group(1)):
            note_event(logs, event, levels, call.group(1), name)
        helper = re.match(r"\w+ (\w+)\([^)]*const char \*event\b", body)
        for use in re.findall(r"\b%s\(([^;]*?)\);" % helper.group(1), text) if helper else []:
            for event in re.findall(STRING, use):
                note_event(logs, event, levels, call.group(1), name)


def AUDIT_ONLY_SHOWN(name, code):
    """corvctl names audit events only to show them."""
    return name.startswith("daemon/ctl/") and re.match(r"^(message|delivery)\.", code)


def setting_names(top):
    text = tree.read(top, "config/settings.def")
    found = set()
    for place, key in re.findall(r"^CORV_([A-Z_]+)\((\w+),", text, re.M):
        found.add("%s.%s" % (place.lower().split("_")[0], key))
    return found


def folders(files):
    """Not the files: those change too often."""
    return ", ".join(sorted({os.path.dirname(f) for f in files}))


def manual(top, logs, audit, codes):
    table = {c["code"]: c for c in answers.rows(top)[1]}
    out = ["# Gebeurtenissen en codes", "",
           "Alles wat in het log, in het auditspoor en als code kan verschijnen. Deze pagina wordt uit de broncode",
           "gemaakt (`tests/lint/log_events.py --write`). Een logregel is een JSON-object met `id` (het nummer van het",
           "bericht, of `-`), `event`, `level`, `time` en de genoemde velden; elk veld laat alleen zijn eigen tekens",
           "door, zodat er geen gegevens uit een bericht in kunnen staan.", "",
           "## Log", "", "| Gebeurtenis | Niveau | Velden | Bron |", "|---|---|---|---|"]
    for event in sorted(logs):
        row = logs[event]
        levels = [k.lower() for k in LEVELS if k in row["levels"]]
        fields = ", ".join("`%s`" % f.replace("id2", "ref") for f in sorted(row["fields"])) or "-"
        out.append("| `%s` | %s | %s | %s |" % (event, ", ".join(levels), fields, folders(row["files"])))
    out += ["", "Niveaus: " + "; ".join("*%s* %s" % (k.lower(), v) for k, v in LEVELS.items()) + ".", "",
            "## Auditspoor", "", "| Gebeurtenis | Bron |", "|---|---|"]
    out += ["| `%s` | %s |" % (e, folders(audit[e])) for e in sorted(audit)]
    out += ["", "## Codes", "",
            "Codes staan in antwoorden, in het veld `code` van een logregel, bij bezorgingen en in meldingen van",
            "`corvctl` en bij het starten. Wat een verzender ervan merkt staat in [antwoorden.md](antwoorden.md); de",
            "codes van het regelpakket staan in `docs/rules.md`. Een adapter kan eigen codes geven.", "",
            "| Code | Antwoord | Bron |", "|---|---|---|"]
    for code in sorted(codes):
        row = table.get(code)
        out.append("| `%s` | %s | %s |" % (code, row["answer"].lower().replace("_", "-") if row else "-",
                                           folders(codes[code] - {"daemon/base/answer.def"})))
    return "\n".join(out) + "\n"


def problems(top):
    logs, audit, codes = gather(top)
    if min(len(logs), len(audit), len(codes)) < 5:
        return ["hardly anything was found: %d log events, %d audit events, %d codes" %
                (len(logs), len(audit), len(codes))]
    made = manual(top, logs, audit, codes)
    if WRITE:
        with open(os.path.join(top, MANUAL), "w", encoding="utf-8") as f:
            f.write(made)
    if not os.path.exists(os.path.join(top, MANUAL)) or tree.read(top, MANUAL) != made:
        return [MANUAL + " is not what the source says"]
    return []


if __name__ == "__main__":
    tree.finish("log_events", problems(tree.root()), "tests/lint/log_events.py --write makes it again.")
