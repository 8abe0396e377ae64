#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The bench's special runs: a national year, a long backlog, very many at once, nothing at all, and
more than corvd can bear. Each judges itself; the exit code is not 0 when a message is lost or
doubled, or when the database or the audit trail does not agree."""
import argparse
import json
import os
import signal
import statistics
import sys
import time

from ends import Ends, harness, percentile, run
from services import end_in_order
from targets import Ratio, grid

memory_kib, poll = harness.memory_kib, harness.poll

DEAD = "almere"  # the partner who is away, when raad is not


def say(text=""):
    print(text, flush=True)


def done(ends):
    """The last judgement, while corvd still runs: what is wrong."""
    ends.audit()
    return ends.wrong


# ---- a year -----------------------------------------------------------------------------------


def year(options):
    """The whole country's year, all at once: until the last is confirmed."""
    ends = Ends("year")
    try:
        ends.start()
        count = options.count or 500_000
        say("%d messages of %d bytes, 64 connections" % (count, ends.size))
        r = ends.round("year", 64, count, options.seconds or 1500, tag="YEAR")
        seconds = r["accepted"] / r["delivered_s"]
        say("accepted %d in %.1f s, all confirmed after %.1f s; 503: %d" % (
            r["accepted"], r["seconds"], seconds, r["busy"]))
        say("CPU per message: corvd %.0f us, PostgreSQL %.0f us, load %.0f us; peak RSS %.0f MiB" % (
            r["corvd_us"], r["postgres_us"], r["load_us"], r["peak_mib"]))
        say("yes p50 %.1f ms, p99 %.1f ms; delivery p50 %.1f ms, p99 %.1f ms" % (
            r["yes50_us"] / 1e3, r["yes99_us"] / 1e3, r["way50_us"] / 1e3, r["way99_us"] / 1e3))
        scale = 500_000 / max(1, r["accepted"])
        return done(ends), [Ratio("seconds for 500,000 messages" + ("" if scale == 1 else " (scaled)"), seconds * scale,
                            200, 150, more=False, unit="s"),
                      Ratio("peak RSS", r["peak_mib"], 64, 48, more=False, unit="MiB")]
    finally:
        ends.close()


# ---- a backlog --------------------------------------------------------------------------------


def fill_step(ends, count, depth, **more):
    """Takes in without delivering; CPU per message while the backlog grows from depth."""
    before = ends.cpu()
    said = ends.load(64, count, 600, **more)
    after = ends.cpu()
    n = said["accepted"] or 1
    ends.stored += said["accepted"]
    for key in ("refused", "broken", "unkind"):
        if said[key]:
            ends.wrong.append("filling at %d: %s %d" % (depth, key, said[key]))
    return {"depth": depth, "per_s": n / said["seconds"], "p99_ms": said["p99_us"] / 1e3, "first": said["first"],
            "count": count, "corvd": (after["corvd"] - before["corvd"]) * 1e6 / n,
            "postgres": (after["postgres"] - before["postgres"]) * 1e6 / n, "rss": memory_kib(ends.daemon.pid) / 1024}


def drain_step(ends, done_at, port=None):
    """Until so many have arrived; CPU per delivery."""
    requests = lambda: ends.sink_stats(port)["requests"]  # noqa: E731
    before, clock, had = ends.cpu(), time.monotonic(), requests()
    poll("%d delivered" % done_at, lambda: requests() >= done_at, 900, every=0.5)
    took, after, n = time.monotonic() - clock, ends.cpu(), max(1, requests() - had)
    return {"per_s": n / took, "corvd": (after["corvd"] - before["corvd"]) * 1e6 / n,
            "postgres": (after["postgres"] - before["postgres"]) * 1e6 / n, "rss": memory_kib(ends.daemon.pid) / 1024}


