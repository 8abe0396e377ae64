#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""What one big message costs a running corvd: a VTO with an attachment of the given size is sent over
HTTPS, stored and delivered over HTTPS, in the ways a body can come: Content-Length or chunked, and
straight on or read back from the database after the partner was away.

Prints for each: the seconds until the yes and until it was delivered, the peak of corvd's memory and
of PostgreSQL's processes while it went through, and what is left afterwards. With --limit N it fails
when corvd's peak passes N times the body."""
import argparse
import base64
import contextlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import harness  # noqa: E402
from harness import memory_kib, poll  # noqa: E402
from world import World  # noqa: E402

# More white space than a line needs: documents together may be 21 MB, a message 35.
LINE = base64.b64encode(bytes(range(57))) + b" " * 24 + b"\r\n"


def big_vto(world, size):
    """The last attachment grows until the message has that size."""
    text = world.vto("lelystad")
    end = text.rindex(b"</ZKN:inhoud>")
    start = text.rindex(b">", 0, end) + 1
    lines = (size - len(text) + end - start) // len(LINE)
    return text[:start] + LINE * max(1, lines) + text[end:]


def forget_peaks(pids):
    for pid in pids:
        with contextlib.suppress(OSError), open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as f:
            f.write("5")


def peak(pid):
    """Of a backend; one that has ended meanwhile, as autovacuum's do, counts no more."""
    try:
        return memory_kib(pid, "VmHWM")
    except OSError:
        return 0


def one(world, body, chunked, away):
    corvd, postmaster = world.daemon.pid, world.daemon.postmaster()
    backends = harness.children(postmaster)
    stub = world.partners["raad"]
    stub.behave(**({"status": 503} if away else {}))
    forget_peaks([corvd] + backends)
    clock = time.monotonic()
    sent = iter([body[i:i + 65536] for i in range(0, len(body), 65536)]) if chunked else body
    answer = world.send("lelystad", sent)
    accepted = time.monotonic() - clock
    if away:
        world.settled(answer.id, 1, "waiting")
        time.sleep(1)  # its first attempt has failed by now; nothing depends on it
        stub.behave()
        clock = time.monotonic()
    world.settled(answer.id, 1, seconds=120)
    delivered = time.monotonic() - clock
    assert any(e.sha256 == harness.sha256(body) for e in stub.taken()), "delivered as it came"
    return {"yes": accepted, "delivered": delivered, "peak": memory_kib(corvd, "VmHWM"),
            "rss": memory_kib(corvd), "pg": max(map(peak, backends))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, help="fail when the peak passes this many times a 35 MB body")
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    world = World(name="big", log_level="warning", delivery={"timeout_seconds": 60, "lease_seconds": 90,
                                                             "retry_first_seconds": 1, "retry_max_seconds": 1})
    worst = 0.0
    try:
        world.start()
        world.send("lelystad", world.vto("lelystad"))
        print("idle: corvd %.1f MiB" % (memory_kib(world.daemon.pid) / 1024))
        print("%9s %-22s %7s %10s %8s %8s %7s %9s" % (
            "body", "way", "yes s", "delivered", "peak MiB", "x body", "left", "postgres"))
        for size in (20 << 10, 1 << 20, 35 << 20):
            for chunked, away in ((False, False), (True, False), (False, True)) * options.repeat:
                body = big_vto(world, size)
                got = one(world, body, chunked, away)
                ratio = got["peak"] * 1024 / len(body)
                if size >= 35 << 20:
                    worst = max(worst, ratio)
                print("%9d %-22s %7.3f %10.3f %8.1f %8.2f %7.1f %9.1f" % (
                    len(body), ("chunked" if chunked else "length") + (", from database" if away else ""),
                    got["yes"], got["delivered"], got["peak"] / 1024, ratio, got["rss"] / 1024,
                    got["pg"] / 1024), flush=True)
    finally:
        world.close()
    if options.limit and worst > options.limit:
        raise SystemExit("corvd's peak is %.2f times the body, more than %.2f" % (worst, options.limit))


if __name__ == "__main__":
    main()
