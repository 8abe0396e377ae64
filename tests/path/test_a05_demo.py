# SPDX-License-Identifier: EUPL-1.2
"""./demo --stay as people and scripts use it: var/demo/env, a curl line, Ctrl-C. (./check runs the
Release one; here the scenario runs against the build under test.)"""
import os
import re
import signal
import subprocess
import sys

import harness
import pytest

NAMES = ("CORV_URL", "CORV_CA", "CORV_CTL", "CORV_CERT_RAAD", "CORV_KEY_RAAD",
         "CORV_CERT_VEILIG_THUIS_FLEVOLAND", "CORV_KEY_VEILIG_THUIS_FLEVOLAND")


@pytest.fixture(scope="module", name="demo")
def fixture_demo():
    place = harness.folder("demo")
    out = open(place + "/out.txt", "w+", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, os.path.join(harness.SUPPORT, "demo_scenario.py"), "--stay"],
        stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        env={**os.environ, "CORV_DEMO_DIR": place})
    process.place = place

    def said():
        with open(place + "/out.txt", encoding="utf-8") as f:
            return f.read()
    process.said = said
    try:
        harness.poll("it stays", lambda: process.poll() is not None or
                     (os.path.exists(place + "/env") and "Ctrl-C" in said()), 120)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(120)
        out.close()
        harness.remove(place)


def shell(demo, line):
    return subprocess.run(["sh", "-c", ". %s/env; %s" % (demo.place, line)], capture_output=True,
                          text=True, check=False, timeout=60)


def test_the_day_went_well(demo):
    assert demo.poll() is None, demo.said()
    text = demo.said()
    wanted, total = re.search(r"(\d+) of (\d+) deliveries confirmed", text).groups()
    assert wanted == total == "7", text
    assert "6 of 6 messages byte for byte" in text and "WRONG" not in text and "MISSING" not in text
    wide = [line for line in text.splitlines() if len(line) > 80 and "CORV_" not in line]
    assert not wide, wide


def test_env_has_the_names_that_scripts_use(demo):
    run = shell(demo, "for n in %s; do eval echo \\$$n; done" % " ".join(NAMES))
    values = run.stdout.split("\n")[:-1]
    assert len(values) == len(NAMES) and all(values), run
    assert values[0].startswith("https://")
    for path in values[1:]:
        assert os.path.exists(path), path


def test_the_printed_curl_line_works(demo):
    line = re.search(r"(curl .*?messages\")\n", demo.said(), re.S).group(1).replace("\\\n", " ")
    first, again = shell(demo, line), shell(demo, line)
    assert '"repeat":false' in first.stdout, first
    assert '"repeat":true' in again.stdout, again
    listed = shell(demo, '"$CORV_CTL" message list')
    assert listed.returncode == 0 and "vtoDi01" in listed.stdout


def test_a_second_demo_says_why_it_will_not(demo):
    run = subprocess.run([sys.executable, os.path.join(harness.SUPPORT, "demo_scenario.py")],
                         capture_output=True, text=True, check=False, timeout=60,
                         env={**os.environ, "CORV_DEMO_DIR": demo.place})
    assert run.returncode == 1 and "another ./demo" in run.stdout


def test_ctrl_c_leaves_nothing_behind(demo):
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60 * harness.SLOW) == 0, demo.said()
    left = subprocess.run(["pgrep", "-fa", demo.place], capture_output=True, text=True, check=False).stdout
    assert not left.strip(), left
    assert not os.path.exists(demo.place + "/env")
    assert not [f for f in os.listdir(demo.place) if f.startswith("asan.")]
