# SPDX-License-Identifier: EUPL-1.2
"""A real corvd with a real PostgreSQL and real partners, for the demo and the whole-daemon tests.
Standard library only, so that ./demo needs nothing but Debian's python3.

Nothing here sleeps to be right: poll() waits for a fact with a deadline. Only processes that were
started here are ended, by their number."""
import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

SUPPORT = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(SUPPORT))
BUILD = os.environ.get("CORV_BUILD", os.path.join(TOP, "build"))
SLOW = 3.0 if "check" in os.path.basename(BUILD) else 1.0  # sanitizers take their time


class Trouble(AssertionError):
    """Something did not become true; the text says what and what was seen instead."""


def poll(what, check, seconds=15.0, every=0.02):
    """Waits until check() is true and returns it; an exception in check counts as not yet."""
    end = time.monotonic() + seconds * SLOW
    last = None
    while True:
        try:
            last = check()
            if last:
                return last
        except (OSError, http.client.HTTPException, Trouble, ValueError) as e:
            last = e
        if time.monotonic() > end:
            raise Trouble("not within %.0f s: %s (last seen: %r)" % (seconds * SLOW, what, last))
        time.sleep(every)


_claims = []  # descriptors
_dice = random.SystemRandom()


def _claimed(port):
    """Ours until this process ends, among all tests that run at the same time on this machine: a port
    is given out long before somebody listens on it."""
    claims = "/tmp/corv-ports-%d" % os.getuid()
    os.makedirs(claims, mode=0o700, exist_ok=True)
    fd = os.open("%s/%d" % (claims, port), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return False
    _claims.append(fd)
    return True


def free_port():
    """A port nobody listens on, that no test has been given, and that the kernel does not hand to
    outgoing connections: a stub that is down must find its port again."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        first = int(f.read().split()[0])
    low, high = (15000, first - 1) if first > 20000 else (15000, 65000)
    for _ in range(1000):
        port = _dice.randint(low, high)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            if _claimed(port):  # which this process, too, can do once only: another descriptor
                return port
    raise Trouble("no free port between %d and %d" % (low, high))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def folder(name="t"):
    """A new folder that the postgres user can walk into, with a path short enough for a socket."""
    path = tempfile.mkdtemp(prefix="corv-%s-" % name, dir="/tmp")
    os.chmod(path, 0o755)
    return path


_libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def _with_us():
    """Runs in a new child: it ends when we do, however that happens, and Ctrl-C is for us alone."""
    os.setsid()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


# ---- certificates ---------------------------------------------------------------------------


class Pki:
    """Throw-away certificates by pki.sh; what is there is kept. parties: {name: OIN}"""

    def __init__(self, path, parties):
        self.path = path
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, ".lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make = ["sh", os.path.join(SUPPORT, "pki.sh"), path]
            make += ["%s=%s" % p for p in sorted(parties.items())]
            run = subprocess.run(make, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise Trouble("pki.sh: " + run.stderr)
        self.ca = self.file("ca.pem")
        self.crl = self.file("crl.pem")

    def file(self, name):
        return os.path.join(self.path, name)

    def cert(self, name):
        return self.file(name + ".pem")

    def key(self, name):
        return self.file(name + ".key")

    def context(self, name=None):
        """For a client; name None: without a certificate of its own."""
        ctx = ssl.create_default_context(cafile=self.ca)
        if name:
            ctx.load_cert_chain(self.cert(name), self.key(name))
        return ctx


# ---- a sender --------------------------------------------------------------------------------


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {k.lower(): v for k, v in headers}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body) if self.body else {}

    @property
    def id(self):
        return self.json.get("id")

    def __repr__(self):
        return "<%d %s>" % (self.status, self.body[:400].decode("utf-8", "replace"))


class Sender:
    """One party with one keep-alive connection."""

    def __init__(self, port, pki, name, timeout=60.0):
        self.context = pki.context(name)
        self.port = port
        self.timeout = timeout * SLOW
        self.connection = None

    def request(self, method, path, body=None, headers=None):
        for attempt in (1, 2):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPSConnection(
                    "localhost", self.port, context=self.context, timeout=self.timeout)
            try:
                self.connection.request(method, path, body=body, headers=headers or {})
                r = self.connection.getresponse()
                answer = Answer(r.status, r.getheaders(), r.read())
                if answer.headers.get("connection", "").lower() == "close":
                    self.close()
                return answer
            except (OSError, http.client.HTTPException):
                self.close()
                if fresh or attempt == 2:
                    raise  # an idle connection may have been closed meanwhile; a fresh one not

    def post(self, body, content_type="application/xml", **headers):
        return self.request("POST", "/v1/messages", body,
                            {"Content-Type": content_type,
                             **{k.replace("_", "-"): v for k, v in headers.items()}})

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


# ---- a receiver ------------------------------------------------------------------------------


class Entry:
    """One line of a partner's ledger: a message it read whole."""

    def __init__(self, raw, folder_):
        self.raw = raw
        self.message, self.delivery, self.kind = raw["message"], raw["delivery"], raw["kind"]
        self.attempt = int(raw["attempt"] or 0)
        self.repeat = raw["repeat"] not in ("", "0", "false", "nee")
        self.status, self.sha256, self.time = raw["status"], raw["sha256"], raw["time"]
        self.oin = raw["oin"]
        self.file = os.path.join(folder_, "%d-%s" % (raw["seq"], raw["sha256"][:16]))

    @property
    def body(self):
        with open(self.file, "rb") as f:
            return f.read()

    def __repr__(self):
        return "<%s %s attempt %d -> %d>" % (self.kind, self.delivery, self.attempt, self.status)


class Partner:
    """A receiving party: partner.py with a ledger that outlives its restarts."""

    def __init__(self, path, name, pki):
        self.name, self.pki, self.port = name, pki, free_port()
        self.folder = os.path.join(path, "partners", name)
        os.makedirs(self.folder, exist_ok=True)
        self.control = os.path.join(self.folder, "control.json")
        self.url = "https://localhost:%d/berichten" % self.port
        self.process = None
        self.runs = 0

    def start(self):
        return self.launch().wait()

    def launch(self):
        self.runs += 1  # a restarted stub numbers from 1 again: a folder for each run
        run = os.path.join(self.folder, str(self.runs))
        os.makedirs(run, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(SUPPORT, "partner.py"), "--port", str(self.port),
             "--ca", self.pki.ca, "--certificate", self.pki.cert(self.name),
             "--key", self.pki.key(self.name), "--ledger", os.path.join(run, "ledger"),
             "--save", os.path.join(run, "saved"), "--control", self.control],
            preexec_fn=_with_us, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=open(os.path.join(self.folder, "errors.txt"), "ab"))
        return self

    def wait(self):
        if not self.process.stdout.readline().strip().isdigit():
            raise Trouble("the stub of %s did not start" % self.name)
        return self

    def stop(self):
        if self.process:
            self.process.terminate()  # a second time does no harm: stop_all() did it already
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
            self.process.stdout.close()
        self.process = None

    def behave(self, **how):
        """See partner.py; no arguments: well again."""
        with open(self.control + ".new", "w", encoding="utf-8") as f:
            json.dump(how, f)
        os.rename(self.control + ".new", self.control)

    def ledger(self):
        entries = []
        for run in range(1, self.runs + 1):
            where = os.path.join(self.folder, str(run))
            with contextlib.suppress(FileNotFoundError):
                with open(os.path.join(where, "ledger"), encoding="utf-8") as f:
                    lines = f.read().split("\n")[:-1]  # a line without its end is not written yet
                entries += [Entry(json.loads(x), os.path.join(where, "saved")) for x in lines]
        return entries

    def taken(self):
        """What it answered yes to."""
        return [e for e in self.ledger() if 200 <= e.status < 300]


