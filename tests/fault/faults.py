# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong, one function each: it breaks something, shows that it was broken, and mends it.
KINDS is the table that a plan draws from; `kills` says how many processes a fault ends by kill -9."""
import contextlib
import os
import signal
import ssl
import socket
import subprocess
import threading
import time

from harness import poll, sha256
import messages

POINTS = ("received", "parsed", "before-commit", "after-commit", "acknowledged", "delivering",
          "before-settle", "after-settle")
PARTNERS = ("raad", "almere", "dronten", "lelystad")
BAD_DAYS = (
    dict(status=503, retry_after="1"), dict(status=500), dict(status=429, every=2), dict(mode="cut"),
    dict(mode="cut", every=3), dict(mode="reset"), dict(mode="hang", every=4), dict(mode="garbage"),
    dict(mode="twice"), dict(delay_ms=300), dict(delay_ms=2600, every=5), dict(mode="endless", every=6),
)


class Skipped(Exception):
    """Cannot be done on this machine."""


def a_moment(chain, dice):
    """The moment is the dice's, not a wait for something."""
    del chain
    time.sleep(dice.uniform(0.02, 0.4))


# ---- corvd dies ---------------------------------------------------------------------------------


def kill(chain):
    chain.kills["corvd"] += 1
    chain.daemon.kill9()


def kill_corvd(chain, dice):
    a_moment(chain, dice)
    kill(chain)
    chain.daemon.start()


def crash_at(chain, dice, point):
    kill(chain)
    chain.daemon.start(ready=False, CORVD_CRASH_AT="%s:%d" % (point, dice.randint(1, 5)))
    code = chain.daemon.ended(40)
    assert code == -signal.SIGKILL, "no crash at %s (%s): is this a test build?" % (point, code)
    chain.kills["corvd"] += 1
    chain.daemon.start()


# ---- PostgreSQL dies, or goes away --------------------------------------------------------------


def answers(chain):
    poll("PostgreSQL answers", lambda: chain.daemon.sql("SELECT 1"), 60)


def kill_backend(chain, dice):
    """One of its processes: PostgreSQL ends all the others and recovers."""
    a_moment(chain, dice)
    rows = chain.daemon.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'corvd.%'"
                            " OR backend_type IN ('walwriter', 'checkpointer') ORDER BY pid")
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(dice.choice(rows)[0]), signal.SIGKILL)
        chain.kills["postgres"] += 1
    answers(chain)


def kill_postgres(chain, dice):
    a_moment(chain, dice)
    chain.kills["postgres"] += 1
    chain.server.kill9()
    chain.server.start()


def kill_both(chain, dice):
    a_moment(chain, dice)
    first, second = (kill, lambda c: c.server.kill9())[:: dice.choice((1, -1))]
    first(chain)
    second(chain)
    chain.kills["postgres"] += 1
    chain.server.start()
    chain.daemon.start()


def restart_postgres(chain, dice):
    a_moment(chain, dice)
    chain.server.stop(dice.choice(("fast", "immediate")))
    chain.server.start()


def read_only(chain, dice):
    """As after a fail-over to a server that may not be written yet."""
    del dice
    writing = "%s options='-c default_transaction_read_only=off'" % chain.server.conninfo
    sql = chain.daemon.sql
    sql("ALTER SYSTEM SET default_transaction_read_only = on")
    sql("SELECT pg_reload_conf()")
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'corvd.%'")
    busy = chain.told_503()
    poll("senders hear 503", lambda: chain.told_503() > busy, 30)
    for command in ("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"):
        subprocess.run(["psql", "-X", "-q", "-d", writing, "-c", command], check=True, capture_output=True)


def disk_full(chain, dice):
    """The disk of the database and of the state folder. PostgreSQL may not survive it."""
    if not chain.disk.can_fill:
        raise Skipped("no file system can be mounted here (not root?)")
    chain.disk.fill()
    busy = chain.told_503()
    for _ in range(2):  # or it would go on in a WAL segment that is there already
        with contextlib.suppress(AssertionError):
            chain.daemon.sql("SELECT pg_switch_wal()")
    poll("senders hear 503", lambda: chain.told_503() > busy, 60)
    a_moment(chain, dice)
    chain.disk.free()
    if not chain.server.postmaster():
        chain.server.start()
    answers(chain)


