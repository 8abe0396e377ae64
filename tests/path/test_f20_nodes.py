# SPDX-License-Identifier: EUPL-1.2
"""Two corvd on one PostgreSQL share the work without a leader: one is killed, stopped, upgraded; both
get the same message at once; both do the chores. Counted on both ends (support/flood.py)."""
import os
import threading
import time

import harness
import messages
import pytest
import servers
from flood import Flood, count
from harness import poll
from world import World

HOUR = 3600


@pytest.fixture(scope="module", name="server")
def fixture_server():
    s = servers.Server().make()
    yield s
    s.end()


@pytest.fixture(name="pair")
def fixture_pair(server):
    """pair(...): a world with a node "een" (world.daemon) and one "twee", in an empty database."""
    made = []

    def make(start=True, env=None, **config):
        server.sql("DROP SCHEMA IF EXISTS corv, corv_meta CASCADE")
        w = World(name="two", node="een", database=server.conninfo, **config)
        w.config["keys_dir"] = w.path + "/keys"
        w.write()
        w.daemon.conninfo = lambda: server.conninfo
        w.two = servers.another(w, "twee")
        made.append(w)
        if start:
            w.start(**(env or {}))
            w.two.start(**(env or {}))
        return w

    yield make
    for w in made:
        try:
            assert w.two.stop() in (None, 0), w.two.tail()
        finally:
            w.close()


