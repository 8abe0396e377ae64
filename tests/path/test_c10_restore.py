# SPDX-License-Identifier: EUPL-1.2
"""A back-up of corvd's own database put back with the very commands of docs/handleiding/herstel.md: what
waited then is asked about and not sent again, the trail is whole, and corvd goes on."""
import os
import re
import subprocess

import harness
from harness import poll

NEXT = os.path.join(harness.BUILD, "tests", "path", "corvd_next")
HERSTEL = os.path.join(harness.TOP, "docs", "handleiding", "herstel.md")


def commands(world, dump):
    """The block of the manual that restores, for the places and the user of this test."""
    with open(HERSTEL, encoding="utf-8") as f:
        block = next(b for b in re.findall(r"```sh\n(.*?)```", f.read(), re.S) if "pg_restore" in b)
    server = world.daemon.conninfo().split()[0]  # the socket's folder may be elsewhere: a long path
    changed = (("runuser -u corvd --", " ".join(harness.as_postgres())),
               ("map=/var/lib/corvd/postgres", "map=" + world.daemon.postgres_folder),
               ("host=$map/socket", server), (" corvd.dump", " " + dump))
    for old, new in changed:
        assert old in block, old
        block = block.replace(old, new)
    return "set -e\n" + block


def waits_for_almere(world):
    """A message for a party that is away; its number."""
    world.partners["almere"].stop()
    message = world.send("raad", world.notificatie("almere")).id
    poll("it failed once", lambda: "delivery.later" in world.audit(message))
    return message


def dumped(world):
    dump = world.path + "/corvd.dump"
    subprocess.run(["pg_dump", "--format=custom", "--file=" + dump, world.daemon.conninfo()], check=True)
    return dump


def test_put_back_as_the_manual_says(make_world):
    w = make_world()
    waits = waits_for_almere(w)
    dump = dumped(w)
    w.partners["almere"].start()
    w.settled(waits, 1)
    later = w.send("veilig-thuis", w.vto()).id
    w.settled(later, 2)
    assert w.daemon.stop() == 0
    run = subprocess.run(["bash", "-c", commands(w, dump)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run
    assert w.daemon.postmaster() is None
    w.daemon.start()
    poll("told", lambda: w.daemon.events("database.restored"))
    assert [m["id"] for m in w.daemon.ctl("message", "list")] == [waits]  # the later one is not known any more
    shown = w.daemon.ctl("message", "show", waits, data=False).stdout
    assert "restore.in-doubt\n" in shown and "Heeft de ontvanger dit bericht al?" in shown
    assert len(w.partners["almere"].taken()) == 1
    w.daemon.ctl("release", waits)
    w.settled(waits, 1)
    w.audit_ok()
    assert w.send("veilig-thuis", w.vto()).status == 202


def put_back_at_once(world, dump):
    """In one transaction, under the sessions of a running corvd."""
    tables = subprocess.run(["pg_restore", "--file=-", dump], capture_output=True, text=True, check=True).stdout
    subprocess.run(["psql", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
                    "--dbname=" + world.daemon.conninfo()], text=True, check=True, capture_output=True,
                   input="DROP SCHEMA corv, corv_meta CASCADE;" + tables)


def test_one_of_before_an_upgrade_put_back_under_a_running_corvd(make_world):
    """corvd keeps off, and says in every place where somebody looks that it wants to be started again."""
    w = make_world()
    waits = waits_for_almere(w)
    dump = dumped(w)
    assert w.daemon.stop() == 0
    w.daemon.wrap = ["sh", "-c", 'shift; exec %s "$@"' % NEXT, "sh"]
    w.daemon.start()  # a release with a migration more
    w.settled(w.send("veilig-thuis", w.vto()).id, 2)
    put_back_at_once(w, dump)

    def told():
        return [e for e in w.daemon.events("queue.connection-lost") if e["code"] == "schema-older"]
    poll("told", told, 30)
    assert "Start corvd opnieuw" in told()[0]["reason"]
    assert w.daemon.admin("/readyz").json["trouble"] == "schema-older"
    assert "Start corvd opnieuw" in " ".join(w.daemon.ctl("status", code=None, data=False).stdout.split())
    assert w.send("veilig-thuis", w.vto(), status=503).headers["retry-after"]
    assert len(told()) == 1
    w.daemon.restart()
    poll("held", lambda: w.daemon.events("database.restored"))
    assert w.daemon.sql("SELECT max(number) FROM corv_meta.corv_migration") == [["900"]]
    w.partners["almere"].start()
    w.daemon.ctl("release", waits)
    w.settled(waits, 1)
    w.audit_ok()
    assert w.send("veilig-thuis", w.vto()).status == 202
