# SPDX-License-Identifier: EUPL-1.2
"""A PostgreSQL that is not corvd's: it can be stopped, killed, filled up, copied and put back.
As root it runs as user postgres, like everybody's."""
import os
import signal
import subprocess

import harness

BIN = "/usr/lib/postgresql/15/bin/"


class Server:
    """path: a folder of its own, made when not given. settings: lines for postgresql.conf."""

    def __init__(self, path=None, settings=()):
        self.path = path or harness.folder("pg")
        os.makedirs(self.path, exist_ok=True)
        self.data = self.path + "/data"
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", self.path], check=True)
        self.run("initdb", "-D", self.data, "-U", "corv", "-A", "trust", "-E", "UTF8", "-N")
        with open(self.data + "/postgresql.conf", "a", encoding="ascii") as f:
            f.write("listen_addresses=''\nunix_socket_directories='%s'\n" % self.path)
            f.writelines(line + "\n" for line in settings)
        self.conninfo = "host=%s user=corv dbname=corv" % self.path
        self.start()
        self.run("createdb", "-h", self.path, "-U", "corv", "corv")

    def run(self, program, *args):
        run = subprocess.run(harness.as_postgres() + [BIN + program, *args], cwd="/",
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise harness.Trouble(run.stdout + run.stderr)
        return run.stdout

    def start(self):
        """As long as a process of a killed one still holds its memory, the new one refuses."""
        def up():
            self.run("pg_ctl", "-D", self.data, "-l", self.path + "/log", "-w", "start")
            return True
        harness.poll("PostgreSQL up", up, 20, every=0.1)

    def stop(self, mode):
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def postmaster(self):
        """Its first process, or None."""
        try:
            with open(self.data + "/postmaster.pid", encoding="ascii") as f:
                pid = int(f.readline())
        except (OSError, ValueError):
            return None
        return pid if os.path.exists("/proc/%d" % pid) else None

    def kill9(self):
        """The first process only: the others find out by themselves."""
        pid = self.postmaster()
        os.kill(pid, signal.SIGKILL)
        harness.poll("PostgreSQL gone", lambda: not running(pid), 20)

    def base_backup(self, to, *more):
        """pg_basebackup, as an administrator makes it; the folder becomes the server's own."""
        self.run("pg_basebackup", "-h", self.path, "-U", "corv", "-D", to, "-c", "fast", *more)

    def close(self):
        try:
            self.stop("immediate")
        except harness.Trouble:
            pass  # it was stopped already
        harness.remove(self.path)


def running(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
