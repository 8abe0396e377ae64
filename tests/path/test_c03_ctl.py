# SPDX-License-Identifier: EUPL-1.2
"""corvctl for people: every answer fits 80 columns; for programs: every --json parses."""
import datetime
import json
import os
import re
import shutil
import subprocess
import unicodedata

import harness
import pytest


@pytest.fixture(scope="module", name="w")
def fixture_w(world):
    """A chain with one of everything: confirmed, held, dead, waiting."""
    world.confirmed = world.send("veilig-thuis", world.vto()).id
    world.held = world.send("veilig-thuis", world.vto(woonplaats="Grensdorp")).id
    world.partners["almere"].behave(status=403)
    world.dead = world.send("raad", world.notificatie("almere")).id
    world.partners["dronten"].stop()
    world.waiting = world.send("raad", world.notificatie("dronten")).id
    world.settled(world.confirmed, 2)
    world.settled(world.dead, 1, "dead")
    with open(world.path + "/vto.xml", "wb") as f:
        f.write(world.vto())
    with open(world.path + "/fout.xml", "wb") as f:
        f.write(world.render("vto-met-fouten", "veilig-thuis"))
    return world


def verbs(w):
    return [
        (["config", "check"], 0), (["status"], None), (["queue"], 0), (["dead"], 0),
        (["message", "list"], 0), (["message", "show", w.confirmed], 0), (["message", "show", w.held], 0),
        (["message", "trace", w.confirmed], 0), (["message", "trace", w.dead], 0),
        (["route", "explain", w.path + "/vto.xml"], 0),
        (["route", "explain", w.path + "/vto.xml", "--as", "gi"], None),
        (["audit", "verify"], 0),
        (["validate", w.path + "/vto.xml"], 0), (["validate", w.path + "/fout.xml"], 1),
    ]


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def test_every_line_fits_80_columns(w):
    for args, code in verbs(w):
        run = w.daemon.ctl(*args, code=code, data=False)
        assert run.stdout.strip(), args
        if args[0] == "validate":
            continue  # its lines are a promise to scripts: FILE: verdict
        for line in run.stdout.splitlines():
            assert width(line) <= 80, "%s: %d columns: %s" % (args, width(line), line)
        assert run.stderr == "", args


def test_a_file_name_moves_no_cursor_and_forges_no_line(w):
    """Files come from outside, and so do their names."""
    folder = w.path + "/namen"
    os.makedirs(folder, exist_ok=True)
    for name in ("a\x1b[2J.xml", "b: valid vtoDi01\nb.xml", "c\u202elmx.xml"):
        for source in ("/vto.xml", "/fout.xml"):
            path = "%s/%s" % (folder, name)
            shutil.copyfile(w.path + source, path)
            out = w.daemon.ctl("validate", path, code=None, data=False).stdout
            assert all(c.isprintable() for c in out.replace("\n", "")), out
            assert all(re.search(r"\.xml: (valid|invalid) ", line) for line in out.splitlines()), out


def test_the_receipt_stands_in_the_audit_trail(w):
    """Docs/decisions/0007: the digest of what the receiver said, in the chain and with the delivery."""
    found = w.daemon.ctl("message", "trace", w.confirmed)
    receipts = {d["receipt"] for d in found["deliveries"] if d["state"] == "confirmed"}
    said = {detail(e).get("receipt") for e in found["events"] if e["event"] == "delivery.confirmed"}
    assert receipts and receipts == said, found


def detail(event):
    return json.loads(event["detail"]) if isinstance(event["detail"], str) else event["detail"]


def test_every_json_parses(w):
    for args, code in verbs(w):
        run = w.daemon.ctl(*args, code=code, data=False)
        assert run.stdout
        assert w.daemon.ctl(*args, code=code) is not None, args
    run = harness.ctl(w.daemon.config, "message", "list", data=True)
    json.loads(run.stdout)


def test_the_four_are_where_they_belong(w):
    assert w.dead in json.dumps(w.daemon.ctl("dead"))
    assert w.confirmed not in json.dumps(w.daemon.ctl("dead"))
    listed = json.dumps(w.daemon.ctl("message", "list"))
    for id_ in (w.confirmed, w.held, w.dead, w.waiting):
        assert id_ in listed
    queue = json.dumps(w.daemon.ctl("queue"))
    assert "dronten" in queue


def test_a_prefix_of_the_number_will_do(w):
    shown = w.daemon.ctl("message", "show", w.confirmed[:-1])
    assert w.confirmed in json.dumps(shown)


def test_explain_says_why(w):
    text = w.daemon.ctl("route", "explain", w.path + "/vto.xml", data=False).stdout
    for word in ("vto-naar-raad", "vto-kennisgeving", "raad", "lelystad"):
        assert word in text, text
    assert "Proefkonijn" not in text and "999120001" not in text
    at = w.daemon.ctl("route", "explain", w.path + "/vto.xml", "--at", "2026-01-01", data=False)
    assert "vto-naar-raad" in at.stdout


def test_explain_agrees_with_the_daemon(w):
    text = w.daemon.ctl("route", "explain", w.path + "/vto.xml", "--as", "gi", code=None, data=False)
    with open(w.path + "/vto.xml", "rb") as f:
        answer = w.send("gi", f.read(), status=None)
    assert (text.returncode == 0) == (answer.status == 202), (text.stdout, answer)


@pytest.mark.parametrize("args", [
    [], ["onzin"], ["message"], ["message", "show"], ["message", "show", "zzz"], ["retry"],
    ["validate"], ["validate", "/nowhere/at/all.xml"], ["route", "explain", "/nowhere.xml"],
    ["message", "list", "--limit", "veel"]])
