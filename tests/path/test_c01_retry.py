# SPDX-License-Identifier: EUPL-1.2
"""A partner has a bad day: nothing is lost, nothing stops the others, the sender hears of it."""
import datetime
import re
import time

import harness
import pytest

CROSSREF = re.compile(rb"crossRefnummer>([^<]*)<")


@pytest.fixture(scope="module", name="w")
def fixture_w(request):
    from world import World
    world = World(name="retry", delivery={"timeout_seconds": 2, "retry_first_seconds": 1,
                                          "retry_max_seconds": 2, "give_up_seconds": 3600})
    try:
        yield world.start()
    finally:
        world.close()


@pytest.fixture(autouse=True)
def well_again(w):
    yield
    for stub in w.partners.values():
        stub.behave()
        if stub.process is None:
            stub.start()


def copies(w, party, body):
    return [e for e in w.partners[party].ledger() if e.sha256 == harness.sha256(body)]


def tried(w, message, times=1):
    return harness.poll("tried %d times" % times,
                        lambda: w.deliveries(message)[0]["attempts"] >= times and w.deliveries(message))


def test_partner_down_and_back(w):
    w.partners["almere"].stop()
    body = w.notificatie("almere")
    answer = w.send("raad", body)
    tried(w, answer.id)
    other = w.send("raad", w.notificatie("lelystad"))  # nobody else waits for almere
    w.settled(other.id, 1, seconds=5)
    assert w.deliveries(answer.id)[0]["state"] == "waiting"
    w.partners["almere"].start()
    found = w.settled(answer.id, 1)
    assert found[0]["attempts"] >= 2
    (entry,) = copies(w, "almere", body)
    assert entry.attempt >= 2 and entry.repeat
    assert w.audit(answer.id)[0] == "message.stored"
    assert {"delivery.later", "delivery.confirmed"} <= set(w.audit(answer.id))


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429])
def test_later(w, status):
    w.partners["almere"].behave(status=status)
    body = w.notificatie("almere")
    answer = w.send("raad", body)
    tried(w, answer.id)
    w.partners["almere"].behave()
    w.settled(answer.id, 1)
    codes = [e.status for e in copies(w, "almere", body)]
    assert codes[0] == status and codes[-1] == 200


