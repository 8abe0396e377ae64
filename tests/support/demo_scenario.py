# SPDX-License-Identifier: EUPL-1.2
"""The demo: one day of the chain in Flevoland, with invented people, on a real corvd.

    demo_scenario.py [--stay]       (./demo installs and builds first)

Everything it makes is in var/demo. Exit 0: every expected delivery was confirmed, byte for byte."""
import datetime
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import stat
import sys
import textwrap
import time

import harness
import messages
from harness import Trouble, poll, sha256

VAR = os.environ.get("CORV_DEMO_DIR", os.path.join(harness.TOP, "var", "demo"))
TEMPLATE = os.path.join(harness.SUPPORT, "flevoland.yaml.in")
COLUMNS = 80


def say(text=""):
    print(text, flush=True)


def step(text):
    say("- " + textwrap.fill(text, COLUMNS - 2, subsequent_indent="  "))


# ---- the place -------------------------------------------------------------------------------


def choose_folder():
    """Where state and sockets go: var/demo, unless user postgres cannot get there (as root, below
    /root) or its name is too long for a socket."""
    os.makedirs(VAR, exist_ok=True)
    if harness.reachable_by_postgres(VAR) and len(VAR) < 70:
        return VAR
    place = "/tmp/corvd-demo-%d" % os.geteuid()
    os.makedirs(place, mode=0o711, exist_ok=True)
    info = os.lstat(place)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise Trouble("%s belongs to somebody else; remove it first" % place)
    os.chmod(place, 0o711)
    say("(PostgreSQL cannot live in %s; its files are in %s)" % (VAR, place))
    return place


def parties_of(template):
    """[(id, oin, receives)] as the template says it; the demo needs no YAML reader for that."""
    found = []
    for block in re.split(r"^  - id: *", template.split("\nparties:", 1)[1], flags=re.M)[1:]:
        found.append((block.split()[0], re.search(r'oin: *"(\d{20})"', block).group(1),
                      re.search(r"^ *address:", block.split("\nmandates:")[0], re.M) is not None))
    return found


