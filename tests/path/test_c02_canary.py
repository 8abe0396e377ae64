# SPDX-License-Identifier: EUPL-1.2
"""Content lives in the payload only (promise 5). Messages full of canaries - also in values that are
wrong - go through good days, refusals, retries, holds and the tray; then everything that is not the
payload is searched: logs, answers, corvctl, metrics, audit, every table, PostgreSQL's log, file
names, and at last every byte in the state folder, because payloads are sealed."""
import os
import re

import harness
import pytest
from world import World

# Each is a value somewhere in the messages below, and nothing of the chain's own words.
CANARIES = ["999654324", "999111222", "99965432", "KanarieGeslachtsnaam", "KanarieVoornaam", "Kanariedorp", "Kanariestraat",
            "1299KX", "1299 KX", "KanarieOmschrijving", "KanarieZaak", "KanarieVerhaal", "KanarieMoeder",
            "06-12299990", "kanarie@voorbeeld", "KanarieAuteur", "KanarieTitel", "kanarie.pdf",
            "KanarieRol", "KanarieFunctie", "20170417", "KanarieDocument", "S0FOQVJJRV9CQVNFNjQ", "KanarieWaarde"]


def fill(body):
    """A VTO of the templates with a canary in every value that is about people or the case."""
    text = body.decode()
    for old, new in {
            "999120001": "999654324", "Proefkonijn-TEST": "KanarieGeslachtsnaam", "Zoë Maïté": "KanarieVoornaam",
            "Nergensstraat": "Kanariestraat", "8299ZZ": "1299KX", "20190307": "20170417",
            "TEST: zorgen over een verzonnen gezin": "KanarieOmschrijving",
            "0320-000000": "06-12299990", "0320-000001": "06-12299990",
            "oefening@verzoeker.example": "kanarie@voorbeeld.example", "Oefenmeester-TEST": "KanarieMoeder",
            "TEST VTO-formulier": "KanarieTitel", "VTO-formulier TEST.pdf": "kanarie.pdf",
            "casusregisseur": "KanarieFunctie", "TEST-DOC-1": "KanarieDocument"}.items():
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r'(naam="gezinsGeschiedenis">)[^<]*', r"\1KanarieVerhaal", text)
    text = re.sub(r'(\.pdf">)[^<]*', r"\1S0FOQVJJRV9CQVNFNjQ=", text)
    return text.encode()


def wrong(body):
    """The same with each canary in a value the schema refuses."""
    text = body.decode()
    text = text.replace("geslachtsaanduiding>V<", "geslachtsaanduiding>KanarieWaarde<")
    text = text.replace("999654324", "99965432").replace("1299KX", "1299 KX")
    text = text.replace("ouder met gezag", "KanarieRol")
    text = text.replace("<ZKN:startdatum>20261005", "<ZKN:startdatum>KanarieWaarde")
    text = text.replace('naam="clientvolgnummer"', 'naam="clientvolgnummer" onbekend="KanarieWaarde"', 1)
    return text.encode()


def misfits(body):
    """Wrong in other ways: not well-formed in the middle of a value, an unknown element, a DTD. The
    names of elements and attributes are what a finding may tell; values never."""
    yield body.replace(b"KanarieOmschrijving", b"KanarieOmschrijving & KanarieWaarde < ")
    yield body[: body.index(b"KanarieVerhaal") + 10]
    yield body.replace(b"<BG:voornamen>", b"<BG:nietbestaand>KanarieWaarde</BG:nietbestaand><BG:voornamen>")
    yield b'<!DOCTYPE x [<!ENTITY KanarieWaarde "KanarieWaarde">]>' + body.split(b"?>", 1)[1]
    yield body.replace(b"vtoDi01 ", b"vtoDi01 onbekend='KanarieWaarde' ", 1)
    yield body.replace(b"KanarieVoornaam", b"KanarieVoornaam\xff\xfe")
    yield b"KanarieWaarde: 999654324"


