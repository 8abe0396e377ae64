# SPDX-License-Identifier: EUPL-1.2
"""What is below corvd, each part alone: the database's share, the verdict's, the two TLS ends. All of
it does less than corvd, so corvd is never faster; how near it comes is what is measured."""
import os
import re
import subprocess

from ends import harness, run, run_from_gate, tool
from services import Nginx, Postgres


class Floors:
    """On a stock PostgreSQL with the schema of corvd's own database, as it is at this moment."""

    BATCHES = (64, 256)
    SEAL = 95        # bytes that sealing adds to what is not packed
    CONNECTIONS = 2  # as many as corvd has; one more process helps nobody on two processors

    def __init__(self, ends):
        self.ends, self.path = ends, ends.world.path
        dump = subprocess.run(["pg_dump", "-s", "-n", "corv", "--no-owner", "--no-privileges", "-d",
                               ends.daemon.conninfo()], capture_output=True, text=True, check=False, cwd="/")
        if dump.returncode != 0:
            raise harness.Trouble("pg_dump: " + dump.stderr)
        self.pg = Postgres(self.path)
        self.rows = self.pg.database("floor", dump.stdout)
        self.store = self.pg.database("store")
        with open(ends.message, "rb") as f:
            text = f.read().replace(b"%REFERENTIE%", b"FLOOR" + b"0" * 27)
        self.body = os.path.join(self.path, "body.xml")
        with open(self.body, "wb") as f:
            f.write(text)
        self.put = {"stored": 0, "settled": 0}

    def close(self):
        self.pg.stop()

    def stored_size(self):
        """Bytes of a message of the bench as corvd keeps it: packed and sealed."""
        size = int(self.ends.number("SELECT max(octet_length(sealed)) FROM corv.payload"))
        if size == 0:
            raise harness.Trouble("corvd has stored no message yet: how large its rows are is not known")
        return size

    def cycle(self, way, count, batch, connections=CONNECTIONS, size=0):
        """Life cycles per second; the counts afterwards must be what was asked. size: of the content,
        else as large as corvd's."""
        self.pg.checkpoint()
        before = self.pg.cpu()
        said = run([tool("corv-floor-pg"), self.rows, way, count, batch, connections,
                    size or self.stored_size()], 120)
        spent = self.pg.cpu() - before
        self.put["stored"] += said["messages"]
        self.put["settled"] += said["messages"] if way != "one" else 0
        return {"per_s": said["per_s"], "mean_us": said["mean_us"], "postgres_us": spent * 1e6 / said["messages"],
                "own_us": said["own_us"]}

    def counts_wrong(self):
        """Whether the floor did what it says: the rows it left, or nothing."""
        stored, settled = self.put["stored"], self.put["settled"]
        want = {"message": stored, "payload": stored, "dedup": stored, "delivery_done": settled,
                "delivery": stored - settled, "audit": stored + settled}
        got = {t: int(self.pg.psql("floor", "SELECT count(*) FROM corv.%s" % t)) for t in want}
        return "" if got == want else "the floor left %s, not %s" % (got, want)

    def queue(self, count):
        """The queue's own code without the daemon around it."""
        self.pg.checkpoint()
        done = subprocess.run([tool("bench_queue"), str(count), "256", str(self.stored_size()), self.store],
                              capture_output=True, text=True, check=False, timeout=120)
        found = re.search(r": (\d+)/s; .* own CPU (\d+) us", done.stdout)
        if done.returncode != 0 or not found:
            raise harness.Trouble("bench_queue: %s%s" % (done.stdout, done.stderr))
        return {"per_s": float(found.group(1)), "own_us": float(found.group(2))}

    def verdict(self, count):
        said = run([tool("corv-floor-xsd"), os.path.join(harness.TOP, "schemas/xsd/corv.xsd"), self.body, count], 60)
        if said["exit"] != 0:
            raise harness.Trouble("the message of the bench is not valid")
        return said

    def curl(self, count):
        ends = self.ends
        before = ends.sink_stats()["requests"]
        said = run([tool("corv-floor-curl"), "https://localhost:%d/" % ends.port, ends.pki.cert("server"),
                    ends.pki.key("server"), ends.pki.ca, self.body, count, 32], 60)
        if said["good"] != count or ends.sink_stats()["requests"] - before != count:
            raise harness.Trouble("libcurl did not bring all of it")
        return said


class Web:
    """nginx in corvd's place."""

    def __init__(self, ends):
        self.ends = ends
        self.nginx = Nginx(ends.world.path, ends.pki)

    def close(self):
        self.nginx.stop()

    def post(self, count, connections):
        ends, before = self.ends, []
        said = run_from_gate(
            [tool("corv-load"), self.nginx.port, ends.pki.cert("lelystad"), ends.pki.key("lelystad"), ends.pki.ca,
             ends.message, connections, count, 30, "NGINX", ends.book.path, ends.book.take(count), 0, "gate"], 60,
            lambda: before.append(self.nginx.cpu()))
        if said["accepted"] != count:
            raise harness.Trouble("nginx did not take all of it: %r" % said)
        return {"per_s": count / said["seconds"], "mean_us": said["mean_us"],
                "own_us": (self.nginx.cpu() - before[0]) * 1e6 / count}
