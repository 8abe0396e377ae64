#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The Debian packages in a clean Debian: install, run as the unit says, upgrade, purge.

Usage: test_install.py WORK [DIRECTORY WITH .deb FILES]
Needs root and, the first time, the Debian mirror; the clean Debian is kept in WORK. Without them, or
when making it takes longer than PATIENCE, it says so and ends with 77. Makes its own mount and network
namespace, so nothing here is touched."""
import contextlib
import fcntl
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUITE = "bookworm"
UNIT = "lib/systemd/system/corvd.service"
PATIENCE = int(os.environ.get("CORV_PATIENCE", "1800" if os.environ.get("CORV_LONG") else "240"))
DEPENDS = ["postgresql-15", "openssl", "libcyaml1", "libuv1", "libcurl4", "libzip4", "libjansson4",
           "liblz4-1", "libhttp-parser2.9", "libxml2", "libpq5", "libsystemd0"]

sys.path.insert(0, os.path.join(TOP, "tests", "support"))
import harness  # noqa: E402
from world import World  # noqa: E402


def skip(why):
    print("SKIPPED LOUDLY: %s: the packages were NOT tried in a clean Debian" % why)
    sys.exit(77)


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        sys.exit("%s: exit %d\n%s%s" % (" ".join(command), done.returncode, done.stdout[-4000:],
                                        done.stderr[-4000:]))
    return done.stdout


def say(text):
    print(text, flush=True)


# ---- a clean Debian ----------------------------------------------------------------------------


def base(work):
    """A Debian with what corvd needs from Debian, made once."""
    tar = os.path.join(work, SUITE + ".tar")
    if os.path.exists(tar):
        return tar
    root = os.path.join(work, "base")
    shutil.rmtree(root, ignore_errors=True)
    say("making a clean Debian, once")
    tool = ["mmdebstrap", "--mode=root", "--dpkgopt=force-unsafe-io"]
    if not shutil.which("mmdebstrap"):
        tool = ["debootstrap"]
    try:
        made = subprocess.run(tool + ["--variant=minbase", "--include=ca-certificates", SUITE, root],
                              capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        skip("%s was not done within %d s (mirror, or a busy machine)" % (tool[0], PATIENCE))
    if made.returncode != 0:
        skip("%s: %s" % (tool[0], (made.stderr + made.stdout).strip()[-200:]))
    for path in ("/etc/resolv.conf", "/etc/hosts"):
        shutil.copy(path, root + path)
    with open(root + "/usr/sbin/policy-rc.d", "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nexit 101\n")  # nothing starts by itself in here
    os.chmod(root + "/usr/sbin/policy-rc.d", 0o755)
    with open(root + "/etc/dpkg/dpkg.cfg.d/quick", "w", encoding="ascii") as f:
        f.write("force-unsafe-io\npath-exclude=/usr/share/locale/*\n")  # a test's root, gone in a minute
    chroot(root, "apt-get", "update", "-q")
    chroot(root, "apt-get", "install", "-y", "-q", "--no-install-recommends", "--download-only", *DEPENDS)
    run("tar", "-C", root, "-cf", tar + ".new", ".")
    os.rename(tar + ".new", tar)
    shutil.rmtree(root)
    return tar


def chroot(root, *command):
    env = {k: v for k, v in os.environ.items() if k.lower() in ("http_proxy", "https_proxy", "no_proxy")}
    env.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL="C.UTF-8", HOME="/root",
               DEBIAN_FRONTEND="noninteractive")
    return run("chroot", root, *command, env=env)


def mount(root):
    """In our own mount namespace: all of it goes away with us."""
    for what, where in (("proc", "/proc"), ("tmpfs", "/dev/shm")):
        os.makedirs(root + where, exist_ok=True)
        run("mount", "-t", what, what, root + where)
    for name in ("null", "zero", "random", "urandom", "full", "tty"):
        path = root + "/dev/" + name
        if not os.path.exists(path):
            open(path, "w", encoding="ascii").close()
        run("mount", "--bind", "/dev/" + name, path)


def apt(root, *command):
    return chroot(root, "apt-get", "-y", "-q", "--no-install-recommends", *command)


# ---- the service, by hand ----------------------------------------------------------------------


def unit_of(root):
    found = {}
    with open(os.path.join(root, UNIT), encoding="utf-8") as f:
        for line in f:
            if "=" in line and not line.startswith("#"):
                key, value = line.rstrip("\n").split("=", 1)
                found.setdefault(key, []).append(value)
    return found


def as_the_unit_says(root, key):
    """The command of the unit with its environment, as its user, without rights."""
    unit = unit_of(root)
    env = dict(e.split("=", 1) for e in unit["Environment"])
    env.update(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               STATE_DIRECTORY="/var/lib/corvd", NOTIFY_SOCKET="/run/notify", LC_ALL="C.UTF-8")
    command = re.sub(r"\$\{(\w+)\}", lambda m: env[m.group(1)], unit[key][0])
    return ["chroot", root, "setpriv", "--reuid=" + unit["User"][0], "--regid=" + unit["Group"][0],
            "--init-groups", "--no-new-privs", "--bounding-set=-all", "env", "-i"] + \
        ["%s=%s" % e for e in env.items()] + command.split()


class Service:
    def __init__(self, root):
        self.root = root
        uid, gid = (int(x) for x in chroot(root, "sh", "-c", "id -u corvd; id -g corvd").split())
        for line in open(root + "/usr/lib/tmpfiles.d/corvd.conf", encoding="ascii"):
            if line.startswith("d "):  # what systemd-tmpfiles does
                _, path, mode = line.split()[:3]
                os.makedirs(root + path, exist_ok=True)
                os.chown(root + path, uid, gid)
                os.chmod(root + path, int(mode, 8))
        state = root + "/var/lib/corvd"  # and systemd for StateDirectory=
        os.makedirs(state, exist_ok=True)
        os.chown(state, uid, gid)
        os.chmod(state, int(unit_of(root)["StateDirectoryMode"][0], 8))
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if os.path.exists(root + "/run/notify"):
            os.unlink(root + "/run/notify")
        self.notify.bind(root + "/run/notify")
        os.chmod(root + "/run/notify", 0o666)
        self.notify.settimeout(120)

    def start(self):
        run(*as_the_unit_says(self.root, "ExecStartPre"))
        self.forget()
        self.log = open(self.root + "/tmp/corvd.log", "ab")
        self.process = subprocess.Popen(as_the_unit_says(self.root, "ExecStart"), stdout=self.log,
                                        stderr=self.log)
        began = time.monotonic()
        while b"READY=1" not in self.notify.recv(65536):
            if self.process.poll() is not None:
                sys.exit("corvd ended: " + open(self.root + "/tmp/corvd.log", encoding="utf-8").read())
        return time.monotonic() - began

    def forget(self):
        """What the last run told (a reload ends with READY too)."""
        self.notify.setblocking(False)
        try:
            while self.notify.recv(65536):
                pass
        except BlockingIOError:
            self.notify.settimeout(120)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.log.close()
        assert code == 0, open(self.root + "/tmp/corvd.log", encoding="utf-8").read()[-3000:]

    def admin(self, path):
        c = http.client.HTTPConnection("localhost", timeout=10)
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(self.root + "/run/corvd/admin.sock")
        c.request("GET", path)
        r = c.getresponse()
        return r.status, r.read()


def nobody_can_come_in(root):
    """The port answers with the certificate of the first start, and lets nobody in."""
    context = ssl.create_default_context(
        cafile=root + "/var/lib/corvd/first-certificate/issuer.pem")
    try:
        with socket.create_connection(("localhost", 8443), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert not tls.recv(10), "an answer without a certificate"
    except (ssl.SSLError, ConnectionError):
        return
    assert context.verify_mode == ssl.CERT_REQUIRED


# ---- a message --------------------------------------------------------------------------------


@contextlib.contextmanager
def chain(root, work):
    """Parties with certificates and stubs, put into the installed configuration as an operator does:
    files under /etc/corvd, then corvctl reload."""
    os.environ.setdefault("CORV_PKI", os.path.join(work, "pki"))
    w = World(name="deb", node="deb")
    try:
        inside = "/etc/corvd/pki"
        shutil.copytree(w.pki.path, root + inside, dirs_exist_ok=True)
        gid = int(chroot(root, "id", "-g", "corvd"))
        for path in [root + inside] + [e.path for e in os.scandir(root + inside)]:
            os.chown(path, 0, gid)
            os.chmod(path, 0o750 if os.path.isdir(path) else 0o640)
        config = json.loads(json.dumps(w.config).replace(w.pki.path, inside))
        for key in ("node", "state_dir", "workers", "log_level"):
            config.pop(key)  # as they were installed
        config["listen"].update(port=8443)
        config["admin"] = {"socket": "/run/corvd/admin.sock"}
        with open(root + "/etc/corvd/corvd.yaml", "w", encoding="utf-8") as f:
            json.dump(config, f, indent=1)
            f.write("\n# log_level: debug\n")
        assert "De nieuwe configuratie geldt." in chroot(root, "corvctl", "reload")
        harness.start_all([w.partners["almere"]])
        yield w
    finally:
        harness.stop_all(w.partners.values())
        harness.remove(w.path)


def send_and_deliver(root, w):
    body = w.notificatie("almere")
    sender = harness.Sender(8443, w.pki, "raad")
    answer = sender.post(body)
    sender.close()
    assert answer.status == 202, answer
    got = harness.poll("delivered", w.partners["almere"].taken, 30)
    assert [e.sha256 for e in got] == [harness.sha256(body)]
    harness.poll("confirmed", lambda: "bevestigd" in chroot(root, "corvctl", "message", "trace", answer.id), 30)
    say("a message sent and delivered: %s" % answer.id)
    return answer.id


# ---- the test ----------------------------------------------------------------------------------


def newer(deb, work):
    """The same package under a later version, for the upgrade."""
    tree = os.path.join(work, "newer")
    shutil.rmtree(tree, ignore_errors=True)
    run("dpkg-deb", "-R", deb, tree)
    control = tree + "/DEBIAN/control"
    with open(control, encoding="utf-8") as f:
        text = f.read()
    with open(control, "w", encoding="utf-8") as f:
        f.write(re.sub(r"^Version: (.*)$", r"Version: \1+next1", text, flags=re.M))
    out = os.path.join(work, "corvd_next.deb")
    run("dpkg-deb", "--root-owner-group", "-b", tree, out)
    shutil.rmtree(tree)
    return out


def check_installed(root):
    config = os.stat(root + "/etc/corvd/corvd.yaml")
    gid = int(chroot(root, "id", "-g", "corvd"))
    assert (config.st_mode & 0o777, config.st_uid, config.st_gid) == (0o640, 0, gid)
    assert not os.path.exists(root + "/var/lib/corvd/first-certificate"), "made at install"
    for page in ("man1/corvctl.1", "man5/corvd.yaml.5", "man8/corvd.8", "man7/corv-adapter.7"):
        assert os.path.exists("%s/usr/share/man/%s.gz" % (root, page)), page
    assert chroot(root, "corvctl", "version").startswith("corvctl ")
    assert chroot(root, "corv-partner", "--version").startswith("corv-partner ")
    assert os.access(root + "/usr/lib/corv-partner/make-test-certificates", os.X_OK)
    assert os.access(root + "/usr/lib/corvd/corv-adapter-run", os.X_OK)
    assert os.path.exists(root + "/usr/share/doc/corvd-dev/examples/adapter-guide.md")
    for name in ("prometheus/corvd.rules.yml", "grafana/corvd.json", "corvd.yaml.example"):
        assert os.path.exists(root + "/usr/share/doc/corvd/examples/" + name), name
    said = chroot(root, "bash", "-c", ". /usr/share/bash-completion/completions/corvctl;"
                  "COMP_WORDS=(corvctl message tr); COMP_CWORD=2; _corvctl; echo ${COMPREPLY[@]}")
    assert said.strip() == "trace", said
    template = root + "/usr/share/doc/corvd-dev/examples/template.c"
    flags = run("pkg-config", "--cflags", "corv-adapter", env={
        **os.environ, "PKG_CONFIG_PATH": root + "/usr/share/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": root})
    run("cc", "-fsyntax-only", "-Wall", "-Werror", *flags.split(), template)


def try_it(root, work):
    check_installed(root)
    service = Service(root)
    say("first start, with a new database: %.1f s" % service.start())
    assert service.admin("/readyz")[0] == 200
    nobody_can_come_in(root)
    chroot(root, "corvctl", "status")
    with open(root + "/etc/corvd/corvd.yaml", "a", encoding="utf-8") as f:
        f.write("log_level: debug\n")
    said = chroot(root, "corvctl", "reload")
    assert "De nieuwe configuratie geldt." in said
    first = open(root + "/var/lib/corvd/first-certificate/server.pem", "rb").read()
    with chain(root, work) as w:
        id_ = send_and_deliver(root, w)
    service.stop()

    say("upgrade")
    chroot(root, "dpkg", "--force-confold", "-i", "/tmp/corvd_next.deb")
    assert "log_level: debug" in open(root + "/etc/corvd/corvd.yaml", encoding="utf-8").read()
    assert "+next1" in chroot(root, "dpkg-query", "-W", "corvd")
    say("second start, with its database: %.1f s" % service.start())
    assert open(root + "/var/lib/corvd/first-certificate/server.pem", "rb").read() == first
    chroot(root, "corvctl", "audit", "verify")
    assert "bevestigd" in chroot(root, "corvctl", "message", "trace", id_)
    events = chroot(root, "setpriv", "--reuid=corvd", "--regid=corvd", "--clear-groups", "psql", "-h",
                    "/var/lib/corvd/postgres/socket", "-U", "corv", "-d", "corv", "-Atc",
                    "SELECT event FROM corv.audit ORDER BY seq").split()
    assert "config.reloaded" in events, events  # of before the upgrade
    service.stop()
    service.notify.close()

    say("remove and purge")
    apt(root, "remove", "corvd")
    assert os.path.exists(root + "/var/lib/corvd/postgres/data"), "removing threw messages away"
    assert os.path.exists(root + "/etc/corvd/corvd.yaml")
    apt(root, "purge", "corvd", "corvd-dev", "corv-partner")
    # the operator's own files are not ours to throw away; nothing else stays
    assert os.listdir(root + "/etc/corvd") == ["pki"]
    for path in ("/var/lib/corvd", "/run/corvd", "/usr/sbin/corvd", "/usr/lib/corvd", "/usr/bin/corv-partner"):
        assert not os.path.exists(root + path), path + " stays behind"


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: UP, RUNNING


def main():
    work = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0:
        skip("this needs root")
    for tool in ("dpkg-buildpackage", "unshare"):
        if not shutil.which(tool):
            skip(tool + " is not installed")
    if not shutil.which("mmdebstrap") and not shutil.which("debootstrap"):
        skip("neither mmdebstrap nor debootstrap is installed")
    root = os.path.join(work, "root")
    if os.environ.get("CORV_STEP") == "try":
        loopback_up()
        mount(root)
        try_it(root, work)
        return
    if os.environ.get("CORV_STEP") == "install":
        mount(root)
        apt(root, "install", *("/tmp/" + n for n in sorted(os.listdir(root + "/tmp"))
                               if n.endswith(".deb") and "next" not in n))
        return
    os.makedirs(work, exist_ok=True)
    tar = base(work)
    debs = sys.argv[2] if len(sys.argv) > 2 else os.path.join(work, "debs")
    if len(sys.argv) < 3:
        say("making the packages")
        print(run(os.path.join(TOP, "package"), debs), end="")
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    run("tar", "-C", root, "-xf", tar)
    for pattern in ("corvd_*.deb", "corvd-dev_*.deb", "corv-partner_*.deb"):
        found = glob.glob(os.path.join(debs, pattern))
        assert len(found) == 1, "%s in %s: %s" % (pattern, debs, found)
        shutil.copy(found[0], root + "/tmp/")
    shutil.copy(newer(glob.glob(os.path.join(debs, "corvd_*.deb"))[0], work), root + "/tmp/")
    for step, spaces in (("install", ["-m"]), ("try", ["-m", "-n"])):
        say("apt install" if step == "install" else "a fresh install, run as its unit says")
        done = subprocess.run(["unshare", *spaces, sys.executable, os.path.abspath(__file__), work],
                              env={**os.environ, "CORV_STEP": step}, check=False)
        if done.returncode != 0:
            sys.exit(done.returncode)
    shutil.rmtree(root)
    say("installed, started, reloaded, upgraded, purged: ok")


if __name__ == "__main__":
    main()