def both(*calls):
    """Side by side; the answers in order."""
    found = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(i):
        gate.wait()
        found[i] = calls[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    return found


def rows(w, query):
    return int(w.daemon.sql(query)[0][0])


def test_the_same_message_to_both_at_once(pair):
    w = pair()
    bodies = [w.notificatie("almere") for _ in range(20)]
    senders = [d.sender("raad") for d in (w.daemon, w.two)]
    for body in bodies:
        one, two = both(*(lambda s=s, b=body: s.post(b) for s in senders))
        assert sorted((one.status, two.status)) == [200, 202], (one, two)
        assert one.id == two.id
    other = w.notificatie("almere", referentie=messages.reference_of(bodies[0]), zaak="TEST-ANDERS-2")
    assert [a.status for a in both(*(lambda s=s: s.post(other) for s in senders))] == [409, 409]
    for s in senders:
        s.close()
    w.quiet()
    got = [e.sha256 for e in w.partners["almere"].taken()]
    assert sorted(got) == sorted(map(harness.sha256, bodies)), "each once, to one receiver"
    assert rows(w, "SELECT count(*) FROM corv.message") == len(bodies)
    nodes = {n["name"]: n for n in w.daemon.ctl("node", "list")["nodes"]}
    assert set(nodes) == {"een", "twee"} and nodes["een"]["keys"] == nodes["twee"]["keys"]
    w.audit_ok()


def test_one_is_killed_under_load_and_stays_away(pair):
    """Nothing that it acknowledged is lost: the other takes over when the lease ends."""
    w = pair(delivery={"timeout_seconds": 3, "lease_seconds": 4})
    floods = [Flood(w, "raad", lambda: w.notificatie("almere"), threads=2, daemon=d).start()
              for d in (w.daemon, w.two)]
    for f in floods:
        f.wait_for(20)
    w.partners["almere"].behave(delay_ms=1000)  # so that it holds some when it dies
    poll("leases of twee", lambda: rows(
        w, "SELECT count(*) FROM corv.delivery WHERE owner = 'twee' AND state = 0"), 20)
    w.two.kill9()
    floods[1].give_up = 0  # what it did not acknowledge is the sender's to repeat, elsewhere
    floods[1].stop(0)
    w.partners["almere"].behave()
    floods[0].wait_for(len(floods[0].acked) + 10).stop()
    floods[0].acked.update(floods[1].acked)
    floods[0].sent.update(floods[1].sent)
    print(count(w, floods[0], ["almere"]))
    assert rows(w, "SELECT count(*) FROM corv.delivery WHERE state = 1") == 0, "unreadable for the other"


def test_a_node_that_stops_gives_its_leases_back(pair):
    """With a lease of an hour: who stops in good order leaves nothing behind that must wait for it."""
    w = pair(delivery={"timeout_seconds": 10, "lease_seconds": 3600, "max_in_flight": 1})
    w.partners["almere"].behave(delay_ms=1500)
    ids = [w.two.post("raad", w.notificatie("almere")).id for _ in range(6)]
    assert w.two.stop() == 0
    w.partners["almere"].behave()
    for id_ in ids:
        w.settled(id_, 1)
    stopped = {n["name"]: n["stopped"] for n in w.daemon.ctl("node", "list")["nodes"]}
    assert stopped["twee"] and not stopped["een"]


def test_other_keys_are_refused_with_a_clear_sentence(pair):
    """It could not read what the other took in."""
    w = pair(start=False)
    w.start()
    stranger = servers.another(w, "drie", keys_dir=w.path + "/drie/keys")
    stranger.start(ready=False)
    assert stranger.ended() == 78
    assert "Node een gebruikt een andere map met sleutels" in stranger.log()
    assert "corvctl node forget een" in stranger.log()
    assert w.daemon.ctl("node", "forget", "een", code=1, data=False).stderr  # it runs
    w.daemon.stop()
    assert "vergeten" in stranger_ctl(stranger, "node", "forget", "een")
    stranger.start()
    assert "node.forgotten" in w.audit()
    assert stranger.stop() == 0
    w.daemon.start(ready=False)  # and now the first one is the stranger
    assert w.daemon.ended() == 78


def stranger_ctl(daemon, *args):
    return daemon.ctl(*args, data=False).stdout


def test_both_do_the_chores(pair):
    """A day later: all content and all keys are destroyed, each with one line in the trail, by
    whichever node came first; none is destroyed too early and none twice."""
    then = time.strftime("%Y%m%d%H%M%S", time.localtime(time.time() - 26 * HOUR))
    past = {"CORVD_CHORES_MS": "300", "CORVD_CLOCK_SHIFT_S": str(-26 * HOUR)}
    w = pair(env=past)
    ids = [d.post("raad", w.notificatie("almere", tijdstip=then)).id
           for d in (w.daemon, w.two) for _ in range(10)]
    w.partners["dronten"].stop()
    waiting = w.two.post("raad", w.notificatie("dronten", tijdstip=then)).id
    for id_ in ids:
        w.settled(id_, 1)
    old = [n for n in os.listdir(w.path + "/keys") if n.endswith(".key")]
    assert old
    for d in (w.daemon, w.two):
        d.stop()
    for d in (w.daemon, w.two):
        d.start(CORVD_CHORES_MS="300", ready=False)
    for d in (w.daemon, w.two):
        d.wait_ready()
    poll("old keys gone", lambda: not set(old) & set(os.listdir(w.path + "/keys")), 60)
    poll("written down", lambda: w.audit().count("key.destroyed") == len(old), 20)
    assert rows(w, "SELECT count(*) FROM corv.payload") == 1
    per = w.daemon.sql("SELECT message_id, count(*) FROM corv.audit WHERE event = 'payload.destroyed'"
                       " GROUP BY 1")
    assert {r[0] for r in per} == set(ids) and {r[1] for r in per} == {"1"}
    assert rows(w, "SELECT count(*) FROM corv.key_hour WHERE destroyed_at IS NULL") == 0
    w.partners["dronten"].start()  # sealed anew by one node, it is read by either
    w.daemon.ctl("retry", waiting, code=None)
    w.settled(waiting, 1)
    assert rows(w, "SELECT count(DISTINCT chain) FROM corv.audit_seal") >= 2
    w.audit_ok()


NEXT = os.path.join(harness.BUILD, "tests", "path", "corvd_next")


def test_rolling_upgrade(pair):
    """One node after the other goes to a release with a migration more; the older one works on with
    the wider tables, and could even start again. Senders notice nothing that they need not notice."""
    w = pair()
    floods = [Flood(w, "raad", lambda: w.notificatie("almere"), threads=1, daemon=d).start()
              for d in (w.daemon, w.two)]
    for f in floods:
        f.wait_for(5)
    for d in (w.two, w.daemon):
        if d is w.daemon:
            d.restart()  # the older program on the newer database
            floods[0].wait_for(len(floods[0].acked) + 5)
        d.stop()
        d.wrap = ["sh", "-c", 'shift; exec %s "$@"' % NEXT, "sh"]
        d.start()
        applied = rows(w, "SELECT count(*) FROM corv_meta.corv_migration WHERE number = 900")
        assert applied == 1
        for f in floods:
            f.wait_for(len(f.acked) + 5)
    for f in floods:
        f.stop()
    floods[0].acked.update(floods[1].acked)
    floods[0].sent.update(floods[1].sent)
    print(count(w, floods[0], ["almere"]))
    # a migration that takes something away: the older program must not touch it
    w.daemon.sql("UPDATE corv_meta.corv_migration SET expand_only = false, program = '7.0.0' WHERE number = 900")
    w.daemon.stop()
    w.daemon.wrap = []
    w.daemon.start(ready=False)
    assert w.daemon.ended() == 78
    assert "Start corvd 7.0.0 of nieuwer" in w.daemon.log()