def test_wrong_use_is_told(w, args):
    run = w.daemon.ctl(*args, code=None, data=False)
    assert run.returncode in (1, 2), (args, run)
    assert run.stdout + run.stderr


def test_unknown_message(w):
    run = w.daemon.ctl("message", "show", "00000000-0000-7000-8000-000000000000", code=None, data=False)
    assert run.returncode == 1 and run.stderr


def test_config_check_says_where(w):
    broken = dict(w.config, parties=[dict(w.config["parties"][0], oin="12")])
    path = w.path + "/broken.yaml"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(broken, f, indent=1)
    run = harness.ctl(path, "config", "check", data=False)
    assert run.returncode == 1
    assert "oin" in run.stdout + run.stderr
    assert any(part.isdigit() for part in (run.stdout + run.stderr).replace(":", " ").split())


def certificate(w, name, first, last):
    """Valid from so many days from now until so many; returns the days as corvd writes them."""
    begin, end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=d, hours=1)
                  for d in (first, last))
    place = "%s/%s" % (w.path, name)
    os.makedirs(place + ".made", exist_ok=True)
    subprocess.run(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {o}.key"
        " -subj '/O=corvd test/CN=localhost' -out {o}.csr && : > {o}.made/index &&"
        " printf '[ca]\ndefault_ca=h\n[h]\ndatabase={o}.made/index\nnew_certs_dir={o}.made\nrand_serial=yes\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' > {o}.cnf &&"
        " openssl ca -batch -config {o}.cnf -notext -in {o}.csr -out {o}.pem -cert {p}/ca.pem"
        " -keyfile {p}/ca.key -startdate {b:%Y%m%d%H%M%SZ} -enddate {e:%Y%m%d%H%M%SZ}".format(
            o=place, p=w.pki.path, b=begin, e=end), shell=True, check=True, capture_output=True)
    return place + ".pem", "%s" % begin.date(), "%s" % end.date()


def check_with(w, **over):
    """Of config check: exit code and findings by code; corvd --check says the same."""
    path = w.path + "/certificates.yaml"
    config = {**w.config, **{k: {**w.config[k], **v} for k, v in over.items()}}
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1)
    run = harness.ctl(path, "config", "check")
    found = {f["code"]: f for f in json.loads(run.stdout)["findings"]}
    daemon = subprocess.run([harness.BUILD + "/corvd", "--config", path, "--check"],
                            capture_output=True, text=True, check=False)
    assert (daemon.returncode == 0) == (run.returncode == 0), daemon.stderr
    assert all(code in daemon.stderr for code in found if code.startswith("config.certificate")), daemon.stderr
    return run.returncode, found


@pytest.mark.parametrize("section", ["listen", "delivery"])
@pytest.mark.parametrize("days,code,bad", [
    ((-40, -10), "expired", True), ((3, 300), "early", True), ((-40, 20), "soon", False)])
def test_config_check_looks_at_dates(w, section, days, code, bad):
    """With the file and the day."""
    pem, begin, end = certificate(w, code, *days)
    exit_code, found = check_with(w, **{section: {"certificate": pem, "key": pem[:-4] + ".key"}})
    one = found["config.certificate-" + code]
    assert exit_code == int(bad)
    assert one["severity"] == ("error" if bad else "warning")
    assert one["path"] == section + ".certificate"
    assert pem in one["text"] and (begin if code == "early" else end) in one["text"]


def test_config_check_knows_which_key_goes_with_a_certificate(w):
    code, found = check_with(w, delivery={"key": w.pki.key("raad")})
    assert code == 1 and found["config.key-other"]["path"] == "delivery.key"
    assert w.pki.key("raad") in found["config.key-other"]["text"]
    code, found = check_with(w, listen={"key": w.pki.cert("server")})
    assert code == 1 and "config.key-unusable" in found


def test_config_check_bears_with_a_bundle_that_holds_an_old_issuer(w):
    """That another issuer in it has run out stops nobody; that all of them have stops everybody."""
    old, _, end = certificate(w, "issuer", -40, -10)
    both = w.path + "/both.pem"
    with open(both, "w", encoding="ascii") as f:
        f.write(open(old, encoding="ascii").read() + open(w.pki.ca, encoding="ascii").read())
    code, found = check_with(w, listen={"client_ca": both})
    one = found["config.certificate-expired"]
    assert code == 0 and one["severity"] == "warning" and end in one["text"]
    code, found = check_with(w, listen={"client_ca": old})
    assert code == 1 and found["config.certificate-expired"]["severity"] == "error"


def test_hold_and_drop_leave_a_trace(w):
    w.daemon.ctl("hold", w.waiting, "--reason", "TEST wacht op overleg")
    w.settled(w.waiting, 1, "held")
    w.daemon.ctl("release", w.waiting)
    w.partners["dronten"].start()
    w.settled(w.waiting, 1)
    trace = json.dumps(w.daemon.ctl("message", "trace", w.waiting))
    assert "operator:" in trace
    w.audit_ok()


def test_tampering_is_seen(w):
    """As the owner of the tables; corvd's own role may not even do this."""
    w.audit_ok()
    row = w.daemon.sql("SELECT chain, seq, actor FROM corv.audit ORDER BY at LIMIT 1")[0]
    where = "WHERE chain = %s AND seq = %s" % (row[0], row[1])
    w.daemon.sql("UPDATE corv.audit SET actor = 'operator:iemand' " + where)
    run = w.daemon.ctl("audit", "verify", code=None, data=False)
    assert run.returncode != 0 and row[1] in run.stdout + run.stderr
    w.daemon.sql("UPDATE corv.audit SET actor = '%s' %s" % (row[2], where))
    w.audit_ok()
