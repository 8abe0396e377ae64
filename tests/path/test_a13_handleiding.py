# SPDX-License-Identifier: EUPL-1.2
"""The manual for operators is what happens: every command in a block `console` of docs/handleiding is
run, in order, against a real corvd, and must say what the manual shows (numbers, times and widths
apart). CORV_WRITE=1 puts in what was said; then look at the diff.

Comments before a block steer it: <!-- eerst: STEP --> does something to the chain first (the
functions below), <!-- nummer: NAME --> says which message NUMMER is, <!-- code: N --> which exit
code is right (0 when it does not say)."""
import copy
import os
import re
import shutil
import subprocess

import harness
import pytest
import world as chain
from harness import poll

FOLDER = os.path.join(harness.TOP, "docs", "handleiding")
PAGES = ["installeren", "aansluiten", "dagelijks-beheer", "storingen", "herstel", "back-up", "upgrade",
         "beveiliging", "avg"]
NAMES = {"raad": "Raad voor de Kinderbescherming", "veilig-thuis": "Veilig Thuis Flevoland",
         "gi": "Jeugdbescherming Voorbeeld", "lelystad": "Gemeente Lelystad", "almere": "Gemeente Almere",
         "dronten": "Gemeente Dronten", "lokaal-team": "Lokaal team Dronten", "aice": "CJIB (AICE)"}
BLOCK = re.compile(r"((?:<!--[^\n]*-->\n)*)```console\n(.*?)```", re.S)


class Manual:
    """The chain the manual is about, and what it calls its messages."""

    def __init__(self):
        parties = copy.deepcopy(chain.PARTIES)
        for p in parties:
            p["name"] = NAMES[p["id"]]
        self.world = chain.World(parties=parties, node="corvd-1",
                                 delivery={"retry_first_seconds": 8, "retry_max_seconds": 8})
        self.numbers = {}
        self.work = os.path.join(self.world.path, "werk")
        os.makedirs(self.work)

    # -- what can be asked for in a comment

    def verkeer(self):
        w = self.world
        self.numbers["goed"] = w.send("veilig-thuis", w.vto()).id
        w.send("raad", w.notificatie("veilig-thuis"))
        w.quiet()

    def mislukt(self):
        w = self.world
        w.partners["gi"].behave(status=422)
        self.numbers["mislukt"] = w.send("raad", w.notificatie("gi")).id
        w.settled(self.numbers["mislukt"], 1, "dead")
        w.quiet()

    def hersteld(self):
        self.world.partners["gi"].behave()

    def vraag(self):
        w = self.world
        first = w.send("veilig-thuis", w.vto(woonplaats="Grensdorp")).id
        w.settled(first, 1, "held")
        self.numbers["vraag"] = next(d["message"] for d in w.deliveries(first) if d["state"] == "held")
        w.quiet()

    def weg(self, party="almere"):
        w = self.world
        w.quiet(60)
        w.partners[party].stop()
        self.numbers["wacht"] = w.send("raad", w.notificatie(party)).id
        poll("it failed once", lambda: w.audit(self.numbers["wacht"]).count("delivery.later") > 0)

    def terug(self):
        self.world.partners["almere"].start()
        self.world.quiet(60)

    def lelystad_weg(self):
        self.weg("lelystad")

    def lelystad_terug(self):
        self.world.partners["lelystad"].start()

    def bestand(self):
        with open(os.path.join(self.work, "bericht.xml"), "wb") as f:
            f.write(self.world.vto())
        with open(os.path.join(self.work, "fout.xml"), "wb") as f:
            f.write(self.world.render("vto-met-fouten", "veilig-thuis"))
        shutil.copy(self.world.pki.cert("veilig-thuis"), os.path.join(self.work, "partij.pem"))

    def fout(self):
        self.good = self.world.config["parties"][0]["oin"]
        self.world.config["parties"][0]["oin"] = "123"
        self.world.write()

    def goed(self):
        self.world.config["parties"][0]["oin"] = self.good
        self.world.write()

    # -- running

    def shown(self, text):
        """What the reader of the manual has instead of our folders."""
        w = self.world
        for ours, theirs in ((w.path + "/state", "/var/lib/corvd"), (w.daemon.config, "/etc/corvd/corvd.yaml"),
                             (w.daemon.socket, "/run/corvd/admin.sock"), (w.pki.path, "/etc/corvd/pki"),
                             (self.work + "/", "")):
            text = text.replace(ours, theirs)
        return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))

    def actual(self, command):
        w = self.world
        for theirs, ours in (("/var/lib/corvd", w.path + "/state"), ("/etc/corvd/corvd.yaml", w.daemon.config),
                             ("/run/corvd/admin.sock", w.daemon.socket), ("/usr/share/doc/corvd", harness.TOP)):
            command = command.replace(theirs, ours)
        return command

    def run(self, command, number):
        env = {**os.environ, "CORV_CONFIG": self.world.daemon.config, "COLUMNS": "80", "LC_ALL": "C.UTF-8",
               "PATH": harness.BUILD + ":" + os.environ["PATH"], "SUDO_USER": "jansen",
               "ASAN_OPTIONS": "detect_leaks=0", "NUMMER": number or ""}
        text = re.sub(r"\bNUMMER\b", (number or "")[:18], self.actual(command))
        done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, cwd=self.work, env=env,
                              timeout=120, check=False)
        return done.returncode, self.shown(done.stdout + done.stderr)


