# SPDX-License-Identifier: EUPL-1.2
"""A base backup (pg_basebackup) and the archived WAL of after it, put back to the moment before the
purge: the rows are there again, and nobody can read them, nothing is sent again, and a repeat still
gets the answer of then. The messages are in the archived WAL only: the backup is older."""
import glob
import os
import shutil
import subprocess

import harness
import pytest
from harness import poll
from postgres import Server
from test_c04_law import FAST, ago, count, keys, then, told
from world import World

CONTENT = "Proefkonijn|999120001"  # of the messages of tests/support/messages


def archive(server):
    return server.path + "/archive"


def all_archived(server, sql):
    """What was written up to now is in the archive."""
    segment = sql("SELECT pg_walfile_name(pg_switch_wal())")[0][0]
    poll("archived", lambda: os.path.exists(archive(server) + "/" + segment), 30)


def put_back(server, lsn):
    """As an administrator does it, in PostgreSQL's own words."""
    server.stop("fast")
    shutil.rmtree(server.data)
    os.rename(server.path + "/backup", server.data)
    with open(server.data + "/postgresql.auto.conf", "a", encoding="ascii") as f:
        f.write("restore_command = 'cp %s/%%f %%p'\nrecovery_target_lsn = '%s'\n"
                "recovery_target_action = promote\narchive_mode = off\n" % (archive(server), lsn))
    signal = server.data + "/recovery.signal"
    with open(signal, "w", encoding="ascii"):
        pass
    shutil.chown(signal, os.stat(server.data).st_uid, os.stat(server.data).st_gid)
    server.start()


@pytest.fixture(scope="module", name="w")
def fixture_w():
    path = harness.folder("pg")
    server = Server(path, ("wal_level=replica", "archive_mode=on",
                           "archive_command='cp %%p %s/archive/%%f'" % path))
    os.mkdir(archive(server))
    shutil.chown(archive(server), os.stat(server.data).st_uid, os.stat(server.data).st_gid)
    w = World(name="wal", database=server.conninfo)
    w.server, w.daemon.conninfo = server, lambda: server.conninfo
    try:
        w.start(**ago(26))
        server.base_backup(path + "/backup")
        w.partners["dronten"].stop()
        w.body = w.vto(tijdstip=then(26))
        w.done = w.send("veilig-thuis", w.body).id
        w.open = w.send("raad", w.notificatie("dronten", tijdstip=then(26))).id
        w.settled(w.done, 2)
        old = keys(w)
        assert old and count(w, "payload") == 3
        w.before_purge = w.daemon.sql("SELECT pg_current_wal_lsn()")[0][0]
        w.daemon.restart(**FAST)
        poll("purged", lambda: count(w, "payload", "id = '%s'" % w.done) == 0
             and not set(keys(w)) & set(old), 40)
        poll("the line of the last key", lambda: count(w, "key_hour", "destroyed_at IS NULL") == 0)
        yield w
    finally:
        w.close()
        server.close()


def test_a_repeat_after_the_purge_gets_the_answer_of_then(w):
    before = told(w, "raad")
    assert w.send("veilig-thuis", w.body, status=200).id == w.done
    other = w.body.replace(b"Proefkonijn", b"Proefkonijntje", 1)
    assert other != w.body
    assert w.send("veilig-thuis", other, status=409).json["code"] == "duplicate.other-content"
    assert told(w, "raad") == before
    assert w.daemon.ctl("purge", "prove", "--id", w.done)["proven"]


def test_put_back_to_before_the_purge(w):
    all_archived(w.server, w.daemon.sql)
    assert w.daemon.stop() == 0
    w.told = {name: told(w, name) for name in w.partners}
    put_back(w.server, w.before_purge)
    poll("recovered", lambda: w.daemon.sql("SELECT pg_is_in_recovery()") == [["f"]], 30)
    assert "starting point-in-time recovery" in open(w.server.path + "/log", encoding="utf-8").read()
    # the rows that were destroyed are there again, from the archived WAL
    assert count(w, "payload", "id = '%s'" % w.done) == 1
    assert count(w, "audit", "event = 'payload.destroyed'") == 0
    # and a keyless copy is all they are
    files = [w.server.data, archive(w.server)]
    assert len(glob.glob(archive(w.server) + "/*")) >= 2
    run = subprocess.run(["grep", "-rlE", CONTENT, *files], capture_output=True, text=True, check=False)
    assert run.stdout == "" and run.returncode == 1, run


def test_nothing_is_sent_again(w):
    w.partners["dronten"].start()
    w.daemon.start(**FAST)
    poll("told", lambda: w.daemon.events("database.restored"))
    assert w.daemon.events("database.restored")[-1]["code"] == "fence.older"
    assert count(w, "delivery", "state = 0") == 0
    new = w.send("raad", w.notificatie("almere"))
    w.settled(new.id, 1)
    w.told["almere"] += 1
    assert {name: told(w, name) for name in w.partners} == w.told


def test_it_cannot_be_read(w):
    """An operator releases what waited, though its key was destroyed meanwhile."""
    w.daemon.ctl("release", w.open)
    poll("held for its key", lambda: w.daemon.sql(
        "SELECT held_code FROM corv.delivery WHERE message_id = '%s'" % w.open) == [["payload.no-key"]])
    assert told(w, "dronten") == w.told["dronten"]
    poll("destroyed again", lambda: count(w, "payload", "id = '%s'" % w.done) == 0)
    # when the key went stands in what the backup does not know: the proof is that of before, exported
    assert not w.daemon.ctl("purge", "prove", "--id", w.done, code=None)["there"]


def test_the_answer_of_then_came_back_too(w):
    assert w.send("veilig-thuis", w.body, status=200).id == w.done
    assert {name: told(w, name) for name in w.partners} == w.told
    w.audit_ok()
