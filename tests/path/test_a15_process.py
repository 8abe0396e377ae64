# SPDX-License-Identifier: EUPL-1.2
"""Partner code in a child process: a plug-in that crashes under load costs a repeat and nothing else;
a built-in works the same outside as inside, in and out; what corvd keeps to itself stays there."""
import collections
import os
import re
import shutil
import signal
import threading

import harness
import messages
import pytest
from harness import poll
from test_a07_dropdir import Folder
from test_a08_dai import Chain, bv04, no, wrapped
from world import World

RUNNER = os.path.join(harness.BUILD, "corv-adapter-run")
EVERY, MANY, OTHERS = 20, 120, 60


def child(name, library, settings=(), **process):
    rows = {"library": library, "runner": RUNNER, "restart_first_ms": "20", "restart_max_ms": "500", **process}
    return {"name": name, "library": "builtin:process",
            "settings": [{"key": "process." + k, "value": v} for k, v in rows.items()]
            + [{"key": k, "value": v} for k, v in dict(settings).items()]}


def place(world, plugin):
    """As an administrator would: ours, and nobody else may write it."""
    path = os.path.join(world.path, plugin + ".so")
    shutil.copyfile(os.path.join(harness.BUILD, "tests", "abi", plugin + ".so"), path)
    os.chmod(path, 0o755)
    return path


def counter(world, adapter, what):
    return world.daemon.metric("adapter_counted_total", '{adapter="%s",what="%s"}' % (adapter, what))


def notes(world, code):
    return [e for e in world.daemon.events("adapter.note") if e["code"] == code]


@pytest.fixture(scope="module", name="w")
def fixture_w():
    world = World(name="process")
    world.folder = Folder(world)
    world.delivered = os.path.join(world.path, "bezorgd")
    plugin = place(world, "crashes")
    world.config["adapters"] += [
        child("crashes", plugin, {"every": str(EVERY), "file": world.delivered, "secret": "goed"}),
        child("crashes-vergif", plugin, poison_after="2"),
        child("map", "builtin:dropdir", {"in": world.folder.path, "sender": "veilig-thuis", "poll_ms": "100"})]
    for party, adapter, address in (("almere", "crashes", "ok"), ("gi", "crashes-vergif", "segfault"),
                                    ("dronten", "crashes-vergif", "ok"),
                                    ("veilig-thuis", "map", world.folder.out)):
        world.by_id[party]["adapter"], world.by_id[party]["address"] = adapter, address
    world.write()
    try:
        yield world.start(CORV_TEST_SECRET="niet-voor-het-kind")
    finally:
        world.close()


def test_the_configuration_is_good(w):
    assert "in orde" in w.daemon.ctl("config", "check", data=False).stdout


