# SPDX-License-Identifier: EUPL-1.2
"""The decision table of docs/antwoorden.md, row by row, against a running corvd: what the sender gets
at once (HTTP), and what it gets later (Fo01). The Fo03 of the same rows is written by the same table
and has its golden tests in tests/unit/test_stuf_fault.c."""
import os
import re
import socket
import subprocess
import sys

import harness
import messages
import pytest
from world import World

sys.path.insert(0, os.path.join(harness.TOP, "tests", "lint"))
import answers  # noqa: E402

ANSWERS, CODES = answers.rows(harness.TOP)
BY_NAME = {a["name"]: a for a in ANSWERS}
BY_CODE = {c["code"]: c for c in CODES}
NEXT = answers.nexts(harness.TOP)
TESTED = set()


@pytest.fixture(scope="module")
def chain():
    w = World(name="a06", limits={"body_bytes": 1 << 20, "total_body_bytes": 1 << 20, "header_seconds": 2},
              delivery={"retry_first_seconds": 1, "retry_max_seconds": 1, "give_up_seconds": 60},
              rules=[{"rule": "*", "mode": "uit"}, {"rule": "bsn-elfproef", "mode": "afdwingen"},
                     {"rule": "bsn-elfproef", "mode": "waarschuwen", "party": "gi"}])
    try:
        yield w.start()
    finally:
        w.close()


def problem(answer, name, code=None):
    """The answer is this row of the table, whole."""
    row = BY_NAME[name]
    assert answer.status == int(row["status"]), answer
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json
    assert body["status"] == answer.status and body["title"] == row["title"], body
    known = BY_CODE.get(body["code"]) or BY_CODE["rule.*"]
    assert known["answer"] == name and (code is None or body["code"] == code), body
    assert body["detail"].endswith(".") and body["next"] == NEXT[row["next"]], body
    assert body["who"] in ("behandelaar", "beheerder", "leverancier", "partner")
    assert body.get("stuf", "") == row["stuf"], body
    assert ("retry-after" in answer.headers) == (answer.status == 503)
    for f in body.get("findings", []):
        assert f["code"] and f["text"].endswith(".") and f["who"] and f["layer"], f
    TESTED.add(name)
    return body


def raw(chain, text, party="raad"):
    """Bytes that no HTTP library would send."""
    with socket.create_connection(("localhost", chain.port), timeout=60) as plain:
        with chain.pki.context(party).wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(text)
            got = b""
            while b"\r\n\r\n" not in got or len(got.split(b"\r\n\r\n", 1)[1]) < length(got):
                piece = tls.recv(65536)
                assert piece, got
                got += piece
    head, body = got.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    return harness.Answer(int(lines[0].split()[1]), [x.split(": ", 1) for x in lines[1:]], body)


def length(got):
    return int(re.search(rb"Content-Length: (\d+)", got).group(1))


# ---- the message itself ----------------------------------------------------------------------


def test_not_well_formed(chain):
    body = problem(chain.send("veilig-thuis", chain.vto()[:-20], status=None), "NOT_XML")
    assert body["findings"][0]["layer"] == "well-formed" and body["findings"][0]["line"] > 0
    problem(chain.send("veilig-thuis", b"", status=None), "NOT_XML", "well-formed.empty")


def test_unsafe(chain):
    text = chain.vto().replace(b"?>", b"?><!DOCTYPE x>", 1)
    body = problem(chain.send("veilig-thuis", text, status=None), "UNSAFE", "security.doctype")
    assert body["findings"][0]["layer"] == "security"


def test_wrong_envelope(chain):
    problem(chain.send("veilig-thuis", b"<hallo xmlns='urn:x'/>", status=None), "ENVELOPE", "schema.unknown-kind")
    soap = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>"
    problem(chain.send("veilig-thuis", soap, status=None), "ENVELOPE", "schema.soap-body")


def test_schema(chain):
    answer = chain.send("veilig-thuis", chain.render("vto-met-fouten", "veilig-thuis"), status=None)
    body = problem(answer, "SCHEMA")
    assert len(body["findings"]) > 3
    assert all(f["path"].startswith("/JZ:vtoDi01/") and f["line"] > 0 for f in body["findings"])
    assert {f["who"] for f in body["findings"]} == {"behandelaar"}


