# SPDX-License-Identifier: EUPL-1.2
"""One trouble is one alarm: opened once, counted, closed once - in the log, in corvctl, in /metrics,
over a restart, and for the operator's own program."""
import json
import os

import pytest

from harness import poll
from world import World

QUICK = {"CORVD_ALARMS_MS": "200"}  # test builds: look often, and wait for nothing but the settings


def told(world, key):
    return [e["event"].split(".")[1] for e in world.daemon.events()
            if e["event"].startswith("incident.") and e["what"] == key]


def opened(world, key, seconds=40):
    return poll("%s opens" % key, lambda: told(world, key)[-1:] == ["opened"], seconds)


def closed(world, key, seconds=40):
    return poll("%s closes" % key, lambda: told(world, key)[-1:] == ["closed"], seconds)


def incidents(world, code=None):
    return {i["key"]: i for i in world.daemon.ctl("incidents", code=code)}


def hook(world, body):
    """A program of the operator's, and what it was told so far."""
    path, seen = os.path.join(world.path, "alarm.sh"), os.path.join(world.path, "alarm.txt")
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n%s\n" % body.replace("OUT", seen))
    os.chmod(path, 0o755)
    world.config["alarms"] = {**world.config.get("alarms", {}), "command": path}
    world.write()
    return lambda: open(seen, encoding="utf-8").read().splitlines() if os.path.exists(seen) else []


def test_a_partner_goes_away_and_comes_back_with_a_restart(make_world):
    world = make_world(start=False, alarms={"partner_seconds": 1})
    ran = hook(world, 'echo "$1|$2|$3|$4|$CORV_INCIDENT_CAUSE|$CORV_INCIDENT_CODE|$CORV_NODE" >>OUT')
    world.start(**QUICK)
    key = "partner.unreachable:almere"
    world.partners["almere"].stop()
    first = world.send("raad", world.notificatie("almere"))
    opened(world, key)
    one = incidents(world, 1)[key]
    assert (one["severity"], one["code"], one["subject"]) == ("error", "connect.refused", "almere")
    assert world.daemon.metric("incidents_open", '{cause="partner.unreachable",severity="error"}') == 1
    said = " ".join(world.daemon.ctl("status", code=1, data=False).stdout.split())
    assert "almere: is niet te bereiken" in said and "Kijk met: corvctl incidents" in said

    # more of the same is counted, not told
    second = world.send("raad", world.notificatie("almere"))
    failed = poll("more attempts", lambda: world.daemon.metric("attempts_total", '{to="almere",class="later"}') >= 3)
    assert failed and told(world, key) == ["opened"]
    poll("counted", lambda: incidents(world)[key]["value"] == 2, 30)

    # a restart neither tells it again nor forgets it
    world.daemon.restart(**QUICK)
    assert incidents(world, 1)[key]["since"] == one["since"]
    poll("it was tried again", lambda: world.daemon.metric("attempts_total", '{to="almere",class="later"}'))
    assert told(world, key) == ["opened"]

    world.partners["almere"].start()
    world.settled(first.id, 1)
    world.settled(second.id, 1)
    closed(world, key)
    assert told(world, key) == ["opened", "closed"]
    assert key not in incidents(world)
    assert world.daemon.metric("incidents_open", '{cause="partner.unreachable",severity="error"}') == 0
    poll("the program heard both", lambda: len([l for l in ran() if key in l]) == 2)
    heard = [l.split("|") for l in ran() if key in l]
    assert [l[0] for l in heard] == ["opened", "closed"]
    assert heard[0][1:] == ["error", key, "almere: is niet te bereiken", "partner.unreachable",
                            "connect.refused", "test"]


@pytest.fixture(scope="module", name="bad")
def a_bad_day():
    """A world in which much goes wrong, and the operator's program says no."""
    world = World(name="bad")
    hook(world, "exit 3")
    try:
        yield world.start(**QUICK)
    finally:
        world.close()


def test_what_waits_for_a_human(bad):
    bad.partners["almere"].behave(status=422)
    dead = bad.send("raad", bad.notificatie("almere"))
    bad.send("veilig-thuis", bad.vto(woonplaats="Grensdorp"))
    opened(bad, "delivery.failed:almere")
    opened(bad, "delivery.asks:in-twijfel")
    bad.daemon.ctl("drop", dead.id, "--reason", "test")
    closed(bad, "delivery.failed:almere")
    assert told(bad, "delivery.asks:in-twijfel") == ["opened"]


def test_a_reference_with_other_content(bad):
    body = bad.vto("gi")
    bad.send("gi", body)
    for _ in range(2):
        bad.send("gi", body.replace(b"Lelystad", b"Almere"), status=409)
    opened(bad, "message.other-content:gi")
    assert told(bad, "message.other-content:gi") == ["opened"]
    assert incidents(bad, 1)["message.other-content:gi"]["value"] == 2


def test_a_program_that_fails_is_an_alarm_but_not_for_itself(bad):
    opened(bad, "alarm.command-failed")
    assert incidents(bad)["alarm.command-failed"]["code"] == "hook.exit"
    assert bad.daemon.metric("alarm_command_failures_total") == bad.daemon.metric("alarm_command_runs_total")


def test_a_partner_that_refuses_everything(bad):
    bad.partners["dronten"].behave(status=403)
    for _ in range(3):
        bad.settled(bad.send("raad", bad.notificatie("dronten")).id, 1, "dead")
    opened(bad, "partner.refuses:dronten")
    bad.partners["dronten"].behave(status=200)
    bad.settled(bad.send("raad", bad.notificatie("dronten")).id, 1)
    closed(bad, "partner.refuses:dronten")


