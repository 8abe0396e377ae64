# SPDX-License-Identifier: EUPL-1.2
"""What stands beside corvd in the bench: a stock PostgreSQL, nginx and the brokers. Each runs in a
folder and on ports of its own, is started and ended by its number, sleeps (SIGSTOP) while it is not
measured, and says why when it cannot be had."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

import harness  # noqa: E402
from harness import Trouble, free_port, poll  # noqa: E402

PG_BIN = "/usr/lib/postgresql/15/bin"


def end_in_order():
    """Ended from outside, a bench still ends all that it started: also what sleeps."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Absent(Exception):
    """This machine does not have it; the text says what is missing."""


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Service:
    """A process with its descendants in a session of its own."""

    name = "?"

    def __init__(self, path):
        self.path = os.path.join(path, self.name)
        os.makedirs(self.path)
        os.chmod(self.path, 0o755)
        self.process = None
        self.log = os.path.join(self.path, "out.log")

    def spawn(self, command, **env):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, preexec_fn=harness._with_us, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.path, env={**os.environ, **env})

    def wait_for(self, check, seconds=60):
        def there():
            if self.process.poll() is not None:
                raise harness.Died("%s ended with %d:\n%s" % (self.name, self.process.returncode, self.tail()))
            return check()
        poll(self.name + " is up", there, seconds, every=0.1)

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()[-1500:]

    def group(self, sig):
        """All that we started: their session is theirs alone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, sig)

    def pause(self):
        self.group(signal.SIGSTOP)

    def resume(self):
        self.group(signal.SIGCONT)

    def stop(self):
        if not self.process:
            return
        self.resume()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.group(signal.SIGKILL)
            self.process.wait(10)
        self.group(signal.SIGKILL)  # whatever it left
        self.process = None


class Postgres(Service):
    """As initdb makes it: default durability, default memory. For the floors and the job queues."""

    name = "postgres"

    def __init__(self, path):
        super().__init__(path)
        if os.geteuid() == 0:
            shutil.chown(self.path, "postgres", "postgres")
        data = self.path + "/data"
        run = subprocess.run(harness.as_postgres() + [PG_BIN + "/initdb", "-D", data, "-A", "trust", "-E", "UTF8",
                                                      "--locale=C.UTF-8", "-U", "bench"],
                             capture_output=True, text=True, check=False, cwd="/")
        if run.returncode != 0:
            raise Trouble("initdb: " + run.stderr)
        # the server itself and no runuser in between, so that SIGTERM is its own
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=INT"] if os.geteuid() == 0 else []
        self.spawn(drop + [PG_BIN + "/postgres", "-D", data, "-c", "listen_addresses=", "-c",
                           "unix_socket_directories=" + self.path])
        self.wait_for(lambda: self.psql("postgres", "SELECT 1") == "1")

    def conninfo(self, database):
        return "host=%s port=5432 user=bench dbname=%s" % (self.path, database)

    def psql(self, database, command, text=None):
        run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(database)]
                             + ([] if text else ["-c", command]), input=text, capture_output=True, text=True,
                             check=False, cwd="/")
        if run.returncode != 0:
            raise Trouble("psql: " + run.stderr[:2000])
        return run.stdout.strip()

    def database(self, name, schema=None):
        """A new one; schema: what pg_dump printed."""
        self.psql("postgres", "CREATE DATABASE %s" % name)
        if schema:
            self.psql(name, None, schema)
        return self.conninfo(name)

    def checkpoint(self):
        self.psql("postgres", "CHECKPOINT")

    def pause(self):
        pass  # its backends are sessions of their own, and it costs nothing while idle

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)  # fast: whoever is still there is cut off
        super().stop()

    def cpu(self):
        total = harness.cpu_seconds(self.process.pid, with_children=True)
        for child in harness.children(self.process.pid):
            with contextlib.suppress(OSError):  # it has just ended
                total += harness.cpu_seconds(child)
        return total


class Nginx(Service):
    """Takes a POST over mutual TLS, reads it whole and says 202."""

    name = "nginx"

    def __init__(self, path, pki):
        super().__init__(path)
        if not shutil.which("nginx"):
            raise Absent("nginx is not installed (package nginx-light)")
        self.port = free_port()
        with open(self.path + "/nginx.conf", "w", encoding="ascii") as f:
            f.write("""%sworker_processes 1; daemon off; error_log %s/error.log; pid %s/nginx.pid;
events { worker_connections 4096; }
http { access_log off; client_body_buffer_size 64k; client_max_body_size 40m;
 keepalive_requests 1000000; client_body_temp_path %s/t1; proxy_temp_path %s/t2;
 fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;
 server { listen 127.0.0.1:%d ssl backlog=4096; ssl_certificate %s; ssl_certificate_key %s;
  ssl_client_certificate %s; ssl_verify_client on; location / { return 202; } } }
