# SPDX-License-Identifier: EUPL-1.2
"""The status page and /status.json: what they say is what the daemon knows, a browser finds nothing
to complain about, and nobody is kept out: two languages, no script, keyboard, contrast, 320 pixels."""
import contextlib
import copy
import http.client
import json
import os
import re
import signal
import socket
import threading

import browser
import harness
import messages
import pytest
import world as chain
from harness import poll
from lxml import html

NAME = "Raad <b onmouseover=\"alert(1)\">&amp; Co</b> 'Noord'"
PAGES = os.environ.get("CORV_PICTURES")  # a folder: pictures to look at
REASON = "Even wachten op mevrouw Voorbeeld"
TAB = "\ue004"


class Chain:
    """A chain with an admin listener on TCP, and one of everything in it."""

    def __init__(self):
        parties = copy.deepcopy(chain.PARTIES)
        parties[0]["name"] = NAME
        self.world = chain.World(parties=parties)
        self.port = harness.free_port()
        self.world.config["admin"] = {"address": "127.0.0.1", "port": self.port}
        self.world.write()
        self.world.daemon.admin = self.get
        self.url = "http://127.0.0.1:%d" % self.port

    def get(self, path, timeout=20, method="GET", **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            r = c.getresponse()
            return harness.Answer(r.status, r.getheaders(), r.read())
        finally:
            c.close()

    def fill(self):
        w = self.world
        w.partners["gi"].behave(status=422)
        w.partners["almere"].behave(status=503)
        self.bodies = [w.vto(), w.notificatie("gi"), w.notificatie("almere"), w.vto(woonplaats="Grensdorp")]
        self.good = w.send("veilig-thuis", self.bodies[0]).id
        self.dead = w.send("raad", self.bodies[1]).id
        self.waits = w.send("raad", self.bodies[2]).id
        self.doubt = w.send("veilig-thuis", self.bodies[3]).id
        w.settled(self.good, 2)
        w.settled(self.dead, 1, "dead")
        w.settled(self.doubt, 1, "held")
        poll("between two attempts it is held", lambda: harness.ctl(
            w.daemon.config, "hold", self.waits, "--reason", REASON).returncode == 0)
        poll("the alarms were looked at", lambda: len(self.status()["incidents"]) > 1)
        poll("the certificates were looked at", lambda: self.status()["certificates"])
        poll("an attempt failed", lambda: self.lane("almere")["failures"] > 0)
        return self

    def status(self):
        return self.get("/status.json").json

    def lane(self, party):
        return next(x for x in self.status()["lanes"] if x["party"] == party)

    def page(self, path="/", **headers):
        return html.fromstring(self.get(path, **headers).body.decode())


@pytest.fixture(scope="module", name="filled")
def fixture_filled():
    c = Chain()
    try:
        c.world.start()
        yield c.fill()
    finally:
        c.world.close()


@pytest.fixture(scope="module", name="look")
def fixture_look(filled):
    """look(path, width=…): a browser at that page."""
    if browser.missing():
        pytest.skip(browser.missing())
    opened = {}

    def at(path="/?lang=nl", **how):
        key = tuple(sorted(how.items()))
        if key not in opened:
            opened[key] = browser.Browser(**how)
        return opened[key].open(filled.url + path)

    yield at
    for b in opened.values():
        b.close()


def words(element):
    return " ".join(element.text_content().split())


def rows(page, part):
    return [[words(cell) for cell in row.xpath(".//td")]
            for row in page.xpath("//*[@id='%s']//tbody/tr" % part)]


# ---- what it says ------------------------------------------------------------------------------


def test_status_json_is_what_the_database_says(filled):
    s = filled.status()
    sql = filled.world.daemon.sql
    assert s["format"] == 1 and s["database"] and not s["draining"] and s["verdict"] == "attention"
    for state, name in ((1, "held"), (2, "dead")):
        found = {(r[0], int(r[1])) for r in
                 sql("SELECT message_id, no FROM corv.delivery WHERE state = %d" % state)}
        assert found == {(x["message"], x["no"]) for x in s[name]} and s["queue"][name] == len(found)
    assert [(x["message"], x["party"], x["code"]) for x in s["dead"]] == [(filled.dead, "gi", "http.422")]
    newest = [r[0] for r in sql("SELECT id FROM corv.message ORDER BY id DESC LIMIT 20")]
    assert [m["id"] for m in s["messages"]] == newest
    good = next(m for m in s["messages"] if m["id"] == filled.good)
    assert [d["state"] for d in good["deliveries"]] == ["confirmed"]
    assert [e["event"] for e in good["events"]] == filled.world.audit(filled.good)
    assert {x["what"] for x in s["look"]} == {"failing", "held", "dead", "incident"}
    listed = filled.get("/incidents").json["incidents"]
    assert {i["key"] for i in s["incidents"]} == {i["key"] for i in listed}
    assert {"delivery.failed", "delivery.asks"} <= {i["key"].partition(":")[0] for i in s["incidents"]}
    assert "eigen" in s["in_force"]["schemas"] and s["in_force"]["rules"]
    assert s["version"] in filled.get("/readyz").json["version"]
    assert {c["what"] for c in s["certificates"]} >= {"listen.certificate", "listen.client_ca"}


def test_nothing_of_a_message_or_a_person(filled):
    told = (filled.get("/status.json").body + filled.get("/?lang=nl").body).decode()
    for body in filled.bodies:
        assert messages.reference_of(body) not in told
        for number in re.findall(rb"\d{9,}", body):
            assert number.decode() not in told
    assert "Voorbeeld" not in told and REASON not in told  # what an operator typed
    import getpass
    assert "operator:" not in told and getpass.getuser() + "@" not in told


def test_the_page_says_what_status_json_says(filled):
    s = filled.status()
    for lang, dead, held in (("nl", "mislukt", "vastgehouden"), ("en", "dead", "held")):
        page = filled.page("/?lang=" + lang)
        assert page.get("lang") == lang and "{{" not in html.tostring(page).decode()
        assert [r[0] for r in rows(page, "dead")] == [x["message"] for x in s["dead"]]
        assert "http.422" in rows(page, "dead")[0][4]
        assert len(rows(page, "held")) == len(s["held"]) == 2
        assert len(rows(page, "incidents")) == len(s["incidents"]) > 1
        for i, row in zip(s["incidents"], rows(page, "incidents")):
            assert "%s (%d)" % (i["cause"], i["value"]) in row[0]  # as docs/alarmen.md and corvctl name it
        assert ("dringend" if lang == "nl" else "urgent") in rows(page, "incidents")[0][1]
        assert ("Tegengehouden" if lang == "nl" else "Held by") in rows(page, "held")[0][4] + rows(page, "held")[1][4]
        assert [r[0] for r in rows(page, "messages")] == [m["id"] for m in s["messages"]]
        of = {r[0]: r for r in rows(page, "messages")}
        assert of[filled.dead][4] == "gi ✕ " + dead and of[filled.waits][4] == "almere ▲ " + held
        assert [words(x) for x in page.xpath("//*[@id='queue']//dd")][2:4] == ["2", "1"]
        assert len(rows(page, "lanes")) == len(s["lanes"]) and len(rows(page, "certificates")) == 3
        raad = next(r for r in rows(page, "lanes") if "raad" in r[0])
        assert NAME.replace("&amp;", "&amp;") in raad[0]  # as text, to the letter
        assert not page.xpath("//b") and not page.xpath("//*[@onmouseover]")


def test_a_party_from_the_database_is_text_too(filled):
    evil = "\"'><script>alert(1)</script>"
    sql = filled.world.daemon.sql
    sql("UPDATE corv.delivery SET party = $x$%s$x$ WHERE state = 2" % evil)
    try:
        page = poll("seen", lambda: [p for p in [filled.page()] if evil in rows(p, "dead")[0][2]])[0]
        assert len(page.xpath("//script")) == 1
    finally:
        sql("UPDATE corv.delivery SET party = 'gi' WHERE state = 2")


def test_language_by_query_or_browser(filled):
    def lang(path="/", **headers):
        return filled.page(path, **headers).get("lang")
    assert lang() == "nl" and lang(Accept_Language="en-GB,en;q=0.9,nl;q=0.3") == "en"
    assert lang(Accept_Language="fr,nl;q=0.4,en;q=0.3") == "nl" and lang("/?lang=en", Accept_Language="nl") == "en"
    assert lang("/?lang=xx") == "nl"


def test_every_event_of_a_message_has_a_word():
    """The audit trail's, as docs/log-events.md lists them from the code; in the page and in corvctl."""
    with open(os.path.join(harness.TOP, "docs", "log-events.md"), encoding="utf-8") as f:
        trail = f.read().partition("## Auditspoor")[2].partition("## Codes")[0]
    events = re.findall(r"^\| `((?:message|delivery|payload)\.[a-z-]+)`", trail, re.M)
    assert len(events) > 8
    for path, shape in (("page_words.def", '"event:%s"'), ("ctl/words.c", '{"%s", "')):
        with open(os.path.join(harness.TOP, "daemon", path), encoding="utf-8") as f:
            text = f.read()
        assert [e for e in events if shape % e not in text] == [], path


# ---- who may ask -------------------------------------------------------------------------------


def test_read_only_and_kept_to_itself(filled):
    for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript"),
                       ("/status.json", "application/json")):
        a = filled.get(path)
        assert a.status == 200 and a.headers["content-type"].startswith(kind), path
        policy = dict(x.strip().split(" ", 1) for x in a.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert a.headers["x-content-type-options"] == "nosniff" and a.headers["cache-control"] == "no-store"
        assert a.headers["x-frame-options"] == "DENY" and a.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in a.headers
        head = filled.get(path, method="HEAD")
        assert head.status == 200 and head.body == b"" and int(head.headers["content-length"]) > 0
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert filled.get(path, method=method).status == 405, (path, method)
    text = filled.get("/").body.decode()
    assert not re.search(r"(?i)https?://|<style|\son\w+\s*=\s*\"|javascript:|\sstyle=", re.sub(r"&[^;]+;", "", text))


def test_another_name_that_points_here_gets_nothing(filled):
    port = ":%d" % filled.port
    for host in ("127.0.0.1", "127.0.0.1" + port, "localhost" + port, "LOCALHOST", "127.9.9.9:80", "[::1]" + port):
        assert filled.get("/", Host=host).status == 200, host
    for host in ("evil.example", "evil.example" + port, "localhost.evil.example", "127.0.0.1.evil.example",
                 "10.0.0.1", "[::2]", "::1", "2130706433", "127.1", "127.0.0.1@evil.example"):
        for path in ("/", "/status.json", "/metrics", "/reload"):
            assert filled.get(path, Host=host).status in (400, 421), (host, path)


def test_the_socket_at_the_end_of_a_tunnel_is_no_wall(make_world):
    """A browser reaches the unix socket through ssh -L: what a page elsewhere sends is refused there too."""
    w = make_world(stubs=False)

    def ask(host, path="/status.json", method="GET", **headers):
        c = harness.UnixConnection(w.daemon.socket, 20)
        try:
            c.request(method, path, headers={"Host": host, **headers})
            return c.getresponse().status
        finally:
            c.close()
    for host in ("localhost:8444", "127.0.0.1:8444", "[::1]:8444", "corvd", "corvd:80"):
        assert ask(host) == 200, host
    for host in ("evil.example", "evil.example:8444", "10.0.0.1", "[::2]:8444"):
        assert ask(host) == ask(host, "/metrics") == ask(host, "/reload", "POST") == 421, host
    assert ask("localhost:8444", "/reload", "POST", Origin="http://evil.example") == 421
    assert ask("localhost:8444", "/reload", "POST") == 200


def test_many_viewers_are_one_question(filled):
    def commits():
        return int(filled.world.daemon.sql(
            "SELECT calls FROM (SELECT count(*) AS calls FROM pg_stat_activity"
            " WHERE application_name LIKE 'corvd.viewer%') x")[0][0])
    answers = []

    def ask():
        answers.append(filled.get("/status.json").json["at"])
    many = [threading.Thread(target=ask) for _ in range(40)]
    for t in many:
        t.start()
    for t in many:
        t.join()
    assert len(answers) == 40 and commits() == 1
    span = max(answers)[:19] != min(answers)[:19]
    assert len(set(answers)) <= (1 + 20 if span else 2), sorted(set(answers))


def test_a_client_that_leaves_and_a_slow_one_hurt_nobody(filled):
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", filled.port))
        s.sendall(b"GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        s.close()
    assert filled.status()["format"] == 1


# ---- in a browser ------------------------------------------------------------------------------


def test_a_browser_shows_it_and_complains_about_nothing(filled, look):
    for lang in ("nl", "en"):
        b = look("/?lang=" + lang)
        shown = b.run("return document.body.innerText")
        assert filled.dead in shown and "http.422" in shown and NAME in shown
        assert b.run("return document.documentElement.lang") == lang
        assert b.console() == []
        if PAGES:
            b.picture(os.path.join(PAGES, "page-%s.png" % lang))


def test_it_refreshes_and_can_be_paused(filled, look):
    b = look("/?lang=nl", before="window.setInterval = (f, ms) => { window.tick = f; window.every = ms; };")
    assert b.run("return window.every") == 10000
    first = b.run("return document.getElementById('moment').textContent")
    b.run("document.querySelector('details').open = true;"
          "window.opened = document.querySelector('details').id; window.same = true;")

    def moment():
        return b.run("return document.getElementById('moment').textContent")

    def refreshed():
        b.run("window.tick()")
        return moment() != first
    poll("it refreshed", refreshed, 30)
    assert b.run("return window.same && document.getElementById(window.opened).open")
    assert b.run("const p = document.getElementById('pause'); p.click(); return p.textContent") == "Weer verversen"
    # paused: another fetch is made to be seen, and none is
    b.run("window.fetched = 0; window.fetch = () => { window.fetched++; return Promise.reject(); };"
          "window.tick();")
    assert b.run("return window.fetched") == 0
    b.run("document.getElementById('pause').click()")
    assert b.run("return window.fetched") == 1
    poll("it says that corvd is gone", lambda: "oud" in b.run(
        "return document.getElementById('trouble').textContent"))
    b.run("sessionStorage.clear()")
    assert b.console() == []


def test_without_script_it_is_all_there(filled, look):
    b = look("/?lang=nl", script=False)
    shown = b.source()
    assert filled.dead in shown and "laad haar opnieuw" in shown
    assert html.fromstring(shown).xpath("//button[@id='pause']/@hidden")  # it would do nothing


@pytest.mark.parametrize("width", [320, 640])
def test_narrow_or_enlarged_it_needs_no_sideways_scrolling(look, width):
    b = look("/?lang=nl", width=width)
    assert b.run("return window.innerWidth") == width
    assert b.run("return document.documentElement.scrollWidth") <= width
    wide = b.run("return Array.from(document.querySelectorAll('main *'))"
                 ".filter(e => e.getBoundingClientRect().right > innerWidth + 1 &&"
                 " getComputedStyle(e.closest('thead') || e).position !== 'absolute').map(e => e.outerHTML.slice(0, 90))")
    assert wide == []
    assert b.run("return Array.from(document.querySelectorAll('td *')).filter(e =>"
                 " e.getBoundingClientRect().right > e.closest('td').getBoundingClientRect().right + 1)"
                 ".map(e => e.outerHTML)") == []
    assert b.run("""return Array.from(document.querySelectorAll('td')).filter(td => {
        const label = getComputedStyle(td, '::before');
        return parseFloat(label.height) > td.clientHeight || label.content === 'none'; }).length""") == 0
    if PAGES:
        b.picture(os.path.join(PAGES, "page-%d.png" % width))


CONTRAST = """
function lum(c) { const v = c.map(x => { x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; }
function rgb(s) { return s.match(/[0-9.]+/g).map(Number); }
function ground(e) { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; }
document.querySelectorAll('details').forEach(d => d.open = true);
const worst = {};
for (const e of document.querySelectorAll('body *')) {
  if (!Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim())) continue;
  const a = lum(rgb(getComputedStyle(e).color).slice(0, 3)), b = lum(ground(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) worst[e.outerHTML.slice(0, 80)] = ratio;
}
return worst;
"""
STRUCTURE = """
const wrong = [];
function say(e, what) { wrong.push(what + ': ' + e.outerHTML.slice(0, 80)); }
const ids = new Set();
document.querySelectorAll('[id]').forEach(e => ids.has(e.id) ? say(e, 'id twice') : ids.add(e.id));
for (const part of ['header', 'nav', 'main', 'footer', 'h1'])
  if (document.querySelectorAll(part).length !== 1) wrong.push('not one ' + part);
let level = 1;
document.querySelectorAll('h1,h2,h3,h4').forEach(h => { const n = +h.tagName[1];
  if (n > level + 1) say(h, 'heading skips'); level = n; if (!h.textContent.trim()) say(h, 'empty heading'); });
document.querySelectorAll('section').forEach(s => { const h = document.getElementById(s.getAttribute('aria-labelledby'));
  if (!h || !s.contains(h)) say(s, 'no name'); });
document.querySelectorAll('table').forEach(t => { if (!t.caption || !t.caption.textContent.trim()) say(t, 'no caption');
  const n = t.querySelectorAll('thead th[scope=col]').length;
  t.querySelectorAll('tbody tr').forEach(r => { if (r.cells.length !== n) say(r, 'cells'); }); });
document.querySelectorAll('a,button,summary').forEach(e => { if (!e.textContent.trim()) say(e, 'no name');
  const box = e.getBoundingClientRect(); if (!e.matches('.skip') && box.height < 24) say(e, 'small ' + box.height); });
document.querySelectorAll('.mark').forEach(m => { if (m.innerText.trim().length < 4) say(m, 'colour and sign only'); });
document.querySelectorAll('[tabindex]').forEach(e => { if (+e.getAttribute('tabindex') > 0) say(e, 'tabindex'); });
document.querySelectorAll('meta[name=viewport]').forEach(m => { if (/scalable=no|maximum-scale/.test(m.content)) say(m, 'no zoom'); });
return wrong;
"""


@pytest.mark.parametrize("dark", [False, True])
def test_contrast_and_structure(look, dark):
    b = look("/?lang=en", dark=dark) if dark else look("/?lang=en")
    assert b.run("return matchMedia('(prefers-color-scheme: dark)').matches") == dark
    assert b.run(CONTRAST) == {}
    assert b.run(STRUCTURE) == []
    # the checks can fail
    b.run("document.querySelector('h2').style.color = document.body.style.background = '#777';"
          "document.querySelector('caption').textContent = '';")
    if PAGES:
        return
    assert b.run(STRUCTURE) != []


def test_who_wants_no_motion_gets_none(look):
    b = look("/?lang=nl")
    ask = ("document.getElementById('moment').classList.add('fresh');"
           "return getComputedStyle(document.getElementById('moment')).animationName")
    moves = {}
    for wish in ("reduce", "no-preference"):
        b.here("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {
            "features": [{"name": "prefers-reduced-motion", "value": wish}]}})
        moves[wish] = b.run(ask)
    assert moves == {"reduce": "none", "no-preference": "fresh"}


