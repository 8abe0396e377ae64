# SPDX-License-Identifier: EUPL-1.2
"""Senders with ledgers of their own, and the count on both ends.

A sender behaves as the agreement asks: no answer or 503 means the same message again, until there is
a yes or a no. What it noted as acknowledged must have arrived; what arrived twice must have been
marked as a repeat."""
import http.client
import threading
import time

import harness
from harness import sha256

FAULTS = (OSError, http.client.HTTPException)


class Flood:
    """threads senders of one party, each with a message of make() after the other."""

    def __init__(self, world, party, make, threads=4, pause=0.0, daemon=None):
        self.daemon = daemon or world.daemon
        self.world, self.party, self.make, self.pause = world, party, make, pause
        self.lock = threading.Lock()
        self.sent = {}  # sha256 -> body, for everything ever offered
        self.acked = {}  # sha256 -> id
        self.repeats = self.busy = self.broken = 0
        self.refused = []
        self.stopping = threading.Event()
        self.give_up = None
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]

    def start(self):
        for t in self.threads:
            t.start()
        return self

    def run(self):
        sender = self.daemon.sender(self.party, timeout=20)
        while not self.stopping.is_set():
            self.offer(sender, self.make())
            if self.pause:
                time.sleep(self.pause)
        sender.close()

    def offer(self, sender, body):
        """The same message again and again until it is answered."""
        digest = sha256(body)
        with self.lock:
            self.sent[digest] = body
        while self.give_up is None or time.monotonic() < self.give_up:
            try:
                answer = sender.post(body)
            except FAULTS:
                with self.lock:
                    self.broken += 1
                time.sleep(0.05)
                continue
            if answer.status in (200, 202):
                with self.lock:
                    self.acked[digest] = answer.id
                    self.repeats += answer.status == 200
                return answer
            if answer.status != 503:
                with self.lock:
                    self.refused.append(answer)
                return answer
            assert "retry-after" in answer.headers
            with self.lock:
                self.busy += 1
            time.sleep(0.05)
        return None

    def stop(self, seconds=60):
        """Every sender finishes the message it is at: corvd must be up."""
        self.give_up = time.monotonic() + seconds * harness.SLOW
        self.stopping.set()
        for t in self.threads:
            t.join(seconds * harness.SLOW + 30)
            assert not t.is_alive(), "a sender hangs"
        return self

    def wait_for(self, count, seconds=60):
        harness.poll("%d acknowledged" % count, lambda: len(self.acked) >= count, seconds)
        return self


class Tally:
    """What the ledgers of both ends and the database say of one flood. trouble: broken promises."""

    def __init__(self, flood):
        self.acknowledged = len(flood.acked)
        self.delivered = self.lost = self.twice = self.unmarked = 0
        self.busy, self.broken, self.repeats = flood.busy, flood.broken, flood.repeats
        self.trouble = []

    def __str__(self):
        return ("acknowledged %d, delivered %d, lost %d, delivered twice %d (without a repeat mark %d), "
                "503 %d, broken %d, repeats %d" % (
                    self.acknowledged, self.delivered, self.lost, self.twice, self.unmarked, self.busy,
                    self.broken, self.repeats))


def tally(world, flood, receivers):
    """Once nothing waits any more."""
    t = Tally(flood)
    trouble, missing = t.trouble, set()
    for party in receivers:
        taken = [e for e in world.partners[party].taken() if e.sha256 in flood.sent]
        by_content, by_delivery = {}, {}
        for e in taken:
            by_content.setdefault(e.sha256, []).append(e)
            by_delivery.setdefault(e.delivery, []).append(e)
        t.delivered += len(by_content)
        lost = set(flood.acked) - set(by_content)
        missing |= lost
        if lost:
            trouble.append("%s never got %d acknowledged messages" % (party, len(lost)))
            for id_ in sorted(flood.acked[d] for d in lost)[:3]:
                trouble.append("  %s: %s\n    %s" % (id_, world.deliveries(id_), world.audit(id_)))
        for digest, entries in by_content.items():
            if len({e.message for e in entries}) > 1:
                trouble.append("%s got one message under two numbers: %s" % (party, entries))
            if digest in flood.acked and entries[0].message != flood.acked[digest]:
                trouble.append("%s got another number than was acknowledged" % party)
        for entries in by_delivery.values():
            t.twice += len(entries) > 1
            t.unmarked += sum(not e.repeat for e in entries[1:])
    if t.unmarked:
        trouble.append("%d delivered twice without a repeat mark" % t.unmarked)
    if flood.refused:
        trouble.append("refused: %r" % flood.refused[:3])
    stored = {r[0] for r in world.daemon.sql("SELECT id FROM corv.message")}
    gone = {d for d, id_ in flood.acked.items() if id_ not in stored}
    if gone:
        trouble.append("%d acknowledged messages are not in the database" % len(gone))
    t.lost = len(missing | gone)
    return t


def count(world, flood, receivers):
    """The tally; raises when a promise is broken."""
    world.quiet(60)
    t = tally(world, flood, receivers)
    world.audit_ok()
    print(t)
    if t.trouble:
        raise harness.Trouble("%s\n%s" % (t, "\n".join(t.trouble)))
    return str(t)