def cut(chain, dice, where):
    """The line, in the middle of a transaction: what became of it is read again by its number."""
    del dice
    before = chain.proxy.cuts()
    chain.proxy.order(where)
    poll("the line is cut", lambda: chain.proxy.cuts() > before, 30)


# ---- partners and senders -----------------------------------------------------------------------


def bad_day(chain, dice):
    """Lasts until the dice say otherwise for the same partner, through the faults that follow."""
    partner = chain.partners[dice.choice(PARTNERS)]
    partner.behave(**dice.choice((*BAD_DAYS, {})))


def partner_down(chain, dice):
    partner = chain.partners[dice.choice(PARTNERS)]
    partner.stop()
    a_moment(chain, dice)
    partner.start()


def half_a_message(chain, dice):
    """A sender whose line breaks in the middle of its message: nothing of it may be stored."""
    body = chain.notificatie("almere", referentie=messages.reference())
    chain.halves.append(messages.reference_of(body))
    head = ("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
            "Content-Length: %d\r\n\r\n" % len(body)).encode()
    context = chain.pki.context("raad")
    with contextlib.suppress(OSError):
        with socket.create_connection(("localhost", chain.port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(head + body[: dice.randint(1, len(body) - 1)])
                if dice.random() < 0.5:
                    tls.unwrap()  # with a goodbye, or without


def storm(chain, dice):
    """Twenty clients with the same message at once: one number, whoever asks."""
    del dice
    flood, body = chain.flows[1][0], chain.notificatie("almere")
    start, said = threading.Barrier(20), []

    def client():
        sender = chain.daemon.sender("raad", timeout=20)
        start.wait(60)
        said.append(flood.offer(sender, body))
        sender.close()

    threads = [threading.Thread(target=client, daemon=True) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    numbers = {a.id for a in said if a}
    assert len(said) == 20 and len(numbers) == 1, "twenty clients were told %s" % numbers
    assert sum(a.status == 202 for a in said) <= 1, [a.status for a in said]  # the 202 itself may be lost
    assert flood.acked[sha256(body)] in numbers


# ---- corvd's own world --------------------------------------------------------------------------


def reload(chain, dice):
    """Another configuration, while messages are under way."""
    chain.config["delivery"]["max_in_flight"] = dice.randint(2, 16)
    chain.config["delivery"]["retry_max_seconds"] = dice.randint(2, 3)
    chain.write()
    chain.daemon.ctl("reload")


def clock_jump(chain, dice):
    log, so_far = chain.daemon.log_path, os.path.getsize(chain.daemon.log_path)

    def noticed():
        with open(log, "rb") as f:
            f.seek(so_far)
            return b'"event":"clock.jumped"' in f.read()

    chain.clock.jump(dice.choice((-1, 1)) * dice.choice((5, 60, 900, 7200)))
    chain.more()
    poll("corvd sees its clock jump", noticed, 30)
    a_moment(chain, dice)
    chain.clock.jump(0)


# ---- the table ----------------------------------------------------------------------------------

KINDS = {  # name: (function, arguments, kills, weight in a plan)
    "kill-corvd": (kill_corvd, (), 1, 6),
    **{"crash-at-" + p: (crash_at, (p,), 2, 1) for p in POINTS},
    "kill-postgres-process": (kill_backend, (), 1, 4),
    "kill-postgres": (kill_postgres, (), 1, 3),
    "kill-both": (kill_both, (), 2, 3),
    "restart-postgres": (restart_postgres, (), 0, 0.4),
    "read-only-database": (read_only, (), 0, 0.2),
    "disk-full": (disk_full, (), 0, 0.2),
    **{"cut-" + w: (cut, (w,), 0, 0.7) for w in ("before-commit", "after-commit", "after-lease")},
    "partner-bad-day": (bad_day, (), 0, 5),
    "partner-down": (partner_down, (), 0, 0.7),
    "half-a-message": (half_a_message, (), 0, 1),
    "storm-of-twenty": (storm, (), 0, 0.4),
    "reload": (reload, (), 0, 0.7),
    "clock-jump": (clock_jump, (), 0, 0.7),
}
