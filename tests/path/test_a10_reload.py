# SPDX-License-Identifier: EUPL-1.2
"""A new configuration without a restart: all of it or nothing, and nobody is disconnected."""
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess

import harness
import pytest
import world as chain
from harness import poll


def served_certificate(w):
    """The fingerprint a new connection is shown."""
    context = ssl._create_unverified_context()
    context.load_cert_chain(w.pki.cert("raad"), w.pki.key("raad"))
    with socket.create_connection(("localhost", w.port), timeout=30) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            return harness.sha256(tls.getpeercert(True))


def own_files(w):
    """The server's certificate in files of our own, so that they can be replaced."""
    for section, keys in (("listen", ("certificate", "key", "client_crl")),
                          ("delivery", ("certificate", "key"))):
        for key in keys:
            mine = "%s/%s-%s.pem" % (w.path, section, key)
            shutil.copy(w.config[section][key], mine)
            w.config[section][key] = mine
    w.write()


def new_certificate(w, section):
    """Another certificate of the same CA with the same names."""
    other = w.path + "/" + section + "-new"
    subprocess.run(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {o}.key"
        " -subj '/O=corvd test/serialNumber={oin}/CN=localhost' -out {o}.csr &&"
        " printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' > {o}.ext &&"
        " openssl x509 -req -in {o}.csr -CA {p}/ca.pem -CAkey {p}/ca.key -set_serial 0x{n} -days 30"
        " -extfile {o}.ext -out {o}.pem".format(
            o=other, p=w.pki.path, oin=chain.OWN_OIN, n=os.urandom(8).hex()),
        shell=True, check=True, capture_output=True)
    shutil.copy(other + ".key", w.config[section]["key"])
    shutil.copy(other + ".pem", w.config[section]["certificate"])


def reload_events(w):
    return [r for r in w.daemon.sql("SELECT event, actor, detail FROM corv.audit"
                                    " WHERE event LIKE 'config.%' ORDER BY seq")]


@pytest.fixture(scope="module", name="w")
def fixture_w():
    w = chain.World(name="reload")
    own_files(w)
    try:
        yield w.start()
    finally:
        w.close()


def test_certificate_rolls_over_while_a_connection_stays(w):
    before = served_certificate(w)
    sender = w.daemon.sender("veilig-thuis")
    assert sender.post(w.vto()).status == 202
    local = sender.connection.sock.getsockname()
    new_certificate(w, "listen")
    new_certificate(w, "delivery")
    answer = w.daemon.ctl("reload")
    assert answer["applied"] and answer["restart"] == []
    assert {f["severity"] for f in answer["findings"]} <= {"warning"}
    assert served_certificate(w) != before
    said = sender.post(w.vto())
    assert said.status == 202
    assert sender.connection.sock.getsockname() == local, "it was made to connect anew"
    w.settled(said.id, 2)
    sender.close()


def test_delivery_uses_the_new_certificate(w):
    """The receiver sees another certificate after the reload, on a connection of its own."""
    before = w.daemon.ctl("reload")["number"]
    new_certificate(w, "delivery")
    assert w.daemon.ctl("reload")["number"] == before + 1
    said = w.send("raad", w.notificatie("almere"))
    w.settled(said.id, 1)


def test_a_party_and_a_route_come_and_go(w):
    name = "nieuw-hier"
    gi = dict(w.by_id["gi"])
    answer = w.daemon.post("gi", w.vto("gi"))
    assert answer.status == 202
    w.config["parties"] = [p for p in w.parties if p["id"] != "gi"]
    w.write()
    assert w.daemon.ctl("reload")["applied"]
    assert w.daemon.post("gi", w.vto("gi")).json["code"] == "access.unknown-party"
    gi["name"] = name
    w.config["parties"] = [gi if p["id"] == "gi" else p for p in w.parties]
    w.write()
    assert w.daemon.ctl("reload")["applied"]
    said = w.send("gi", w.vto("gi"))
    w.settled(said.id, 2)


def test_a_rule_can_be_turned_off(w):
    broken, changed = re.subn(rb"<BG:inp.bsn>\d{9}</BG:inp.bsn>", b"<BG:inp.bsn>999999999</BG:inp.bsn>",
                              w.vto(), count=1)
    assert changed == 1 and w.daemon.post("veilig-thuis", broken).status == 422
    w.config["rules"] = [{"rule": "bsn-elfproef", "mode": "uit"}]
    w.write()
    assert w.daemon.ctl("reload")["applied"]
    assert w.daemon.post("veilig-thuis", broken).status == 202
    w.config["rules"] = []
    w.write()
    assert w.daemon.ctl("reload")["applied"]
    assert w.daemon.post("veilig-thuis", w.vto()).status == 202


