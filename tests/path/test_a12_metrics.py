# SPDX-License-Identifier: EUPL-1.2
"""What /metrics tells of a day with all kinds of ends, and that Prometheus has nothing against it."""
import os
import re
import shutil
import subprocess
import sys

import pytest

import harness
from harness import poll

sys.path.insert(0, os.path.join(harness.TOP, "tests", "lint"))
sys.path.insert(0, os.path.join(harness.TOP, "tests", "alerts"))
import metrics as table  # noqa: E402
import test_rules as alerts  # noqa: E402

PROMTOOL = os.path.join(harness.BUILD, "tools", "promtool")


@pytest.fixture(scope="module", name="day")
def a_day(world):
    """One delivered, one refused by the receiver for good, one held, one of a partner that is away."""
    world.settled(world.send("veilig-thuis", world.vto()).id, 2)
    world.partners["almere"].behave(status=422)
    world.settled(world.send("raad", world.notificatie("almere")).id, 1, "dead")
    world.settled(world.send("veilig-thuis", world.vto(woonplaats="Grensdorp")).id, 1)
    world.partners["gi"].stop()
    world.send("raad", world.notificatie("gi"))
    poll("an attempt failed", lambda: world.daemon.metric("attempts_total", '{to="gi",class="later"}'))
    return world


def text(world):
    answer = world.daemon.admin("/metrics")
    assert answer.status == 200
    return answer.body.decode()


def test_prometheus_accepts_it(day):
    tool = PROMTOOL if os.path.exists(PROMTOOL) else shutil.which("promtool")
    if not tool:
        pytest.skip("SKIPPED LOUDLY: no promtool (scripts/promtool.sh)")
    check = subprocess.run([tool, "check", "metrics"], input=text(day), capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout + check.stderr) == (0, "")
    broken = subprocess.run([tool, "check", "metrics"], input="# TYPE corvd_x counter\ncorvd_x 1\n",
                            capture_output=True, text=True, check=False)
    assert broken.returncode != 0  # it can say no


def test_every_row_is_there_and_nothing_else(day):
    shown = dict(re.findall(r"^# TYPE corvd_(\w+) (\w+)$", text(day), re.M))
    rows = {name: kind for name, kind, _, _ in table.rows(harness.TOP)}
    assert shown == rows
    for name, _, labels, _ in table.rows(harness.TOP):
        for found in re.findall(r"^corvd_%s(?:_bucket)?\{(.*)\} \S+$" % name, text(day), re.M):
            named = [w for w in re.findall(r'(\w+)="[^"]*"', found) if w != "le"]
            assert named == labels.replace(",", "").split(), (name, found)


@pytest.mark.parametrize("path", [alerts.RULES, alerts.DASHBOARD])
def test_what_the_alerts_and_the_dashboard_name_is_there(day, path):
    shown = set(re.findall(r"^# TYPE corvd_(\w+) ", text(day), re.M))
    assert alerts.named(path) and not set(alerts.named(path)) - shown


def test_attempts_by_party_and_class(day):
    m = day.daemon.metric
    assert m("attempts_total", '{to="raad",class="delivered"}') >= 2
    assert m("attempts_total", '{to="almere",class="refused"}') == 1
    assert m("attempts_total", '{to="gi",class="later"}') >= 1
    assert m("lane_failures", '{to="gi"}') >= 1


def test_depth_by_state_comes_from_the_database(day):
    poll("counted", lambda: day.daemon.metric("deliveries", '{state="dead"}') == 1)
    m = day.daemon.metric
    assert m("deliveries", '{state="held"}') == 1
    assert m("deliveries", '{state="waiting"}') + m("deliveries", '{state="leased"}') >= 1
    assert m("lane_waiting", '{to="gi"}') >= 1
    assert m("database_round_trip_seconds") > 0
    assert 0 <= m("backlog_age_seconds") <= 60


def test_time_per_step(day):
    for step in ("receive", "examine", "store", "acknowledge", "deliver", "confirm"):
        count = day.daemon.metric("step_seconds_count", '{step="%s"}' % step)
        assert count >= 3, step
        assert day.daemon.metric("step_seconds_bucket", '{step="%s",le="+Inf"}' % step) == count
    assert day.daemon.metric("adapter_calls_total", '{adapter="https"}') >= 4


def test_parties_of_which_nothing_is_to_be_said_stay_away(day):
    assert day.daemon.metric("lane_window", '{to="raad"}') >= 1
    assert day.daemon.metric("lane_window", '{to="lokaal-team"}') is None
