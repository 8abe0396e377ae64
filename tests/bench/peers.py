# SPDX-License-Identifier: EUPL-1.2
"""The peers: what else one could queue with, on the same machine, with the same bytes. They only
queue: no XML is read, nothing is sealed or audited, and only one of them speaks TLS here. Each has
32 messages under way, each message has a yes of its own (except where a batch is measured), and it
is done when the taker has acknowledged the last one."""
import json
import os

from ends import harness, run, tool
from services import Absent, ActiveMq, Npm, RabbitMq

WINDOW = 32


class Peer:
    """Measures one way of one product: messages per second, sent and taken."""

    def __init__(self, title, measure, pause=None):
        self.title, self.measure, self.service = title, measure, pause

    def __call__(self, count):
        if self.service:
            self.service.resume()
        try:
            return self.measure(count)
        finally:
            if self.service:
                self.service.pause()


def good(said):
    if said["exit"] != 0:
        raise harness.Trouble("a peer lost count: %r" % said)
    return said["count"] / said["seconds"]


def rabbit(broker, body, pki, tls):
    extra = [pki.ca, pki.cert("lelystad"), pki.key("lelystad")] if tls else []

    def measure(count):
        port = broker.tls_port if tls else broker.port
        return good(run([tool("corv-peer-amqp"), port, "bench", body, count, WINDOW] + extra, 180))
    return measure


def active(broker, body):
    return lambda count: good(run([tool("corv-peer-stomp"), broker.port, "bench", body, count, WINDOW], 180))


def ends_of(processes):
    """Both ends of a job queue: what each printed."""
    said = []
    for process in processes:
        try:
            out, err = process.communicate(timeout=150)
        except Exception:
            process.kill()
            process.communicate()
            raise
        if process.returncode != 0:
            raise harness.Trouble("%s: %s" % (process.args[1:3], err[-800:]))
        said.append(json.loads(out) if out else {})
    return said


def rate(said, count):
    if any(s["count"] != count for s in said):
        raise harness.Trouble("a peer lost count: %r" % said)
    return count * 1e6 / (max(s["ended"] for s in said) - min(s["began"] for s in said[:1]))


def pgboss(npm, pg, body, batch):
    def measure(count):
        pg.checkpoint()
        send = npm.popen("pgboss.js", "send", pg.path, "pgboss", "bench", body, count, WINDOW if batch == 1 else 2, batch)
        take = npm.popen("pgboss.js", "take", pg.path, "pgboss", "bench", body, count, 64)
        said = ends_of([send, take])
        left = pg.psql("pgboss", "SELECT count(*) FROM pgboss.job WHERE state <> 'completed' AND name = 'bench'")
        if left != "0":
            raise harness.Trouble("pg-boss has %s left" % left)
        return rate(said, count)
    return measure


def graphile(npm, pg, body, batch):
    def measure(count):
        pg.checkpoint()
        url = "postgres://bench@localhost/graphile?host=" + pg.path
        send = npm.popen("graphile.js", "send", url, body, count, WINDOW if batch == 1 else 2, batch)
        take = npm.popen("graphile.js", "take", url, body, count, WINDOW)
        said = ends_of([send, take])
        left = pg.psql("graphile", "SELECT count(*) FROM graphile_worker.jobs")
        if left != "0":
            raise harness.Trouble("graphile-worker has %s left" % left)
        return rate(said, count)
    return measure


class Peers:
    """All that can be had: .found {name: Peer}, .absent {name: why not}."""

    def __init__(self, floors):
        self.found, self.absent, self.services = {}, {}, []
        ends = floors.ends
        self.attempt("job queues", self.job_queues, floors.pg, floors.body)
        self.attempt("RabbitMQ", self.rabbitmq, ends, floors.body)
        self.attempt("ActiveMQ", self.activemq, ends, floors.body)

    def attempt(self, name, start, *args):
        try:
            start(*args)
        except (Absent, harness.Died, harness.Trouble, OSError) as e:
            self.absent[name] = str(e)

    def job_queues(self, pg, body):
        npm = Npm()
        pg.database("pgboss")
        pg.database("graphile")
        ends_of([npm.popen("pgboss.js", "make", pg.path, "pgboss", "bench")])
        ends_of([npm.popen("graphile.js", "make", "postgres://bench@localhost/graphile?host=" + pg.path)])
        self.found["pgboss"] = Peer("pg-boss", pgboss(npm, pg, body, 1))
        self.found["pgboss_batch"] = Peer("pg-boss, batches of 64", pgboss(npm, pg, body, 64))
        self.found["graphile"] = Peer("graphile-worker", graphile(npm, pg, body, 1))
        self.found["graphile_batch"] = Peer("graphile-worker, batches of 64", graphile(npm, pg, body, 64))

    def begin(self, service):
        self.services.append(service)
        return service

    def rabbitmq(self, ends, body):
        if not os.path.exists(tool("corv-peer-amqp")):
            raise Absent("its client was not built (package librabbitmq-dev)")
        broker = self.begin(RabbitMq(ends.world.path, ends.pki))
        for key, title, tls in (("rabbit", "RabbitMQ quorum, plain", False), ("rabbit_tls", "RabbitMQ quorum, mutual TLS", True)):
            self.found[key] = Peer(title, rabbit(broker, body, ends.pki, tls), broker)
            self.found[key](500)  # warm
        broker.pause()

    def activemq(self, ends, body):
        broker = self.begin(ActiveMq(ends.world.path))
        self.found["active"] = Peer("ActiveMQ, single sends", active(broker, body), broker)
        for _ in range(3):
            self.found["active"](1000)  # the JVM learns

    def close(self):
        for service in self.services:
            service.stop()
