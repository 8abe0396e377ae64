# SPDX-License-Identifier: EUPL-1.2
"""A primary with a streaming standby fails over while messages flow: corvd follows, the counts on both
ends are equal, and a primary of before that comes back gets nothing."""
import json

import harness
import pytest
import servers
from flood import Flood, count
from harness import poll
from world import World


@pytest.fixture(name="house")
def fixture_house():
    """house(synchronous=…): a world with two nodes on a pair of servers."""
    made = []

    def make(synchronous=True, nodes=2, **config):
        p = servers.Pair(synchronous)
        w = World(name="ha", node="een", database=p.conninfo, **config)
        made.append((w, p))
        w.config["keys_dir"] = w.path + "/keys"
        w.write()
        w.pair = p
        w.daemon.conninfo = lambda: w.at.conninfo
        w.at = p.first
        w.nodes = [w.daemon] + [servers.another(w, "twee")] * (nodes - 1)
        w.start()
        for d in w.nodes[1:]:
            d.start()
        return w

    yield make
    for w, p in made:
        try:
            for d in w.nodes[1:]:
                assert d.stop() in (None, 0), d.tail()
            w.close()
        finally:
            p.end()


def flood_all(w):
    return [Flood(w, "raad", lambda: w.notificatie("almere"), threads=2, daemon=d).start() for d in w.nodes]


def end_all(w, floods, more=10):
    for f in floods:
        f.wait_for(len(f.acked) + more, 60).stop()
    for f in floods[1:]:
        floods[0].acked.update(f.acked)
        floods[0].sent.update(f.sent)
    return count(w, floods[0], ["almere"])


def fail_over(w):
    w.pair.first.kill9()
    w.pair.promote()
    w.at = w.pair.second


def timeline(w):
    return w.at.sql("SELECT timeline FROM corv.house")


def test_the_standby_takes_over_while_messages_flow(house):
    """Synchronous: nothing lost, and no unmarked repeat. Then the former primary comes back, writable,
    and first in the row: neither a running node nor one that starts goes to it."""
    w = house()
    status = {c["name"]: c for c in w.daemon.ctl("status", code=None)["checks"]}
    assert "standby synchroon" in status["database"]["text"]
    floods = flood_all(w)
    for f in floods:
        f.wait_for(20)
    assert timeline(w) == "1"
    fail_over(w)
    print("fail-over:", end_all(w, floods))
    assert timeline(w) == "2"
    assert w.daemon.events("database.moved") and w.nodes[1].events("database.moved")

    before = w.pair.first.start().sql("SELECT count(*) FROM corv.message")
    assert w.pair.first.sql("SELECT pg_is_in_recovery()") == "f", "it thinks it is the primary"
    w.daemon.restart()
    floods = flood_all(w)
    print("split brain:", end_all(w, floods))
    w.pair.second.stop("immediate")
    a = poll("only the former one is left: no yes", lambda: next(iter(
        a for a in [w.daemon.post("raad", w.notificatie("almere"))] if a.status == 503), None), 30)
    assert a.json["code"].startswith("store.")
    poll("it says why", lambda: any(e.get("code") == "old-primary" for e in w.daemon.events("queue.connection-lost")), 30)
    w.nodes[1].stop()
    w.nodes[1].start(ready=False)
    assert w.nodes[1].ended() not in (0, 99)
    assert "was de primaire server voor een fail-over" in w.nodes[1].log()
    assert w.pair.first.sql("SELECT count(*) FROM corv.message") == before
    assert w.pair.first.sql("SELECT count(*) FROM corv.node WHERE seen_at > now() - interval '3 s'") == "0"
    w.pair.second.start()
    w.daemon.wait_ready()
    w.send("raad", w.notificatie("almere"))
    w.quiet()


@pytest.mark.parametrize("how", ["stop", "kill9"])
def test_a_node_that_ends_right_after_a_fail_over_knows_where_it_was(house, how):
    """What it said yes to is on the new primary; begun again it does not look for it at the former
    one, also when that is back and the first in the row."""
    w = house(nodes=1)
    w.send("raad", w.notificatie("almere"))
    fail_over(w)
    poll("a yes", lambda: w.daemon.post("raad", w.notificatie("almere")).status == 202, 40)
    getattr(w.daemon, how)()
    before = w.pair.first.start().sql("SELECT count(*) FROM corv.audit")
    w.daemon.start()
    w.send("raad", w.notificatie("lelystad"))
    w.quiet()
    assert w.pair.first.sql("SELECT count(*) FROM corv.audit") == before
    assert timeline(w) == "2" and w.at.sql("SELECT count(*) FROM corv.message") == "3"


def test_an_asynchronous_standby_that_lagged_is_noticed(house):
    """What the standby had not heard of is lost, also when it was acknowledged: the daemon notices
    that the database went back and holds what waits, so that nothing is delivered twice unmarked; and
    it warned beforehand."""
    w = house(synchronous=False, nodes=1)
    check = w.daemon.ctl("config", "check", data=False)
    assert "config.database-async" in check.stdout + check.stderr
    status = {c["name"]: c for c in w.daemon.ctl("status", code=1)["checks"]}
    assert "wacht op geen standby" in status["database"]["text"]
    w.partners["dronten"].stop()
    known = w.send("raad", w.notificatie("dronten")).id
    lsn = w.pair.first.sql("SELECT pg_current_wal_lsn()")
    poll("the standby has that", lambda: w.pair.second.sql(
        "SELECT pg_last_wal_replay_lsn() >= '%s'" % lsn) == "t")
    w.pair.second.sql("SELECT pg_wal_replay_pause()")
    w.pair.second.stop("immediate")  # it lags: it hears nothing of what comes now
    lost = w.send("raad", w.notificatie("almere")).id
    w.settled(lost, 1)
    w.pair.first.kill9()
    w.pair.second.start()
    fail_over_without_first(w)
    poll("the daemon does not go on as if nothing happened", lambda: any(
        e.get("code") == "database-went-back" for e in w.daemon.events("queue.connection-lost")), 30)
    assert w.daemon.admin("/readyz").status == 503
    w.daemon.restart()
    w.settled(known, 1, "held")
    assert w.daemon.sql("SELECT count(*) FROM corv.message WHERE id = '%s'" % lost) == [["0"]]
    assert "database.restored" in w.audit()
    w.partners["dronten"].start()
    w.daemon.ctl("release", known)
    w.settled(known, 1)
    # though its first attempt: who knows what the former primary had done
    assert [e.repeat for e in w.partners["dronten"].taken()] == [True]
    new = w.send("raad", w.notificatie("lelystad")).id
    w.settled(new, 1)
    w.audit_ok()


def fail_over_without_first(w):
    w.pair.promote()
    w.at = w.pair.second


def test_no_yes_without_a_standby_when_that_is_required(house):
    w = house(synchronous=True, nodes=1, synchronous_standby=True)
    assert w.send("raad", w.notificatie("almere")).status == 202
    w.quiet()
    w.pair.synchronous(w.pair.first, "")  # as Patroni does when it has no standby left
    a = poll("503", lambda: next(iter(
        a for a in [w.daemon.post("raad", w.notificatie("almere"))] if a.status == 503), None), 40)
    assert int(a.headers["retry-after"]) > 0
    assert any(e.get("code") == "no-standby" for e in w.daemon.events("queue.connection-lost"))
    w.pair.synchronous(w.pair.first, "*")
    w.daemon.wait_ready()
    w.send("raad", w.notificatie("almere"))
    w.quiet()
    with open(w.daemon.config, encoding="utf-8") as f:
        assert json.load(f)["synchronous_standby"] is True