class Beside:
    """A second corvd whose queue is empty, measured between the steps of the first while that one stands still:
    the machine of this minute. By that a step's cost is told as a ratio."""

    COUNT = 10_000

    def __init__(self, first):
        self.first, self.ends, self.seen = first, Ends("beside", sink=False), []

    def start(self):
        self.ends.start()
        fill_step(self.ends, 500, 0, tag="WARM")
        self.deliver(500)
        self.look()

    def deliver(self, count):
        self.ends.start_sink()
        try:
            step = drain_step(self.ends, count)
            self.ends.arrived(60)
        finally:
            self.ends.stop_sink()
        return step

    def look(self):
        os.kill(self.first.daemon.pid, signal.SIGSTOP)
        try:
            self.ends.checkpoint()
            fill = fill_step(self.ends, self.COUNT, 0, tag="BESIDE")
            self.seen.append({"in": cost(fill), "out": cost(self.deliver(self.COUNT))})
        finally:
            os.kill(self.first.daemon.pid, signal.SIGCONT)

    def ratio(self, way, step):
        """Of a step since the last look; looks again."""
        before = self.seen[-1][way]
        self.look()
        return cost(step) / ((before + self.seen[-1][way]) / 2)

    def close(self):
        self.ends.close()

    def judged(self):
        check_all("beside", self.ends)
        return done(self.ends)


def check_all(what, ends):
    """Every message of the book; what was refused or broken was told step by step."""
    ends.check(what, {"first": 0, "count": ends.book.next, "refused": 0, "broken": 0, "unkind": 0})


def cost(step):
    return step["corvd"] + step["postgres"]


def spread(costs):
    """How far the dearest or cheapest step is from the first, in percent."""
    return max(abs(c / costs[0] - 1) for c in costs) * 100


