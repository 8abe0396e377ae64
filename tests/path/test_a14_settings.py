# SPDX-License-Identifier: EUPL-1.2
"""Every setting does what it says. PROOFS names for each row of config/settings.def the test that
shows its effect; what no other file shows is shown here, on a running daemon."""
import os
import re
import signal
import socket
import threading
import time

import harness
import pytest
from harness import poll
from world import OWN_OIN, PARTIES, ROUTES, World

HERE = "path/test_a14_settings.py::"
HTTP = "path/test_f03_hostile_http.py::"
ROUTE = "unit/test_route.c::test_rows"
PROOFS = {
    "node": HERE + "test_who_we_are", "oin": HERE + "test_who_we_are", "application": HERE + "test_who_we_are",
    "state_dir": "path/test_a02_answers.py::test_503_when_no_key_can_be_kept_to_seal_with",
    "database": "path/test_f01_postgres.py::test_another_postgres_stays_away",
    "keys_dir": "path/test_f20_nodes.py::test_other_keys_are_refused_with_a_clear_sentence",
    "synchronous_standby": "path/test_f21_failover.py::test_no_yes_without_a_standby_when_that_is_required",
    "log_level": HERE + "test_log_level", "workers": HERE + "test_workers",
    "production": "path/test_a10_reload.py::test_test_certificates_are_refused_for_real_messages",
    "listen.address": HERE + "test_address", "listen.port": HERE + "test_address",
    "listen.certificate": "path/test_a10_reload.py::test_certificate_rolls_over_while_a_connection_stays",
    "listen.key": "path/test_a10_reload.py::test_certificate_rolls_over_while_a_connection_stays",
    "listen.client_ca": "path/test_a04_tls.py::test_bad_certificate",
    "listen.client_crl": "path/test_a10_reload.py::test_a_revoked_certificate_is_refused_after_reload",
    "admin.socket": "path/test_a10_reload.py::test_who_may_ask",
    "admin.address": "path/test_a12_page.py::test_another_name_that_points_here_gets_nothing",
    "admin.port": "path/test_a12_page.py::test_another_name_that_points_here_gets_nothing",
    "limits.body_bytes": "path/test_a10_reload.py::test_what_needs_a_restart_is_named_every_time",
    "limits.total_body_bytes": "path/test_a06_decisions.py::test_overload",
    "limits.header_bytes": HERE + "test_header_bytes",
    "limits.connections": HTTP + "test_more_connections_than_allowed",
    "limits.header_seconds": HTTP + "test_slow_head", "limits.body_seconds": HTTP + "test_slow_body",
    "limits.idle_seconds": HTTP + "test_silence_after_the_handshake",
    "limits.handshake_seconds": HTTP + "test_silence_instead_of_a_handshake",
    "limits.pipeline": HERE + "test_pipeline",
    "limits.pipeline_per_party": "path/test_c06_share.py::test_a_flood_of_one_party_leaves_room_for_the_others",
    "delivery.max_in_flight": HERE + "test_in_flight", "parties[].max_in_flight": HERE + "test_in_flight",
    "delivery.lease_seconds": HERE + "test_a_lease_ends",
    "delivery.timeout_seconds": "path/test_c01_retry.py::test_given_up_after_its_time",
    "delivery.retry_first_seconds": "path/test_c01_retry.py::test_given_up_after_its_time",
    "delivery.retry_max_seconds": "path/test_c01_retry.py::test_given_up_after_its_time",
    "delivery.give_up_seconds": "path/test_c01_retry.py::test_given_up_after_its_time",
    "delivery.certificate": "path/test_a10_reload.py::test_delivery_uses_the_new_certificate",
    "delivery.key": "path/test_a10_reload.py::test_delivery_uses_the_new_certificate",
    "delivery.ca": "path/test_ctl_actions.py::test_certificates",
    "retention.payload_hours": HERE + "test_content_and_traffic_data_go_sooner",
    "retention.ground": HERE + "test_content_may_stay_longer_with_a_ground",
    "retention.traffic_days": HERE + "test_content_and_traffic_data_go_sooner",
    "alarms.command": "path/test_a13_alarms.py::test_a_program_that_fails_is_an_alarm_but_not_for_itself",
    "alarms.partner_seconds": "path/test_a13_alarms.py::test_a_partner_goes_away_and_comes_back_with_a_restart",
    "alarms.due_seconds": "path/test_a13_alarms.py::test_how_long_and_how_full_is_for_the_operator_to_say",
    "alarms.disk_percent": "path/test_a13_alarms.py::test_how_long_and_how_full_is_for_the_operator_to_say",
    "alarms.silence": "path/test_a13_alarms.py::test_silence_is_learned_from_what_is_in_the_database",
    "parties[].silence_hours": "path/test_a13_alarms.py::test_silence_is_learned_from_what_is_in_the_database",
    "adapters[].name": "path/test_a10_reload.py::test_an_adapter_can_be_added_and_removed",
    "adapters[].library": "path/test_a10_reload.py::test_an_adapter_can_be_added_and_removed",
    "adapters[].settings[].key": "path/test_a07_dropdir.py::test_a_sender_that_is_no_party_does_not_start",
    "adapters[].settings[].value": "path/test_a07_dropdir.py::test_a_sender_that_is_no_party_does_not_start",
    "parties[].id": ROUTE, "parties[].oin": "unit/test_parties.c::test_by_oin",
    "parties[].name": "path/test_a12_page.py::test_the_page_says_what_status_json_says",
    "parties[].gemeentecode": "unit/test_parties.c::test_codes",
    "parties[].woonplaatsen": "unit/test_parties.c::test_places",
    "parties[].adapter": "path/test_a10_reload.py::test_an_adapter_can_be_added_and_removed",
    "parties[].address": ROUTE, "parties[].acts_for": HERE + "test_acts_for",
    "parties[].valid_from": ROUTE, "parties[].valid_until": "path/test_a04_tls.py::test_party_whose_time_is_over",
    "parties[].roles[].role": "unit/test_parties.c::test_roles",
    "parties[].roles[].valid_from": "unit/test_parties.c::test_roles",
    "parties[].roles[].valid_until": "unit/test_parties.c::test_roles",
    "mandates[].party": "unit/test_parties.c::test_mandates",
    "mandates[].gemeente": "unit/test_parties.c::test_mandates",
    "mandates[].kinds": "unit/test_parties.c::test_mandates",
    "mandates[].ground": "unit/test_route.c::test_decision_is_json",
    "mandates[].valid_from": HERE + "test_a_mandate_of_tomorrow", "mandates[].valid_until": ROUTE,
    "schemas[].set": "path/test_a11_rules.py::test_an_imported_set_judges_where_it_is_chosen",
    "schemas[].kinds": "path/test_a11_rules.py::test_an_imported_set_judges_where_it_is_chosen",
    "schemas[].party": "path/test_a11_rules.py::test_a_set_counts_for_its_party_and_its_days",
    "schemas[].valid_from": "path/test_a11_rules.py::test_an_imported_set_judges_where_it_is_chosen",
    "schemas[].valid_until": "path/test_a11_rules.py::test_a_set_counts_for_its_party_and_its_days",
    "rules[].rule": "path/test_a10_reload.py::test_a_rule_can_be_turned_off",
    "rules[].mode": "path/test_a10_reload.py::test_a_rule_can_be_turned_off",
    "rules[].party": "path/test_a11_rules.py::test_per_partner_and_from_a_day",
    "rules[].valid_from": "path/test_a11_rules.py::test_per_partner_and_from_a_day",
    "routes[].name": ROUTE, "routes[].kind": ROUTE, "routes[].from": ROUTE, "routes[].to": ROUTE,
    "routes[].as": ROUTE, "routes[].valid_from": ROUTE, "routes[].valid_until": ROUTE,
}


