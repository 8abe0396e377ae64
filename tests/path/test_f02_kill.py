# SPDX-License-Identifier: EUPL-1.2
"""kill -9 of corvd at every state row of the journey table (CORVD_CRASH_AT, in test builds) and at
random moments under load; then the count on both ends: acknowledged N, delivered N, lost 0,
delivered twice without a repeat mark 0, audit trail whole."""
import os
import random
import time

import harness
import messages
import pytest
from flood import Flood, count
from world import World

LONG = bool(os.environ.get("CORV_LONG"))
POINTS = ("received", "parsed", "before-commit", "after-commit", "acknowledged", "delivering",
          "before-settle", "after-settle")
SEED = int(os.environ.get("CORV_SEED", "2026"))


@pytest.fixture(scope="module", name="chain")
def fixture_chain():
    world = World(name="kill")
    try:
        yield world.start()
    finally:
        world.close()


def again(chain, **env):
    """As systemd does."""
    chain.daemon.start(**env)


@pytest.mark.parametrize("nth", [1, 4])
@pytest.mark.parametrize("point", POINTS)
def test_kill_at(chain, point, nth):
    chain.daemon.restart(CORVD_CRASH_AT="%s:%d" % (point, nth))
    # a VTO: two messages, two deliveries, two receivers
    flood = Flood(chain, "veilig-thuis", lambda: chain.vto(), threads=2).start()
    code = chain.daemon.ended(40)
    assert code == -9, "no crash at %s: is this a build with CORV_CRASH_POINTS?" % point
    again(chain)
    flood.wait_for(len(flood.acked) + 3).stop()
    print(point, nth, count(chain, flood, ["raad"]))
    told = [r[0] for r in chain.daemon.sql(
        "SELECT count(*) FROM corv.delivery_done d JOIN corv.message m ON m.id = d.message_id"
        " WHERE d.party = 'lelystad' AND d.state = 3")]
    stored = chain.daemon.sql("SELECT count(*) FROM corv.message WHERE kind = 'vtoDi01'")
    assert told[0] == stored[0][0], "each stored VTO has its kennisgeving delivered"


def test_kill_while_a_refusal_is_written(chain):
    """A no that was not heard is the same no again."""
    chain.daemon.restart(CORVD_CRASH_AT="parsed:1")
    body = chain.render("vto-met-fouten", "veilig-thuis")
    with pytest.raises((OSError, harness.http.client.HTTPException)):
        chain.daemon.post("veilig-thuis", body)
    chain.daemon.ended()
    again(chain)
    assert chain.send("veilig-thuis", body, status=422).status == 422


def test_kill_with_a_dead_letter_under_way(chain):
    """Between the partner's never and the COMMIT: after the start there is one tray row and one Fo01."""
    chain.partners["almere"].behave(status=403)
    for point in ("before-settle", "after-settle"):
        chain.daemon.restart(CORVD_CRASH_AT=point)
        reference = messages.reference()
        answer = chain.send("raad", chain.notificatie("almere", referentie=reference))
        chain.daemon.ended()
        again(chain)
        chain.settled(answer.id, 1, "dead")
        harness.poll("one Fo01", lambda r=reference: sum(
            r.encode() in e.body for e in chain.partners["raad"].ledger() if e.kind == "Fo01Bericht") == 1)
        made = chain.daemon.sql("SELECT count(*) FROM corv.message WHERE kind = 'Fo01Bericht' AND crossref = '%s'"
                                % reference)
        assert made == [["1"]], point
    chain.partners["almere"].behave()


def test_kill_at_random_moments_under_load(chain):
    dice = random.Random(SEED)
    kinds = [lambda: chain.vto(), lambda: chain.vto(woonplaats="Almere")]
    flood = Flood(chain, "veilig-thuis", lambda: dice.choice(kinds)(), threads=4).start()
    kills = int(os.environ.get("CORV_KILLS", 200 if LONG else 6))
    for _ in range(kills):
        time.sleep(dice.uniform(0.05, 1.0))  # the moment is the dice's, not a wait for something
        chain.daemon.kill9()
        if dice.random() < 0.25:
            chain.daemon.end_postgres(dice.choice([9, 3, 2]))
        again(chain)
    flood.wait_for(len(flood.acked) + 5).stop()
    print("seed", SEED, "kills", kills, count(chain, flood, ["raad"]))


def test_partner_away_over_a_kill(chain):
    """What was due before the kill is delivered after it, when the partner is back."""
    chain.partners["dronten"].stop()
    bodies = [chain.notificatie("dronten") for _ in range(5)]
    ids = [chain.send("raad", b).id for b in bodies]
    chain.daemon.kill9()
    again(chain)
    chain.partners["dronten"].start()
    for id_ in ids:
        chain.settled(id_, 1)
    got = {e.sha256 for e in chain.partners["dronten"].taken()}
    assert {harness.sha256(b) for b in bodies} <= got


def test_repeat_over_a_kill_is_still_a_repeat(chain):
    body = chain.notificatie("almere")
    first = chain.send("raad", body)
    chain.daemon.kill9()
    again(chain)
    assert chain.send("raad", body, status=200).id == first.id
    other = chain.notificatie("almere", referentie=messages.reference_of(body), zaak="TEST-ANDERS-2")
    chain.send("raad", other, status=409)


def test_kill_in_the_first_seconds_of_its_life():
    """A state folder that has hardly anything to remember is not a restored database: what was
    acknowledged is delivered, and not held with a question."""
    world = World(name="young")
    try:
        world.start()
        world.partners["almere"].stop()
        answer = world.send("raad", world.notificatie("almere"))
        world.daemon.kill9()
        world.daemon.start()
        world.partners["almere"].start()
        world.settled(answer.id, 1)
    finally:
        world.close()


def test_second_corvd_on_the_same_state_folder_is_refused(chain):
    second = harness.Daemon(chain.path, chain.daemon.config, chain.port, chain.pki)
    second.log_path = chain.path + "/second.log"
    second.start(ready=False)
    assert second.ended() not in (0, 99)
    assert "andere corvd" in second.log()
    assert chain.daemon.admin("/readyz").status == 200
