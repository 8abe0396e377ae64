# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the journeys: a real daemon, a real PostgreSQL, real partners (tests/README.md)."""
import os
import resource
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import harness  # noqa: E402
from world import World  # noqa: E402

# a thousand idle connections need as many descriptors, here and in the corvd we start
resource.setrlimit(resource.RLIMIT_NOFILE, (min(16384, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                                            resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

if os.path.isdir(harness.BUILD):  # one set of certificates for all files of a run
    os.environ.setdefault("CORV_PKI", os.path.join(harness.BUILD, "test-pki"))


@pytest.fixture(scope="module")
def world():
    """One running chain for a file of tests."""
    w = World()
    try:
        yield w.start()
    finally:
        w.close()


@pytest.fixture
def make_world():
    """A chain of its own for one test: make_world(limits={...}) gives a started one."""
    made = []

    def make(start=True, env=None, **config):
        w = World(**config)
        made.append(w)
        return w.start(**(env or {})) if start else w

    yield make
    for w in made:
        w.close()


@pytest.fixture(scope="session")
def shared():
    """The corpus and the standard, which are no part of this repository."""
    for place in (os.environ.get("CORV_SHARED"), os.path.join(harness.TOP, "..", "shared")):
        if place and os.path.isdir(os.path.join(place, "corpus")):
            return os.path.abspath(place)
    pytest.skip("SKIPPED LOUDLY: no ../shared (or CORV_SHARED): the corpus was not looked at")
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the end of the daemon's log."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for fixture in item.funcargs.values():
            if isinstance(fixture, World):
                report.sections.append(("corvd's log", fixture.daemon.tail(25)))


def pytest_sessionfinish(session, exitstatus):
    """A file of which nothing was run is a skipped test for ctest, not a passed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    ran = sum(len(reporter.stats.get(k, [])) for k in ("passed", "failed", "error"))
    if exitstatus == 0 and ran == 0:
        session.exitstatus = 77