def settings():
    """The rows of docs/settings.md, which is printed from the table."""
    found, place = [], ""
    with open(os.path.join(harness.TOP, "docs", "settings.md"), encoding="utf-8") as f:
        for line in f:
            heading, row = re.match(r"## (?:`(.*)`|Bovenaan)", line), re.match(r"\| `(\w+)` \|", line)
            if heading:
                place = heading.group(1) + "." if heading.group(1) else ""
            elif row:
                found.append(place + row.group(1))
    return found


def test_every_setting_has_its_proof():
    """A test that exists, in a file that sets it (or through tests/support/world.py)."""
    rows, wrong = settings(), []
    assert len(rows) > 60
    with open(os.path.join(harness.SUPPORT, "world.py"), encoding="utf-8") as f:
        world = f.read()
    for row in rows:
        path, _, name = PROOFS.get(row, "::").partition("::")
        try:
            with open(os.path.join(harness.TOP, "tests", path), encoding="utf-8") as f:
                text = f.read()
        except OSError:
            wrong.append("%s: no proof" % row)
            continue
        if not re.search(r"^(def|static void) %s\(" % re.escape(name), text, re.M):
            wrong.append("%s: no %s in %s" % (row, name, path))
        key = row.rsplit(".", 1)[-1]
        if not re.search(r"\b%s\b" % key, text + (world if path.startswith("path/") else "")):
            wrong.append("%s: %s does not set it" % (row, path))
    wrong += ["%s: no such setting" % row for row in PROOFS if row not in rows]
    assert not wrong, "\n".join(wrong)


