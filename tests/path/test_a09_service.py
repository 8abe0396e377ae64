# SPDX-License-Identifier: EUPL-1.2
"""corvd under a service manager: what it tells systemd, and the sockets it gets from it."""
import contextlib
import os
import shutil
import signal
import socket
import ssl
import sys
import threading
import time

import harness
import pytest
import world as chain
from harness import poll

HANDOVER = os.path.join(harness.SUPPORT, "handover.py")


class Manager:
    """The end of NOTIFY_SOCKET at which systemd would read."""

    def __init__(self, path):
        self.path = path + "/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.seen = []

    def read(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self.socket.recv(65536).decode()
                self.seen.append(dict(line.split("=", 1) for line in text.splitlines() if line))
        return self.seen

    def count(self, key, value=None):
        return sum(key in m and value in (None, m[key]) for m in self.read())

    def order(self):
        """The states in the order they were told."""
        keys = ("READY", "RELOADING", "STOPPING")
        return [k for m in self.read() for k in keys if k in m]

    def close(self):
        self.socket.close()


@pytest.fixture(name="managed")
def fixture_managed(make_world):
    """managed(watchdog_ms=…): a world whose corvd talks to a manager of ours."""
    managers = []

    def make(start=True, watchdog_ms=None, **config):
        w = make_world(start=False, **config)
        manager = Manager(w.path)
        managers.append(manager)
        w.daemon.env["NOTIFY_SOCKET"] = manager.path
        if watchdog_ms:
            w.daemon.env["WATCHDOG_USEC"] = str(watchdog_ms * 1000)
        if start:
            w.start()
        return w, manager

    yield make
    for m in managers:
        m.close()


def listen_tcp():
    s = socket.create_server(("127.0.0.1", 0), backlog=4096)
    return s, s.getsockname()[1]


def hand_over(w, **sockets):
    """The daemon's next starts get these listening sockets."""
    w.daemon.pass_fds = [s.fileno() for s in sockets.values()]
    w.daemon.wrap = [sys.executable, HANDOVER,
                     ",".join("%s=%d" % (n, s.fileno()) for n, s in sockets.items())]


# ---- what it tells -----------------------------------------------------------------------------


def test_ready_only_when_messages_are_taken_and_patience_before(managed):
    w, manager = managed(start=False)
    harness.start_all(w.partners.values())
    w.daemon.start(ready=False)
    poll("READY", lambda: manager.count("READY", "1"), 40)
    assert w.daemon.admin("/readyz").status == 200  # at that very moment
    first = next(i for i, m in enumerate(manager.seen) if "READY" in m)
    assert any(int(m.get("EXTEND_TIMEOUT_USEC", 0)) >= 10000000 for m in manager.seen[:first]), \
        "a new database takes seconds, and nobody was told"
    poll("STATUS", lambda: any("Wachtrij: 0" in m.get("STATUS", "") for m in manager.read()))
    assert w.daemon.stop() == 0
    assert manager.order() == ["READY", "STOPPING"]


def test_the_status_tells_of_the_queue_and_the_database(managed):
    w, manager = managed()
    w.partners["almere"].behave(status=503)
    w.send("raad", w.notificatie("almere"))
    poll("one waits", lambda: any("Wachtrij: 1" in m.get("STATUS", "") for m in manager.read()), 30)
    os.kill(w.daemon.postmaster(), signal.SIGKILL)
    poll("the outage is told", lambda: any("Wacht op de database" in m.get("STATUS", "")
                                           for m in manager.read()), 30)
    w.daemon.wait_ready()
    poll("and its end", lambda: "verbonden" in [m["STATUS"] for m in manager.read()
                                                if "STATUS" in m][-1])
    assert manager.order() == ["READY"]  # readiness is told once; an outage is not a restart


def test_the_watchdog_is_fed_while_work_goes_on_and_while_it_may_wait(managed):
    w, manager = managed(watchdog_ms=600)
    before = manager.count("WATCHDOG")
    w.partners["almere"].behave(status=503)  # a lane with something due and a reason to wait
    w.send("raad", w.notificatie("almere"))
    poll("fed", lambda: manager.count("WATCHDOG") >= before + 20, 20)
    assert not w.daemon.events("daemon.stuck")


@pytest.mark.skipif(not os.environ.get("CORV_LONG"), reason="takes minutes: ./check --long")
def test_the_watchdog_starves_when_nothing_moves(managed):
    """A fault of our own: something is due, the database and the partner are there, nobody takes it."""
    w, manager = managed(watchdog_ms=3000, delivery={
        "timeout_seconds": 1, "lease_seconds": 3, "retry_first_seconds": 1, "retry_max_seconds": 1})
    w.partners["almere"].behave(status=503)
    said = w.send("raad", w.notificatie("almere"))
    poll("it waits", lambda: w.deliveries(said.id)[0]["attempts"] >= 1)
    w.daemon.stop()
    w.partners["almere"].behave()
    w.daemon.start(CORVD_STALL="1")
    poll("it is said", lambda: w.daemon.events("daemon.stuck"), 60, every=1)
    fed = manager.count("WATCHDOG")
    poll("the status says it", lambda: any("BEWEEGT NIETS" in m.get("STATUS", "")
                                           for m in manager.read()), 30)
    assert manager.count("WATCHDOG") == fed, "fed although nothing moves"
    assert w.daemon.admin("/readyz").status == 200  # nobody else would have noticed
    w.daemon.restart()  # what systemd does then
    w.settled(said.id, 1)


def test_reload_is_told(managed):
    w, manager = managed()
    poll("READY", lambda: manager.count("READY"))
    assert w.daemon.ctl("reload")["applied"]
    poll("told", lambda: manager.order() == ["READY", "RELOADING", "READY"])
    told = next(m for m in manager.seen if "RELOADING" in m)
    assert int(told["MONOTONIC_USEC"]) > 0


# ---- how it ends -------------------------------------------------------------------------------


def half_request(w):
    """A client that sends the head and one byte of its message, and then nothing."""
    plain = socket.create_connection(("localhost", w.port), timeout=60)
    tls = w.pki.context("raad").wrap_socket(plain, server_hostname="localhost")
    tls.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
                b"Content-Length: 5000\r\n\r\n<")
    return tls