def backlog(options):
    """The partner is away while a million messages come in, and then is there again."""
    ends = Ends("backlog", sink=False)
    beside = Beside(ends)
    try:
        ends.start()
        beside.start()
        count = options.count or 1_000_000
        steps = 10 if count >= 20_000 else 4
        each = count // steps
        say("%d messages for a partner who is away, then drained; CPU in us per message, and as a ratio to an empty queue's "
            "in the same minute" % (each * steps))
        fill_step(ends, min(2000, each), 0, tag="WARM")
        extra = ends.stored
        raw, ratios = {"in": [], "out": []}, {"in": [], "out": []}

        def step_done(way, s, depth):
            raw[way].append(cost(s))
            ratios[way].append(beside.ratio(way, s))
            say("%-3s at %8d: %6.0f/s  corvd %5.0f  pg %5.0f  ratio %.2f%s  RSS %4.0f MiB" % (
                way, depth, s["per_s"], s["corvd"], s["postgres"], ratios[way][-1],
                "  p99 yes %6.1f ms" % s["p99_ms"] if way == "in" else "", s["rss"]))
        for i in range(steps):
            s = fill_step(ends, each, extra + i * each, tag="BACKLOG")
            step_done("in", s, s["depth"])
        waiting = int(ends.number("SELECT count(*) FROM corv.delivery"))
        if waiting != ends.stored:
            ends.wrong.append("%d wait, %d were accepted" % (waiting, ends.stored))
        ends.start_sink()
        for i in range(steps):
            step_done("out", drain_step(ends, (i + 1) * (waiting // steps)), waiting - i * (waiting // steps))
        ends.arrived(120)
        check_all("backlog", ends)
        say("without regard to the machine: taking in %.1f %%, delivering %.1f %% from the first tenth" % (
            spread(raw["in"]), spread(raw["out"])))
        return done(ends) + beside.judged(), [
            Ratio("cost of taking in, furthest from the first tenth", spread(ratios["in"]), 20, 10, more=False, unit="%"),
            Ratio("cost of delivering, furthest from the first tenth", spread(ratios["out"]), 20, 10, more=False, unit="%")]
    finally:
        beside.close()
        ends.close()


# ---- very many at once ------------------------------------------------------------------------


def under_way(count):
    """So many taken in, and not one confirmed yet but those the slow partner has seen."""
    ends = Ends("inflight", delay_ms=250, delivery={"max_in_flight": 64})
    try:
        ends.start()
        said = ends.load(64, count + count // 4, 400, tag="WAY")
        ends.stored += said["accepted"]
        waiting = int(ends.number("SELECT count(*) FROM corv.delivery"))
        peak = memory_kib(ends.daemon.pid, "VmHWM") / 1024
        say("%d accepted at %.0f/s, %d of them under way to a slow partner: peak RSS %.0f MiB" % (
            said["accepted"], said["accepted"] / said["seconds"], waiting, peak))
        if waiting < count:
            ends.wrong.append("only %d were under way at once" % waiting)
        ends.arrived(300)
        ends.check("under way", said)
        return done(ends), Ratio("peak RSS with %d messages under way" % waiting, peak, 128, 128, more=False, unit="MiB")
    finally:
        ends.close()


def knocking(clients):
    """So many clients at once, each with a message, and corvd with the limits it has by itself."""
    ends = Ends("knocking", limits={"idle_seconds": 2})
    try:
        ends.start()
        said = ends.load(clients, clients, 400, tag="MANY")
        ends.stored += said["accepted"]
        ends.arrived(100)
        ends.check("knocking", said)
        peak = memory_kib(ends.daemon.pid, "VmHWM") / 1024
        say("%d clients at once, corvd's own limits: %d answered in %.0f s, %d accepted, %d told 503 with Retry-After: "
            "peak RSS %.0f MiB" % (clients, said["answered"], said["seconds"], said["accepted"], said["busy"], peak))
        if said["answered"] != clients:
            ends.wrong.append("%d of %d clients heard nothing" % (clients - said["answered"], clients))
        return done(ends), Ratio("peak RSS with %d clients at once" % clients, peak, 128, 128, more=False, unit="MiB")
    finally:
        ends.close()


def each_with_one(connections):
    """What a connection costs that has a message under way; with limits raised so that all get in."""
    room = {"connections": connections + 100, "pipeline": connections + 100, "pipeline_per_party": connections + 100,
            "handshake_seconds": 300, "header_seconds": 300, "idle_seconds": 600}
    ends = Ends("each", limits=room)
    try:
        ends.start()
        ends.round("before", 64, 2000)
        busy = memory_kib(ends.daemon.pid, "VmHWM") / 1024
        r = ends.round("each", connections, 2 * connections, 400, tag="EACH")
        say("%d connections, each with a message under way: peak RSS %.0f MiB, %.1f KiB each; accepted %d, 503: %d" % (
            connections, r["peak_mib"], (r["peak_mib"] - busy) * 1024 / connections, r["accepted"], r["busy"]))
        return done(ends)
    finally:
        ends.close()


def inflight(options):
    """Very many messages under way, and very many clients."""
    count = options.count or 10_000
    wrong, way = under_way(count)
    more, knock = knocking(count)
    return wrong + more + each_with_one(count // 5), [way, knock]


# ---- nothing ----------------------------------------------------------------------------------


def at_work(pid):
    """Seconds of CPU (by the scheduler's own count) and times woken, of all threads."""
    ran, woken = 0.0, 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as f:
            ran += int(f.read().split()[0]) / 1e9
        with open("/proc/%d/task/%s/status" % (pid, thread), encoding="ascii") as f:
            woken += int(next(x for x in f if x.startswith("voluntary_ctxt")).split()[1])
    return ran, woken


def idle(options):
    """Nobody sends, nothing waits."""
    ends = Ends("idle")
    try:
        ends.start()
        ends.round("before", 1, 20)
        seconds = options.seconds or 60
        time.sleep(5)  # what follows a message has ended; nothing is judged by it
        before, pg = at_work(ends.daemon.pid), ends.cpu()["postgres"]
        time.sleep(seconds)
        after = at_work(ends.daemon.pid)
        pg = (ends.cpu()["postgres"] - pg) * 100 / seconds
        percent, woken = (after[0] - before[0]) * 100 / seconds, (after[1] - before[1]) / seconds
        say("in %d s: corvd %.3f %% of one processor, woken %.1f times a second; PostgreSQL %.2f %%" % (
            seconds, percent, woken, pg))
        return done(ends), [Ratio("CPU of an idle corvd (our own bounds)", percent, .5, .1, more=False, unit="%")]
    finally:
        ends.close()


# ---- too much ---------------------------------------------------------------------------------


def offered(ends, factor, capacity, seconds):
    """Offers factor times the capacity, whatever the answers are."""
    rate = int(factor * capacity)
    first = ends.book.take(rate * seconds)
    said = run(ends.command(1200, rate * seconds, seconds + 60, "OVER%dX" % factor, first, rate=rate), seconds + 200)
    said["first"], said["count"] = first, rate * seconds
    ends.stored += said["accepted"]
    ends.arrived(120)
    ends.check("overload %dx" % factor, said)
    real = said["answered"] / said["seconds"]
    say("%dx: offered %5.0f/s of %d, accepted %5.0f/s, 503 %4.1f %%, without Retry-After %d, yes p50 %.0f p99 %.0f ms" % (
        factor, real, rate, said["accepted"] / said["seconds"], said["busy"] * 100 / max(1, said["answered"]),
        said["unkind"], said["p50_us"] / 1e3, said["p99_us"] / 1e3))
    return said


def overtaking(options):
    """A slow partner, a queue before it, and then spoed: who comes first?"""
    ends = Ends("spoed", delay_ms=20, delivery={"max_in_flight": 8})
    try:
        ends.start()
        urgent = os.path.join(ends.world.path, "urgent.xml")
        with open(ends.message, "rb") as f:
            text = f.read()
        hot = text.replace(b'naam="urgentie">Laag<', b'naam="urgentie">Hoog<')
        assert hot != text and hot.index(b"%REFERENTIE%") == text.index(b"%REFERENTIE%"), "no spoed in the message"
        with open(urgent, "wb") as f:
            f.write(hot)
        many = ends.load(64, options.count or 3000, 60, tag="CALM")
        spoed = ends.load(1, 20, 60, tag="SPOED", message=urgent)
        ends.stored += many["accepted"] + spoed["accepted"]
        ends.arrived(180)
        for what, said in (("calm", many), ("spoed", spoed)):
            ends.check(what, said)
        calm = [(yes, got) for _, yes, got, _, _, _ in ends.book.read(many["first"], many["count"])]
        shares = []
        for _, yes, got, _, _, _ in ends.book.read(spoed["first"], spoed["count"]):
            waiting = [g for y, g in calm if y < yes < g]
            shares.append(sum(g > got for g in waiting) * 100 / max(1, len(waiting)))
            assert len(waiting) > 100, "no queue to overtake: %d waited" % len(waiting)
        _, way, _ = ends.times(spoed["first"], spoed["count"])
        _, slow, _ = ends.times(many["first"], many["count"])
        say("spoed: delivered %.0f ms after its yes (p99), the others %.0f ms; the least overtook %.1f %% of those"
            " that waited" % (percentile(way, .99) / 1e3, percentile(slow, .99) / 1e3, min(shares)))
        return done(ends), Ratio("spoed overtakes, of those that wait (our own bounds)", min(shares), 90, 95, unit="%")
    finally:
        ends.close()


def beside_the_dead(options):
    """100,000 wait for a partner who is away; what does another one notice? Two corvds, one with that
    and one without, are measured in turn."""
    dead_port = harness.free_port()
    calm, full = Ends("calm"), Ends("dead")
    try:
        full.address(DEAD, dead_port)
        letter = os.path.join(full.world.path, "letter.xml")
        with open(letter, "wb") as f:
            f.write(full.world.notificatie(DEAD, referentie="%REFERENTIE%"))
        for ends in (calm, full):
            ends.start().round("warm", 64, 2000)
        count, waiting = 3000, options.count or 100_000
        s = fill_step(full, waiting, 0, sender="raad", message=letter, tag="DEAD")
        full.left = waiting
        say("filled %d for the partner who is away at %.0f/s" % (waiting, s["per_s"]))
        rounds = []
        for number in range(6):  # who goes first changes, so that a drift is nobody's
            pair = [(0, calm), (1, full)][::-1 if number % 2 else 1]
            took = {which: ends.round("beside", 64, count) for which, ends in pair}
            rounds.append((took[0], took[1]))

        def cpu(r):
            return r["corvd_us"] + r["postgres_us"]

        def seconds(r):
            return 1 / r["delivered_s"]

        def slower(cost):
            return (statistics.median(cost(b) / cost(a) for a, b in rounds) - 1) * 100
        say("another partner: median of %d pairs: %+.1f %% time, %+.1f %% CPU per message" % (
            len(rounds), slower(seconds), slower(cpu)))
        if options.drain:
            drain(full, dead_port, s)
        return done(calm) + done(full), [
            Ratio("another partner's slowdown, CPU per message", slower(cpu), 5, 2, more=False, unit="%"),
            Ratio("another partner's slowdown, time", slower(seconds), 5, 2, more=False, unit="%")]
    finally:
        try:
            calm.close()
        finally:
            full.close()


def drain(ends, port, filled):
    """The dead one rises, and gets all of it."""
    ends.stop_sink()
    with open(os.path.join(ends.world.path, "letter.xml"), "rb") as f:
        offset = f.read().index(b"%REFERENTIE%")
    ends.start_sink(port, DEAD, offset)
    poll("the partner is back and has all", lambda: ends.sink_stats(port)["requests"] >= filled["count"], 400, every=0.5)
    ends.arrived(60)
    ends.left = 0
    ends.check("after the dead one rose", {**filled, "refused": 0, "broken": 0, "unkind": 0})


def overload(options):
    ends = Ends("overload", limits={"handshake_seconds": 120, "header_seconds": 120, "idle_seconds": 300})
    rows = []
    try:
        ends.start()
        ends.round("warm", 64, 1000)
        capacity = ends.round("capacity", 64, 4000)["accepted_s"]
        say("capacity with 64 connections: %.0f/s" % capacity)
        two, three = (offered(ends, n, capacity, options.seconds or 10) for n in (2, 3))
        rows.append(Ratio("503 without Retry-After", two["unkind"] + three["unkind"], 0, 0, more=False, unit=""))
        rows.append(Ratio("p99 of accepted at 3x / at 2x (our own bounds)", three["p99_us"] / max(1, two["p99_us"]), 1.5, 1.2,
                          more=False))
        wrong = done(ends)
    finally:
        ends.close()
    more, row = overtaking(options)
    wrong, rows = wrong + more, rows + [row]
    more, dead = beside_the_dead(options)
    return wrong + more, rows + dead


# ---- all of them ------------------------------------------------------------------------------

RUNS = {"year": year, "backlog": backlog, "inflight": inflight, "idle": idle, "overload": overload}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(RUNS))
    parser.add_argument("--count", type=int, help="messages, instead of the run's own number")
    parser.add_argument("--seconds", type=int, help="at most, or of watching")
    parser.add_argument("--no-drain", dest="drain", action="store_false", help="leave what waits for the dead partner")
    parser.add_argument("--json", action="store_true", help="the ratios as a line of JSON at the end")
    options = parser.parse_args()
    end_in_order()
    wrong, rows = RUNS[options.what](options)
    out = [""]
    grid(["", "now", "must", "goal", ""], [r.cells() for r in rows], [50, 10, 11, 11, 14], out)
    out += ["WRONG: " + w for w in wrong] or ["Counts at both ends, database and audit trail agree."]
    say("\n".join(out))
    if options.json:
        say(json.dumps({"ratios": [{"name": r.name, "value": r.value, "must": r.must, "goal": r.goal,
                                    "verdict": r.verdict} for r in rows], "wrong": wrong}))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
