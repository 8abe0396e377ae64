# SPDX-License-Identifier: EUPL-1.2
"""The law built in: content and its key are gone in time, a copy of the database from before cannot
be read and sends nothing again, and whoever shortens the audit trail is found.
The clock is shifted (CORVD_CLOCK_SHIFT_S) and the chores run fast (CORVD_CHORES_MS), in test builds."""
import json
import os
import re
import shutil
import subprocess
import time

import harness
import pytest
from harness import poll
from world import World

HOUR = 3600
FAST = {"CORVD_CHORES_MS": "300"}


def ago(hours):
    return dict(FAST, CORVD_CLOCK_SHIFT_S=str(-int(hours * HOUR)))


def then(hours):
    """The time of a message made so long ago: the rules know no message from the future."""
    return time.strftime("%Y%m%d%H%M%S", time.localtime(time.time() - hours * HOUR))


def state(world, *names):
    return os.path.join(world.path, "state", *names)


def keys(world):
    return sorted(n for n in os.listdir(state(world, "keys")) if n.endswith(".key"))


def count(world, table, where="true"):
    return int(world.daemon.sql("SELECT count(*) FROM corv.%s WHERE %s" % (table, where))[0][0])


def copy_database(world, to):
    """A base backup with the WAL of the meantime, as an administrator makes it."""
    data, copy = state(world, "postgres", "data"), to + "/data"
    os.makedirs(to)
    script = ("SELECT pg_backup_start('law', true);\n\\! cp -a %s %s\n"
              "SELECT labelfile FROM pg_backup_stop(false) \\g %s/label\n\\! cp -a %s/pg_wal %s/\n"
              % (data, copy, to, data, copy))
    run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                          world.daemon.conninfo()], input=script, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    os.remove(copy + "/postmaster.pid")
    shutil.copy(to + "/label", copy + "/backup_label")
    shutil.chown(copy + "/backup_label", os.stat(copy).st_uid, os.stat(copy).st_gid)
    return copy


def put_database(world, copy):
    """As an operator does who restores: the cluster's folder is replaced, with its owner and rights."""
    data = state(world, "postgres", "data")
    subprocess.run(["cp", "-a", copy, data + ".copy"], check=True)
    # in two steps: a corvd that runs revives its server meanwhile, and removes a file we would remove
    os.rename(data, data + ".old")
    os.rename(data + ".copy", data)
    shutil.rmtree(data + ".old", ignore_errors=True)


def told(world, name):
    return len(world.partners[name].ledger())


@pytest.fixture(scope="module", name="past")
def fixture_past():
    """A day and a bit ago: one confirmed, one dead, one held, one waiting; a backup of then; and now,
    when all has been purged."""
    w = World(name="law")
    try:
        w.start(**ago(26))
        w.partners["almere"].behave(status=403)
        w.partners["dronten"].stop()
        w.ids = {
            "confirmed": w.send("veilig-thuis", w.vto(tijdstip=then(26))).id,
            "dead": w.send("raad", w.notificatie("almere", tijdstip=then(26))).id,
            "held": w.send("veilig-thuis", w.vto(woonplaats="Grensdorp", tijdstip=then(26))).id,
            "waiting": w.send("raad", w.notificatie("dronten", tijdstip=then(26))).id,
        }
        w.settled(w.ids["confirmed"], 2)
        w.settled(w.ids["dead"], 1, "dead")
        w.settled(w.ids["held"], 1)
        # of a VTO in doubt the notice is held, a message of its own
        w.ids["held"] = w.daemon.sql("SELECT id FROM corv.message WHERE parent_id = '%s'" % w.ids["held"])[0][0]
        w.settled(w.ids["held"], 1, "held")
        poll("sealed", lambda: count(w, "audit_seal") > 0)
        w.old_keys = keys(w)
        w.copy = copy_database(w, w.path + "/copy")
        w.at_copy = told(w, "raad")
        assert w.old_keys
        w.daemon.restart(**FAST)
        poll("keys gone", lambda: not set(keys(w)) & set(w.old_keys), 40)
        yield w
    finally:
        w.close()


def has_payload(w, id_):
    return count(w, "payload", "id = '%s'" % id_) == 1


