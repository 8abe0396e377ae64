# SPDX-License-Identifier: EUPL-1.2
"""Every answer of POST /v1/messages that DESIGN.md promises, and that of the admin listener."""
import os
import re
import socket
import time

import harness
import messages
import pytest
from world import World


def problem(answer, status):
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json
    assert body["status"] == status and body["title"] and re.fullmatch(r"[a-z0-9.-]+", body["code"])
    return body


def test_202_says_what_will_happen(world):
    answer = world.send("veilig-thuis", world.vto())
    assert answer.headers["content-type"] == "application/json"
    said = answer.json
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", said["id"])
    assert [(d["to"], d["state"]) for d in said["deliveries"]] == [
        ("raad", "waiting"), ("lelystad", "waiting")]


def test_202_is_committed_before_it_is_said(world):
    answer = world.send("veilig-thuis", world.vto())
    assert "message.stored" in world.audit(answer.id)


def test_200_for_a_repeat(world):
    body = world.vto()
    first, again = world.send("veilig-thuis", body), world.send("veilig-thuis", body, status=200)
    assert again.id == first.id


def test_409_for_the_same_reference_with_other_content(world):
    reference = messages.reference()
    world.send("veilig-thuis", world.vto(referentie=reference))
    before = world.daemon.sql("SELECT count(*) FROM corv.message")
    said = problem(world.send("veilig-thuis", world.vto(referentie=reference, zaak="TEST-ANDERS-1"),
                              status=409), 409)
    assert "StUF016" in said["detail"]
    assert world.daemon.sql("SELECT count(*) FROM corv.message") == before


def confirmation(receiver, reference="", organisatie=""):
    """A Bv03, which may leave its zender's organisatie out."""
    return ("""<s:Bv03Bericht xmlns:s="http://www.egem.nl/StUF/StUF0301"><s:stuurgegevens>
<s:berichtcode>Bv03</s:berichtcode><s:zender>%s<s:applicatie>TEST</s:applicatie></s:zender>
<s:ontvanger><s:organisatie>%s</s:organisatie><s:applicatie>TEST</s:applicatie></s:ontvanger>
<s:referentienummer>%s</s:referentienummer><s:tijdstipBericht>20260105120000</s:tijdstipBericht>
<s:crossRefnummer>TEST-1</s:crossRefnummer></s:stuurgegevens></s:Bv03Bericht>"""
            % (organisatie and "<s:organisatie>%s</s:organisatie>" % organisatie, receiver, reference)).encode()


@pytest.mark.parametrize("reference", ["", "TEST-van-twee"])
def test_the_reference_of_one_party_says_nothing_about_that_of_another(make_world, reference):
    """Two parties, the same words, no organisatie in either: the certificate tells them apart. Else
    the second would get the first one's number and its message would never arrive."""
    world = make_world(rules=[{"rule": "referentienummer-leeg", "mode": "waarschuwen"}])
    body = confirmation(world.by_id["raad"]["oin"], reference)
    first, other = world.send("veilig-thuis", body), world.send("gi", body)
    assert first.id != other.id and other.json["deliveries"][0]["to"] == "raad"
    assert world.send("gi", body, status=200).id == other.id


def test_a_reference_is_the_same_however_its_zender_is_written(world):
    raad, me = world.by_id["raad"]["oin"], world.by_id["gi"]["oin"]
    reference = messages.reference()
    world.send("gi", confirmation(raad, reference, me))
    for written in ("", " %s  " % me):
        problem(world.send("gi", confirmation(raad, reference, written), status=409), 409)


def test_422_with_all_findings_and_no_values(world):
    said = problem(world.send("veilig-thuis", world.render("vto-met-fouten", "veilig-thuis"),
                              status=422), 422)
    wrong = {re.sub(r".*[:/]", "", re.sub(r"\[\d+\]$", "", f["path"])) for f in said["findings"]}
    assert wrong == {"registratiedatum", "inp.bsn", "geslachtsaanduiding", "aoa.postcode",
                     "omschrijving"}, said
    for f in said["findings"]:
        assert f["line"] > 0 and f["layer"] == "schema" and f["severity"] == "error"
        assert f["text"][0].isupper() and f["text"].endswith("."), f["text"]
        assert f["who"] in ("behandelaar", "beheerder", "leverancier", "partner")
    text = str(said)
    for value in ("99912000", "8299 ZZ", "gesag", "2026-10-12", "Proefkonijn"):
        assert value not in text, "the refusal quotes " + value


def test_a_refusal_leaves_an_audit_line_and_no_message(world):
    before = world.daemon.sql("SELECT count(*) FROM corv.message")
    said = problem(world.send("veilig-thuis", world.render("vto-met-fouten", "veilig-thuis"),
                              status=422), 422)
    assert world.audit(said["id"]) == ["message.refused"]
    assert world.daemon.sql("SELECT count(*) FROM corv.message") == before


@pytest.mark.parametrize("body", [b"hallo", b"<a><b></a>", b"", b"\x00\x01", b"{}", b"<a>" * 10])
def test_400_for_what_is_no_xml(world, body):
    problem(world.send("veilig-thuis", body, status=400), 400)