def start_all(partners):
    """Side by side: each is a python of its own."""
    for p in partners:
        p.launch()
    for p in partners:
        p.wait()


def stop_all(partners):
    for p in partners:
        if p.process:
            p.process.terminate()
    for p in partners:
        p.stop()


# ---- the daemon ------------------------------------------------------------------------------


def as_postgres():
    """initdb and postgres refuse root: as root they run as user postgres."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def reachable_by_postgres(path):
    """Whether the user that will run PostgreSQL gets there."""
    if os.geteuid() != 0:
        return True
    ask = as_postgres() + ["test", "-x", path]
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0


class Daemon:
    """A corvd with its state in `path`. config: the path of its YAML file."""

    def __init__(self, path, config, port, pki, socket_path=None, env=None):
        self.path, self.config, self.port, self.pki = path, config, port, pki
        self.socket = socket_path or os.path.join(path, "admin.sock")
        self.env = dict(env or {})
        self.wrap, self.pass_fds = [], ()  # a program that starts corvd, and what it inherits
        self.process = None
        self.log_path = os.path.join(path, "corvd.log")
        self.log_looked = 0  # so much of it has been looked at for a sanitizer's words
        self.exit_codes = []

    # -- life

    def start(self, ready=True, **env):
        extra = {
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:log_path=%s/asan" % self.path,
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99:log_path=%s/asan" % self.path,
            "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1:exitcode=99:log_path=%s/asan" % self.path,
        }
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.wrap + [os.path.join(BUILD, "corvd"), "--config", self.config],
                pass_fds=self.pass_fds, preexec_fn=_with_us, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **extra, **self.env, **env})
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=40):
        def ready():
            if self.process.poll() is not None:
                raise Died("corvd ended with %d:\n%s" % (self.process.returncode, self.tail()))
            return self.admin("/readyz").status == 200
        poll("corvd ready", ready, seconds)
        return self

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code. A sanitizer's report is a failure."""
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended(seconds)

    def ended(self, seconds=30):
        """Waits for an end that was asked for or ordered (a crash point)."""
        try:
            code = self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(10)
            raise Trouble("corvd did not stop within %.0f s:\n%s" % (seconds * SLOW, self.tail())) from None
        finally:
            self.process = None if self.process.poll() is not None else self.process
        self.exit_codes.append(code)
        self.no_reports()
        return code

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        return self.ended()

    def restart(self, **env):
        self.stop()
        return self.start(**env)

    def no_reports(self):
        """ASan and UBSan write to files beside the log, or into it: there must be nothing."""
        found = [f for f in os.listdir(self.path) if f.startswith("asan.")]
        texts = []
        for name in found:
            with open(os.path.join(self.path, name), encoding="utf-8", errors="replace") as f:
                texts.append(f.read())
        with open(self.log_path, "rb") as f:
            f.seek(self.log_looked)
            new = f.read()
        self.log_looked += len(new)
        at = new.find(b": runtime error: ")
        if at >= 0:
            texts.append(new[new.rfind(b"\n", 0, at) + 1 : at + 3000].decode("utf-8", "replace"))
        if texts:
            raise Trouble("a sanitizer complained:\n" + "\n".join(texts)[:6000])

    @property
    def pid(self):
        return self.process.pid

    # -- its database

    @property
    def postgres_folder(self):
        return os.path.join(self.path, "state", "postgres")

    def postmaster(self):
        """The number of the private PostgreSQL's first process, or None."""
        try:
            with open(os.path.join(self.postgres_folder, "data", "postmaster.pid"), encoding="ascii") as f:
                pid = int(f.readline())
        except (OSError, ValueError):
            return None
        return pid if os.path.exists("/proc/%d" % pid) else None

    def end_postgres(self, how=signal.SIGINT):
        """Ends a private PostgreSQL that a killed corvd left behind."""
        pid = self.postmaster()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            poll("PostgreSQL gone", lambda: not os.path.exists("/proc/%d" % pid), 20)

    def sql(self, query):
        """Rows as lists of text, straight from the database: the tests' own look at the truth."""
        line = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1",
             "-d", self.conninfo(), "-c", query],
            capture_output=True, text=True, check=False, cwd="/")
        if line.returncode != 0:
            raise Trouble("psql: " + line.stderr)
        return [row.split("\x1f") for row in line.stdout.splitlines()]

    def conninfo(self):
        """The socket's folder is in the state folder, or noted there when its path was too long."""
        where = os.path.join(self.postgres_folder, "socket")
        with contextlib.suppress(OSError):
            with open(os.path.join(self.postgres_folder, "socket_dir"), encoding="utf-8") as f:
                where = f.readline().strip()
        return "host=%s port=5432 user=corv dbname=corv connect_timeout=5" % where

    # -- talking to it

    def admin(self, path, timeout=10):
        c = UnixConnection(self.socket, timeout)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return Answer(r.status, r.getheaders(), r.read())
        finally:
            c.close()

    def metric(self, name, labels=""):
        found = re.search(r"^corvd_%s%s (\S+)$" % (re.escape(name), re.escape(labels)),
                          self.admin("/metrics").body.decode(), re.M)
        return float(found.group(1)) if found else None

    def sender(self, name, timeout=60.0):
        return Sender(self.port, self.pki, name, timeout)

    def post(self, name, body, **kw):
        sender = self.sender(name)
        try:
            return sender.post(body, **kw)
        finally:
            sender.close()

    def ctl(self, *args, code=0, data=True):
        """corvctl; data: with --json, parsed. code None: any exit code is good."""
        run = ctl(self.config, *args, data=data)
        if code is not None and run.returncode != code:
            raise Trouble("corvctl %s: exit %d, not %s\n%s%s" % (
                " ".join(args), run.returncode, code, run.stdout, run.stderr))
        if not data:
            return run
        try:
            return json.loads(run.stdout) if run.stdout.strip() else None
        except ValueError:
            raise Trouble("corvctl %s --json said:\n%s" % (" ".join(args), run.stdout)) from None

    # -- looking at it

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def events(self, name=None):
        """The structured log lines, as dictionaries."""
        found = []
        for line in self.log().splitlines():
            if line.startswith("{"):
                with contextlib.suppress(ValueError):
                    event = json.loads(line)
                    if name in (None, event.get("event")):
                        found.append(event)
        return found

    def tail(self, lines=30):
        return "\n".join(self.log().splitlines()[-lines:])


class Died(Exception):
    """Waiting longer makes no sense."""


def ctl(config, *args, data=True):
    command = [os.path.join(BUILD, "corvctl")]
    command += ["--config", config] if config else []
    command += ["--json"] if data else []
    return subprocess.run(command + list(args), capture_output=True, text=True, check=False,
                          timeout=120, env={**os.environ, "COLUMNS": "80"})


# ---- processes -------------------------------------------------------------------------------


def cpu_seconds(pid, with_children=False):
    """User and system time of a process; with those of its children that ended."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    if with_children:
        ticks += int(fields[13]) + int(fields[14])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                with open("/proc/%s/stat" % name, encoding="ascii") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.append(int(name))
    return found


def memory_kib(pid, field="VmRSS"):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(re.search(r"^%s:\s+(\d+)" % field, f.read(), re.M).group(1))


def remove(path):
    """A test's folder, whoever owns what is in it."""
    shutil.rmtree(path, ignore_errors=True)


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)
