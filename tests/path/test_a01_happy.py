# SPDX-License-Identifier: EUPL-1.2
"""The ordinary days: each message of the chain reaches whom it is for, byte for byte, once."""
import re

import messages
from harness import sha256

CHILD = ("999120001", "Proefkonijn", "Maïté", "Nergensstraat", "8299ZZ", "Lelystad", "20190307")


def got(world, party, body):
    """The one entry of a partner's ledger with exactly these bytes."""
    found = [e for e in world.partners[party].ledger() if e.sha256 == sha256(body)]
    assert len(found) == 1, "%s got it %d times" % (party, len(found))
    return found[0]


def test_vto_of_veilig_thuis_reaches_the_raad_and_tells_the_gemeente(world):
    body = world.vto("veilig-thuis")
    answer = world.send("veilig-thuis", body)
    assert answer.json["kind"] == "vtoDi01" and answer.json["repeat"] is False
    found = world.settled(answer.id, 2)
    assert {(d["party"], d["route"], d["state"]) for d in found} == {
        ("raad", "vto-naar-raad", "confirmed"), ("lelystad", "vto-kennisgeving", "confirmed")}
    entry = got(world, "raad", body)
    assert entry.body == body and entry.attempt == 1 and entry.message == answer.id
    assert all(d["attempts"] == 1 for d in found)


def test_kennisgeving_says_nothing_about_the_child(world):
    reference = messages.reference()
    answer = world.send("gi", world.vto("gi", referentie=reference, zaak="TEST-ZAAK-GEHEIM"))
    world.settled(answer.id, 2)
    notes = [e for e in world.partners["lelystad"].ledger() if reference.encode() in e.body]
    assert len(notes) == 1
    text = notes[0].body.decode()
    for value in CHILD + ("TEST-ZAAK-GEHEIM", "Oefenmeester", "0320"):
        assert value not in text, "the kennisgeving tells %s" % value
    assert "vtoDi01" in text and world.by_id["gi"]["oin"] in text
    assert notes[0].message != answer.id  # a message of its own


def test_vto_of_a_gemeente_goes_to_the_raad_only(world):
    answer = world.send("lelystad", world.vto("lelystad"))
    found = world.settled(answer.id, 1)
    assert [(d["party"], d["state"]) for d in found] == [("raad", "confirmed")]


def test_vto_by_mandate_names_the_gemeente_that_mandated(world):
    answer = world.send("lokaal-team", world.vto("lokaal-team", woonplaats="Swifterbant"))
    found = world.settled(answer.id, 1)
    assert ("raad", "confirmed") in {(d["party"], d["state"]) for d in found}
    row = world.daemon.sql("SELECT sender, mandated_by, responsible FROM corv.message WHERE id = '%s'"
                           % answer.id)[0]
    assert row == ["lokaal-team", "dronten", "dronten"]


def test_no_mandate_for_another_gemeente(world):
    answer = world.send("lokaal-team", world.vto("lokaal-team", woonplaats="Almere"), status=403)
    assert answer.headers["content-type"] == "application/problem+json"
    assert [f["layer"] for f in answer.json["findings"] if f["severity"] == "error"] == ["addressing"]


def test_notificaties_reach_whom_they_are_for(world):
    for template, sender, receiver in (
            ("notificatie-intake-afgerond", "raad", "veilig-thuis"),
            ("notificatie-ambtshalve-gestart", "raad", "lelystad"),
            ("notificatiejr-opgelegd", "aice", "lelystad"),
            ("notificatiejr-vrijwillig", "raad", "lelystad")):
        body = world.render(template, sender, receiver)
        answer = world.send(sender, body)
        found = world.settled(answer.id, 1)
        assert [(d["party"], d["state"]) for d in found] == [(receiver, "confirmed")], template
        assert got(world, receiver, body).body == body


def test_variant_of_a_notificatie_is_known(world):
    for template, variant in (("notificatie-intake-afgerond", "intake-afgerond"),
                              ("notificatie-ambtshalve-gestart", "ambtshalve-gestart")):
        answer = world.send("raad", world.render(template, "raad", "lelystad"))
        row = world.daemon.sql("SELECT variant FROM corv.message WHERE id = '%s'" % answer.id)
        assert row == [[variant]]


def test_repeat_gets_the_same_answer_and_is_not_delivered_again(world):
    body = world.notificatie("almere")
    first = world.send("raad", body)
    world.settled(first.id, 1)
    for _ in range(3):
        again = world.send("raad", body, status=200)
        assert again.id == first.id and again.json["repeat"] is True
    world.quiet()
    got(world, "almere", body)
    assert world.audit(first.id).count("message.stored") == 1


def test_soap_envelope_is_taken_and_delivered_as_it_came(world):
    inner = re.sub(rb"^<\?xml[^>]*>", b"", world.notificatie("lelystad"))
    body = (b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
            + inner + b"</soap:Body></soap:Envelope>")
    answer = world.send("raad", body, content_type="text/xml; charset=utf-8", SOAPAction='""')
    assert answer.json["kind"] == "notificatieDi01"
    world.settled(answer.id, 1)
    assert got(world, "lelystad", body).body == body


def test_same_reference_of_another_sender_is_another_message(world):
    reference = messages.reference()
    first = world.send("veilig-thuis", world.vto("veilig-thuis", referentie=reference))
    second = world.send("gi", world.vto("gi", referentie=reference))
    assert first.id != second.id


def test_audit_trail_holds_after_all_this(world):
    world.quiet()
    world.audit_ok()
    assert world.daemon.sql("SELECT count(*) FROM corv.payload WHERE sealed IS NULL") == [["0"]]