def test_all_that_is_wrong_is_told_and_the_old_one_stays(w):
    served = served_certificate(w)
    good_key = open(w.config["listen"]["key"], "rb").read()
    good = dict(w.config["adapters"][0])
    try:
        with open(w.config["listen"]["key"], "wb") as f:
            f.write(open(w.pki.key("raad"), "rb").read())  # not of this certificate
        w.config["adapters"] = [{**good, "settings": [{"key": "kleur", "value": "rood"}]}]
        w.config["rules"] = [{"rule": "bestaat-niet", "mode": "uit"}]
        w.config["delivery"]["timeout_seconds"] = 11
        w.config["delivery"]["lease_seconds"] = 200
        w.write()
        said = w.daemon.ctl("reload", code=1)
        codes = {f["code"] for f in said["findings"] if f["severity"] == "error"}
        assert not said["applied"] and codes == {"tls.key-other", "adapter.setting", "rules.unknown"}, said
        assert served_certificate(w) == served
        assert w.send("veilig-thuis", w.vto()).status == 202
        event, actor, detail = reload_events(w)[-1]
        assert event == "config.rejected" and actor == "operator:%s@%s" % (
            os.environ.get("SUDO_USER") or pwd.getpwuid(os.geteuid()).pw_name, socket.gethostname())
        assert '"errors":3' in detail.replace(" ", "")
        assert "kleur" not in detail
    finally:
        with open(w.config["listen"]["key"], "wb") as f:
            f.write(good_key)
        w.config["adapters"] = [good]
        w.config["rules"] = []
        w.config["delivery"]["timeout_seconds"] = 10
        w.config["delivery"]["lease_seconds"] = 12
        w.write()
    assert w.daemon.ctl("reload")["applied"]


def test_a_file_that_is_no_configuration_never_reaches_the_daemon(w):
    with open(w.daemon.config, encoding="utf-8") as f:
        good = f.read()
    number = w.daemon.admin("/reload").json["number"]
    try:
        with open(w.daemon.config, "w", encoding="utf-8") as f:
            f.write(good.replace('"limits"', '"limietjes"').replace('"node"', '"nood"'))
        said = w.daemon.ctl("reload", code=1)
        assert not said["valid"] and len(said["findings"]) >= 1
        assert w.daemon.admin("/reload").json["number"] == number
        os.kill(w.daemon.pid, signal.SIGHUP)  # the signal asks the daemon itself
        poll("refused", lambda: w.daemon.admin("/reload").json["number"] == number + 1)
        last = w.daemon.admin("/reload").json
        assert not last["applied"] and last["to"] == "" and last["findings"], last
        poll("in the trail", lambda: reload_events(w)[-1][:2] == ["config.rejected", "node:test"])
    finally:
        with open(w.daemon.config, "w", encoding="utf-8") as f:
            f.write(good)
    assert w.send("veilig-thuis", w.vto()).status == 202


def test_a_wrong_file_does_not_hide_a_daemon_that_runs(w):
    """status is what a monitor asks: 2 would wake somebody for a corvd that works."""
    with open(w.daemon.config, encoding="utf-8") as f:
        good = f.read()
    try:
        with open(w.daemon.config, "w", encoding="utf-8") as f:
            f.write(good.replace('"limits"', '"limietjes"').replace('"node"', '"nood"'))
        checks = {c["name"]: c for c in w.daemon.ctl("status", code=1)["checks"]}
        assert checks["daemon"]["state"] == "ok" and checks["configuration"]["state"] == "attention"
        assert checks["configuration"]["text"].split()[1].startswith("fout")
        said = w.daemon.ctl("status", code=1, data=False).stdout
        assert "draait en neemt berichten aan" in said and "corvctl config check" in said
        assert max(len(line) for line in said.splitlines()) <= 80
        assert w.daemon.ctl("incidents", code=None) is not None
    finally:
        with open(w.daemon.config, "w", encoding="utf-8") as f:
            f.write(good)
    assert "configuration" not in {c["name"] for c in w.daemon.ctl("status", code=None)["checks"]}


def test_what_needs_a_restart_is_named_every_time(w):
    w.config["listen"]["port"] = harness.free_port()
    w.config["workers"] = 3
    w.config["limits"] = {"body_bytes": 300000}
    w.write()
    try:
        for _ in (1, 2):
            said = w.daemon.ctl("reload")
            assert said["applied"] and sorted(said["restart"]) == ["listen.port", "workers"]
        too_large = w.vto() + b"<!--" + b"x" * 400000 + b"-->"
        assert w.daemon.post("veilig-thuis", too_large).status == 413  # the limit counts at once
        assert w.send("veilig-thuis", w.vto()).status == 202  # on the old port
    finally:
        w.config["listen"]["port"] = w.port
        w.config["workers"] = 2
        w.config["limits"] = {}
        w.write()
    assert w.daemon.ctl("reload")["restart"] == []