@pytest.fixture(scope="module", name="w")
def fixture_w():
    world = World(name="canary", log_level="debug", delivery={"timeout_seconds": 2},
                  rules=[{"rule": "*", "mode": "waarschuwen"}])  # what they say is looked at too
    world.start()
    said = world.said = []

    def send(party, body):
        said.append(world.daemon.post(party, body).body)
        return harness.json.loads(said[-1]).get("id") if said[-1] else None

    try:
        vto = lambda **f: fill(world.vto("veilig-thuis", zaak="KanarieZaak-1", **f))  # noqa: E731
        body = vto()
        world.good = send("veilig-thuis", body)
        send("veilig-thuis", body)  # repeat
        send("veilig-thuis", wrong(vto()))
        reference = harness.re.search(rb"referentienummer>([^<]*)<", body).group(1).decode()
        send("veilig-thuis", vto(referentie=reference, verzoeker="KanarieMoeder"))  # conflict
        world.doubt = send("veilig-thuis", vto(woonplaats="Kanariedorp"))
        for misfit in misfits(vto()):
            send("veilig-thuis", misfit)
        send("gi", vto())  # not who it says
        world.news = send("raad", world.notificatie("veilig-thuis", zaak="KanarieZaak-1", zaak_raad="KanarieZaak-R"))
        world.stray = send("raad", world.notificatie("veilig-thuis", zaak="KanarieZaak-2"))  # a case of nobody's
        world.partners["raad"].behave(status=422, body_bytes=0)
        world.dead = send("veilig-thuis", vto())
        world.settled(world.dead, 1, "dead")
        world.partners["raad"].behave(mode="garbage")
        later = send("veilig-thuis", vto())
        harness.poll("tried", lambda: world.deliveries(later)[0]["attempts"] >= 1)
        world.partners["raad"].behave()
        world.settled(later, 2)
        world.daemon.kill9()
        world.daemon.start()
        world.quiet()
        with open(world.path + "/canary.xml", "wb") as f:
            f.write(vto(woonplaats="Kanariedorp"))
        with open(world.path + "/wrong.xml", "wb") as f:
            f.write(wrong(vto()))
        yield world
    finally:
        world.close()


def clean(text, where):
    text = text if isinstance(text, str) else text.decode("utf-8", "replace")
    found = [c for c in CANARIES if c.lower() in text.lower()]
    if found:
        lines = [line[:300] for line in text.splitlines() if any(c.lower() in line.lower() for c in found)]
        raise harness.Trouble("%s tells %s:\n%s" % (where, found, "\n".join(lines[:5])))


def test_the_canaries_did_sing(w):
    """The messages really had them, and the partners really got them."""
    bodies = b"".join(e.body for e in w.partners["raad"].ledger())
    missing = [c for c in CANARIES if c.encode() not in bodies
               and c not in ("999111222", "99965432", "1299 KX", "KanarieRol", "KanarieWaarde", "KanarieAuteur")]
    assert not missing
    assert len(w.said) > 12
    assert w.daemon.sql("SELECT count(DISTINCT zaak_key) FROM corv.message WHERE id IN ('%s', '%s')"
                        % (w.good, w.news)) == [["1"]]
    assert "message.case-unknown" in w.audit(w.stray)


def test_answers(w):
    for body in w.said:
        clean(body, "an answer")


def test_log(w):
    assert len(w.daemon.events()) > 50
    clean(w.daemon.log(), "the log")


def test_metrics_and_admin(w):
    for path in ("/metrics", "/readyz", "/livez"):
        clean(w.daemon.admin(path).body, path)


def test_corvctl(w):
    for args in (["message", "list"], ["message", "show", w.good], ["message", "show", w.dead],
                 ["message", "show", w.doubt], ["message", "trace", w.dead],
                 ["message", "trace", w.good], ["message", "show", w.news], ["message", "trace", w.stray], ["queue"], ["dead"],
                 ["status"], ["audit", "verify"], ["route", "explain", w.path + "/canary.xml"],
                 ["validate", w.path + "/canary.xml"], ["validate", w.path + "/wrong.xml"]):
        for data in (False, True):
            run = harness.ctl(w.daemon.config, *args, data=data)
            clean((run.stdout + run.stderr).replace(w.path + "/canary.xml", "").replace(
                w.path + "/wrong.xml", ""), "corvctl " + " ".join(args))


def test_every_table_but_the_payload(w):
    tables = [r[0] for r in w.daemon.sql(
        "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'corv' AND c.relkind = 'r'")]
    assert len(tables) > 6
    for table in tables:
        rows = w.daemon.sql("SELECT t::text FROM %s t" % table)
        clean("\n".join("|".join(r) for r in rows), table)


def test_file_names(w):
    for folder, folders, names in os.walk(w.path + "/state"):
        clean("\n".join(folders + names), "a file name in " + folder)


def test_every_byte_on_disk(w):
    """Tables, write-ahead log, PostgreSQL's log, keys: the payload is sealed, so nothing sings."""
    w.daemon.sql("CHECKPOINT")
    needles = [c.lower().encode() for c in CANARIES if len(c) > 8]
    seen = 0
    for folder, _, names in os.walk(w.path + "/state"):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                data = f.read().lower()
            seen += len(data)
            for needle in needles:
                assert needle not in data, "%s is in %s" % (needle.decode(), path)
    assert seen > 1 << 20
