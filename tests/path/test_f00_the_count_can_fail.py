# SPDX-License-Identifier: EUPL-1.2
"""The count on both ends (support/flood.py) must see what it is for: each promise is broken here by
hand, after the fact, and the count must say so."""
import json

import harness
import pytest
from flood import Flood, count


@pytest.fixture(scope="module", name="done")
def fixture_done(world):
    flood = Flood(world, "raad", lambda: world.notificatie("almere"), threads=2)
    flood.start().wait_for(6).stop()
    count(world, flood, ["almere"])
    return world, flood


def ledger(world):
    stub = world.partners["almere"]
    return "%s/%d/ledger" % (stub.folder, stub.runs)


def lines(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines(keepends=True)


def write(path, found):
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(found))


def says(done, words):
    world, flood = done
    with pytest.raises(harness.Trouble, match=words):
        count(world, flood, ["almere"])


def test_a_lost_message(done):
    path = ledger(done[0])
    kept = lines(path)
    write(path, kept[1:])
    says(done, "never got 1 acknowledged")
    write(path, kept)


def test_a_repeat_without_a_mark(done):
    path = ledger(done[0])
    kept = lines(path)
    write(path, kept + [kept[0]])
    says(done, "1 delivered twice without a repeat mark")
    write(path, kept)


def test_a_second_number(done):
    path = ledger(done[0])
    kept = lines(path)
    other = json.loads(kept[0])
    other["message"], other["delivery"] = "00000000-0000-7000-8000-000000000000", "x-1"
    write(path, kept + [json.dumps(other) + "\n"])
    says(done, "under two numbers")
    write(path, kept)


def test_a_message_that_is_not_in_the_database(done):
    world, flood = done
    digest = next(iter(flood.acked))
    kept = flood.acked[digest]
    world.daemon.sql("CREATE TABLE corv.aside AS SELECT * FROM corv.message WHERE id = '%s'" % kept)
    world.daemon.sql("DELETE FROM corv.message WHERE id = '%s'" % kept)
    says(done, "1 acknowledged messages are not in the database")
    world.daemon.sql("INSERT INTO corv.message SELECT * FROM corv.aside")


def test_an_audit_line_that_is_gone(done):
    world, _ = done
    last = world.daemon.sql("SELECT chain, seq FROM corv.audit WHERE event = 'delivery.confirmed' LIMIT 1")[0]
    world.daemon.sql("CREATE TABLE corv.aside2 AS SELECT * FROM corv.audit WHERE chain = %s AND seq = %s" % tuple(last))
    world.daemon.sql("DELETE FROM corv.audit WHERE chain = %s AND seq = %s" % tuple(last))
    says(done, "audit verify: exit")
    world.daemon.sql("INSERT INTO corv.audit SELECT * FROM corv.aside2")


def test_it_is_content_when_all_is_well(done):
    world, flood = done
    assert "lost 0" in count(world, flood, ["almere"])
