#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Each lint must find what is planted and must be content without it: a lint that cannot fail
proves nothing."""
import functools
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "/* SPDX-License-Identifier: EUPL-1.2 */\n"
PUBLIC = """# SPDX-License-Identifier: EUPL-1.2
publiccodeYmlVersion: "0.4"
name: x
softwareVersion: "1.0"
developmentStatus: beta
softwareType: library
platforms: [linux]
description: {en: {shortDescription: x, longDescription: "%s", features: [x]}}
legal: {license: EUPL-1.2}
maintenance: {type: community, contacts: [{name: x}]}
localisation: {localisationReady: false, availableLanguages: [en]}
""" % ("x" * 150)
GOOD = {
    "LICENSE": "EUPL\n",
    "CMakeLists.txt": "# SPDX-License-Identifier: EUPL-1.2\nproject(corvd VERSION 1.0 LANGUAGES C)\n",
    "publiccode.yml": PUBLIC,
    "README.md": "# Hello there\n[code](queue/put.c) [here](#hello-there) [out](https://example.org)\n",
    "daemon/base/buf.h": MARK,
    "queue/put.h": MARK,
    "queue/put.c": MARK + '#include "queue/put.h"\n#include "daemon/base/buf.h"\n#include <libpq-fe.h>\n'
                          "/* strcpy( in a comment */\nconst char *put(void)\n{\n    return \"strcpy(\";\n}\n",
    "schemas/kind.h": MARK,
    "adapters/corv_adapter.h": MARK,
    "adapters/https/https.c": MARK + '#include "adapters/corv_adapter.h"\n#include <curl/curl.h>\n',
    "daemon/host/host.h": MARK + '#include "adapters/corv_adapter.h"\n',
    "daemon/host/load.c": MARK + '#include "adapters/https/https.h"\n',
    "adapters/https/https.h": MARK,
    "adapters/https/client.h": MARK,
    "adapters/dai/dai.c": MARK + '#include "adapters/https/client.h"\n',
    "queue/tools/x.c": MARK + '#include "queue/put.h"\n',
    "tests/unit/test_x.c": MARK + 'void f(void)\n{\n    (void)system("x");\n}\n',
    "daemon/store.c": MARK + '#include "queue/put.h"\n#include "schemas/kind.h"\n',
    "daemon/ctl/main.c": MARK + '#include "daemon/store.h"\n',
    "daemon/store.h": MARK,
}
STEPS = MARK + ('CORV_STEP(A, "a", "x.c", "nothing", "the sender\n"'.replace('\n"', '"')
                + ')\nCORV_STEP(B, "b", "y.c", "all: one COMMIT",\n    "same yes")\nCORV_MOVE(A, B)\n')
STATES = MARK + 'static const char *const names[2] = {"waiting", "held"};\n'
LIFE = """# Life
## The way in
| Step | On disk | Dies |
|---|---|---|
| a | nothing | the sender |
| b | all | same yes |
## The way out
| State | On disk |
|---|---|
| waiting | row |
| waiting, leased | row |
| held | row |
"""
GOOD.update({"daemon/journey.def": STEPS, "queue/states.c": STATES, "docs/life-of-a-message.md": LIFE})
LONG = "int f(void)\n{\n" + "    g();\n" * 121 + "}\n"
PLANTED = [  # lint, file, its text, a piece of what the lint must say
    ("include_direction", "queue/x.c", MARK + '#include "schemas/kind.h"\n', "must not see"),
    ("include_direction", "daemon/base/x.c", MARK + '#include "queue/put.h"\n', "must not see"),
    ("include_direction", "daemon/base/x.c", MARK + '#include "daemon/store.h"\n', "must not see"),
    ("include_direction", "queue/x.c", MARK + "#include <libxml/tree.h>\n", "library belongs"),
    ("include_direction", "schemas/x.c", MARK + "#include <libpq-fe.h>\n", "library belongs"),
    ("include_direction", "adapters/https/x.c", MARK + '#include "daemon/base/buf.h"\n', "adapter sees"),
    ("include_direction", "adapters/https/x.c", MARK + '#include "adapters/dai/dai.h"\n', "adapter sees"),
    ("include_direction", "daemon/x.c", MARK + '#include "adapters/https/https.h"\n', "host only"),
    ("include_direction", "config/tools/x.c", MARK + '#include "queue/put.h"\n', "must not see"),
    ("include_direction", "daemon/host/x.c", MARK + '#include "daemon/store.h"\n', "must not see"),
    ("include_direction", "daemon/x.c", MARK + '#include "tests/support/pg.h"\n', "nothing sees tests"),
    ("include_direction", "daemon/base/x.h", MARK + '#include "daemon/loop/y.h"\n', "must not see"),
    ("include_direction", "daemon/main.c", MARK + '#include "daemon/ctl/ctl.h"\n', "must not see"),
    ("include_direction", "daemon/x.c", MARK + '#include "daemon/ctl/ctl.h"\n', "must not see"),
    ("banned", "queue/x.c", MARK + "void f(char *a)\n{\n    strcpy(a, \"x\");\n}\n", "queue/x.c:4: strcpy"),
    ("banned", "queue/x.c", MARK + "int n = atoi (x);\n", "atoi"),
    ("banned", "queue/x.c", MARK + "struct tm *t = gmtime(&now);\n", "gmtime"),
    ("banned", "queue/x.c", MARK + "int n = system(x);\n", "system"),
    ("banned", "schemas/x.c", MARK + "int o = XML_PARSE_NOENT;\n", "XML_PARSE_NOENT"),
    ("spdx", "queue/x.c", "int x;\n", "queue/x.c"),
    ("spdx", "queue/sql/002.sql", "SELECT 1;\n", "002.sql"),
    ("spdx", "check", "#!/bin/bash\n", "check:1"),
    ("lengths", "queue/x.c", MARK + LONG, "123 lines, at most 120"),
    ("lengths", "queue/x.c", MARK + "int f(void)\n{\n}\n" * 401, "at most 1200"),
    ("journey", "docs/life-of-a-message.md", LIFE.replace("| b | all | same yes |\n", ""), "the steps are"),
    ("journey", "docs/life-of-a-message.md", LIFE.replace("same yes", "perhaps"), "same yes"),
    ("journey", "docs/life-of-a-message.md", LIFE.replace("| held | row |\n", ""), "held is not told"),
    ("journey", "docs/life-of-a-message.md", LIFE.replace("held", "hold"), "no such state: hold"),
    ("publiccode", "publiccode.yml", PUBLIC.replace("softwareType", "softwarType"), "softwareType is missing"),
    ("publiccode", "publiccode.yml", PUBLIC.replace('"1.0"', '"1.1"'), "softwareVersion is not 1.0"),
    ("publiccode", "publiccode.yml", PUBLIC.replace("features: [x]", "features: [" + "y" * 101 + "]"), "101 characters"),
    ("links", "docs/x.md", "[a](nowhere.md)\n", "no such file"),
    ("links", "docs/x.md", "[a](../README.md#bye)\n", "no such heading"),
    ("links", "docs/x.md", "[a](../../shared/DESIGN.md)\n", "leads out"),
]


def lint(name, extra):
    with tempfile.TemporaryDirectory() as top:
        for path, text in {**GOOD, **extra}.items():
            os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
            with open(os.path.join(top, path), "w", encoding="utf-8") as f:
                f.write(text)
        run = subprocess.run([sys.executable, os.path.join(HERE, name + ".py"), top],
                             capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr


COPIED = [  # planted in a copy of our own source: what these two compare is too much to make up
    ("answers", "daemon/x.c", MARK + 'const char *f(void)\n{\n    return "addressing.new";\n}\n',
     "does not stand in answer.def"),
    ("answers", "docs/antwoorden.md", "# Antwoorden\n", "is not what answer.def says"),
    ("answers", "daemon/loop/http_read.c", MARK, "http.busy is nowhere used"),
    ("manual", "docs/handleiding/x.md", "Typ `corvctl wis alles`.\n", "no such verb"),
    ("manual", "docs/handleiding/x.md", "```console\n$ corvctl drop N --hard\n```\n", "drop has no --hard"),
    ("manual", "docs/handleiding/x.md", "Zet `listen.prot` op 1.\n", "no such setting"),
    ("manual", "docs/handleiding/x.md", "In het log staat `queue.exploded`.\n", "no such setting, event"),
    ("manual", "docs/handleiding/x.md", "# X\n", "leads nobody to handleiding/x.md"),
    ("log_events", "daemon/x.c", MARK + 'void f(void)\n{\n    CORV_LOG(INFO, "x.happened", NULL);\n}\n',
     "is not what the source says"),
    ("log_events", "daemon/x.c", MARK + 'static void say(const char *event)\n{\n    corv_log_write(CORV_LOG_INFO, event, '
     'NULL, f);\n}\nvoid f(void)\n{\n    say("x.helped");\n}\n', "is not what the source says"),
    ("log_events", "queue/x.c", MARK + 'const char *f(void)\n{\n    return "store.planted";\n}\n',
     "is not what the source says"),
    ("metrics", "daemon/metrics.def", MARK + 'CORV_COUNTER(things, "Things")\n', "a counter ends in _total"),
    ("alarms", "docs/alarmen.md", "# Alarmen\n", "has not the causes"),
    ("metrics", "docs/metrics.md", "# Metrics\n", "is not what the table says"),
]


@functools.lru_cache(maxsize=1)
def copy_of_ours():
    """Made once; whoever plants something takes it away again."""
    top = tempfile.TemporaryDirectory()
    for folder in ("daemon", "config", "schemas", "queue", "adapters", "docs"):
        shutil.copytree(os.path.join(os.path.dirname(os.path.dirname(HERE)), folder), os.path.join(top.name, folder))
    return top


def lint_copy(name, path, text):
    top = copy_of_ours().name
    planted, before = os.path.join(top, path), None
    if os.path.exists(planted):
        with open(planted, encoding="utf-8") as f:
            before = f.read()
    with open(planted, "w", encoding="utf-8") as f:
        f.write(text)
    run = subprocess.run([sys.executable, os.path.join(HERE, name + ".py"), top],
                         capture_output=True, text=True, check=False)
    os.unlink(planted)
    if before is not None:
        with open(planted, "w", encoding="utf-8") as f:
            f.write(before)
    return run.returncode, run.stdout + run.stderr


def main():
    failures = 0
    for name, path, text, expected in COPIED:
        code, said = lint_copy(name, path, text)
        if code == 0 or expected not in said:
            failures += 1
            print("%s does not see %s: wanted %r, it said:\n%s" % (name, path, expected, said))
    for name in sorted({p[0] for p in PLANTED}):
        code, said = lint(name, {})
        if code != 0:
            failures += 1
            print("%s complains about a clean tree:\n%s" % (name, said))
    for name, path, text, expected in PLANTED:
        code, said = lint(name, {path: text})
        if code == 0 or expected not in said:
            failures += 1
            print("%s did not see %r in %s; it said:\n%s" % (name, expected, path, said))
    print("selftest: %d planted errors, %d failures" % (len(PLANTED), failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
