# SPDX-License-Identifier: EUPL-1.2
"""The rules beyond the schema, in the mode the operator chose: uit, waarschuwen, afdwingen - per
partner and from a day; and an imported official set in the place of our own."""
import glob
import re

import harness

WRONG_BSN = rb"<BG:inp.bsn>999999999</BG:inp.bsn>"


def broken(world, sender="veilig-thuis"):
    """A VTO that the schema likes and the elfproef does not."""
    body, changed = re.subn(rb"<BG:inp.bsn>\d{9}</BG:inp.bsn>", WRONG_BSN, world.vto(sender), count=1)
    assert changed == 1
    return body


def codes(answer, severity):
    return {f["code"] for f in answer.json.get("findings", []) if f["severity"] == severity}


def test_enforced_as_it_comes(world):
    answer = world.daemon.post("veilig-thuis", broken(world))
    assert answer.status == 422
    assert "rule.bsn-elfproef" in codes(answer, "error")
    said = [f for f in answer.json["findings"] if f["code"] == "rule.bsn-elfproef"][0]
    assert said["layer"] == "rule" and said["who"] == "behandelaar" and said["article"]
    assert said["line"] > 1 and said["path"].endswith("/BG:inp.bsn")
    assert b"999999999" not in answer.body


def test_warned_goes_on_and_the_sender_is_told(make_world):
    world = make_world(rules=[{"rule": "bsn-*", "mode": "waarschuwen"}])
    answer = world.daemon.post("veilig-thuis", broken(world))
    assert answer.status == 202
    assert "rule.bsn-elfproef" in codes(answer, "warning")


def test_per_partner_and_from_a_day(make_world):
    world = make_world(rules=[
        {"rule": "bsn-elfproef", "mode": "uit", "party": "gi"},
        {"rule": "bsn-elfproef", "mode": "uit", "valid_from": "2999-01-01"}])
    assert world.daemon.post("veilig-thuis", broken(world)).status == 422
    answer = world.daemon.post("gi", broken(world, "gi"))
    assert answer.status == 202
    assert "rule.bsn-elfproef" not in codes(answer, "warning")


def test_a_setting_for_no_rule_is_told_before_the_start_and_stops_it(make_world):
    world = make_world(start=False, rules=[{"rule": "bestaat-niet", "mode": "uit"}])
    said = harness.ctl(world.daemon.config, "config", "check")
    assert said.returncode == 1
    assert "rules.unknown" in said.stdout and "bestaat-niet bestaat niet" in said.stdout
    try:
        world.start()
    except harness.Died as e:
        assert "bestaat niet" in str(e)
        assert world.daemon.ended() == 78
    else:
        raise AssertionError("corvd started with a rule that does not exist")


def test_an_imported_set_judges_where_it_is_chosen(make_world, shared):
    zips = glob.glob(shared + "/standard/*jrberichten*1.0.9*.zip")
    world = make_world(start=False)
    harness.ctl(world.daemon.config, "schemas", "import", zips[0], "--name", "jr-109")
    world.config["schemas"] = [{"set": "jr-109", "kinds": ["vtoDi01"], "valid_from": "2026-01-01"}]
    world.write()
    world.start()
    answer = world.daemon.post("veilig-thuis", world.vto("veilig-thuis"))
    assert answer.status == 202
    detail = world.daemon.sql("SELECT detail FROM corv.audit WHERE event = 'message.stored'")
    listed = harness.ctl(world.daemon.config, "schemas", "list", data=False).stdout
    assert re.search(r"^jr-109 +vtoDi01 +alle +2026-01-01 +geldt$", listed, re.M), listed
    sets = {s["name"]: s["choices"] for s in world.daemon.ctl("schemas", "list")}
    assert sets["eigen"] == [] and sets["jr-109"][0]["in_force"]
    assert '"schemas":"jr-109"' in detail[0][0] and '"rules":"' in detail[0][0]


def test_a_set_counts_for_its_party_and_its_days(make_world, shared):
    zips = glob.glob(shared + "/standard/*jrberichten*1.0.9*.zip")
    world = make_world(start=False)
    harness.ctl(world.daemon.config, "schemas", "import", zips[0], "--name", "jr-109")
    world.config["schemas"] = [
        {"set": "jr-109", "kinds": ["vtoDi01"], "party": "gi"},
        {"set": "jr-109", "kinds": ["notificatieDi01"], "valid_until": "2020-12-31"}]
    world.write()
    world.start()

    def judged_by(sender, body):
        id_ = world.send(sender, body).id
        detail = world.daemon.sql("SELECT detail FROM corv.audit WHERE event = 'message.stored'"
                                  " AND message_id = '%s'" % id_)[0][0]
        return re.search('"schemas":"([^"]*)"', detail).group(1)

    assert judged_by("gi", world.vto("gi")) == "jr-109"
    assert judged_by("veilig-thuis", world.vto("veilig-thuis")) == "eigen"
    assert judged_by("raad", world.notificatie("almere")) == "eigen"  # its last day is over