def test_content_is_gone_and_what_is_open_stays(past):
    assert not has_payload(past, past.ids["confirmed"])
    for name in ("dead", "held", "waiting"):
        assert has_payload(past, past.ids[name]), name
    assert count(past, "audit", "event = 'payload.destroyed' AND message_id = '%s'" % past.ids["confirmed"]) == 1
    assert past.daemon.metric("payloads_destroyed_total") >= 2
    assert past.daemon.metric("key_late_seconds") == 0
    past.audit_ok()


def test_what_stayed_can_still_be_delivered(past):
    past.partners["dronten"].start()
    past.daemon.ctl("retry", past.ids["waiting"], code=None)
    past.settled(past.ids["waiting"], 1)
    past.partners["almere"].behave()
    past.daemon.ctl("retry", past.ids["dead"])
    past.settled(past.ids["dead"], 1)


def test_proof(past):
    proof = past.daemon.ctl("purge", "prove", "--id", past.ids["confirmed"])
    assert proof["proven"] and not proof["there"] and proof["keys_left"] == 0
    assert proof["line"]["right"] and proof["key_destroyed"]
    open_one = past.daemon.ctl("purge", "prove", "--id", past.ids["held"], code=1)
    assert open_one["there"] and not open_one["proven"]
    said = past.daemon.ctl("purge", "prove", "--id", past.ids["confirmed"], data=False).stdout
    assert "Bewezen" in said and all(len(line) <= 80 for line in said.splitlines())
    assert past.daemon.ctl("purge", "status")["ok"]
    assert past.daemon.ctl("purge", "prove")["ok"]
    unknown = past.daemon.ctl("purge", "prove", "--id", "01900000-0000-7000-8000-000000000000",
                              code=1, data=False)
    assert "niets" in unknown.stderr
    checks = {c["name"]: c for c in past.daemon.ctl("status", code=None)["checks"]}
    assert checks["retention"]["state"] == "ok"


def test_no_file_of_the_copy_shows_content(past):
    """Nor does any file of the running cluster: WAL included."""
    for folder in (past.copy, state(past, "postgres", "data")):
        run = subprocess.run(["grep", "-rlE", "Proefkonijn|999120001", folder], capture_output=True,
                             text=True, check=False)
        assert run.stdout == "" and run.returncode == 1, run


def test_the_trail_verifies_without_corvd(past):
    past.daemon.restart(**FAST)  # seals the end
    export = past.path + "/spoor.jsonl"
    past.daemon.ctl("audit", "export", export)
    script = [harness.sys.executable, os.path.join(harness.TOP, "docs", "audit_verify.py"), export,
              state(past, "audit.pub")]
    run = subprocess.run(script, capture_output=True, text=True, check=False)
    assert run.returncode == 0 and run.stdout.endswith("In orde\n"), run
    assert "keeper" in run.stdout and "node:test" in run.stdout
    with open(export, encoding="utf-8") as f:
        key = next(json.loads(x)["key"] for x in f if '"type":"seal"' in x)
    assert past.daemon.ctl("audit", "key")["keys"] == [key]
    assert oct(os.stat(state(past, "audit.key")).st_mode & 0o777) == "0o600"


def test_a_removed_end_is_found(past):
    """By the owner of the database, as neatly as can be; put back afterwards."""
    past.audit_ok()
    cut = ("CREATE TABLE public.was AS SELECT * FROM corv.audit_head;"
           "CREATE TABLE public.lines AS SELECT * FROM corv.audit WHERE chain = 1 AND seq >"
           " (SELECT seq - 3 FROM corv.audit_head WHERE chain = 1);"
           "DELETE FROM corv.audit WHERE (chain, seq) IN (SELECT chain, seq FROM public.lines);"
           "UPDATE corv.audit_head h SET seq = a.seq, hash = a.hash FROM corv.audit a WHERE h.chain = 1"
           " AND a.chain = 1 AND a.seq = h.seq - 3")
    past.daemon.stop()  # seals
    past.daemon.start(**FAST)
    seq = count(past, "audit", "chain = 1")
    past.daemon.sql(cut)
    run = past.daemon.ctl("audit", "verify", code=1)
    # what came since the last seal may be gone too: the first missing line is told either way
    assert run["broken"]["chain"] == 1 and abs(run["broken"]["seq"] - (seq - 2)) <= 2, (run, seq)
    past.daemon.sql("INSERT INTO corv.audit SELECT * FROM public.lines;"
                    "UPDATE corv.audit_head h SET seq = w.seq, hash = w.hash FROM public.was w"
                    " WHERE w.chain = h.chain AND h.chain = 1; DROP TABLE public.was, public.lines")
    past.audit_ok()


