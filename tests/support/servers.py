# SPDX-License-Identifier: EUPL-1.2
"""PostgreSQL servers that are not corvd's: one, or a primary with a standby that can take over. Unix
sockets in folders of their own, so that nothing is shared and no port is taken."""
import contextlib
import copy
import json
import os
import signal
import subprocess

import harness

BIN = "/usr/lib/postgresql/15/bin/"


class Server:
    def __init__(self, name="pg"):
        self.path = harness.folder(name)
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", self.path], check=True)
        self.data = self.path + "/data"
        self.host = self.path
        self.conninfo = "host=%s user=corv dbname=corv connect_timeout=5" % self.host

    def make(self):
        self.run("initdb", "-D", self.data, "-U", "corv", "-A", "trust", "-E", "UTF8", "-N")
        self.configure()
        self.start()
        self.run("createdb", "-h", self.host, "-U", "corv", "corv")
        return self

    def configure(self, *lines):
        with open(self.data + "/postgresql.conf", "a", encoding="ascii") as f:
            f.write("listen_addresses=''\nunix_socket_directories='%s'\n" % self.host)
            f.write("".join(line + "\n" for line in lines))

    def run(self, program, *args):
        run = subprocess.run(harness.as_postgres() + [BIN + program, *args], cwd="/",
                             capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr

    def start(self):
        self.run("pg_ctl", "-D", self.data, "-l", self.path + "/log", "-w", "start")
        return self

    def stop(self, mode="fast"):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def pid(self):
        with open(self.data + "/postmaster.pid", encoding="ascii") as f:
            return int(f.readline())

    def kill9(self):
        """As if the machine lost its power: nobody says goodbye. The postmaster first, so that it
        starts nobody anew; then those it leaves."""
        first = self.pid()
        left = harness.children(first)
        os.kill(first, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        harness.poll("the server is gone", lambda: not any(
            os.path.exists("/proc/%d" % p) for p in [first] + left), 20)

    def end(self):
        with contextlib.suppress(AssertionError, OSError):
            self.stop("immediate")
        harness.remove(self.path)

    def sql(self, query):
        run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo,
                              "-c", query], capture_output=True, text=True, check=False, cwd="/")
        if run.returncode != 0:
            raise harness.Trouble("psql: " + run.stderr)
        return run.stdout.strip()


class Pair:
    """first and second: primary and streaming standby. names: which one is the primary changes."""

    def __init__(self, synchronous):
        self.first = Server("pa").make()
        self.second = Server("pb")
        self.second.run("pg_basebackup", "-h", self.first.host, "-U", "corv", "-D", self.second.data,
                        "-R", "-X", "stream", "-c", "fast")
        self.second.configure("max_standby_streaming_delay=1s")
        self.second.start()
        harness.poll("the standby streams", lambda: self.first.sql(
            "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1", 30)
        if synchronous:
            self.synchronous(self.first, "*")
        self.conninfo = ("host=%s,%s user=corv dbname=corv target_session_attrs=read-write"
                         % (self.first.host, self.second.host))

    @staticmethod
    def synchronous(server, names):
        server.sql("ALTER SYSTEM SET synchronous_standby_names = '%s'" % names)
        server.sql("SELECT pg_reload_conf()")
        harness.poll("the setting holds", lambda: server.sql("SHOW synchronous_standby_names") == names)

    def promote(self):
        self.second.run("pg_ctl", "-D", self.second.data, "-w", "promote")

    def end(self):
        self.first.end()
        self.second.end()


def another(world, name, **over):
    """Another node beside world.daemon: the same database, parties and folder with keys, a state
    folder of its own."""
    path = "%s/%s" % (world.path, name)
    os.mkdir(path)
    port = harness.free_port()
    config = copy.deepcopy(world.config)
    config.update(node=name, state_dir=path + "/state", **over)
    config["listen"]["port"] = port
    config["admin"] = {"socket": path + "/admin.sock"}
    with open(path + "/corvd.yaml", "w", encoding="utf-8") as f:
        json.dump(config, f)
    daemon = harness.Daemon(path, path + "/corvd.yaml", port, world.pki)
    daemon.conninfo = world.daemon.conninfo
    return daemon