def test_status_fits_in_ten_lines_when_much_is_wrong(bad):
    opened(bad, "delivery.failed:dronten")
    lines = bad.daemon.ctl("status", code=1, data=False).stdout.splitlines()
    assert len(lines) <= 10 and max(len(line) for line in lines) <= 80, lines
    assert lines[0] == "Kijk hiernaar:" and any("corvctl dead" in line for line in lines)
    shown = bad.daemon.ctl("incidents", code=1, data=False).stdout
    assert "dringend     dronten: mislukte bezorgingen wachten op u\n" in shown
    one = incidents(bad, 1)["delivery.failed:dronten"]
    since = "%s-%s %s" % (one["since"][8:10], one["since"][5:7], one["since"][11:19])
    assert "sinds %s UTC; delivery.failed, getal %d\n" % (since, one["value"]) in shown  # whole, and findable
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_database_goes_away(bad):
    bad.daemon.end_postgres()
    opened(bad, "database.unreachable")
    closed(bad, "database.unreachable")
    assert told(bad, "database.unreachable") == ["opened", "closed"]


def test_the_database_is_there_and_does_not_store(make_world):
    """Each try ends the connection, which is back at once: never away for long, and nothing gets in."""
    world = make_world(start=False)
    world.start(**QUICK)
    world.daemon.sql("REVOKE INSERT ON corv.message FROM corv_app")
    assert world.daemon.post("veilig-thuis", world.vto()).status == 503
    opened(world, "store.fails")
    world.daemon.sql("GRANT INSERT ON corv.message TO corv_app")
    poll("stored again", lambda: world.daemon.post("veilig-thuis", world.vto()).status == 202)


def test_nothing_of_a_message_is_in_it(bad):
    text = json.dumps([e for e in bad.daemon.events() if e["event"].startswith("incident.")])
    text += json.dumps(list(incidents(bad).values()))
    assert "dronten" in text and "Grensdorp" not in text and "999990019" not in text


def test_how_long_and_how_full_is_for_the_operator_to_say(make_world):
    """Released, but nobody takes it (CORVD_STALL): it lies there. No disk has 91% free - or hardly one."""
    world = make_world(start=False, alarms={"due_seconds": 604800, "disk_percent": 1})
    world.start(CORVD_STALL="1", **QUICK)
    held = world.send("veilig-thuis", world.vto(woonplaats="Grensdorp"))
    opened(world, "delivery.asks:in-twijfel")
    number = [d for d in world.deliveries(held.id) if d["state"] == "held"][0]["message"]
    world.daemon.ctl("release", number, "--to", "almere")
    closed(world, "delivery.asks:in-twijfel")
    poll("it is due", lambda: (world.daemon.metric("lane_oldest_due_seconds", '{to="almere"}') or 0) > 2)
    assert not told(world, "queue.stale:almere") and not told(world, "disk.low")
    world.config["alarms"] = {"due_seconds": 1, "disk_percent": 90}
    world.write()
    world.daemon.ctl("reload")
    opened(world, "queue.stale:almere")
    if world.daemon.metric("disk_free_ratio") < 0.9:
        opened(world, "disk.low")


def test_silence_is_learned_from_what_is_in_the_database(make_world):
    """Three weeks with a message every hour, then a week of nothing. A week has more working hours than
    were ever silent, whatever the date and the holidays."""
    world = make_world(start=False)
    world.start(**QUICK)
    poll("the history was read", lambda: world.daemon.metric("silence_watched") is not None)
    for party, weeks in (("gi", 1), ("raad", 0)):
        world.daemon.sql(
            "INSERT INTO corv.message (id, received_at, kind, sender, size, digest, content_type)"
            " SELECT (left(corv.id_at(t)::text, 24) || lpad(to_hex((%d * 100000 + row_number() OVER ())::int), 12, '0'))"
            "::uuid, t, 'notificatieDi01', '%s', 1, '\\x00', 'text/xml'"
            " FROM generate_series(now() - interval '28 days', now() - interval '%d days 1 minute',"
            " interval '1 hour') AS t" % (weeks, party, 7 * weeks))
    world.daemon.restart(**QUICK)
    key = "party.silent:gi/notificatieDi01"
    opened(world, key)
    assert incidents(world, 1)[key]["value"] >= 10
    assert not told(world, "party.silent:raad/notificatieDi01")
    poll("both are known", lambda: world.daemon.metric("silence_watched") == 2)
    world.daemon.restart(**QUICK)  # it is in the database: a restart forgets nothing and repeats nothing
    poll("looked again", lambda: world.daemon.metric("silence_watched") == 2)
    assert told(world, key) == ["opened"]
    gi = world.by_id["gi"]
    for change, how in (({"silence_hours": 8760}, closed), ({"silence_hours": 1}, opened), (False, closed),
                        (True, opened)):
        if isinstance(change, dict):  # for all kinds of the party together
            gi.update(change)
        else:
            world.config["alarms"] = {"silence": change}
        world.write()
        world.daemon.ctl("reload")
        how(world, "party.silent:gi" if gi["silence_hours"] == 1 else key)
    del gi["silence_hours"]
    world.write()
    world.daemon.ctl("reload")
    closed(world, "party.silent:gi")
    opened(world, key)
    world.daemon.sql("INSERT INTO corv.message (id, received_at, kind, sender, size, digest, content_type)"
                     " SELECT (left(corv.id_at(now())::text, 24) || 'abcdefabcdef')::uuid, now(),"
                     " 'notificatieDi01', 'gi', 1, '\\x00', 'text/xml'")
    closed(world, key)
