# SPDX-License-Identifier: EUPL-1.2
"""PostgreSQL goes away while messages arrive: 503 and Retry-After, and nothing that was acknowledged
is lost. Once with the private PostgreSQL, which corvd starts again, and once with a server of
somebody else, which stays away for a while."""
import os
import signal

import harness
import pytest
from flood import Flood, count
from postgres import Server
from world import World

LONG = bool(os.environ.get("CORV_LONG"))


@pytest.fixture
def server():
    s = Server()
    yield s
    s.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_private_postgres_dies_and_comes_back(make_world, how):
    world = make_world(name="pg")
    flood = Flood(world, "raad", lambda: world.notificatie("almere")).start().wait_for(20)
    for _ in range(3 if LONG else 1):
        before = len(flood.acked)
        world.daemon.end_postgres(how)
        harness.poll("PostgreSQL back", world.daemon.postmaster, 40)
        flood.wait_for(before + 20, 90)
    flood.stop()
    assert world.daemon.process.poll() is None, "corvd lives through it"
    print(count(world, flood, ["almere"]))


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_another_postgres_stays_away(make_world, server, mode):
    world = make_world(name="pg", database=server.conninfo)
    world.daemon.conninfo = lambda: server.conninfo
    flood = Flood(world, "raad", lambda: world.notificatie("almere")).start().wait_for(20)
    server.stop(mode)
    answer = harness.poll("a 503", lambda: next(iter(
        a for a in [world.daemon.post("raad", world.notificatie("lelystad"))] if a.status == 503), None))
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["code"].startswith("store.")
    ready = harness.poll("not ready", lambda: world.daemon.admin("/readyz").status == 503)
    assert ready and world.daemon.admin("/livez").status == 200
    busy = flood.busy
    harness.poll("senders hear 503", lambda: flood.busy > busy + 10)
    acked = len(flood.acked)
    server.start()
    harness.poll("ready again", lambda: world.daemon.admin("/readyz").status == 200, 30)
    flood.wait_for(acked + 20, 60).stop()
    print(count(world, flood, ["almere"]))


def test_delivered_while_the_database_is_away(make_world, server):
    """The partner said yes, and the yes cannot be written down: it is written later, or the partner
    sees a marked repeat. It is never an unmarked one."""
    world = make_world(name="pg", database=server.conninfo)
    world.daemon.conninfo = lambda: server.conninfo
    world.partners["almere"].behave(delay_ms=1500)
    flood = Flood(world, "raad", lambda: world.notificatie("almere"), threads=1)
    for _ in range(4):
        flood.offer(world.daemon.sender("raad"), world.notificatie("almere"))
    harness.poll("under way", lambda: world.partners["almere"].ledger())
    server.stop("fast")
    harness.poll("all four are there", lambda: len(world.partners["almere"].taken()) >= 4)
    server.start()
    world.partners["almere"].behave()
    print(count(world, flood, ["almere"]))


def test_corvd_stops_well_while_the_database_is_away(make_world, server):
    world = make_world(name="pg", database=server.conninfo)
    world.daemon.conninfo = lambda: server.conninfo
    world.send("raad", world.notificatie("almere"))
    server.stop("immediate")
    assert world.daemon.stop(60) == 0
    server.start()
    world.daemon.start()
    world.quiet()


def test_corvd_says_so_when_there_is_no_database():
    world = World(stubs=False, database="host=/nowhere/at/all dbname=corv")
    world.daemon.start(ready=False)
    assert world.daemon.ended() not in (0, 99)
    assert "corvd: niet gestart" in world.daemon.log()
    harness.remove(world.path)
