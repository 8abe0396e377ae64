# SPDX-License-Identifier: EUPL-1.2
"""An application that only knows files: a folder in, a folder out, and a corvd that dies in between."""
import json
import os
import re

import harness
import messages
import pytest
from harness import poll
from world import World


class Folder:
    """The application's side."""

    def __init__(self, world):
        self.path = os.path.join(world.path, "uit")
        self.out = os.path.join(world.path, "in")
        for path in (self.path, self.out):
            os.makedirs(path, exist_ok=True)

    def drop(self, name, body):
        part = os.path.join(self.path, name + ".part")
        with open(part, "wb") as f:
            f.write(body)
        os.rename(part, os.path.join(self.path, name))

    def read(self, *parts):
        with open(os.path.join(self.path, *parts), "rb") as f:
            return f.read()

    def there(self, *parts):
        return os.path.exists(os.path.join(self.path, *parts))

    def answer(self, name, where="done", seconds=20):
        """Waits until the file lies there; the answer must then be beside it."""
        poll("%s in %s" % (name, where), lambda: self.there(where, name + ".xml"), seconds)
        assert self.read(where, name + ".txt").decode()
        return json.loads(self.read(where, name + ".json"))


def chain_with_folder(start=True, **settings):
    world = World(name="drop")
    folder = Folder(world)
    values = {"in": folder.path, "sender": "veilig-thuis", "poll_ms": "100", **settings}
    world.config["adapters"].append(
        {"name": "map", "library": "builtin:dropdir",
         "settings": [{"key": k, "value": v} for k, v in values.items()]})
    for p in world.parties:
        if p["id"] == "veilig-thuis":
            p["adapter"], p["address"] = "map", folder.out
    world.write()
    if start:
        world.start()
    return world, folder


@pytest.fixture(scope="module")
def chain():
    world, folder = chain_with_folder()
    try:
        yield world, folder
    finally:
        world.close()


@pytest.fixture
def make_chain():
    made = []

    def make(start=True, **settings):
        made.append(chain_with_folder(start, **settings))
        return made[-1]

    yield make
    for world, _ in made:
        world.close()


def test_the_configuration_is_good(chain):
    world, _ = chain
    run = world.daemon.ctl("config", "check", data=False)
    assert "in orde" in run.stdout


def test_a_file_goes_all_the_way(chain):
    world, folder = chain
    body = world.vto()
    folder.drop("brief.xml", body)
    said = folder.answer("brief")
    assert said["status"] == 202 and said["result"] == "accepted" and said["kind"] == "vtoDi01"
    assert said["referentienummer"] == messages.reference_of(body)
    world.settled(said["id"], 2)
    entry = poll("at the Raad", lambda: [e for e in world.partners["raad"].ledger()
                                         if e.message == said["id"]])[0]
    assert entry.sha256 == harness.sha256(body)
    assert folder.read("done", "brief.xml") == body
    assert not os.listdir(os.path.join(folder.path, "work")) or \
        os.listdir(os.path.join(folder.path, "work")) == [".lock"]
    assert world.audit(said["id"])[0] == "message.stored"


def test_a_wrong_file_is_refused_with_all_findings(chain):
    world, folder = chain
    folder.drop("fout.xml", world.render("vto-met-fouten", "veilig-thuis"))
    said = folder.answer("fout", "refused")
    assert said["status"] == 422 and said["stuf"] == "StUF055" and len(said["findings"]) >= 5
    text = folder.read("refused", "fout.txt").decode()
    assert text.startswith("Het bericht is niet aangenomen.")
    for finding in said["findings"]:
        assert finding["text"] in text and finding["code"] in text
    for value in ("99912000", "8299 ZZ", "gesag", "Proefkonijn"):
        assert value not in text and value not in str(said)


def test_no_xml_is_refused(chain):
    _, folder = chain
    folder.drop("niets.xml", b"")
    assert folder.answer("niets", "refused")["status"] == 400
    folder.drop("tekst.xml", b"hallo")
    assert folder.answer("tekst", "refused")["status"] == 400


