#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Messages per second through a real corvd: accepted (202 after COMMIT) and delivered (the partner
said yes and that is written down), the time of a yes, and what it costs.

A message here is a VTO of a gemeente of about 6 KB with one delivery: parsed, validated, routed,
sealed, stored, leased, delivered, confirmed, audited. Such machines drift, so the rounds are
interleaved and the median is what counts."""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import harness  # noqa: E402
from harness import cpu_seconds, memory_kib, poll  # noqa: E402
from world import World  # noqa: E402


class Costs:
    """CPU seconds and memory of corvd and its PostgreSQL between two moments."""

    def __init__(self, world, sink):
        self.world, self.sink = world, sink
        self.before = self.now()

    def now(self):
        postmaster = self.world.daemon.postmaster()
        postgres = cpu_seconds(postmaster, with_children=True)
        postgres += sum(cpu_seconds(c) for c in harness.children(postmaster))
        return {"corvd": cpu_seconds(self.world.daemon.pid), "postgres": postgres,
                "sink": cpu_seconds(self.sink.pid)}

    def spent(self):
        now = self.now()
        return {k: now[k] - self.before[k] for k in now}


def start_sink(world, port):
    tool = os.path.join(harness.BUILD, "tests/bench/corv-sink")
    pki = world.pki
    return subprocess.Popen([tool, str(port), pki.cert("raad"), pki.key("raad"), pki.ca],
                            stdout=subprocess.DEVNULL)


def sink_stats(world, port):
    sender = harness.Sender(port, world.pki, "lelystad")
    try:
        return sender.request("GET", "/stats").json
    finally:
        sender.close()


def load(world, message, connections, count, seconds, tag):
    tool = os.path.join(harness.BUILD, "tests/bench/corv-load")
    pki = world.pki
    began = os.times()
    run = subprocess.run([tool, str(world.port), pki.cert("lelystad"), pki.key("lelystad"), pki.ca,
                          message, str(connections), str(count), str(seconds), tag],
                         capture_output=True, text=True, check=False)
    ended = os.times()
    if not run.stdout:
        raise SystemExit("the load generator failed:\n" + run.stderr)
    said = json.loads(run.stdout)
    said["cpu"] = (ended.children_user - began.children_user
                   + ended.children_system - began.children_system)
    return said


def one_round(world, sink, port, options, number, connections, count):
    costs = Costs(world, sink)
    before = sink_stats(world, port)["requests"]
    tag = "B%02d%03dx" % (number, connections)
    said = load(world, options.message, connections, count, options.seconds, tag)
    want = before + said["accepted"]

    def all_there():
        left = world.daemon.sql("SELECT count(*) FROM corv.delivery")[0][0]
        return sink_stats(world, port)["requests"] >= want and left == "0"
    clock = harness.time.monotonic()
    poll("everything delivered and confirmed", all_there, options.seconds + 60, every=0.1)
    waited = harness.time.monotonic() - clock
    spent = costs.spent()
    n = said["accepted"] or 1
    return {
        "accepted": said["accepted"], "busy": said["busy"], "refused": said["refused"],
        "broken": said["broken"], "again": sink_stats(world, port)["requests"] - want,
        "accepted_s": said["accepted"] / said["seconds"],
        "delivered_s": said["accepted"] / (said["seconds"] + waited),
        "mean_us": said["mean_us"], "p50_us": said["p50_us"], "p99_us": said["p99_us"],
        "corvd_us": spent["corvd"] * 1e6 / n, "postgres_us": spent["postgres"] * 1e6 / n,
        "load_us": (said["cpu"] + spent["sink"]) * 1e6 / n,
        "rss_mib": memory_kib(world.daemon.pid) / 1024, "peak_mib": memory_kib(world.daemon.pid, "VmHWM") / 1024,
    }


COLUMNS = (("accepted_s", "acc./s", 8, "%.0f"), ("delivered_s", "del./s", 8, "%.0f"),
           ("mean_us", "mean ms", 8, "ms"), ("p50_us", "p50 ms", 8, "ms"), ("p99_us", "p99 ms", 8, "ms"),
           ("corvd_us", "corvd", 7, "%.0f"), ("postgres_us", "pg", 6, "%.0f"),
           ("load_us", "load", 6, "%.0f"), ("rss_mib", "RSS", 6, "%.0f"))


def text(value, shape):
    return "%.2f" % (value / 1000) if shape == "ms" else shape % value


def table(results):
    print("\n%5s " % "conn." + " ".join("%*s" % (w, head) for _, head, w, _ in COLUMNS))
    for connections in sorted(results):
        rows = results[connections]
        middle = {key: statistics.median(r[key] for r in rows) for key, *_ in COLUMNS}
        print("%5d " % connections + " ".join("%*s" % (w, text(middle[key], shape))
                                              for key, _, w, shape in COLUMNS))
    print("\nmedians; corvd, pg and load are microseconds of CPU per message, RSS is MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="messages per round (default 5000)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 64], help="default: 1 64")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--seconds", type=int, default=60, help="at most, per round (default 60)")
    parser.add_argument("--json", action="store_true", help="also every round as a line of JSON")
    options = parser.parse_args()
    world = World(stubs=False, name="bench", log_level="warning",
                  delivery={"max_in_flight": 32, "retry_first_seconds": 1})
    port = harness.free_port()
    for p in world.config["parties"]:
        if p["id"] == "raad":
            p["adapter"], p["address"] = "https", "https://localhost:%d/" % port
    world.write()
    options.message = world.path + "/message.xml"
    with open(options.message, "wb") as f:
        f.write(world.vto("lelystad", referentie="%REFERENTIE%"))
    sink = start_sink(world, port)
    results = {}
    try:
        world.start()
        size = os.path.getsize(options.message)
        print("%d messages of %d bytes per round, %d rounds, %d processors" % (
            options.count, size, options.rounds, os.cpu_count()), flush=True)
        for number in range(options.rounds):
            for connections in options.connections:
                count = options.count if connections > 1 else max(100, options.count // 10)
                r = one_round(world, sink, port, options, number, connections, count)
                results.setdefault(connections, []).append(r)
                print(json.dumps(r) if options.json else
                      "round %d, %3d connections: accepted %d in %.1f s; 503: %d, refused %d, broken %d, again %d"
                      % (number + 1, connections, r["accepted"], r["accepted"] / (r["accepted_s"] or 1),
                         r["busy"], r["refused"], r["broken"], r["again"]), flush=True)
        table(results)
        print("peak RSS of corvd: %.0f MiB" % max(r["peak_mib"] for rs in results.values() for r in rs))
        world.audit_ok()
        bad = sum(r["refused"] + r["broken"] + r["again"] for rs in results.values() for r in rs)
    finally:
        world.close()
        sink.terminate()
        sink.wait(10)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
