# SPDX-License-Identifier: EUPL-1.2
"""What an operator does with corvctl reaches the daemon at once and stands in the audit trail."""
import json

import harness
import pytest


@pytest.fixture(scope="module", name="w")
def fixture_w(world):
    return world


def dead_one(w, party="almere"):
    w.partners[party].behave(status=403)
    answer = w.send("raad", w.notificatie(party))
    w.settled(answer.id, 1, "dead")
    w.partners[party].behave()
    return answer.id


def test_retry_is_heard_by_the_daemon(w):
    """NOTIFY wakes it: long before the daemon would look by itself."""
    id_ = dead_one(w)
    said = w.daemon.ctl("retry", id_)
    assert (said["changed"], said["message"]) == (1, id_)
    w.settled(id_, 1, seconds=5)
    assert w.daemon.ctl("retry", id_, code=1)["error"]["code"] == "act.state"
    w.audit_ok()


def test_reroute_goes_to_the_other_party(w):
    id_ = dead_one(w)
    before = len(w.partners["lelystad"].ledger())
    assert w.daemon.ctl("reroute", id_ + "/1", "--to", "nergens", code=1)["error"]["code"] == "ctl.no-party"
    w.daemon.ctl("reroute", id_ + "/1", "--to", "lelystad")
    assert w.settled(id_, 1, seconds=5)[0]["party"] == "lelystad"
    assert len(w.partners["lelystad"].ledger()) == before + 1
    w.audit_ok()


def test_drop_needs_a_reason_without_numbers(w):
    id_ = dead_one(w)
    assert w.daemon.ctl("drop", id_, code=1)["error"]["code"] == "act.no-reason"
    said = w.daemon.ctl("drop", id_, "--reason", "kind 999120001", code=1)
    assert said["error"]["code"] == "act.digits-in-reason" and "999120001" not in json.dumps(said)
    w.daemon.ctl("drop", id_, "--reason", "TEST op papier gestuurd")
    w.settled(id_, 1, "dropped")
    events = w.daemon.ctl("message", "trace", id_)["events"]
    last = events[-1]
    assert last["event"] == "delivery.dropped" and last["actor"].startswith("operator:")
    assert last["detail"] == {"reason": "TEST op papier gestuurd"}
    w.audit_ok()


def test_a_question_is_answered_with_the_message_that_it_is_about(w):
    id_ = w.send("veilig-thuis", w.vto(woonplaats="Grensdorp")).id
    held = next(d for d in w.settled(id_, 1, "held") if d["state"] == "held")
    w.settled(id_, 1)  # the Raad's own delivery went on
    if held["message"] != id_:
        run = w.daemon.ctl("release", id_, "--to", "almere", code=1, data=False)
        assert held["message"] in run.stderr, "it points at the message that is held"
    run = w.daemon.ctl("release", held["message"], code=1, data=False)
    assert "--to" in run.stderr
    w.daemon.ctl("release", held["message"], "--to", "almere")
    assert any(d["party"] == "almere" for d in w.settled(id_, 2, seconds=5))
    w.audit_ok()


def test_stats_count(w):
    w.send("veilig-thuis", w.vto())
    rows = [r for r in w.daemon.ctl("stats", "--days", "2") if r["kind"] == "vtoDi01"]
    assert rows and sum(r["messages"] for r in rows) >= 1


def test_certificates(w):
    found = w.daemon.ctl("cert", "check", code=None)
    assert {"listen.certificate", "listen.client_ca"} <= {c["key"] for c in found}
    assert all(c["days"] is not None for c in found)
    text = w.daemon.ctl("cert", "check", code=None, data=False).stdout
    assert "DAGEN" in text


def test_filters(w):
    every = w.daemon.ctl("message", "list", "--limit", "1000")
    for m in every[:3]:
        if m["reference"]:
            found = w.daemon.ctl("message", "list", "--reference", m["reference"])
            assert m["id"] in [f["id"] for f in found]
    assert all(m["kind"] == "vtoDi01" for m in w.daemon.ctl("message", "list", "--kind", "vtoDi01"))
    assert w.daemon.ctl("message", "list", "--kind", "' OR 1=1 --") == []


def test_the_messages_of_a_day(w):
    every = w.daemon.ctl("message", "list", "--limit", "1000")
    for day in {m["received"][:10] for m in every}:
        expected = [m["id"] for m in every if m["received"][:10] == day]
        assert [m["id"] for m in w.daemon.ctl("message", "list", "--day", day, "--limit", "1000")] == expected
    assert w.daemon.ctl("message", "list", "--day", "2020-02-29") == []
    for wrong in ("2021-02-29", "gisteren", "2026-1-1", "2026-01-31 ", "2026-01-31T00:00"):
        run = w.daemon.ctl("message", "list", "--day", wrong, code=2, data=False)
        assert "Schrijf een dag als 2026-01-31" in run.stderr, run
    assert len(every) > 1  # a list that may have been cut short says so
    assert "--limit" in w.daemon.ctl("message", "list", "--limit", "1", data=False).stdout
    assert "--limit" not in w.daemon.ctl("message", "list", "--limit", "1000", data=False).stdout


def test_config_check_asks_each_adapter(w):
    path = w.path + "/adapter.yaml"
    config = dict(w.config, adapters=w.config["adapters"] + [
        {"name": "weg", "library": "/nowhere/at-all.so"}])
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f, indent=1)
    run = harness.ctl(path, "config", "check", data=False)
    assert run.returncode == 1 and "/nowhere/at-all.so" in run.stdout, run.stdout


def test_status_tells_well_from_broken(make_world):
    world = make_world(name="status")
    assert world.daemon.ctl("status", code=None)["state"] in ("ok", "attention")
    world.send("veilig-thuis", world.vto())
    world.quiet()
    checks = {c["name"]: c["state"] for c in world.daemon.ctl("status", code=None)["checks"]}
    assert checks["daemon"] == checks["database"] == checks["progress"] == "ok", checks
    world.daemon.stop()
    gone = world.daemon.ctl("status", code=2)
    assert gone["state"] == "broken"
    run = world.daemon.ctl("queue", code=2, data=False)
    assert "Draait corvd?" in run.stderr and run.stdout == ""