def test_a_repeat_is_the_same_message(chain):
    world, folder = chain
    body = world.vto()
    folder.drop("een.xml", body)
    first = folder.answer("een")
    folder.drop("een.xml", body)
    again = folder.answer("een~2")
    assert again["result"] == "repeat" and again["status"] == 200 and again["id"] == first["id"]
    world.settled(first["id"], 2)
    assert len([e for e in world.partners["raad"].ledger() if e.message == first["id"]]) == 1


def test_the_same_reference_with_other_content(chain):
    world, folder = chain
    reference = messages.reference()
    folder.drop("a.xml", world.vto(referentie=reference))
    folder.answer("a")
    folder.drop("b.xml", world.vto(referentie=reference, zaak="TEST-ANDERS-2"))
    said = folder.answer("b", "refused")
    assert said["status"] == 409 and said["stuf"] == "StUF016" and said["result"] == "conflict"


def test_a_folder_speaks_for_its_own_party_only(chain):
    world, folder = chain
    folder.drop("ander.xml", world.vto("gi"))
    said = folder.answer("ander", "refused")
    assert said["status"] == 403 and said["code"] == "addressing.zender-not-peer"


def test_what_comes_back_lies_in_the_other_folder(chain):
    """From the Raad over HTTPS to a folder: the same bytes, whole, under a name without data."""
    world, folder = chain
    body = world.notificatie("veilig-thuis")
    id_ = world.send("raad", body).id
    world.settled(id_, 1)
    names = [n for n in os.listdir(folder.out) if n.endswith(".xml")]
    assert id_ + ".xml" in names
    assert all(re.fullmatch(r"[0-9a-f-]{36}\.xml", n) for n in names)
    with open(os.path.join(folder.out, id_ + ".xml"), "rb") as f:
        assert f.read() == body
    assert os.listdir(os.path.join(folder.out, "tmp")) == []


def test_a_folder_that_went_away_is_a_pause(chain):
    world, folder = chain
    os.rename(folder.out, folder.out + "-weg")
    id_ = world.send("raad", world.notificatie("veilig-thuis")).id
    poll("a first try", lambda: any(d["code"] == "dropdir.folder" for d in world.deliveries(id_)))
    os.rename(folder.out + "-weg", folder.out)
    world.settled(id_, 1)
    assert os.path.exists(os.path.join(folder.out, id_ + ".xml"))


@pytest.mark.parametrize("point", ["received", "before-commit", "after-commit", "acknowledged"])
def test_killed_at_any_point_nothing_is_lost_or_doubled(make_chain, point):
    """The file waits in work/, is offered again, and the Raad gets it once under one number."""
    world, folder = make_chain(start=False)
    world.start(CORVD_CRASH_AT=point)
    body = world.vto()
    folder.drop("brief.xml", body)
    world.daemon.ended()
    assert folder.there("work", "brief.xml"), "it was answered before the end"
    world.daemon.start()
    said = folder.answer("brief")
    assert said["result"] == ("repeat" if point in ("after-commit", "acknowledged") else "accepted")
    world.settled(said["id"], 2)
    numbers = {e.message for e in world.partners["raad"].ledger()}
    assert numbers == {said["id"]}
    assert world.daemon.sql("SELECT count(*) FROM corv.message WHERE parent_id IS NULL") == [["1"]]
    assert world.audit_ok()


def test_a_database_that_is_away_is_a_pause(make_chain):
    world, folder = make_chain()
    folder.drop("eerst.xml", world.vto())
    folder.answer("eerst")
    world.daemon.end_postgres()
    folder.drop("later.xml", world.vto())
    said = folder.answer("later", seconds=60)  # corvd brings its own PostgreSQL back
    assert said["result"] in ("accepted", "repeat")
    world.settled(said["id"], 2)


def test_nothing_is_kept_when_that_is_asked(make_chain):
    world, folder = make_chain(keep_hours="0")
    folder.drop("weg.xml", world.vto())
    poll("the answer", lambda: folder.there("done", "weg.json") and not folder.there("work", "weg.xml"))
    assert not folder.there("done", "weg.xml")
    assert b"99912" not in folder.read("done", "weg.json")


def test_a_sender_that_is_no_party_does_not_start(make_chain):
    world, _ = make_chain(start=False, sender="jan")
    run = world.daemon.ctl("config", "check", data=False, code=1)
    assert "sender" in run.stdout + run.stderr