# ---- the copy put back: from here on the world is another one -----------------------------------


def test_an_old_copy_sends_nothing_again(past):
    """On the same machine: the state folder remembers more than the copy holds."""
    past.daemon.stop()
    before = {name: told(past, name) for name in past.partners}
    put_database(past, past.copy)
    past.daemon.start(**FAST)
    poll("told", lambda: past.daemon.events("database.restored"))
    assert past.daemon.events("database.restored")[-1]["code"] == "fence.older"
    held = past.daemon.sql("SELECT held_code FROM corv.delivery WHERE message_id = '%s'" % past.ids["waiting"])
    assert held == [["restore.in-doubt"]]
    assert count(past, "delivery", "state = 0") == 0
    # something new goes its way all the same, and after it nothing old has gone
    new = past.send("raad", past.notificatie("almere"))
    past.settled(new.id, 1)
    after = {name: told(past, name) for name in past.partners}
    before["almere"] += 1
    assert after == before
    assert count(past, "audit", "event = 'database.restored'") == 1
    past.audit_ok()


def test_the_old_copy_cannot_be_read(past):
    """Released all the same, the delivery is held again: its key is gone. No foutmelding."""
    # the row that came back with the copy goes again
    poll("purged again", lambda: not has_payload(past, past.ids["confirmed"]))
    faults = sum(e.kind == "Fo01Bericht" for e in past.partners["raad"].ledger())
    past.daemon.ctl("release", past.ids["waiting"])
    poll("held for its key", lambda: past.daemon.sql(
        "SELECT held_code FROM corv.delivery WHERE message_id = '%s'" % past.ids["waiting"])
        == [["payload.no-key"]])
    assert told(past, "dronten") == 1  # as it was
    assert sum(e.kind == "Fo01Bericht" for e in past.partners["raad"].ledger()) == faults


def test_on_a_new_machine_nothing_is_sent(past):
    """Only the database was brought over: no keys, no memory."""
    past.daemon.stop()
    before = {name: told(past, name) for name in past.partners}
    put_database(past, past.copy)
    for name in ("heads", "audit.key", "audit.pub"):
        os.remove(state(past, name))
    shutil.rmtree(state(past, "keys"))
    past.daemon.start(**FAST)
    assert past.daemon.events("database.restored")[-1]["code"] == "fence.lost"
    assert count(past, "delivery", "state = 0") == 0
    new = past.send("raad", past.notificatie("almere"))
    past.settled(new.id, 1)
    before["almere"] += 1
    assert {name: told(past, name) for name in past.partners} == before


def test_a_database_that_goes_back_under_a_running_corvd(past):
    """corvd stays away from it until it is started again."""
    past.daemon.end_postgres()
    put_database(past, past.copy)
    poll("noticed", lambda: any(e.get("code") == "database-went-back"
                                for e in past.daemon.events("queue.connection-lost")), 40)
    assert past.daemon.admin("/readyz").status == 503
    past.daemon.restart(**FAST)  # which seals at its end, but not this
    assert past.daemon.events("database.restored")[-1]["code"] == "fence.older"
    assert count(past, "delivery", "state = 0") == 0


# ---- dying half-way -------------------------------------------------------------------------------