def same(text):
    """What must be equal: not numbers, times, and how wide a column therefore became."""
    text = re.sub(r"\b[0-9a-f]{12,}…?", "N", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]+)+…?", "N", text)
    text = re.sub(r"\b\d+([.,]\d+)? (ms|s|min|u|uur|d)\b", "T", text)
    text = re.sub(r"\d+", "0", text)
    text = re.sub(r"(?m)^Zegels.*$", "Zegels", text)  # the first comes after a minute
    text = re.sub(r"kloppen, .*", "kloppen", text)
    text = re.sub(r"[-─=]{3,}", "-", text)
    return " ".join(text.split())


def blocks(text):
    """(steps, number's name, exit code, [(command, shown)], the match)"""
    for found in BLOCK.finditer(text):
        said = dict(re.findall(r"<!-- (\w+): ([^>]*?) -->", found.group(1)))
        steps = re.findall(r"<!-- eerst: ([^>]*?) -->", found.group(1))
        commands = [(piece.split("\n", 1) + [""])[:2]
                    for piece in re.split(r"^\$ ", found.group(2), flags=re.M)[1:]]
        yield steps, said.get("nummer"), int(said.get("code", "0")), commands, found


@pytest.fixture(scope="module", name="manual")
def fixture_manual():
    m = Manual()
    try:
        m.world.start()
        yield m
    finally:
        m.world.close()


@pytest.mark.parametrize("page", PAGES)
def test_the_manual_shows_what_happens(manual, page):
    path = os.path.join(FOLDER, page + ".md")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    wrong, made, at = [], "", 0
    for steps, name, code, commands, found in blocks(text):
        for step in steps:
            getattr(manual, step)()
        made += text[at:found.start(2)]
        for command, shown in commands:
            got, said = manual.run(command, manual.numbers.get(name))
            if got != code:
                wrong.append("$ %s\nexit %d, not %d:\n%s" % (command, got, code, said))
            elif same(said) != same(shown):
                wrong.append("$ %s\nsays\n%s\nnot\n%s" % (command, said, shown))
            made += "$ %s\n%s%s" % (command, said, "\n" if said else "")
        at = found.end(2)
    if os.environ.get("CORV_WRITE") and not any("exit" in w for w in wrong):
        with open(path, "w", encoding="utf-8") as f:
            f.write(made + text[at:])
        return
    assert not wrong, "\n\n".join(wrong)


def test_no_page_is_left_out():
    assert sorted(os.listdir(FOLDER)) == sorted(p + ".md" for p in PAGES)