def test_retry_after_of_days_is_an_hour(w):
    """A gateway that says: come back next week. An operator could not call its lane back."""
    w.partners["gi"].behave(status=503, retry_after="604800")
    id_ = w.send("raad", w.notificatie("gi")).id
    found = harness.poll("an attempt", lambda: [
        d for d in w.daemon.ctl("message", "show", id_)["deliveries"] if d["code"] == "http.503"])[0]
    due = datetime.datetime.fromisoformat(found["due"].replace("Z", "+00:00"))
    seconds = (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 3000 < seconds <= 3600, found
    w.daemon.ctl("drop", id_, "--reason", "proef", data=False)


def test_retry_after_is_kept(w):
    w.partners["almere"].behave(status=503, retry_after="4")
    body = w.notificatie("almere")
    answer = w.send("raad", body)
    tried(w, answer.id)
    w.partners["almere"].behave()
    w.settled(answer.id, 1)
    entries = copies(w, "almere", body)
    assert len(entries) == 2 and entries[1].time - entries[0].time >= 3.9


@pytest.mark.parametrize("status", [400, 403, 404, 410, 422])
def test_never_goes_to_the_tray_and_the_sender_hears_it(w, status):
    w.partners["almere"].behave(status=status)
    body = w.notificatie("almere")
    reference = re.search(rb"referentienummer>([^<]*)<", body).group(1)
    answer = w.send("raad", body)
    w.settled(answer.id, 1, "dead")
    assert len(copies(w, "almere", body)) == 1
    fault = harness.poll("the Fo01", lambda: [
        e for e in w.partners["raad"].ledger()
        if e.kind == "Fo01Bericht" and CROSSREF.search(e.body).group(1) == reference])
    assert len(fault) == 1
    text = fault[0].body.decode()
    for value in ("999120001", "Proefkonijn", "Maïté"):
        assert value not in text
    dead = w.daemon.ctl("dead")
    assert any(answer.id in str(d) for d in dead if "almere" in str(d)), dead
    assert "delivery.dead" in w.audit(answer.id)


def test_fault_message_is_valid(w, tmp_path):
    faults = [e for e in w.partners["raad"].ledger() if e.kind == "Fo01Bericht"]
    if not faults:
        test_never_goes_to_the_tray_and_the_sender_hears_it(w, 403)
        faults = [e for e in w.partners["raad"].ledger() if e.kind == "Fo01Bericht"]
    path = tmp_path / "fo01.xml"
    path.write_bytes(faults[0].body)
    run = harness.ctl(None, "validate", str(path), data=False)
    assert run.stdout.strip() == "%s: valid Fo01Bericht" % path


def test_dead_letter_is_sent_again_by_corvctl(w):
    w.partners["almere"].behave(status=403)
    body = w.notificatie("almere")
    answer = w.send("raad", body)
    w.settled(answer.id, 1, "dead")
    w.partners["almere"].behave()
    w.daemon.ctl("retry", answer.id)
    found = w.settled(answer.id, 1)
    assert found[0]["attempts"] == 2
    assert [e.attempt for e in copies(w, "almere", body)] == [1, 2]
    actors = [r[0] for r in w.daemon.sql("SELECT actor FROM corv.audit WHERE message_id = '%s'" % answer.id)]
    assert any(a.startswith("operator:") for a in actors), actors


@pytest.mark.parametrize("mode", ["hang", "garbage", "reset", "endless", "cut"])
def test_strange_answers(w, mode):
    w.partners["almere"].behave(mode=mode)
    body = w.notificatie("almere")
    answer = w.send("raad", body)
    other = w.send("raad", w.notificatie("lelystad"))
    w.settled(other.id, 1, seconds=5)
    tried(w, answer.id)
    harness.poll("the attempt ended", lambda: w.deliveries(answer.id)[0]["code"])
    w.partners["almere"].behave()
    w.settled(answer.id, 1)
    entries = copies(w, "almere", body)
    assert [e.attempt for e in entries] == sorted({e.attempt for e in entries}), "no number twice"
    assert all(e.repeat for e in entries if e.attempt > 1)


def test_given_up_after_its_time(make_world):
    world = make_world(name="giveup", delivery={"give_up_seconds": 3, "retry_first_seconds": 1,
                                                "retry_max_seconds": 1, "timeout_seconds": 2})
    world.partners["almere"].stop()
    answer = world.send("raad", world.notificatie("almere"))
    found = world.settled(answer.id, 1, "dead", 30)
    assert any(d["code"] == "deliver.given-up" for d in found), found
    harness.poll("the Fo01", lambda: [e for e in world.partners["raad"].ledger() if e.kind == "Fo01Bericht"])


def test_hold_and_release_of_a_vto_in_doubt(w):
    """Two gemeenten claim this place: the Raad's delivery goes on, the kennisgeving waits for a person."""
    body = w.vto("veilig-thuis", woonplaats="Grensdorp")
    answer = w.send("veilig-thuis", body)
    states = {d["route"]: d for d in answer.json["deliveries"]}
    assert states["vto-kennisgeving"]["state"] == "held" and states["vto-kennisgeving"]["question"]
    assert "Grensdorp" not in str(answer.json)
    found = w.settled(answer.id, 1)
    assert {(d["route"], d["state"]) for d in found} == {
        ("vto-naar-raad", "confirmed"), ("vto-kennisgeving", "held")}
    held = [d for d in found if d["state"] == "held"][0]
    time.sleep(1)  # a held one must not move by itself; there is nothing to wait for
    assert [d["state"] for d in w.deliveries(answer.id) if d["route"] == "vto-kennisgeving"] == ["held"]
    w.daemon.ctl("release", held["message"], "--to", "almere")
    found = w.settled(answer.id, 2)
    assert [d["party"] for d in found if d["route"] == "vto-kennisgeving"] == ["almere"]


@pytest.mark.parametrize("place", ["Nergenshuizen", " ", "Lelystad-Haven"])
def test_unknown_place_is_held(w, place):
    answer = w.send("veilig-thuis", w.vto("veilig-thuis", woonplaats=place))
    states = {d["route"]: d["state"] for d in w.settled(answer.id, 1)}
    assert states == {"vto-naar-raad": "confirmed", "vto-kennisgeving": "held"}


def test_children_in_two_gemeenten_are_held(w):
    import messages
    body = messages.with_second_child(w.vto("veilig-thuis"), "Almere")
    answer = w.send("veilig-thuis", body)
    found = w.settled(answer.id, 1)
    assert {d["route"]: d["state"] for d in found}["vto-kennisgeving"] == "held"
    same = messages.with_second_child(w.vto("veilig-thuis", woonplaats="Dronten"), "Swifterbant")
    found = w.settled(w.send("veilig-thuis", same).id, 2)
    assert {d["party"] for d in found} == {"raad", "dronten"}


def test_spoed_overtakes(w):
    """With one delivery at a time and a slow partner, the urgent one is not the last."""
    w.partners["raad"].stop()
    bodies = [w.vto("lelystad") for _ in range(6)]
    for body in bodies:
        w.send("lelystad", body)
    urgent = w.vto("lelystad").replace(b'naam="urgentie">Laag<', b'naam="urgentie">Hoog<')
    answer = w.send("lelystad", urgent)
    w.partners["raad"].start()
    w.settled(answer.id, 1)
    w.quiet()
    order = [e.sha256 for e in w.partners["raad"].taken()]
    mine = [order.index(harness.sha256(b)) for b in bodies + [urgent]]
    # the lane probes with the one it holds; of those that wait the urgent one is first
    assert mine[-1] <= min(mine) + 2, mine


def test_audit_after_the_bad_days(w):
    w.quiet()
    w.audit_ok()


def test_a_partner_that_answers_twice_confirms_nothing_it_has_not_seen(world):
    """Its second answer waits on the kept connection, and must not be taken for that of the next
    message, which it never reads."""
    partner = world.partners["almere"]
    for again_ms in (0, 60):
        partner.behave(mode="twice", again_ms=again_ms)
        first = world.send("raad", world.notificatie("almere"))
        world.settled(first.id, 1)
        time.sleep(0.2)  # until its second answer is there: that is the fault, not a wait to be right
        partner.behave(mode="reset")
        body = world.notificatie("almere")
        second = world.send("raad", body)
        harness.poll("an attempt", lambda: any(d["code"] for d in world.deliveries(second.id)))
        assert [d["state"] for d in world.deliveries(second.id)] == ["waiting"]
        partner.behave()
        world.settled(second.id, 1)
        assert harness.sha256(body) in {e.sha256 for e in partner.taken()}
