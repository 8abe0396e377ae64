# SPDX-License-Identifier: EUPL-1.2
"""The chain test in the box: corv-partner against a real corvd, with and without faults, and what
keeps tests and production apart."""
import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import zipfile

import harness
import pytest
from harness import poll
from lxml import etree, html

PARTIES = {"partner": "00000099000000100900", "gemeente": "00000099000000100010",
           "raad": "00000099000000100020", "aice": "00000099000000100030",
           "politie": "00000099000000100040"}
SCENARIOS = ["scn-1", "scn-2", "scn-3", "scn-4", "scn-6", "scn-9", "scn-10"]
FAULTS = ["no-answer", "late-answer", "double", "wrong-reference", "big", "cut", "refuse"]
ENV = {**os.environ, "ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99"}


def partner(*args, code=0, timeout=300):
    run = subprocess.run([os.path.join(harness.BUILD, "corv-partner"), *args], capture_output=True,
                         text=True, check=False, env=ENV, timeout=timeout)
    assert run.returncode == code, "exit %d\n%s%s" % (run.returncode, run.stdout, run.stderr)
    return run


class Box:
    """A corvd that corv-partner itself wrote the configuration of."""

    def __init__(self):
        self.path = harness.folder("box")
        self.pki = self.certificates()
        self.settings = self.path + "/partner.yaml"
        self.port = harness.free_port()
        with open(self.settings, "w", encoding="utf-8") as f:
            json.dump({"corvd": {"intake": "https://localhost:%d" % self.port,
                                 "dai": "https://localhost:%d/dai" % harness.free_port(),
                                 "admin": self.path + "/admin.sock", "state_dir": self.path + "/state"},
                       "listen": {"address": "127.0.0.1", "host": "localhost",
                                  "port": harness.free_port()},
                       "certificates": self.pki.path}, f)
        self.daemon = harness.Daemon(self.path, self.path + "/corvd.yaml", self.port, self.pki)
        self.made = partner("config", "--config", self.settings).stdout
        self.configure(self.made)

    def certificates(self):
        """Like those of pki.sh, but they do not say so: at the end this corvd goes into production."""
        with open(os.path.join(harness.SUPPORT, "pki.sh"), encoding="utf-8") as f:
            script = f.read().replace("corvd test", "proef")
        with open(self.path + "/pki.sh", "w", encoding="utf-8") as f:
            f.write(script)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(harness, "SUPPORT", self.path)
            return harness.Pki(self.path + "/pki", PARTIES)

    def configure(self, text):
        with open(self.daemon.config, "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, *args, code=0):
        """Runs; returns what --json says."""
        return json.loads(partner("run", "--config", self.settings, "--json", *args, code=code).stdout)

    def changed(self, pattern, instead):
        """The same corvd with something else in its configuration, until it is put back."""
        text, n = re.subn(pattern, instead, self.made)
        assert n == 1, pattern
        self.configure(text)
        assert self.daemon.ctl("reload")["applied"]

    def put_back(self):
        self.configure(self.made)
        assert self.daemon.ctl("reload")["applied"]

    def close(self):
        code = self.daemon.stop()
        self.daemon.end_postgres()
        assert code in (0, None), self.daemon.tail()
        harness.remove(self.path)


@pytest.fixture(scope="module")
def box():
    b = Box()
    try:
        b.daemon.start()
        yield b
    finally:
        b.close()


# ---- all scenarios -----------------------------------------------------------------------------


def test_what_there_is():
    listed = json.loads(partner("list", "--json").stdout)
    assert sorted(s["id"] for s in listed["scenarios"]) == sorted(SCENARIOS)
    assert {s["cluster"] for s in listed["scenarios"]} == {"vto-notificatie", "zorgmelding", "notificatiejr"}
    assert [f["name"] for f in listed["faults"]] == FAULTS
    assert "vto & notificatie" in partner("list").stdout


def test_the_configuration_it_writes_is_good(box):
    found = box.daemon.ctl("config", "check", data=False)
    assert "in orde" in found.stdout and "let op" not in found.stdout


def test_all_scenarios_pass_and_the_report_says_so(box):
    report = box.path + "/rapport.html"
    run = partner("run", "--config", box.settings, "--report", report)
    assert run.stdout.count("geslaagd") == len(SCENARIOS) and "NIET" not in run.stdout
    with open(report, "rb") as f:
        raw = f.read()
    page = html.document_fromstring(raw.decode())
    assert page.get("lang") == "nl" and page.xpath("//title/text()") == ["Ketentestrapport corvd: geslaagd"]
    about = box.daemon.admin("/about").json
    for fact in (about["schemas"]["vtoDi01"]["hash"], about["schemas"]["Bv01Bericht"]["hash"],
                 about["rules"]["hash"], about["rules"]["version"], about["config"], about["version"]):
        assert fact and fact in raw.decode()
    numbers = page.xpath("//section[1]//tbody/tr/td[1]/text()")
    assert [int(n) for n in numbers if n.isdigit()] == list(range(1, 37))
    accessible(page)
    discreet(raw.decode())



def accessible(page):
    """What of WCAG a program can see."""
    assert len(page.xpath("//h1")) == 1 and page.xpath("//main") and page.xpath("//a[@class='skip']")
    assert page.xpath("//meta[@name='viewport']")
    levels = [int(h.tag[1]) for h in page.xpath("//h1|//h2|//h3")]
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:]))
    for table in page.xpath("//table"):
        assert table.xpath("./caption/text()")
    assert not page.xpath("//th[not(@scope)]")
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert all(a[0] == "#" and a[1:] in ids for a in page.xpath("//a/@href"))
    assert not page.xpath("//script|//img|//link|//iframe|//@src|//@onclick")