def test_a_plugin_that_segfaults_under_load(w):
    """Every 20th message of a process is brought and kills it. Nothing is lost, what came twice says
    so, and the others did not wait."""
    sent = {"almere": [], "lelystad": []}

    def send(party, count):
        for _ in range(count):
            sent[party].append(w.send("raad", w.notificatie(party)).id)

    threads = [threading.Thread(target=send, args=a) for a in (("almere", MANY), ("lelystad", OTHERS))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(sent["almere"]) == MANY and len(sent["lelystad"]) == OTHERS
    poll("lelystad has all", lambda: len(w.partners["lelystad"].taken()) == OTHERS, 30)
    w.quiet(90)

    rows = w.daemon.sql("SELECT party, state, attempts, count(*) FROM corv.delivery_done"
                        " WHERE party IN ('almere', 'lelystad') GROUP BY 1, 2, 3")
    done = {p: sum(int(r[3]) for r in rows if r[0] == p and r[1] == "3") for p in sent}
    assert done == {"almere": MANY, "lelystad": OTHERS}, rows
    assert {r[2] for r in rows if r[0] == "lelystad"} == {"1"}, rows  # nobody else noticed
    seen = collections.defaultdict(list)
    with open(w.delivered, encoding="ascii") as f:
        for delivery, attempt in (line.split() for line in f):
            seen[delivery].append(int(attempt))
    assert len(seen) == MANY  # nothing lost
    for attempts in seen.values():  # each later one is marked as maybe a repeat
        assert all(a > 1 for a in attempts[1:]), attempts
    deaths = int(counter(w, "crashes", "deaths"))
    twice = sum(len(a) > 1 for a in seen.values())
    assert deaths >= MANY // EVERY and twice >= 1, (deaths, twice)
    assert int(counter(w, "crashes", "poison")) == 0
    crashed = notes(w, "process.crashed")
    assert len(crashed) == deaths and {e["adapter"] for e in crashed} == {"crashes"}
    w.audit_ok()
    print("sent %d, delivered %d, deaths %d, more than once %d (all marked)" % (MANY, len(seen), deaths, twice))


def test_the_message_that_kills_is_set_aside(w):
    bad = w.send("raad", w.notificatie("gi")).id
    good = [w.send("raad", w.notificatie("dronten")).id for _ in range(3)]
    for id_ in good:
        w.settled(id_, 1, seconds=40)
    w.settled(bad, 1, "dead", seconds=40)
    assert int(counter(w, "crashes-vergif", "poison")) == 1
    assert notes(w, "process.poison")[0]["adapter"] == "crashes-vergif"
    assert any(bad in str(row) for row in w.daemon.ctl("dead"))


def test_dropdir_outside_in_and_out(w):
    body = w.vto()
    w.folder.drop("een.xml", body)
    answer = w.folder.answer("een")
    w.settled(answer["id"], 1)
    assert harness.sha256(body) in {e.sha256 for e in w.partners["raad"].taken()}
    out = w.notificatie("veilig-thuis")
    w.settled(w.send("raad", out).id, 1)
    contents = []
    for entry in os.scandir(w.folder.out):
        if not entry.is_file():
            continue
        with open(entry.path, "rb") as f:
            contents.append(f.read())
    assert out in contents
    w.folder.drop("fout.xml", body.replace(b"<", b"<<", 1))
    assert w.folder.answer("fout", "refused")["code"].startswith("well-formed")


def the_child(w, name="crashes"):
    for pid in harness.children(w.daemon.pid):
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            words = f.read().split(b"\0")
        if b"corv-adapter-run" in words[0] and words[1] == name.encode():
            return pid
    return None


def test_the_child_dies_with_corvd_and_has_nothing_of_it(w):
    pid = poll("a child", lambda: the_child(w))
    targets = {n: os.readlink("/proc/%d/fd/%s" % (pid, n)) for n in os.listdir("/proc/%d/fd" % pid)}
    assert targets["0"] == targets["1"] == targets["2"] == "/dev/null", targets
    assert targets["3"].startswith("socket:")
    assert sum(t.startswith("socket:") for t in targets.values()) == 1, targets
    with open("/proc/%d/environ" % pid, "rb") as f:
        environment = f.read()
    assert b"SECRET" not in environment and b"PATH" not in environment
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        assert b"goed" not in f.read()
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        assert "NoNewPrivs:\t1" in f.read()
    with open("/proc/%d/limits" % pid, encoding="ascii") as f:
        limits = f.read()
    assert re.search(r"Max core file size +0 ", limits) and re.search(r"Max open files +256 ", limits), limits
    os.kill(pid, signal.SIGKILL)
    poll("another child", lambda: the_child(w) not in (None, pid))
    pid = the_child(w)
    w.daemon.kill9()
    poll("the child is gone", lambda: not os.path.exists("/proc/%d" % pid))
    w.daemon.start()
    w.settled(w.send("raad", w.notificatie("almere")).id, 1)


def test_dai_outside_answers_in_stuf():
    """The listener is the child's; the answers in StUF are corvd's, as inside."""
    chain = Chain(start=False)
    try:
        for a in chain.world.config["adapters"]:
            if a["name"].startswith("dai-"):
                a.update(child(a["name"], "builtin:dai", {s["key"]: s["value"] for s in a["settings"]}))
        chain.world.write()
        chain.world.start()
        poll("listening", lambda: len([e for e in notes(chain.world, "host.listening")]) >= 3)
        message = chain.world.vto()
        first = chain.curl("veilig-thuis", wrapped(message))
        id_ = bv04(first, message)
        chain.world.settled(id_, 1)
        assert chain.curl("veilig-thuis", wrapped(message))[2] == first[2]  # byte for byte
        other = chain.world.vto(referentie=messages.reference_of(message), zaak="TEST-ANDERS-3")
        no(chain.curl("veilig-thuis", wrapped(other)), "StUF016", "client", "Client")
        said = no(chain.curl("veilig-thuis", wrapped(chain.world.render("vto-met-fouten", "veilig-thuis"))),
                  "StUF055", "client", "Client")
        assert "schema." in said and "actie: " in said  # the findings came along
        out = chain.world.notificatie("veilig-thuis")
        chain.world.settled(chain.world.send("raad", out).id, 1)
        other = chain.world.vto(sender="gi")
        bv04(chain.curl("gi", wrapped(other), cert="gi"), other)  # the certificate, seen by the child
        assert chain.world.daemon.stop() == 0
        assert not [e for e in chain.world.daemon.events("adapter.note") if e["level"] == "error"]
    finally:
        chain.close()
