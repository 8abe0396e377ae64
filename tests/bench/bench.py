#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Measures corvd end to end over mutual TLS, what is below it and what stands beside it, in turn in
one run, because such machines drift; the medians are printed as ratios.

A message here is a VTO of a gemeente of about 6 KB with one delivery: parsed, validated, routed,
sealed, stored, leased, delivered, confirmed, audited. Both ends keep a book by message; the exit code
is not 0 when that, the database and the audit trail do not agree."""
import argparse
import json
import os
import sys

import ends as bench_ends
import targets
from ends import Ends, harness
from floors import Floors, Web
from peers import Peers
from services import Absent, end_in_order


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((x.split(":", 1)[1].strip() for x in f if x.startswith("model name")), "?")
    with open("/proc/meminfo", encoding="ascii") as f:
        gib = int(f.readline().split()[1]) / 1048576
    return "%d processors (%s), %.0f GiB, Linux %s, load %s" % (
        os.cpu_count(), model, gib, os.uname().release, "%.1f" % os.getloadavg()[0])


class Session:
    """All rounds: {what: [numbers of a round]}."""

    def __init__(self, options):
        self.options, self.results, self.absent = options, {}, {}
        self.wrong = []
        self.ends = Ends()
        self.floors = self.web = self.peers = None

    def prepare(self):
        self.ends.start()
        if self.options.only_corvd:
            return
        self.floors = Floors(self.ends)
        if self.options.peers:
            self.peers = Peers(self.floors)
            self.absent.update(self.peers.absent)
            return
        try:
            self.web = Web(self.ends)
        except Absent as e:
            self.absent["nginx"] = str(e)
        if self.options.no_peers:
            self.absent["peers"] = "not asked for"
            return
        self.peers = Peers(self.floors)
        self.absent.update(self.peers.absent)

    def add(self, what, numbers):
        self.results.setdefault(what, []).append(numbers)
        if self.options.json:
            print(json.dumps({"what": what, **numbers}), flush=True)

    def corvd(self, count, seconds):
        for name, connections, n in (("corvd", self.options.connections, count),
                                     ("corvd_alone", 1, max(100, count // 10))):
            self.add(name, self.ends.round(name, connections, n, seconds))

    def below(self, count):
        f = self.floors
        for way in ("cycle", "leased"):
            for batch in f.BATCHES:
                self.add("%s%d" % (way, batch), f.cycle(way, 2 * count, batch))
        self.add("whole64", f.cycle("cycle", 2 * count, 64, size=self.ends.size + f.SEAL))
        self.add("one", f.cycle("one", max(100, count // 10), 1, 1))
        self.add("queue", f.queue(2 * count))
        said = f.verdict(count)
        self.add("xsd", {"per_s": 1e6 / said["raw_us"], "own_us": said["raw_us"]})
        self.add("verdict", {"per_s": 1e6 / said["ours_us"], "own_us": said["ours_us"]})
        said = f.curl(2 * count)
        self.add("curl", {"per_s": said["count"] / said["seconds"], "own_us": said["own_us"]})

    def web_server(self, count):
        self.add("nginx", self.web.post(2 * count, self.options.connections))
        self.add("nginx_alone", self.web.post(max(100, count // 10), 1))

    def beside(self, count):
        for name, peer in list(self.peers.found.items()):
            try:
                self.add(name, {"per_s": peer(count)})
            except (harness.Trouble, OSError) as e:
                self.absent[peer.title] = str(e)
                del self.peers.found[name]
                self.results.pop(name, None)

    def round(self, number):
        o = self.options
        self.corvd(o.count, o.seconds)
        if self.floors and not o.peers:
            self.below(o.count)
        if self.web:
            self.web_server(o.count)
        if self.peers:
            self.beside(o.count)
        if not o.json:
            r = self.results["corvd"][-1]
            print("round %d of %d: accepted %d at %.0f/s, 503: %d" % (
                number + 1, o.rounds, r["accepted"], r["accepted_s"], r["busy"]), flush=True)

    def finish(self):
        self.ends.audit()
        self.wrong += self.ends.wrong
        bad = self.floors.counts_wrong() if self.floors else ""
        self.wrong += [bad] if bad else []

    def close(self):
        for part in (self.peers, self.web, self.floors, self.ends):
            if part:
                part.close()

    def report(self):
        m = {what: targets.medians(rounds) for what, rounds in self.results.items()}
        if self.options.json:
            print(json.dumps({"medians": m, "absent": self.absent, "wrong": self.wrong, "ratios": [
                {"name": r.name, "value": r.value, "must": r.must, "goal": r.goal, "verdict": r.verdict}
                for r in targets.ratios(m)]}))
        elif self.options.markdown:
            print(targets.markdown(m, self.absent, self.wrong, machine() + "; medians of %d rounds." % self.options.rounds))
        else:
            print(targets.terminal(m, self.absent, self.wrong))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="messages per round (default 5000)")
    parser.add_argument("--connections", type=int, default=64, help="senders at once (default 64)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--seconds", type=int, default=60, help="at most, per round of corvd (default 60)")
    parser.add_argument("--only-corvd", action="store_true", help="no floors and no peers")
    parser.add_argument("--peers", action="store_true", help="corvd and the peers, without the floors")
    parser.add_argument("--no-peers", action="store_true", help="corvd and the floors")
    parser.add_argument("--json", action="store_true", help="each measurement as a line of JSON, then all medians")
    parser.add_argument("--markdown", action="store_true", help="the tables of docs/performance.md")
    options = parser.parse_args()
    end_in_order()
    session = Session(options)
    print("%d rounds of %d messages of %d bytes; %s" % (
        session.options.rounds, session.options.count, session.ends.size, machine()), flush=True)
    try:
        session.prepare()
        for number in range(session.options.rounds):
            session.round(number)
        session.finish()
    finally:
        session.close()
    session.report()
    sys.exit(1 if session.wrong else 0)


if __name__ == "__main__":
    main()