def test_rule(chain):
    """A BSN that fails the elfproef: the schema lets it pass."""
    text = chain.vto().replace(b"999120001", b"999120002")
    body = problem(chain.send("veilig-thuis", text, status=None), "RULE", "rule.bsn-elfproef")
    found = body["findings"][0]
    assert found["article"] and found["path"].endswith("inp.bsn") and found["line"] > 0, found
    assert "999120002" not in str(body)


def test_a_rule_that_only_warns(chain):
    text = chain.vto("gi").replace(b"999120001", b"999120002")
    said = chain.send("gi", text).json
    assert [(f["code"], f["severity"]) for f in said["findings"]] == [("rule.bsn-elfproef", "warning")]


def test_duplicate(chain):
    reference = messages.reference()
    first = chain.vto(referentie=reference)
    number = chain.send("veilig-thuis", first).id
    again = chain.send("veilig-thuis", first, status=200)
    assert again.id == number
    other = chain.vto(referentie=reference, zaak="TEST-ANDERS-2")
    problem(chain.send("veilig-thuis", other, status=None), "DUPLICATE")


def test_too_large(chain):
    problem(chain.send("veilig-thuis", messages.padded(chain.vto(), (1 << 20) + 1), status=None), "TOO_LARGE")


# ---- who and where to -------------------------------------------------------------------------


def test_unknown_certificate(chain):
    problem(chain.send("unknown-oin", chain.vto(), status=None), "STRANGER")


def test_not_authorised(chain):
    body = problem(chain.send("gi", chain.vto("veilig-thuis"), status=None), "NOT_ALLOWED",
                   "addressing.zender-not-peer")
    assert body["findings"][0]["path"].endswith("StUF:zender/StUF:organisatie")
    problem(chain.send("aice", chain.vto("aice"), status=None), "NOT_ALLOWED")


def test_unknown_recipient(chain):
    text = chain.render("notificatie-intake-afgerond", "raad", "00000099000000000777")
    body = problem(chain.send("raad", text, status=None), "ADDRESS", "addressing.recipient-unknown")
    assert body["who"] == "beheerder" and body["findings"][0]["line"] > 0


def test_when_both_are_wrong_the_upper_row_decides(chain):
    """Not allowed stands above the unknown recipient; both findings are told."""
    text = chain.render("notificatie-intake-afgerond", "raad", "00000099000000000777")
    body = problem(chain.send("gi", text, status=None), "NOT_ALLOWED")
    assert len(body["findings"]) >= 1


def test_held(chain):
    said = chain.send("veilig-thuis", chain.vto(woonplaats="Nergenshuizen")).json
    held = [d for d in said["deliveries"] if d["state"] == "held"]
    assert len(held) == 1 and held[0]["question"]
    assert chain.deliveries(said["id"])
    TESTED.add("HELD")


def test_taken_with_a_warning(chain):
    said = chain.send("almere", chain.vto("almere", woonplaats="Dronten")).json
    assert [(f["code"], f["severity"]) for f in said["findings"]] == [("addressing.other-gemeente", "warning")]
    assert BY_CODE["addressing.other-gemeente"]["answer"] == "WARNED"
    TESTED.add("WARNED")


def test_taken_without_a_remark(chain):
    assert "findings" not in chain.send("veilig-thuis", chain.vto()).json


# ---- HTTP ---------------------------------------------------------------------------------------