def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(make_world):
    w = make_world()
    said = w.send("veilig-thuis", w.vto())
    before = w.daemon.metric("requests_total")
    slow = half_request(w)
    poll("it waits", lambda: w.daemon.metric("connections") >= 1
         and w.daemon.metric("requests_total") >= before)
    began = time.monotonic()
    w.daemon.process.send_signal(signal.SIGTERM)
    poll("draining", lambda: w.daemon.admin("/readyz").json["draining"])
    assert w.daemon.process.poll() is None
    w.daemon.process.send_signal(signal.SIGTERM)
    assert w.daemon.process.wait(10) == 75
    assert time.monotonic() - began < 15
    slow.close()
    poll("its PostgreSQL follows", lambda: w.daemon.postmaster() is None)
    w.daemon.process = None
    w.daemon.start()
    w.settled(said.id, 2)
    w.audit_ok()


def test_draining_has_a_limit_and_loses_nothing(make_world):
    """A sender that never finishes and a partner that never answers: it ends all the same, in good
    order; what was under way is due again, marked."""
    w = make_world(delivery={"timeout_seconds": 60, "lease_seconds": 3600}, env={"CORVD_DRAIN_MS": "500"})
    w.partners["almere"].behave(mode="hang")
    said = w.send("raad", w.notificatie("almere"))
    poll("it is there", lambda: w.partners["almere"].ledger())
    slow = half_request(w)
    poll("it waits", lambda: w.daemon.metric("connections") >= 1)
    assert w.daemon.stop(20) == 0
    slow.close()
    w.partners["almere"].behave()
    w.daemon.start()
    w.settled(said.id, 1)
    assert [e.repeat for e in w.partners["almere"].taken()] == [True]
    w.audit_ok()


def test_keys_that_the_manager_hands_over(make_world):
    """LoadCredential=: the keys are in a folder of systemd's and nowhere else, also at a reload."""
    w = make_world(start=False)
    folder = w.path + "/credentials"
    os.mkdir(folder, 0o700)
    for name in ("listen", "delivery"):
        shutil.copy(w.pki.key("server"), "%s/%s.key" % (folder, name))
        os.chmod("%s/%s.key" % (folder, name), 0o400)
        w.config[name]["key"] = "credential:%s.key" % name
    w.write()
    w.daemon.env["CREDENTIALS_DIRECTORY"] = folder
    w.start()
    w.settled(w.send("raad", w.notificatie("almere")).id, 1)
    w.daemon.process.send_signal(signal.SIGHUP)
    poll("reloaded", lambda: w.daemon.events("config.reloaded"))
    w.settled(w.send("raad", w.notificatie("almere")).id, 1)


def test_a_signal_during_the_start_is_heard(make_world):
    w = make_world(start=False)
    harness.start_all(w.partners.values())
    w.daemon.start(ready=False)
    poll("it begins", lambda: w.daemon.events("postgres.create"))
    w.daemon.process.send_signal(signal.SIGTERM)
    assert w.daemon.ended(20) == 0
    assert not w.daemon.events("daemon.not-started")
    w.daemon.start()
    assert w.send("veilig-thuis", w.vto()).status == 202


