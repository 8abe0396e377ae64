# SPDX-License-Identifier: EUPL-1.2
"""corvd between its two ends: a world with its own PostgreSQL, a sink that is the partner, the load
generator, and the book that both ends keep (ledger.h), by which each round is judged."""
import contextlib
import json
import mmap
import os
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import harness  # noqa: E402
from harness import cpu_seconds, memory_kib, poll  # noqa: E402
from world import World  # noqa: E402

LINE = struct.Struct("=qqqHHI")  # struct ledger_line
SLOT = b"%REFERENTIE%"


def tool(name):
    return os.path.join(harness.BUILD, "tests/bench", name)


def said_by(command, code, out, err):
    if not out:
        raise harness.Trouble("%s failed:\n%s" % (os.path.basename(command[0]), err[-2000:]))
    said = json.loads(out)
    said["exit"] = code
    return said


def run(command, seconds):
    """Runs a tool of the bench; returns its JSON."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=seconds)
    return said_by(command, done.returncode, done.stdout, done.stderr)


def run_from_gate(command, seconds, before):
    """The same of corv-load with "gate": before() is called between the handshakes and the first message."""
    with subprocess.Popen(list(map(str, command)), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as load:
        try:
            if load.stdout.readline() == "ready\n":
                before()
            out, err = load.communicate("go\n", seconds)
        except BaseException:
            load.kill()
            raise
    return said_by(command, load.returncode, out, err)


class Book:
    """Lines are given out once; a sparse file costs what was written."""

    def __init__(self, path, lines=4_000_000):
        self.path, self.lines, self.next = path, lines, 0
        with open(path, "wb") as f:
            f.truncate(lines * LINE.size)
        with open(path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)

    def take(self, count):
        first, self.next = self.next, self.next + count
        assert self.next <= self.lines, "the book is full"
        return first

    def read(self, first, count):
        """(sent, yes, got, status, unmarked, times got) of each message."""
        return LINE.iter_unpack(self.map[first * LINE.size:(first + count) * LINE.size])


def judge(lines):
    """What must never be: by name, how often. Test: test_book.py"""
    wrong = {"lost": 0, "twice without a mark": 0, "delivered though refused": 0}
    for _, _, _, status, unmarked, got in lines:
        accepted = status in (200, 202)
        wrong["lost"] += accepted and got == 0
        wrong["twice without a mark"] += unmarked > 0
        wrong["delivered though refused"] += got > 0 and not accepted and status != 0
    return {k: n for k, n in wrong.items() if n}


def percentile(sorted_values, p):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * p))] if sorted_values else 0


class Ends:
    """corvd, started, with a sink for the party raad."""

    def __init__(self, name="bench", delay_ms=0, sink=True, **config):
        config.setdefault("delivery", {})
        config["delivery"] = {"max_in_flight": 32, "retry_first_seconds": 1, **config["delivery"]}
        self.world = World(stubs=False, name=name, log_level="warning", **config)
        self.pki, self.daemon = self.world.pki, self.world.daemon
        self.sinks, self.delay_ms = {}, delay_ms
        self.book = Book(self.world.path + "/book")
        self.message = self.write("message.xml", "lelystad")
        self.size = os.path.getsize(self.message)
        self.wrong = []
        self.port = harness.free_port()
        self.address("raad", self.port)
        if sink:
            self.start_sink()

    def write(self, name, sender, **fields):
        path = os.path.join(self.world.path, name)
        with open(path, "wb") as f:
            f.write(self.world.vto(sender, referentie=SLOT.decode(), **fields))
        return path

    def address(self, party, port):
        for p in self.world.config["parties"]:
            if p["id"] == party:
                p["adapter"], p["address"] = "https", "https://localhost:%d/" % port
        self.world.write()

    def start(self):
        self.world.start()
        return self

    def start_sink(self, port=None, name="raad", offset=None):
        """offset: where the reference stands in what it will get; None: in the usual message."""
        port = port or self.port
        if offset is None:
            with open(self.message, "rb") as f:
                offset = f.read().index(SLOT)
        self.sinks[port] = subprocess.Popen(
            [tool("corv-sink"), str(port), self.pki.cert(name), self.pki.key(name), self.pki.ca, self.book.path,
             str(offset), str(self.delay_ms)], preexec_fn=harness._with_us, stdout=subprocess.DEVNULL)
        poll("the sink listens", lambda: self.sink_stats(port), 10)

    def stop_sink(self, port=None):
        sink = self.sinks.pop(port or self.port, None)
        if sink:
            sink.terminate()
            sink.wait(20)

    def sink_stats(self, port=None):
        sender = harness.Sender(port or self.port, self.pki, "lelystad")
        try:
            return sender.request("GET", "/stats").json
        finally:
            sender.close()

    def close(self):
        try:
            self.world.close()
        finally:
            for port in list(self.sinks):
                self.stop_sink(port)

    # -- what it costs

    def cpu(self):
        postmaster = self.daemon.postmaster()
        postgres = cpu_seconds(postmaster, with_children=True)
        for child in harness.children(postmaster):
            with contextlib.suppress(OSError):
                postgres += cpu_seconds(child)
        return {"corvd": cpu_seconds(self.daemon.pid), "postgres": postgres,
                "sink": sum(cpu_seconds(s.pid) for s in self.sinks.values())}

    def number(self, query):
        return float(self.daemon.sql(query)[0][0] or 0)

    def checkpoint(self):
        self.daemon.sql("CHECKPOINT")

    # -- one run of the load

    def command(self, connections, count, seconds, tag, first, sender="lelystad", message=None, rate=0):
        return [tool("corv-load"), self.world.port, self.pki.cert(sender), self.pki.key(sender), self.pki.ca,
                message or self.message, connections, count, seconds, tag, self.book.path, first, rate]

    def load(self, connections, count, seconds=60, tag="BENCH", before=None, **more):
        """before: called when all connections are there, and nothing was sent yet."""
        first = self.book.take(count)
        command = self.command(min(connections, count), count, seconds, tag, first, **more)
        said = (run_from_gate([*command, "gate"], seconds + 60, before) if before else
                run(command, seconds + 60))
        said["first"], said["count"] = first, count
        return said

    def arrived(self, seconds=60):
        """Waits until nothing is left to deliver."""
        poll("everything delivered and confirmed",
             lambda: self.number("SELECT count(*) FROM corv.delivery") <= self.left, seconds, every=0.1)

    def times(self, first, count):
        """Microseconds until the yes, from the yes to the partner, and of the whole way; sorted."""
        yes, way, whole = [], [], []
        for sent, answered, got, status, _, _ in self.book.read(first, count):
            if status in (200, 202):
                yes.append(answered - sent)
                if got:
                    way.append(max(0, got - answered))
                    whole.append(got - sent)
        return sorted(yes), sorted(way), sorted(whole)

    def check(self, what, said):
        """The two ends and the database against each other; what is wrong is remembered."""
        found = judge(self.book.read(said["first"], said["count"]))
        rows = self.number("SELECT count(*) FROM corv.message")
        done = self.number("SELECT count(*) FROM corv.delivery_done WHERE state = 3")
        if rows != self.stored or done != self.stored - self.left:
            found["in the database, of %d accepted and %d waiting" % (self.stored, self.left)] = (
                "%d stored, %d confirmed" % (rows, done))
        for key in ("refused", "broken", "unkind"):
            if said[key]:
                found[key] = said[key]
        if found:
            self.wrong.append("%s: %s" % (what, ", ".join("%s %s" % (k, n) for k, n in found.items())))

    stored = 0  # accepted so far, in all rounds
    left = 0    # of them, waiting for a partner who is away

    def round(self, what, connections, count, seconds=60, **more):
        """Sends count messages, waits until all are confirmed, judges, and says what it cost."""
        self.checkpoint()
        before = {}
        said = self.load(connections, count, seconds, before=lambda: before.update(self.cpu()), **more)
        n = said["accepted"] or 1
        self.stored += said["accepted"]
        self.arrived(seconds + 60)
        after = self.cpu()
        rss, peak = memory_kib(self.daemon.pid) / 1024, memory_kib(self.daemon.pid, "VmHWM") / 1024
        ended = self.number("SELECT extract(epoch FROM max(done_at)) FROM corv.delivery_done")
        ended -= time.time() - time.monotonic()
        yes, way, whole = self.times(said["first"], count)
        self.check(what, said)
        spent = {k: after[k] - before[k] for k in after}
        return {
            "accepted": said["accepted"], "busy": said["busy"], "seconds": said["seconds"],
            "accepted_s": said["accepted"] / said["seconds"],
            "delivered_s": said["accepted"] / max(said["seconds"], ended - said["began_us"] / 1e6),
            "mean_us": said["mean_us"], "yes50_us": percentile(yes, .5), "yes99_us": percentile(yes, .99),
            "way50_us": percentile(way, .5), "way99_us": percentile(way, .99),
            "whole50_us": percentile(whole, .5), "whole99_us": percentile(whole, .99),
            "corvd_us": spent["corvd"] * 1e6 / n, "postgres_us": spent["postgres"] * 1e6 / n,
            "load_us": (said["cpu_us"] + spent["sink"] * 1e6) / n, "rss_mib": rss, "peak_mib": peak,
        }

    def audit(self):
        """The chain, sum by sum. corvctl says so when it does not add up."""
        ctl = harness.ctl(self.daemon.config, "audit", "verify", data=False)
        if ctl.returncode != 0:
            self.wrong.append("audit verify: " + (ctl.stdout + ctl.stderr).strip()[:400])
