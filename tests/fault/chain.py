# SPDX-License-Identifier: EUPL-1.2
"""The chain that the plans break: senders and receivers with ledgers of their own, corvd, and between
corvd and its PostgreSQL a line that can be cut. Both keep their data on a small disk that can be
filled, where this machine lets us make one."""
import contextlib
import mmap
import os
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import harness  # noqa: E402
from flood import Flood  # noqa: E402
from postgres import Server  # noqa: E402
from world import World  # noqa: E402

DISK_MIB = 320
SMALL = ("wal_level=replica", "max_wal_size=64MB", "min_wal_size=32MB", "shared_buffers=32MB",
         "max_connections=40", "restart_after_crash=on", "log_line_prefix='%m [%p] '")
RETRY = {"retry_first_seconds": 1, "retry_max_seconds": 2, "timeout_seconds": 2, "lease_seconds": 4}


class Disk:
    """A small file system of its own; a plain folder where none can be mounted (can_fill says so)."""

    def __init__(self):
        self.path = harness.folder("disk")
        run = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=755" % DISK_MIB, "corv-fault",
                              self.path], capture_output=True, text=True, check=False)
        self.can_fill = run.returncode == 0
        self.filler = self.path + "/filler"

    def fill(self):
        with open(self.filler, "wb", buffering=0) as f, contextlib.suppress(OSError):
            while f.write(b"\0" * (1 << 16)):
                pass

    def free(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.filler)

    def close(self):
        if self.can_fill:
            subprocess.run(["umount", self.path], check=False)
        harness.remove(self.path)


class Proxy:
    """tests/fault/proxy.c"""

    def __init__(self, server_folder):
        self.process = subprocess.Popen(
            [os.path.join(harness.BUILD, "tests/fault/fault_proxy"), server_folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=harness._with_us)
        self.folder = self.process.stdout.readline().strip()
        assert self.folder, "the proxy did not start"

    def order(self, word):
        """Returns how many lines were cut so far."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def cuts(self):
        return self.order("?")

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0, "the proxy did not end well"
        self.process.stdout.close()


class Clock:
    """What corvd takes for the time of day, moved while it runs (daemon/base/clock.h)."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), mmap.PAGESIZE)

    def jump(self, seconds):
        self.page[:8] = struct.pack("=q", int(seconds * 1000000))


class Chain(World):
    def __init__(self):
        self.disk = Disk()
        self.server = Server(self.disk.path + "/pg", SMALL)
        self.proxy = Proxy(self.server.path)
        super().__init__(name="fault", database="host=%s user=corv dbname=corv" % self.proxy.folder,
                         state_dir=self.disk.path + "/state", log_level="info", delivery=RETRY)
        self.daemon.conninfo = lambda: self.server.conninfo
        self.clock = Clock(self.path + "/clock")
        self.daemon.env["CORVD_CLOCK_FILE"] = self.clock.path
        self.kills = {"corvd": 0, "postgres": 0}
        self.halves = []  # references of messages that were never sent whole
        self.flows = []  # (flood, those who must get all of it)

    def flow(self, party, make, receivers, threads=1, pause=0.02):
        flood = Flood(self, party, make, threads=threads, pause=pause)
        self.flows.append((flood, receivers))
        return flood

    def begin(self):
        """Everybody sends: a VTO is two messages with two receivers."""
        self.flow("veilig-thuis", self.vto, ["raad"], threads=2)
        self.flow("raad", lambda: self.notificatie("almere"), ["almere"])
        self.flow("raad", lambda: self.notificatie("dronten"), ["dronten"])
        for flood, _ in self.flows:
            flood.start()

    def end(self):
        for flood, _ in self.flows:
            flood.give_up = float("inf")
            flood.stopping.set()
        for flood, _ in self.flows:
            flood.stop()

    def acknowledged(self):
        return sum(len(flood.acked) for flood, _ in self.flows)

    def told_503(self):
        return sum(flood.busy for flood, _ in self.flows)

    def more(self, count=4, seconds=60):
        """It works again: some more are acknowledged."""
        before = self.acknowledged()
        harness.poll("%d more acknowledged" % count, lambda: self.acknowledged() >= before + count, seconds)

    def ready(self):
        harness.poll("corvd ready", lambda: self.daemon.admin("/readyz").status == 200, 40)

    def evidence(self, seed):
        """What somebody needs to find out why; no content, so no bodies."""
        to = os.path.join(harness.BUILD, "fault", "seed-%d" % seed)
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        shutil.copy(self.daemon.log_path, to + "/corvd.log")
        shutil.copy(self.server.path + "/log", to + "/postgres.log")
        for name, partner in self.partners.items():
            with open("%s/ledger-%s" % (to, name), "w", encoding="ascii") as f:
                f.writelines("%s %r\n" % (e.time, e) for e in partner.ledger())
        return to

    def close(self):
        self.disk.free()
        with contextlib.ExitStack() as all_of_it:  # also when one of them makes trouble
            for part in (self.disk, self.proxy, self.server, super()):
                all_of_it.callback(part.close)