def discreet(text):
    """Nothing of a person, not even of an invented one."""
    assert not re.search(r"\b9995\d{5}\b", text)
    for word in ("Doedelzak", "Windwijzer", "Lantaarnpaal", "Testdorp", "Isolde"):
        assert word not in text


def test_one_cluster_one_scenario(box):
    said = box.run("--cluster", "notificatiejr")
    assert [s["scenario"] for s in said["sections"]] == ["scn-9"] and said["passed"]
    assert said["failed"] == 0 and said["count"] == len(said["sections"][0]["steps"])
    assert [s["number"] for s in said["sections"][0]["steps"] if s["number"]] == ["1", "2", "3", "4"]
    said = box.run("--scenario", "scn-4")
    assert [s["scenario"] for s in said["sections"]] == ["scn-4"]


def test_the_messages_fit_the_official_schemas(shared, tmp_path):
    published = glob.glob(os.path.join(shared, "standard", "*jrberichtenversie_1.0.9*"))
    with zipfile.ZipFile(published[0]) as z:
        z.extractall(tmp_path)
    schema = etree.XMLSchema(etree.parse(glob.glob(str(tmp_path) + "/**/*msg_jzberichten*.xsd",
                                                   recursive=True)[0]))
    names = {m for s in json.loads(partner("list", "--json").stdout)["scenarios"] for m in s["messages"]}
    assert len(names) >= 23
    for name in sorted(names):
        message = etree.fromstring(partner("show", name).stdout.encode())
        assert schema.validate(message), "%s: %s" % (name, schema.error_log)


def test_the_report_names_the_official_set_that_judged(box, shared):
    """Imported as published and in force for all kinds it knows: the same messages pass."""
    published = glob.glob(os.path.join(shared, "standard", "*jrberichtenversie_1.0.9*.zip"))[0]
    name = box.daemon.ctl("schemas", "import", published, "--name", "officieel")["name"]
    box.configure(box.made + "\nschemas:\n  - {set: %s}\n" % name)
    try:
        assert box.daemon.ctl("reload")["applied"]
        said = box.run("--scenario", "scn-6")
    finally:
        box.put_back()
    with open(published, "rb") as f:
        digest = harness.sha256(f.read())
    assert said["passed"]
    assert said["corvd"]["schemas"]["zorgmeldingDi01"] == {"set": name, "hash": digest}


# ---- faults ------------------------------------------------------------------------------------


def titles(said):
    return [s["title"] for section in said["sections"] for s in section["steps"]]


def test_every_fault_from_application_to_raad(box):
    said = box.run("--scenario", "scn-2", "--fault", "all", "--report", box.path + "/fouten.html")
    assert [s["fault"] for s in said["sections"]] == FAULTS and said["passed"]
    got = {s["fault"]: {t["title"]: t["got"] for t in s["steps"]} for s in said["sections"]}
    arrived = "Het bericht komt ongewijzigd aan bij raad"
    assert got["no-answer"][arrived].startswith("2 keer aangekomen")
    assert got["cut"][arrived].startswith("2 keer aangekomen")
    assert got["double"][arrived].startswith("1 keer aangekomen")
    assert "StUF016" in got["double"][
        "Fout: andere inhoud onder hetzelfde referentienummer wordt geweigerd (StUF016)"]
    assert any("413" in t for t in got["big"].values())
    assert any(t.startswith("Fo01 ") for t in got["refuse"].values())
    with open(box.path + "/fouten.html", encoding="utf-8") as f:
        text = f.read()
    accessible(html.document_fromstring(text))
    discreet(text)
    dead = box.daemon.ctl("dead")
    assert len(dead) >= 1