class Demo:
    def __init__(self):
        self.folder = choose_folder()
        with open(TEMPLATE, encoding="utf-8") as f:
            self.template = f.read()
        self.parties = parties_of(self.template)
        self.oin = {p: oin for p, oin, _ in self.parties}
        self.lock = self.take_lock()
        self.rows, self.partners = [], {}
        self.failures = 0
        self.daemon = None

    def take_lock(self):
        lock = open(os.path.join(VAR, "lock"), "w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble("another ./demo runs here; end it with Ctrl-C first") from None
        return lock

    def prepare(self):
        """A fresh database each time; certificates are kept."""
        old = harness.Daemon(self.folder, None, 0, None)
        old.end_postgres(signal.SIGQUIT)  # left by a demo that was killed
        for name in ("state", "partners", "messages", "corvd.log", "admin.sock"):
            path = os.path.join(self.folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
        self.pki = harness.Pki(os.path.join(VAR, "pki"), self.oin)
        self.port = harness.free_port()
        for party, _, receives in self.parties:
            if receives:
                self.partners[party] = harness.Partner(self.folder, party, self.pki)
        config = os.path.join(VAR, "corvd.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(self.fill(self.template))
        self.daemon = harness.Daemon(self.folder, config, self.port, self.pki)

    def fill(self, text):
        values = {"DIR": self.folder, "PKI": self.pki.path, "PORT": str(self.port),
                  "PORT_CORVD": str(self.port)}
        for party, stub in self.partners.items():
            values["PORT_" + variable(party)] = str(stub.port)
        text = re.sub(r"@([A-Z0-9_]+)@", lambda m: values.get(m.group(1), m.group()), text)
        left = re.search(r"@[A-Z0-9_]+@", text)
        if left:
            raise Trouble("%s: nothing known for %s" % (TEMPLATE, left.group()))
        return text

    def start(self):
        step("starting corvd with its own PostgreSQL (port %d) and %d partner stubs" % (
            self.port, len(self.partners)))
        harness.start_all(self.partners.values())
        self.daemon.start()

    def close(self):
        if self.daemon:
            try:
                self.daemon.stop()
            except Trouble as e:
                say(str(e))
                self.failures += 1
            self.daemon.end_postgres()
        harness.stop_all(self.partners.values())

    # -- sending and following

    def message(self, name, sender, receiver, **fields):
        return messages.render(name, zender=self.oin[sender], ontvanger=self.oin[receiver], **fields)

    def send(self, what, sender, body, expected, status=202):
        """expected: [(receiver, "bericht" or "kennisgeving")]"""
        row = Row(what, sender, body, expected)
        answer = self.daemon.post(sender, body)
        row.accepted, row.answer = time.time(), answer
        if answer.status != status:
            raise Trouble("%s: answered %r, expected %d" % (what, answer, status))
        self.rows.append(row)
        return row

    def follow(self, row, seconds=20):
        """Waits until all its deliveries are confirmed, and looks at the receivers' ledgers."""
        for receiver, form in row.expected:
            def there(receiver=receiver, form=form):
                entry = self.entry(row, receiver, form)
                done = self.confirmed_at(entry.message if entry else None, receiver)
                return (entry, done) if entry and done else None
            try:
                row.seen[receiver] = poll("%s confirmed by %s" % (row.what, receiver), there, seconds, 0.05)
            except Trouble:
                self.failures += 1
        return row

    def entry(self, row, receiver, form):
        taken = self.partners[receiver].taken()
        if form == "bericht":
            taken = [e for e in taken if e.sha256 == sha256(row.body)]
        else:
            reference = messages.reference_of(row.body).encode()
            taken = [e for e in taken if e.sha256 != sha256(row.body) and reference in e.body]
        return taken[-1] if taken else None

    def confirmed_at(self, message, receiver):
        if not message:
            return None
        for event in events_of(self.daemon.ctl("message", "trace", message)):
            if event.get("event") == "delivery.confirmed" and event.get("party") == receiver:
                return moment(event["at"])
        return None


class Row:
    def __init__(self, what, sender, body, expected):
        self.what, self.sender, self.body, self.expected = what, sender, body, expected
        self.sent, self.accepted, self.answer = time.time(), None, None
        self.seen = {}  # receiver -> (ledger entry, time of confirmation)
        self.note = ""  # instead of receivers


def events_of(trace):
    """The list of events in what corvctl message trace --json says."""
    if isinstance(trace, dict):
        trace = trace.get("events", [])
    return trace or []


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def variable(party):
    return party.upper().replace("-", "_")


# ---- the day ---------------------------------------------------------------------------------

VT, RAAD, GEMEENTE, AICE = "veilig-thuis-flevoland", "raad", "lelystad", "aice"
AWAY = "almere"


def scenario(demo):
    zaak, raad_zaak = "TEST-VTF-2026-0042", "TEST-RVDK-2026-4711"
    step("Veilig Thuis files a VTO about a child in Lelystad: the Raad must get it byte for byte, "
         "gemeente Lelystad hears of it without the content")
    vto = demo.message("vto", VT, RAAD, zaak=zaak)
    first = demo.follow(demo.send("VTO", VT, vto, [(RAAD, "bericht"), (GEMEENTE, "kennisgeving")]))
    check_notice(demo, first)

    step("the Raad: intake afgerond -> Veilig Thuis")
    demo.follow(demo.send("notificatie intake", RAAD, demo.message(
        "notificatie-intake-afgerond", RAAD, VT, zaak=zaak, zaak_raad=raad_zaak), [(VT, "bericht")]))
    step("the Raad starts an ambtshalve onderzoek -> gemeente Lelystad")
    demo.follow(demo.send("ambtshalve gestart", RAAD, demo.message(
        "notificatie-ambtshalve-gestart", RAAD, GEMEENTE), [(GEMEENTE, "bericht")]))
    step("jeugdreclassering: AICE (opgelegd) and the Raad (vrijwillig) -> gemeente Lelystad")
    demo.follow(demo.send("notificatie JR, AICE", AICE, demo.message(
        "notificatiejr-opgelegd", AICE, GEMEENTE), [(GEMEENTE, "bericht")]))
    demo.follow(demo.send("notificatie JR, Raad", RAAD, demo.message(
        "notificatiejr-vrijwillig", RAAD, GEMEENTE), [(GEMEENTE, "bericht")]))

    repeat(demo, first, vto)
    refusal(demo)
    away_and_back(demo)


def check_notice(demo, row):
    entry = row.seen.get(GEMEENTE, (None,))[0]
    told = [w for w in ("999120001", "Proefkonijn", "Nergensstraat") if entry and w.encode() in entry.body]
    if told:
        demo.failures += 1
        say("  WRONG: the kennisgeving tells " + ", ".join(told))


def repeat(demo, first, vto):
    step("the same VTO again: the same answer, and nothing is delivered twice")
    again = demo.send("VTO again", VT, vto, [], status=200)
    if again.answer.id != first.answer.id:
        raise Trouble("the repeat got another number: %r" % again.answer)
    poll("nothing waits", lambda: demo.daemon.metric("deliveries_in_flight") == 0)
    times = sum(e.sha256 == sha256(vto) for e in demo.partners[RAAD].ledger())
    say("  %d %s, the Raad got it %d time%s" % (again.answer.status, again.answer.id, times,
                                                "" if times == 1 else "s: WRONG"))
    demo.failures += times != 1
    again.note = "nobody: a repeat"


def refusal(demo):
    step("a VTO with five mistakes gets a refusal that people can read:")
    row = demo.send("VTO with mistakes", VT, demo.message("vto-met-fouten", VT, RAAD), [], status=422)
    answer = row.answer
    row.note = "nobody: %d findings" % len(answer.json["findings"])
    for f in answer.json["findings"]:
        where = "line %s, %s: " % (f.get("line", "?"), re.sub(r"^.*/", "", f.get("path", "")))
        say(textwrap.fill(where + f["text"], COLUMNS - 4, initial_indent="    ",
                          subsequent_indent="      "))
    if len(answer.json["findings"]) < 5:
        demo.failures += 1
        say("  WRONG: only %d findings" % len(answer.json["findings"]))


def away_and_back(demo):
    step("gemeente Almere is down: accepted all the same, delivery is tried again")
    demo.partners[AWAY].stop()
    row = demo.send("ambtshalve, Almere", RAAD, demo.message(
        "notificatie-ambtshalve-gestart", RAAD, AWAY), [(AWAY, "bericht")])
    poll("a failed attempt", lambda: [
        e for e in events_of(demo.daemon.ctl("message", "trace", row.answer.id))
        if e.get("event") == "delivery.later"], 20)
    step("Almere is back: the delivery is confirmed without anyone doing anything")
    demo.partners[AWAY].start()
    demo.follow(row, 30)


# ---- the table -------------------------------------------------------------------------------


def clock(t):
    return datetime.datetime.fromtimestamp(t).strftime("%H:%M:%S")


def after(t, start):
    ms = (t - start) * 1000
    return "+%.0f ms" % ms if ms < 9999 else "+%.1f s" % (ms / 1000)


def table(demo):
    shape = "%-20s %-22s %-8s %8s %9s %8s"
    say()
    say(shape % ("message", "to", "sent", "accepted", "delivered", "confirm."))
    say("-" * COLUMNS)
    same = confirmed = 0
    for row in demo.rows:
        what, sent = row.what, clock(row.sent)
        if row.note:
            say(shape % (what[:20], row.note, sent, after(row.accepted, row.sent), row.answer.status, ""))
        for receiver, form in row.expected:
            entry, done = row.seen.get(receiver, (None, None))
            label = what if form == "bericht" else "  kennisgeving"
            say(shape % (label[:20], receiver[:22], sent, after(row.accepted, row.sent),
                         after(entry.time, row.sent) if entry else "-",
                         after(done, row.sent) if done else "MISSING"))
            confirmed += bool(done)
            same += bool(entry) and form == "bericht" and entry.sha256 == sha256(row.body)
            what = sent = ""
    wanted = sum(len(r.expected) for r in demo.rows)
    whole = sum(f == "bericht" for r in demo.rows for _, f in r.expected)
    say("-" * COLUMNS)
    say("times since the sender began: its answer, the receiver's ledger, our audit trail")
    say("%d of %d deliveries confirmed; %d of %d messages byte for byte the same (SHA-256)"
        % (confirmed, wanted, same, whole))
    demo.failures += (wanted - confirmed) + (whole - same)


def audit(demo):
    run = demo.daemon.ctl("audit", "verify", data=False, code=None)
    say("audit trail: " + " ".join(run.stdout.split())[:COLUMNS * 2])
    demo.failures += run.returncode != 0


# ---- staying ---------------------------------------------------------------------------------


def write_env(demo):
    """For people and scripts: . var/demo/env"""
    wrapper = os.path.join(VAR, "corvctl")
    with open(wrapper, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexec %s --config %s \"$@\"\n" % (
            shlex.quote(os.path.join(harness.BUILD, "corvctl")), shlex.quote(demo.daemon.config)))
    os.chmod(wrapper, 0o755)
    ready = os.path.join(VAR, "messages")
    os.makedirs(ready, exist_ok=True)
    for name, sender, receiver in (
            ("vto", VT, RAAD), ("vto-met-fouten", VT, RAAD),
            ("notificatie-intake-afgerond", RAAD, VT),
            ("notificatie-ambtshalve-gestart", RAAD, GEMEENTE),
            ("notificatiejr-opgelegd", AICE, GEMEENTE), ("notificatiejr-vrijwillig", RAAD, GEMEENTE)):
        with open(os.path.join(ready, name + ".xml"), "wb") as f:
            f.write(demo.message(name, sender, receiver))
    lines = {"CORV_URL": "https://localhost:%d" % demo.port, "CORV_CA": demo.pki.ca, "CORV_CTL": wrapper,
             "CORV_CONFIG": demo.daemon.config, "CORV_ADMIN_SOCKET": demo.daemon.socket}
    for party, oin, _ in demo.parties:
        lines["CORV_CERT_" + variable(party)] = demo.pki.cert(party)
        lines["CORV_KEY_" + variable(party)] = demo.pki.key(party)
        lines["CORV_OIN_" + variable(party)] = oin
    path = os.path.join(VAR, "env")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write("".join("%s=%s\n" % (k, shlex.quote(v)) for k, v in lines.items()))
    os.rename(path + ".new", path)


def stay(demo):
    write_env(demo)
    here = os.path.relpath(VAR, harness.TOP) if VAR.startswith(harness.TOP) else VAR
    say()
    say("corvd keeps running; Ctrl-C ends it. In another terminal, in %s:" % harness.TOP)
    say("""
  . %s/env
  curl --cacert "$CORV_CA" --cert "$CORV_CERT_%s" \\
       --key "$CORV_KEY_%s" -H 'Content-Type: application/xml' \\
       --data-binary @%s/messages/vto.xml "$CORV_URL/v1/messages"
  "$CORV_CTL" message list
""" % (here, variable(VT), variable(VT), here))
    while demo.daemon.process.poll() is None:
        time.sleep(0.5)
    raise Trouble("corvd ended by itself:\n" + demo.daemon.tail(10))


# ---- main ------------------------------------------------------------------------------------


def interrupted(number, frame):
    raise KeyboardInterrupt


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    demo = None
    code = 1
    try:
        demo = Demo()
        demo.prepare()
        demo.start()
        scenario(demo)
        table(demo)
        audit(demo)
        code = 0 if demo.failures == 0 else 1
        if "--stay" in sys.argv[1:]:
            stay(demo)
    except KeyboardInterrupt:
        say("\nending ...")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the cleaning up is not interrupted
    except (Trouble, harness.Died, OSError, ValueError, KeyError) as e:
        say("\nThe demo failed: %s" % e)
        code = 1
    finally:
        if demo:
            demo.close()
            for name in ("env",):
                if os.path.exists(os.path.join(VAR, name)):
                    os.unlink(os.path.join(VAR, name))
    if demo and demo.failures:
        code = 1
    say("all is well" if code == 0 else "not all is well; corvd's log: %s/corvd.log" % (
        demo.folder if demo else VAR))
    sys.exit(code)


if __name__ == "__main__":
    main()