def test_by_keyboard(look):
    b = look("/?lang=nl")
    names = []
    for _ in range(8):
        b.press(TAB)
        names.append(b.run("const e = document.activeElement; const s = getComputedStyle(e);"
                           "return [e.textContent.trim(), s.outlineStyle]"))
    assert [n[0] for n in names[:4]] == ["Naar de inhoud", "Nederlands", "English", "Verversen stilzetten"]
    assert all(n[1] != "none" for n in names), names
    assert names[4][0].startswith("stappen")


# ---- when the database is away -----------------------------------------------------------------


def test_a_database_that_does_not_answer_is_said_and_holds_nobody_up(filled):
    pid = int(filled.world.daemon.sql("SELECT pid FROM pg_stat_activity"
                                      " WHERE application_name LIKE 'corvd.viewer%'")[0][0])
    os.kill(pid, signal.SIGSTOP)  # only the viewer's: messages go on
    try:
        s = poll("not seen", lambda: (lambda x: x if not x["queue"]["seen"] else None)(filled.status()), 30)
        assert s["verdict"] in ("attention", "broken") and s["messages"] == []
        page = filled.page("/?lang=en")
        assert "does not answer" in words(page.xpath("//main")[0])
        assert filled.world.send("veilig-thuis", filled.world.vto(), status=202).id
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    poll("seen again", lambda: filled.status()["queue"]["seen"], 60)
    assert json.dumps(filled.status()["messages"]).count(filled.dead) > 0