def test_the_pid_file_names_the_daemon_and_guards_the_folder(make_world):
    w = make_world()
    with open(w.path + "/state/corvd.pid", encoding="ascii") as f:
        assert int(f.read()) == w.daemon.pid
    other = harness.Daemon(w.path, w.daemon.config, w.port, w.pki)
    other.log_path = w.path + "/other.log"
    other.start(ready=False)
    assert other.ended() == 78
    assert "een andere corvd gebruikt" in other.log()
    with open(w.path + "/state/corvd.pid", encoding="ascii") as f:
        assert int(f.read()) == w.daemon.pid  # the loser did not write in it


# ---- sockets that somebody else opened ---------------------------------------------------------


def test_sockets_by_name(make_world):
    w = make_world(start=False)
    intake, port = listen_tcp()
    admin = socket.socket(socket.AF_UNIX)
    admin.bind(w.path + "/other.sock")
    admin.listen(64)
    w.daemon.port, w.port = port, port
    w.daemon.socket = w.path + "/other.sock"
    hand_over(w, admin=admin, intake=intake)
    w.start()
    assert w.send("veilig-thuis", w.vto()).status == 202
    assert not os.path.exists(w.path + "/admin.sock")
    assert w.daemon.stop() == 0
    assert os.path.exists(w.path + "/other.sock")  # its opener's, not ours
    intake.close()
    admin.close()


@pytest.mark.parametrize("name", ["onbekend", "admin"])
def test_sockets_that_make_no_sense_are_refused(make_world, name):
    w = make_world(start=False)
    open_to_all = socket.create_server(("0.0.0.0", 0))  # as an admin listener: never
    hand_over(w, **{name: open_to_all})
    w.daemon.start(ready=False)
    assert w.daemon.ended() == 78
    assert "onbekende naam" in w.daemon.log() or "alleen lokaal" in w.daemon.log()
    open_to_all.close()


class Client(threading.Thread):
    """Sends messages one after another, each on a connection of its own, until it is told to stop.
    What is not answered 202 is sent again, as a sender would: the same message."""

    def __init__(self, w, name):
        super().__init__()
        self.w, self.name_of, self.stop = w, name, False
        self.accepted, self.refused_connections, self.other = [], 0, []

    def run(self):
        while not self.stop:
            body = self.w.vto(self.name_of)
            while True:
                try:
                    answer = self.w.daemon.post(self.name_of, body)
                except ConnectionRefusedError:
                    self.refused_connections += 1
                    continue
                except (ssl.SSLError, OSError, harness.http.client.HTTPException) as e:
                    self.other.append(repr(e))
                    continue
                if answer.status == 202:
                    self.accepted.append(answer.id)
                    break
                if answer.status != 503:
                    self.other.append(repr(answer))
                    break
                time.sleep(0.05)


def test_restart_under_load_refuses_no_connection_and_loses_nothing(make_world):
    w = make_world(start=False)
    intake, port = listen_tcp()
    w.daemon.port = w.port = port
    hand_over(w, intake=intake)
    w.start()
    clients = [Client(w, n) for n in ("veilig-thuis", "gi", "lelystad")]
    for c in clients:
        c.start()
    try:
        for _ in range(3):
            n = sum(len(c.accepted) for c in clients)
            poll("the load is on", lambda n=n: sum(len(c.accepted) for c in clients) > n + 10, 30)
            assert w.daemon.stop() == 0
            w.daemon.start()
    finally:
        for c in clients:
            c.stop = True
        for c in clients:
            c.join(120)
    assert not any(c.is_alive() for c in clients)
    assert sum(c.refused_connections for c in clients) == 0
    assert [o for c in clients for o in c.other] == []
    ids = [i for c in clients for i in c.accepted]
    assert len(ids) == len(set(ids)) > 30  # three times more than ten
    w.quiet(60)
    got = {e.message for e in w.partners["raad"].ledger()}
    assert set(ids) <= got, "lost: %s" % (set(ids) - got)
    stored = w.daemon.sql("SELECT count(*) FROM corv.message WHERE kind = 'vtoDi01'")[0][0]
    assert int(stored) == len(ids)
    w.audit_ok()
    intake.close()


def test_a_manager_that_does_not_listen_holds_nothing_up(make_world):
    """Its queue is full: corvd goes on, and tells what matters once there is room."""
    w = make_world(start=False)
    manager = Manager(w.path)
    w.daemon.env.update(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="300000")
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            filler.sendto(b"FILLER=1", manager.path)
    w.start()
    assert w.send("veilig-thuis", w.vto()).status == 202
    assert w.daemon.metric("loop_longest_turn_seconds") < 5
    poll("READY after all", lambda: manager.count("READY", "1"))
    assert w.daemon.ctl("reload")["applied"]
    assert w.daemon.stop() == 0
    filler.close()
    manager.close()