def test_an_adapter_can_be_added_and_removed(w):
    almere = w.by_id["almere"]
    w.config["adapters"].append({"name": "lus", "library": "builtin:loopback"})
    was = almere["adapter"], almere["address"]
    almere["adapter"], almere["address"] = "lus", "ok"
    w.write()
    try:
        assert w.daemon.ctl("reload")["applied"]
        said = w.send("raad", w.notificatie("almere"))
        w.settled(said.id, 1)
    finally:
        almere["adapter"], almere["address"] = was
        w.config["adapters"].pop()
        w.write()
    assert w.daemon.ctl("reload")["restart"] == ["adapters[lus].name"]
    before = len(w.partners["almere"].ledger())
    w.settled(w.send("raad", w.notificatie("almere")).id, 1)
    assert len(w.partners["almere"].ledger()) == before + 1


def empty_list(w):
    """A revocation list of the same CA on which nobody stands."""
    conf = w.path + "/empty.cnf"
    with open(conf, "w", encoding="ascii") as f:
        f.write("[ca]\ndefault_ca=e\n[e]\ndatabase=%s/empty.txt\ndefault_md=sha256\n" % w.path)
    open(w.path + "/empty.txt", "w", encoding="ascii").close()
    return subprocess.run(
        ["openssl", "ca", "-config", conf, "-gencrl", "-crldays", "30", "-cert", w.pki.ca,
         "-keyfile", w.pki.file("ca.key")], check=True, capture_output=True).stdout


def test_a_revoked_certificate_is_refused_after_reload(w):
    path = w.config["listen"]["client_crl"]
    with open(path, "rb") as f:
        good = f.read()

    def answered():
        try:
            return w.daemon.post("revoked", w.vto()).status
        except (ssl.SSLError, OSError, harness.http.client.HTTPException):
            return 0

    def reload_with(text, code=0):
        with open(path, "wb") as f:
            f.write(text)
        return w.daemon.ctl("reload", code=code)

    assert answered() == 0
    assert reload_with(empty_list(w))["applied"]
    assert answered() == 403  # let in, but nobody we know
    said = reload_with(b"geen lijst\n", code=1)
    assert "tls.file" in [f["code"] for f in said["findings"]]
    assert answered() == 403  # the list in force stays
    assert reload_with(good)["applied"]
    assert answered() == 0


def test_under_load_no_request_fails(w):
    """Reloads while messages come in on kept connections and new ones."""
    senders = [w.daemon.sender(n) for n in ("veilig-thuis", "gi")]
    numbers = []
    for turn in range(10):
        for sender, name in zip(senders, ("veilig-thuis", "gi")):
            said = sender.post(w.vto(name))
            assert said.status == 202
            numbers.append(said.id)
        if turn % 2:
            os.kill(w.daemon.pid, signal.SIGHUP)
        numbers.append(w.send("raad", w.notificatie("dronten")).id)
    for s in senders:
        s.close()
    w.quiet()
    assert len(set(numbers)) == 30
    w.audit_ok()


def test_who_may_ask(make_world):
    """Over a port nobody knows who asks: a signal does it, which the kernel guards."""
    w = make_world(start=False, admin={"socket": None, "port": harness.free_port()})
    w.config["admin"].pop("socket")
    w.write()
    port = w.config["admin"]["port"]

    def ask(method, path):
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    harness.start_all(w.partners.values())
    w.daemon.start(ready=False)
    poll("ready", lambda: ask("GET", "/readyz")[0] == 200, 40)
    status, body = ask("POST", "/reload")
    assert status == 403 and b"admin.unix-only" in body
    assert ask("PUT", "/reload")[0] == 405
    assert w.daemon.ctl("reload")["applied"]
    status, body = ask("GET", "/reload")
    assert status == 200 and b'"number":1' in body


def test_test_certificates_are_refused_for_real_messages(make_world):
    w = make_world(start=False, production=True)
    w.daemon.start(ready=False)
    assert w.daemon.ended() == 78
    assert "config.test-certificate" in w.daemon.log()
    found = harness.ctl(w.daemon.config, "config", "check")
    assert found.returncode == 1 and "config.test-certificate" in found.stdout


def test_how_long_certificates_last_is_measured(w):
    labels = '{what="listen.certificate"}'
    days = poll("measured", lambda: w.daemon.metric("certificate_left_seconds", labels)) / 86400
    assert 20 <= days <= 30  # the one made above
    assert any(e["what"] == "listen.certificate" for e in w.daemon.events("certificate.expires"))
    told = {c["key"]: c for c in w.daemon.ctl("cert", "check", code=1)}
    assert not told["listen.certificate"]["good"] and told["listen.client_ca"]["good"]