""" % (("user root;\n" if os.geteuid() == 0 else "",) + (self.path,) * 7
       + (self.port, pki.cert("server"), pki.key("server"), pki.ca)))
        self.spawn(["nginx", "-p", self.path, "-c", self.path + "/nginx.conf"])
        self.wait_for(lambda: listens(self.port))

    def cpu(self):
        return sum(harness.cpu_seconds(c) for c in harness.children(self.process.pid))


class RabbitMq(Service):
    """One node; its name server (epmd) too is ours and on a port of ours."""

    name = "rabbitmq"

    def __init__(self, path, pki):
        super().__init__(path)
        self.server = "/usr/lib/rabbitmq/bin/rabbitmq-server"
        if not os.path.exists(self.server):
            raise Absent("RabbitMQ is not installed (package rabbitmq-server)")
        self.port, self.tls_port = free_port(), free_port()
        with open(self.path + "/rabbitmq.conf", "w", encoding="ascii") as f:
            f.write("""listeners.tcp.default = 127.0.0.1:%d
listeners.ssl.default = 127.0.0.1:%d
ssl_options.cacertfile = %s
ssl_options.certfile = %s
ssl_options.keyfile = %s
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
log.console.level = error
""" % (self.port, self.tls_port, pki.ca, pki.cert("server"), pki.key("server")))
        open(self.path + "/plugins", "w", encoding="ascii").write("[].\n")
        epmd = free_port()
        self.epmd = subprocess.Popen(["epmd", "-address", "127.0.0.1", "-port", str(epmd)],
                                     preexec_fn=harness._with_us, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.spawn([self.server], HOME=self.path, ERL_EPMD_PORT=str(epmd), ERL_EPMD_ADDRESS="127.0.0.1",
                   RABBITMQ_NODENAME="bench%d@localhost" % self.port, RABBITMQ_DIST_PORT=str(free_port()),
                   RABBITMQ_MNESIA_BASE=self.path + "/mnesia", RABBITMQ_LOG_BASE=self.path + "/log",
                   RABBITMQ_LOGS="-", RABBITMQ_CONFIG_FILE=self.path + "/rabbitmq.conf",
                   RABBITMQ_ENABLED_PLUGINS_FILE=self.path + "/plugins",
                   RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}")
        try:
            self.wait_for(lambda: listens(self.port) and listens(self.tls_port), 120)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        super().stop()
        self.epmd.terminate()
        self.epmd.wait(10)


class ActiveMq(Service):
    """KahaDB as it comes: each message is on disk before its receipt."""

    name = "activemq"

    def __init__(self, path):
        super().__init__(path)
        home = "/usr/share/activemq"
        if not os.path.exists(home + "/bin/activemq.jar"):
            raise Absent("ActiveMQ is not installed (package activemq)")
        self.port = free_port()
        with open(self.path + "/activemq.xml", "w", encoding="ascii") as f:
            f.write("""<beans xmlns="http://www.springframework.org/schema/beans"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="
 http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
 http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
<broker xmlns="http://activemq.apache.org/schema/core" useJmx="false" brokerName="bench"
 dataDirectory="%s/data" useShutdownHook="true">
<persistenceAdapter><kahaDB directory="%s/data/kahadb"/></persistenceAdapter>
<transportConnectors><transportConnector name="stomp" uri="stomp://127.0.0.1:%d"/></transportConnectors>
</broker></beans>
""" % (self.path, self.path, self.port))
        with open(self.path + "/log4j2.properties", "w", encoding="ascii") as f:
            f.write("rootLogger.level = WARN\n")
        self.spawn(["java", "-Xms256m", "-Xmx1g", "-Dactivemq.home=" + home, "-Dactivemq.base=" + self.path,
                    "-Dactivemq.conf=" + self.path, "-Dactivemq.data=" + self.path + "/data", "-jar",
                    home + "/bin/activemq.jar", "start", "xbean:file:%s/activemq.xml" % self.path])
        try:
            self.wait_for(lambda: listens(self.port), 90)
        except BaseException:
            self.stop()
            raise


class Npm:
    """The job queues from npm, at pinned versions, in a folder of the build. Committed is nothing of
    them; what is there stays."""

    PACKAGES = {"pg-boss": "10.4.2", "graphile-worker": "0.16.6"}

    def __init__(self):
        self.path = os.path.join(harness.BUILD, "bench-npm")
        for tool in ("node", "npm"):
            if not shutil.which(tool):
                raise Absent("%s is not installed" % tool)
        if all(os.path.exists(os.path.join(self.path, "node_modules", p)) for p in self.PACKAGES):
            return
        os.makedirs(self.path, exist_ok=True)
        run = subprocess.run(["npm", "install", "--prefix", self.path, "--no-fund", "--no-audit", "--ignore-scripts",
                              "--save-exact"] + ["%s@%s" % p for p in self.PACKAGES.items()],
                             capture_output=True, text=True, check=False, timeout=180, cwd=self.path)
        if run.returncode != 0:
            raise Absent("npm install failed: " + run.stderr.strip()[-300:])

    def popen(self, script, *args):
        return subprocess.Popen(["node", os.path.join(HERE, "peers", script), *map(str, args)], cwd="/",
                                preexec_fn=harness._with_us, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "NODE_PATH": self.path + "/node_modules"})