@pytest.mark.parametrize("fault", ["double", "wrong-reference", "cut", "refuse"])
def test_faults_from_om_to_application(box, fault):
    said = box.run("--scenario", "scn-9", "--fault", fault)
    assert said["passed"]


@pytest.mark.skipif(not os.environ.get("CORV_LONG"), reason="minutes: with CORV_LONG")
def test_every_fault_in_every_scenario(box):
    assert box.run("--fault", "all")["passed"]


# ---- seen red ----------------------------------------------------------------------------------


def failed(said):
    return {(s["scenario"], t["title"]): t["reason"] for s in said["sections"] for t in s["steps"]
            if not t["passed"]}


def test_a_route_that_is_missing_fails_the_report(box):
    report = box.path + "/rood.html"
    box.changed(r"  - \{name: test-3, kind: notificatiejrDi01, to: ontvanger\}\n", "")
    try:
        said = box.run("--cluster", "notificatiejr", "--report", report, code=1)
        good = box.run("--cluster", "zorgmelding")
    finally:
        box.put_back()
    assert not said["passed"] and good["passed"]
    reasons = failed(said)
    assert "verwacht: 202" in reasons[("scn-9", "corvd bevestigt aice technisch met 202")]
    assert "niet aangenomen" in reasons[("scn-9", "Het bericht komt ongewijzigd aan bij gemeente")]
    with open(report, encoding="utf-8") as f:
        text = f.read()
    page = html.document_fromstring(text)
    assert page.xpath("//title/text()") == ["Ketentestrapport corvd: niet geslaagd"]
    assert "niet geslaagd" in text and "niet aangenomen" in text
    accessible(page)


def test_a_message_at_the_wrong_door_fails_the_report(box):
    box.changed(r"/politie\"", "/aice\"")
    try:
        reasons = failed(box.run("--scenario", "scn-6", code=1))
    finally:
        box.put_back()
    assert list(reasons.values()) == ["aangekomen bij aice in plaats van politie"]


def test_a_correlation_that_is_not_told_on_fails_the_report(box):
    """Without WS-Addressing the application cannot see from the envelope what a Bv01 is about."""
    box.changed(r"( +)(- \{key: path, value: \"/dai\"\}\n)", r"\1\2\1- {key: form, value: stuf}\n")
    try:
        reasons = failed(box.run("--scenario", "scn-2", code=1))
    finally:
        box.put_back()
    assert list(reasons.values()) == ["het crossRefnummer verwijst niet naar het eerdere bericht"]


def test_an_interrupted_run_is_no_good_one(box):
    report = box.path + "/afgebroken.html"
    before = box.daemon.metric("messages_accepted_total")
    run = subprocess.Popen([os.path.join(harness.BUILD, "corv-partner"), "run", "--config", box.settings,
                            "--scenario", "scn-9", "--fault", "no-answer", "--report", report],
                           stdout=subprocess.PIPE, text=True, env=ENV)
    poll("it has begun", lambda: box.daemon.metric("messages_accepted_total") > before)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1 and "afgebroken met Ctrl-C" in said
    with open(report, encoding="utf-8") as f:
        assert "Ketentestrapport corvd: niet geslaagd" in f.read()
    with playing(box) as told:
        poll("what was left behind", lambda: "gemeente ontving notificatiejrDi01" in told())


# ---- by hand -----------------------------------------------------------------------------------


@contextlib.contextmanager
def playing(box):
    """corv-partner play, until it is interrupted; gives what it told so far."""
    with open(box.path + "/play.txt", "w+", encoding="utf-8") as out:
        play = subprocess.Popen([os.path.join(harness.BUILD, "corv-partner"), "play", "--config",
                                 box.settings], stdout=out, stderr=out, env=ENV)

        def told():
            with open(out.name, encoding="utf-8") as f:
                return f.read()

        try:
            poll("playing", lambda: "Ctrl-C" in told())
            yield told
        finally:
            play.send_signal(signal.SIGINT)
            code = play.wait(60)
        assert code == 0, told()