def test_http_answers(chain):
    sender = chain.daemon.sender("raad")
    problem(sender.request("GET", "/"), "NOT_FOUND")
    answer = sender.request("GET", "/v1/messages")
    problem(answer, "METHOD")
    assert answer.headers["allow"] == "POST"
    sender.close()
    problem(chain.send("raad", chain.vto(), status=None, content_type="text/plain"), "MEDIA")
    problem(chain.daemon.admin("/nowhere"), "NOT_FOUND")
    problem(raw(chain, b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), "REQUEST")
    problem(raw(chain, b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"), "EXPECT")
    problem(raw(chain, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70000 + b"\r\n\r\n"), "HEADERS")
    problem(raw(chain, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), "UNKNOWN_HTTP")
    problem(raw(chain, b"GET / HTTP/3.1\r\nHost: a\r\n\r\n"), "HTTP_VERSION")
    problem(raw(chain, b"GET / HTTP/1.1\r\n"), "SLOW")  # and nothing more


# ---- ours ---------------------------------------------------------------------------------------


def test_overload(chain):
    with socket.create_connection(("localhost", chain.port), timeout=60) as plain:
        with chain.pki.context("raad").wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
                        b"Content-Length: 1000000\r\n\r\n" + b" " * 900000)

            def refused():
                answer = chain.daemon.post("veilig-thuis", messages.padded(chain.vto(), 300000))
                return answer if answer.status == 503 else None
            problem(harness.poll("a 503", refused), "OVERLOAD", "http.busy")
    harness.poll("room again", lambda: chain.daemon.post("veilig-thuis", chain.vto()).status == 202)


def test_internal(chain):
    """A database that refuses this one message: a bug of ours, told as such; the next one is taken."""
    reference = messages.reference()
    chain.daemon.sql("ALTER TABLE corv.message ADD CONSTRAINT no_more CHECK (referentie <> '%s') NOT VALID"
                     % reference)
    try:
        answer = chain.send("veilig-thuis", chain.vto(referentie=reference), status=None)
        problem(answer, "INTERNAL", "store.rejected")
        assert chain.send("veilig-thuis", chain.vto()).status == 202
    finally:
        chain.daemon.sql("ALTER TABLE corv.message DROP CONSTRAINT no_more")
    assert chain.send("veilig-thuis", chain.vto(referentie=reference)).status == 202


# ---- taken in, and yet not delivered: Fo01 ------------------------------------------------------


def fault_for(chain, reference, name, code):
    """The Fo01 about that reference, as veilig-thuis received it."""
    row = BY_NAME[name]

    def came():
        for entry in chain.partners["veilig-thuis"].taken():
            if entry.kind == "Fo01Bericht" and reference.encode() in entry.body:
                return entry.body
        return None
    body = harness.poll("a Fo01 about " + reference, came, 60)
    text = body.decode()

    def value(element):
        return re.search("<StUF:%s>([^<]*)</StUF:%s>" % (element, element), text).group(1)
    assert value("crossRefnummer") == reference
    assert (value("code"), value("plek")) == (row["stuf"], row["plek"])
    assert value("omschrijving") == "%s %s" % (BY_CODE[code]["text"], NEXT[row["next"]])
    assert value("details").startswith("code: %s; actie: " % code) and "ontvanger raad" in value("details")
    run = subprocess.run([os.path.join(harness.BUILD, "corvctl"), "validate", "/dev/stdin"], input=body,
                         capture_output=True, check=False)
    assert run.returncode == 0, run.stdout
    TESTED.add(name)


def test_receiver_refuses(chain):
    chain.partners["raad"].behave(status=422)
    try:
        reference = messages.reference()
        chain.send("veilig-thuis", chain.vto(referentie=reference))
        fault_for(chain, reference, "REFUSED", "deliver.refused")
    finally:
        chain.partners["raad"].behave()


def test_content_lost_and_receiver_never_reached(chain):
    """One message whose payload was damaged while it waited, and one that waits too long."""
    chain.partners["raad"].behave(status=500)
    try:
        lost, late = messages.reference(), messages.reference()
        first = chain.send("veilig-thuis", chain.vto(referentie=lost)).id
        chain.send("veilig-thuis", chain.vto(referentie=late))
        chain.settled(first, 1, "waiting")
        chain.daemon.sql("UPDATE corv.payload SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
                         " WHERE id = '%s'" % first)
        fault_for(chain, lost, "LOST", "payload.damaged")
        fault_for(chain, late, "GIVEN_UP", "deliver.given-up")
    finally:
        chain.partners["raad"].behave()


def test_every_row_was_tested():
    """Must be the last one: a new row needs a test."""
    if "LOST" not in TESTED:
        pytest.skip("only a part of this file was run")
    assert TESTED == set(BY_NAME)