def test_a_kill_while_destroying_is_taken_up(make_world):
    w = make_world(start=False)
    w.start(**ago(30))
    ids = [w.send("raad", w.notificatie("almere", tijdstip=then(30))).id for _ in range(3)]
    for id_ in ids:
        w.settled(id_, 1)
    old = keys(w)
    for point in ("purge-deleted", "purge-key-begun", "purge-key-gone"):
        w.daemon.stop()
        w.daemon.start(ready=False, CORVD_CRASH_AT=point, **FAST)
        assert w.daemon.ended(60) == -9, point
        w.daemon.start(**FAST)
    poll("keys gone", lambda: not set(keys(w)) & set(old), 40)
    poll("told", lambda: count(w, "key_hour", "destroyed_at IS NULL") == 0)
    assert count(w, "payload") == 0
    for id_ in ids:
        assert w.daemon.ctl("purge", "prove", "--id", id_)["proven"]
    w.audit_ok()


# ---- traffic data ---------------------------------------------------------------------------------


def test_traffic_data_is_forgotten_and_the_trail_verifies(make_world):
    w = make_world(start=False)
    w.start(**ago(230 * 24))  # in a month that is over for more than 180 days, wherever we are in it
    body = re.sub(rb">2026\d{4}<", b">" + then(231 * 24)[:8].encode() + b"<",
                  w.notificatie("almere", tijdstip=then(231 * 24)))
    old = w.send("raad", body).id
    w.settled(old, 1)
    assert w.send("raad", body, status=200).id == old  # a repeat is known by its keyed digest
    digest = harness.sha256(body)
    assert count(w, "dedup", "content = '\\x%s'" % digest) == 0 and count(w, "dedup") == 1
    lines = count(w, "audit", "at < now() - interval '180 days'")
    assert lines >= 4
    w.daemon.restart(**FAST)
    new = w.send("raad", w.notificatie("almere")).id
    w.settled(new, 1)
    poll("forgotten", lambda: count(w, "message", "id = '%s'" % old) == 0, 40)
    poll("references too", lambda: count(w, "dedup") == 1)
    assert count(w, "delivery_done", "message_id = '%s'" % old) == 0
    assert count(w, "audit", "message_id = '%s'" % old) == 1  # that its content was destroyed just now
    assert count(w, "audit_skeleton") == lines
    assert count(w, "audit", "event = 'traffic.destroyed'") >= 1
    assert w.audit_ok()["skeletons"] == lines
    assert [m["id"] for m in w.daemon.ctl("message", "list")] == [new]
    # the proof outlives the traffic data
    poll("key gone", lambda: w.daemon.ctl("purge", "prove", "--id", old, code=None)["proven"])
    w.daemon.restart(**FAST)  # seals
    export = w.path + "/spoor.jsonl"
    w.daemon.ctl("audit", "export", export)
    with open(export, encoding="utf-8") as f:
        assert sum('"type":"skeleton"' in x for x in f) == lines
    run = subprocess.run([harness.sys.executable, os.path.join(harness.TOP, "docs", "audit_verify.py"),
                          export, state(w, "audit.pub")], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


# ---- the term ---------------------------------------------------------------------------------------


def test_a_longer_term_is_written_down_with_its_ground(make_world):
    """At the start and with a reload; without a ground corvd does not take it."""
    w = make_world(start=False, stubs=False, retention={"payload_hours": 48, "ground": "TEST besluit 1"})
    w.start()

    def said(event):
        rows = w.daemon.sql("SELECT detail FROM corv.audit WHERE event = '%s' ORDER BY seq DESC LIMIT 1" % event)
        return json.loads(rows[0][0]) if rows else {}
    poll("start noted", lambda: said("node.started").get("payload_hours") == 48)
    assert said("node.started")["ground"] == "TEST besluit 1"
    w.config["retention"] = {"payload_hours": 72}
    w.write()
    refused = w.daemon.ctl("reload", code=1, data=False)
    assert "config.no-ground" in refused.stdout + refused.stderr
    assert not said("config.reloaded")
    w.config["retention"] = {"payload_hours": 72, "ground": "TEST besluit 2"}
    w.write()
    w.daemon.ctl("reload")
    poll("reload noted", lambda: said("config.reloaded").get("ground") == "TEST besluit 2")
    w.config["retention"] = {"payload_hours": 4}  # shorter needs no ground
    w.write()
    w.daemon.ctl("reload")
    poll("reload noted", lambda: said("config.reloaded").get("payload_hours") == 4)