def test_play_answers_and_confirms(box):
    with playing(box) as told:
        sent = partner("send", "zorgmelding-1", "--config", box.settings, "--case", "TEST-EIGEN-1").stdout
        assert "HTTP 202" in sent
        poll("the gemeente has it", lambda: "gemeente ontving zorgmeldingDi01" in told())
        poll("and confirms", lambda: "politie ontving Bv01Bericht" in told())
        about = re.search(r"referentie (\S+),", sent).group(1)
        partner("send", "terugkoppeling-1", "--config", box.settings, "--about", about)
        poll("the next one", lambda: told().count("ontving Bv01Bericht") == 2)


def test_show_prints_a_message():
    assert "CORV-TEST-gemeente" in partner("show", "vto-6").stdout
    assert "niets" in partner("show", "niets", code=2).stderr


# ---- what it refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize("args", [[], ["run"], ["loop", "--config", "x"], ["send", "--config", "x"],
                                  ["run", "--config", "/nergens.yaml"], ["run", "--loop"]])
def test_wrong_use(args):
    assert partner(*args, code=2).stderr


@pytest.mark.parametrize("args", [["--cluster", "niets"], ["--scenario", "scn-99"], ["--fault", "niets"],
                                  ["--scenario", "scn-9", "--cluster", "zorgmelding"]])
def test_names_that_are_not_there(box, args):
    before = box.daemon.metric("messages_accepted_total")
    assert partner("run", "--config", box.settings, *args, code=2).stderr
    assert box.daemon.metric("messages_accepted_total") == before


def test_no_corvd_to_test(box, tmp_path):
    with open(box.settings, encoding="utf-8") as f:
        settings = json.load(f)
    settings["corvd"]["admin"] = str(tmp_path / "niemand.sock")
    (tmp_path / "partner.yaml").write_text(json.dumps(settings))
    run = partner("run", "--config", str(tmp_path / "partner.yaml"), code=2)
    assert "niet te bereiken" in run.stderr


def test_production_refuses_the_certificates_of_a_test(box, tmp_path):
    theirs = box.made.replace("production: false", "production: true")
    (tmp_path / "corvd.yaml").write_text(theirs.replace(box.pki.path, os.environ["CORV_PKI"]))
    run = harness.ctl(str(tmp_path / "corvd.yaml"), "config", "check")
    found = {f["path"]: f["code"] for f in json.loads(run.stdout)["findings"]}
    assert run.returncode == 1
    assert found == dict.fromkeys(("listen.certificate", "listen.client_ca"), "config.test-certificate")


def test_about_says_what_is_in_force(box):
    about = box.daemon.admin("/about").json
    assert about["program"] == "corvd" and about["production"] is False
    assert about["schemas"]["vtoDi01"]["set"] == "eigen"
    assert re.fullmatch("[0-9a-f]{64}", about["schemas"]["vtoDi01"]["hash"])
    assert re.fullmatch("[0-9a-f]{64}", about["rules"]["hash"]) and about["rules"]["version"]
    assert about["delivery"]["timeout_seconds"] == 4
    assert about["body_bytes"] == 35 * 1024 * 1024
    version = subprocess.run([os.path.join(harness.BUILD, "corvd"), "--version"], capture_output=True,
                             text=True, check=True).stdout.split()[1]
    assert about["version"] == version


def test_production_and_the_chain_test_keep_apart(box):
    """The last one: from here on this corvd is in production."""
    box.configure(box.made.replace("production: false", "production: true"))
    box.daemon.restart()
    message = partner("show", "zorgmelding-1").stdout.encode()
    answer = box.daemon.post("politie", message)
    assert answer.status == 403
    assert "addressing.test-message" in [f["code"] for f in answer.json["findings"]]
    half = message.replace(b"CORV-TEST-gemeente", b"JZA")
    assert box.daemon.post("politie", half).status == 403
    assert box.daemon.post("politie", half.replace(b"CORV-TEST-politie", b"corv-test")).status == 403
    assert box.daemon.post("politie", half.replace(b"CORV-TEST-politie", b"BVH")).status == 202
    before = len(box.daemon.events("message.received"))
    for verb in (["run"], ["play"], ["send", "vto-1"]):
        assert "production: true" in partner(*verb, "--config", box.settings, code=2).stderr
    assert len(box.daemon.events("message.received")) == before
