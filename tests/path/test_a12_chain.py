# SPDX-License-Identifier: EUPL-1.2
"""The chain test in the box: corv-partner against a real corvd, and what keeps tests and production
apart."""
import os
import re
import subprocess

import harness
import pytest
from world import World


@pytest.fixture
def like_production(tmp_path, monkeypatch):
    """A corvd that says production: true, with certificates that do not say they are a test's."""
    with open(os.path.join(harness.SUPPORT, "pki.sh"), encoding="utf-8") as f:
        script = f.read().replace("corvd test", "proef")
    (tmp_path / "pki.sh").write_text(script, encoding="utf-8")
    monkeypatch.setattr(harness, "SUPPORT", str(tmp_path))
    monkeypatch.setenv("CORV_PKI", str(tmp_path / "pki"))
    w = World(production=True)
    monkeypatch.undo()
    try:
        yield w.start()
    finally:
        w.close()


def test_production_refuses_test_messages(like_production):
    w = like_production
    answer = w.send("veilig-thuis", w.vto(), 403)
    assert "addressing.test-message" in [f["code"] for f in answer.json["findings"]]
    earnest = w.vto().replace(b"CORV-TEST-", b"JZA-")
    w.settled(w.send("veilig-thuis", earnest).id, 2)
    to_a_test = re.sub(b"(<StUF:ontvanger>.*?applicatie>)[^<]*", b"\\1corv-test-raad", w.vto(), flags=re.S)
    to_a_test = to_a_test.replace(b"CORV-TEST-", b"JZA-")
    w.send("veilig-thuis", to_a_test, 403)


def test_about_says_what_is_in_force(world):
    about = world.daemon.admin("/about").json
    assert about["program"] == "corvd" and about["production"] is False
    assert about["schemas"]["vtoDi01"]["set"] == "eigen"
    assert re.fullmatch("[0-9a-f]{64}", about["schemas"]["vtoDi01"]["hash"])
    assert re.fullmatch("[0-9a-f]{64}", about["rules"]["hash"]) and about["rules"]["version"]
    assert about["delivery"]["timeout_seconds"] == 10
    assert about["body_bytes"] == 35 * 1024 * 1024
    version = subprocess.run([os.path.join(harness.BUILD, "corvd"), "--version"], capture_output=True,
                             text=True, check=True).stdout.split()[1]
    assert about["version"] == version