# ---- on a running daemon -----------------------------------------------------------------------


@pytest.fixture(scope="module", name="w")
def fixture_w():
    world = World(name="set", node="veldpost-7", application="proefrouter", log_level="warning", workers=5,
                  limits={"header_bytes": 2048, "pipeline": 1}, delivery={"max_in_flight": 3})
    world.by_id["almere"]["max_in_flight"] = 5
    world.by_id["veilig-thuis"]["acts_for"] = ["dronten"]
    world.config["mandates"][0]["valid_from"] = time.strftime(
        "%Y-%m-%d", time.localtime(time.time() + 3 * 86400))
    world.write()
    try:
        yield world.start()
    finally:
        world.close()


def test_who_we_are(w):
    assert w.daemon.admin("/status.json").json["node"] == "veldpost-7"
    w.partners["gi"].behave(status=422)
    w.settled(w.send("raad", w.notificatie("gi")).id, 1, "dead")
    fault = poll("the Fo01", lambda: [e for e in w.partners["raad"].ledger() if e.kind == "Fo01Bericht"])[0]
    zender = re.search(rb"<[^>]*zender>(.*?)</[^>]*zender>", fault.body, re.S).group(1)
    assert OWN_OIN.encode() in zender and b"proefrouter" in zender
    assert w.daemon.sql("SELECT count(*) FROM corv.audit WHERE actor = 'node:veldpost-7'")[0][0] != "0"


def test_log_level(w):
    w.send("raad", w.notificatie("veilig-thuis"))
    w.quiet()
    assert {e["level"] for e in w.daemon.events()} <= {"warning", "error"}


def threads(w):
    """After work for all of them; libuv makes its threads at the first."""
    w.send("raad", w.notificatie("veilig-thuis"))
    return len(os.listdir("/proc/%d/task" % w.daemon.pid))


def test_workers(w, make_world):
    assert threads(w) - threads(make_world(workers=1, stubs=False)) == 4


def test_address(w):
    """127.0.0.1 was asked for: the machine's other addresses do not answer."""
    with socket.create_connection(("127.0.0.1", w.port), timeout=10):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", w.port), timeout=10)


def test_header_bytes(w):
    assert w.daemon.post("raad", w.notificatie("veilig-thuis"), X_Long="x" * 1500).status == 202
    assert w.daemon.post("raad", w.notificatie("veilig-thuis"), X_Long="x" * 2500).status == 431


