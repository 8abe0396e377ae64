# SPDX-License-Identifier: EUPL-1.2
"""A start that has to wait for its database hears SIGTERM, and says what it waits for."""
import os
import signal
import socket
import subprocess
import time

import harness
import pytest
from harness import poll
from postgres import Server

SOON = 3.0  # a second and some, on a busy machine


@pytest.fixture
def server():
    s = Server()
    yield s
    s.close()


class Session:
    """Somebody at a psql of his own, in the middle of something."""

    def __init__(self, server, statement):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", server.conninfo + " application_name=onderhoud"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        self.psql.stdin.write("BEGIN; %s; SELECT pg_backend_pid();\n" % statement)
        self.psql.stdin.flush()
        self.pid = int(next(line for line in self.psql.stdout if line.strip()))

    def end(self):
        self.psql.communicate(timeout=20)


def begun_once(make_world, server):
    w = make_world(name="start", database=server.conninfo, stubs=False)
    w.daemon.conninfo = lambda: server.conninfo
    assert w.daemon.stop() == 0
    return w


def ends_soon(daemon):
    begun = time.monotonic()
    assert daemon.stop() == 0, daemon.tail()
    assert time.monotonic() - begun < SOON * harness.SLOW, daemon.tail()
    assert len(daemon.events("daemon.start-abandoned")) == 1


LOCKS = {
    "migrating": "SELECT FROM pg_advisory_xact_lock(4811686548871021)",
    "a table of the migrations": "LOCK TABLE corv_meta.corv_migration",
    "a node that begins": "LOCK TABLE corv.node",
}


@pytest.mark.parametrize("what", LOCKS)
def test_a_lock_of_somebody_else(make_world, server, what):
    w = begun_once(make_world, server)
    other = Session(server, LOCKS[what])
    w.daemon.start(ready=False)
    told = poll("it says what it waits for", lambda: w.daemon.events("database.waits"))[0]
    assert (told["code"], told["pid"], told["what"]) == ("store.locked", other.pid, "onderhoud")
    assert "pg_terminate_backend(%d)" % other.pid in told["reason"]
    ends_soon(w.daemon)
    assert w.daemon.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'corv[dc]'") == [["0"]]
    w.daemon.start(ready=False)
    poll("it waits again", lambda: len(w.daemon.events("database.waits")) > 1)
    other.end()
    w.daemon.wait_ready()


def test_a_server_that_hangs(make_world, server):
    """Also who manages us hears that we wait."""
    w = begun_once(make_world, server)
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(w.path + "/notify")
    manager.settimeout(20 * harness.SLOW)
    os.kill(server.postmaster(), signal.SIGSTOP)
    try:
        w.daemon.start(ready=False, NOTIFY_SOCKET=w.path + "/notify")
        assert b"STATUS=Wacht op de database." in manager.recv(500)
        ends_soon(w.daemon)
    finally:
        os.kill(server.postmaster(), signal.SIGCONT)
        manager.close()
    w.daemon.start()