def test_422_for_an_unknown_root(world):
    problem(world.send("veilig-thuis", b"<hallo xmlns='urn:x'/>", status=422), 422)


def test_403_for_a_certificate_without_a_party(world):
    for name in ("unknown-oin", "no-oin"):
        said = problem(world.send(name, world.vto(), status=403), 403)
        assert said["code"] == "access.unknown-party"


def test_403_when_the_sender_is_not_who_the_message_says(world):
    said = problem(world.send("gi", world.vto("veilig-thuis"), status=403), 403)
    assert {f["layer"] for f in said["findings"] if f["severity"] == "error"} == {"addressing"}


def test_403_when_the_kind_is_not_for_this_role(world):
    problem(world.send("aice", world.vto("aice"), status=403), 403)


def test_422_for_a_receiver_nobody_knows(world):
    body = world.render("notificatie-intake-afgerond", "raad", "00000099000000000777")
    problem(world.send("raad", body, status=422), 422)


def test_404_and_405(world):
    sender = world.daemon.sender("raad")
    for path in ("/", "/v1", "/v1/messages/", "/v2/messages", "/metrics", "/readyz", "/v1/messages%2f"):
        problem(sender.request("GET", path), 404)
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = sender.request(method, "/v1/messages", body=b"" if method == "PUT" else None)
        problem(answer, 405)
        assert answer.headers["allow"] == "POST"
    sender.close()


def test_415_for_another_content_type(world):
    for content_type in ("application/json", "application/x-www-form-urlencoded", "", "xml"):
        problem(world.send("veilig-thuis", world.vto(), status=415, content_type=content_type), 415)
    problem(world.send("veilig-thuis", world.vto(), status=415, Content_Encoding="gzip"), 415)


def test_413_before_the_body_is_sent(world):
    with socket.create_connection(("localhost", world.port), timeout=60) as plain:
        with world.pki.context("raad").wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n"
                        b"Content-Type: application/xml\r\nContent-Length: 36700161\r\n\r\n")
            assert tls.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.fixture(scope="module")
def small():
    """A corvd with little room."""
    world = World(name="small", limits={"total_body_bytes": 1048576, "body_bytes": 1048576})
    try:
        yield world.start()
    finally:
        world.close()


def test_413_for_a_chunked_body_that_grows_too_big(small):
    def chunks():
        for _ in range(400):
            yield b"x" * 4096

    try:
        answer = small.daemon.post("raad", chunks())
        assert answer.status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it may stop listening to the rest; that it stays well is what counts
    assert small.send("raad", small.notificatie("almere")).status == 202


def test_chunked_body_is_taken(world):
    body = world.notificatie("almere")
    parts = iter([body[:100], body[100:2000], body[2000:]])
    answer = world.daemon.post("raad", parts)  # an iterator goes out in chunks
    assert answer.status == 202
    world.settled(answer.id, 1)


def test_503_with_retry_after_when_too_much_is_under_way(small):
    """Bodies are held in memory until they are stored: what does not fit beside them comes later."""
    world = small
    with socket.create_connection(("localhost", world.port), timeout=60) as plain:
        with world.pki.context("raad").wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
                        b"Content-Length: 1000000\r\n\r\n" + b" " * 900000)

            def refused():
                answer = world.daemon.post("veilig-thuis", messages.padded(world.vto(), 300000))
                return answer if answer.status == 503 else None
            answer = harness.poll("a 503", refused)
            problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
    harness.poll("room again", lambda: world.daemon.post("veilig-thuis", world.vto()).status == 202)


def test_503_when_no_key_can_be_kept_to_seal_with(make_world):
    """A full or broken disk under state_dir/keys: for later, not a fault of ours or the sender's."""
    w = make_world(start=False, name="keys")
    now = time.time()
    places = [time.strftime(w.path + "/state/keys/%Y%m%d%H.key", time.gmtime(now + h * 3600)) for h in (0, 1)]
    for place in places:
        os.makedirs(place)
    os.chmod(w.path + "/state/keys", 0o700)
    w.start()
    said = problem(w.send("raad", w.notificatie("almere"), status=503), 503)
    assert said["code"] == "store.away" and not w.daemon.sql("SELECT 1 FROM corv.message")
    for place in places:
        os.rmdir(place)
    w.send("raad", w.notificatie("almere"))


def test_many_requests_on_one_connection(world):
    sender = world.daemon.sender("raad")
    first = sender.connection
    for _ in range(20):
        assert sender.post(world.notificatie("almere")).status == 202
        first = first or sender.connection
        assert sender.connection is first
    sender.close()


def test_admin_listener(world):
    assert world.daemon.admin("/livez").status == 200
    ready = world.daemon.admin("/readyz")
    assert ready.status == 200 and ready.json["ready"] is True and ready.json["database"] is True
    metrics = world.daemon.admin("/metrics").body.decode()
    assert re.search(r"^corvd_messages_accepted_total [1-9]", metrics, re.M)
    assert world.daemon.admin("/v1/messages").status == 404