def test_pipeline(w):
    """One message may be on its way to COMMIT: while the database is slow the next one hears 503."""
    pid = int(w.daemon.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'corvd.writer%'")[0][0])
    answers = []
    os.kill(pid, signal.SIGSTOP)
    try:
        first = threading.Thread(target=lambda: answers.append(
            w.daemon.post("raad", w.notificatie("veilig-thuis")).status))
        first.start()
        poll("it waits", lambda: w.daemon.metric("intake_now") == 1)
        assert w.daemon.post("veilig-thuis", w.vto()).status == 503
    finally:
        os.kill(pid, signal.SIGCONT)
    first.join()
    assert answers in ([202], [503])  # 503 when it took too long to wait for
    poll("room again", lambda: w.daemon.post("veilig-thuis", w.vto()).status == 202)


def test_in_flight(w):
    window = {x["party"]: x["window"] for x in w.daemon.admin("/status.json").json["lanes"]}
    assert (window["raad"], window["almere"]) == (3, 5)


def test_acts_for(w):
    body = w.render("vto", "dronten", woonplaats="Dronten")
    assert w.daemon.post("gi", body).status == 403  # gi may not speak for dronten
    assert w.daemon.post("veilig-thuis", body).status == 202


def test_a_mandate_of_tomorrow(w):
    assert w.daemon.post("lokaal-team", w.vto("lokaal-team", woonplaats="Dronten")).status == 403


def test_a_lease_ends(w):
    """What a node that vanished had in its hands is taken up when the lease is over (12 s here)."""
    answer = w.send("raad", w.notificatie("dronten"))
    w.settled(answer.id, 1)
    w.partners["dronten"].behave(mode="hang")
    held = w.send("raad", w.notificatie("dronten")).id
    until = poll("leased", lambda: w.daemon.sql(
        "SELECT extract(epoch FROM due_at - coalesce(last_at, created_at)) FROM corv.delivery"
        " WHERE message_id = '%s' AND owner = 'veldpost-7'" % held))
    assert 11 < float(until[0][0]) < 14
    w.partners["dronten"].behave()


# ---- how long things are kept --------------------------------------------------------------------

HOUR = 3600
FAST = {"CORVD_CHORES_MS": "300"}


def small_world(make_world, **retention):
    """Two parties are enough, and quicker."""
    two = [p for p in PARTIES if p["id"] in ("raad", "almere")]
    return make_world(start=False, parties=two, mandates=[], routes=ROUTES[2:3], retention=retention)


def one_message_of(w, hours):
    """Taken in and confirmed so long ago."""
    then = time.localtime(time.time() - hours * HOUR)
    w.daemon.stop()
    if not w.partners["raad"].process:
        harness.start_all(w.partners.values())
    w.daemon.start(**dict(FAST, CORVD_CLOCK_SHIFT_S=str(-int(hours * HOUR))))
    body = w.notificatie("almere", tijdstip=time.strftime("%Y%m%d%H%M%S", then))
    body = re.sub(rb">2026\d{4}<", b">" + time.strftime("%Y%m%d", then).encode() + b"<", body)
    id_ = w.send("raad", body).id
    w.settled(id_, 1)
    return id_


def there(w, table, id_):
    return w.daemon.sql("SELECT count(*) FROM corv.%s WHERE id = '%s'" % (table, id_))[0][0] == "1"


def test_content_and_traffic_data_go_sooner(make_world):
    w = small_world(make_world, payload_hours=2, traffic_days=62)
    old = one_message_of(w, 120 * 24)  # 180 days is what one has without the setting
    young = one_message_of(w, 5)  # and 24 hours
    w.daemon.restart(**FAST)
    poll("traffic data gone", lambda: not there(w, "message", old), 40)
    poll("content gone", lambda: not there(w, "payload", young), 40)
    assert there(w, "message", young)


def test_content_may_stay_longer_with_a_ground(make_world):
    w = small_world(make_world, payload_hours=72, ground="TEST besluit 12")
    old = one_message_of(w, 30)
    w.daemon.restart(**FAST)
    started = w.daemon.sql("SELECT detail FROM corv.audit WHERE event = 'node.started' ORDER BY at DESC LIMIT 1")
    assert "TEST besluit 12" in started[0][0]
    poll("it was looked after", lambda: 0 <= w.daemon.metric("retention_pass_age_seconds") < 5)
    assert there(w, "payload", old)
