# SPDX-License-Identifier: EUPL-1.2
"""The small chain the whole-daemon tests live in: parties with certificates, a corvd with its own
PostgreSQL, and a stub for every receiving party. YAML is written as JSON, which it contains."""
import copy
import json
import os

import harness
import messages
from harness import poll

OWN_OIN = "00000099000000009000"
RAAD = "00000002003214436001"


def party(id_, oin, *roles, **more):
    return {"id": id_, "name": more.pop("name", id_ + " (TEST)"), "oin": oin,
            "roles": [{"role": r} for r in roles], **more}


PARTIES = [
    party("raad", RAAD, "raad"),
    party("veilig-thuis", "00000099000000000001", "veilig-thuis"),
    party("gi", "00000099000000000002", "gi"),
    party("lelystad", "00000099000000000010", "gemeente", gemeentecode="0995",
          woonplaatsen=["Lelystad", "Grensdorp"]),
    party("almere", "00000099000000000011", "gemeente", gemeentecode="0034",
          woonplaatsen=["Almere", "Grensdorp"]),
    party("dronten", "00000099000000000012", "gemeente", gemeentecode="0303",
          woonplaatsen=["Dronten", "Biddinghuizen", "Swifterbant"]),
    party("lokaal-team", "00000099000000000013", "gemandateerde"),
    party("aice", "00000099000000000020", "om"),
]
MANDATES = [
    {"party": "lokaal-team", "gemeente": "dronten", "kinds": ["vtoDi01"],
     "ground": "TEST mandaatbesluit Dronten"},
]
ROUTES = [
    {"name": "vto-naar-raad", "kind": "vtoDi01", "to": "role:raad"},
    {"name": "vto-kennisgeving", "kind": "vtoDi01", "from": ["veilig-thuis", "gi"],
     "to": "gemeente-van-kind", "as": "kennisgeving"},
    {"name": "notificatie", "kind": "notificatieDi01", "from": ["raad"], "to": "ontvanger"},
    {"name": "notificatiejr", "kind": "notificatiejrDi01", "from": ["raad", "om"],
     "to": "ontvanger"},
] + [{"name": k.lower(), "kind": k + "Bericht", "to": "ontvanger"}
     for k in ("Bv01", "Bv03", "Bv04", "Fo01", "Fo03")]


class World:
    """config: sections laid over the default ones, e.g. limits={"pipeline": 10}."""

    def __init__(self, parties=None, routes=None, mandates=None, stubs=True, name="t", **config):
        self.path = harness.folder(name)
        self.parties = copy.deepcopy(PARTIES if parties is None else parties)
        self.by_id = {p["id"]: p for p in self.parties}
        shared = os.environ.get("CORV_PKI")  # certificates are dear under a sanitizer's load
        self.pki = harness.Pki(shared or self.path + "/pki", {p["id"]: p["oin"] for p in self.parties})
        self.port = harness.free_port()
        self.partners = {}
        for p in self.parties:
            p["adapter"], p["address"] = "https", "https://localhost:1/"  # nobody there
            if stubs:
                stub = self.partners[p["id"]] = harness.Partner(self.path, p["id"], self.pki)
                p["address"] = stub.url
        self.config = self.make_config(ROUTES if routes is None else routes,
                                       MANDATES if mandates is None else mandates, config)
        self.daemon = harness.Daemon(self.path, self.path + "/corvd.yaml", self.port, self.pki)
        self.write()

    def make_config(self, routes, mandates, over):
        base = {
            "node": "test", "oin": OWN_OIN, "state_dir": self.path + "/state",
            "database": "embedded", "workers": 2, "log_level": "debug",
            "listen": {"address": "127.0.0.1", "port": self.port,
                       "certificate": self.pki.cert("server"), "key": self.pki.key("server"),
                       "client_ca": self.pki.ca, "client_crl": self.pki.crl},
            "admin": {"socket": self.path + "/admin.sock"},
            "delivery": {"certificate": self.pki.cert("server"), "key": self.pki.key("server"),
                         "ca": self.pki.ca, "retry_first_seconds": 1, "retry_max_seconds": 2,
                         "timeout_seconds": 10, "lease_seconds": 12},
            "adapters": [{"name": "https", "library": "builtin:https"}],
            "parties": self.parties, "mandates": mandates, "routes": routes,
        }
        for key, value in over.items():
            if isinstance(value, dict):
                base[key] = {**base.get(key, {}), **value}
            else:
                base[key] = value
        return base

    def write(self):
        with open(self.daemon.config, "w", encoding="utf-8") as f:
            json.dump(self.config, f, indent=1, ensure_ascii=False)

    def start(self, **env):
        harness.start_all(self.partners.values())
        self.daemon.start(**env)
        return self

    def close(self):
        """Ends all of it. The daemon must end well: exit 0, no sanitizer's report, no leak."""
        trouble = None
        try:
            code = self.daemon.stop()
            if code not in (0, None):
                trouble = "corvd ended with %d:\n%s" % (code, self.daemon.tail())
        except harness.Trouble as e:
            trouble = str(e)
        harness.stop_all(self.partners.values())
        self.daemon.end_postgres()
        if trouble or os.environ.get("CORV_KEEP"):
            raise harness.Trouble("%s\n(kept: %s)" % (trouble, self.path))
        harness.remove(self.path)

    # -- messages

    def render(self, name, sender, receiver="raad", **fields):
        def oin(id_):
            return self.by_id[id_]["oin"] if id_ in self.by_id else id_
        return messages.render(name, zender=oin(sender), ontvanger=oin(receiver), **fields)

    def vto(self, sender="veilig-thuis", **fields):
        return self.render("vto", sender, "raad", **fields)

    def notificatie(self, receiver="veilig-thuis", **fields):
        return self.render("notificatie-intake-afgerond", "raad", receiver, **fields)

    def send(self, sender, body, status=202, **kw):
        answer = self.daemon.post(sender, body, **kw)
        if status is not None and answer.status != status:
            raise harness.Trouble("answered %r, not %s\n%s" % (answer, status, self.daemon.tail(15)))
        return answer

    # -- what the database says (the tests' own look, not corvctl's)

    def deliveries(self, message_id):
        """Of a message and of what was made from it: dicts with route, party, state, attempts, code."""
        family = ("SELECT id FROM corv.message WHERE id = '%s' OR parent_id = '%s'"
                  % (message_id, message_id))
        rows = self.daemon.sql(
            "SELECT message_id, no, route, coalesce(party, ''), state, attempts, coalesce(last_code, '')"
            " FROM corv.delivery WHERE message_id IN (%s) UNION ALL "
            "SELECT message_id, no, route, coalesce(party, ''), state, attempts, coalesce(code, '')"
            " FROM corv.delivery_done WHERE message_id IN (%s) ORDER BY 1, 2" % (family, family))
        keys = ("message", "no", "route", "party", "state", "attempts", "code")
        states = ("waiting", "held", "dead", "confirmed", "dropped")
        found = [dict(zip(keys, row)) for row in rows]
        for d in found:
            d["state"], d["attempts"] = states[int(d["state"])], int(d["attempts"])
        return found

    def settled(self, message_id, count, state="confirmed", seconds=20):
        """Waits until the message has count deliveries in that state; returns all of them."""
        def there():
            found = self.deliveries(message_id)
            if sum(d["state"] == state for d in found) >= count:
                return found
            raise harness.Trouble(str(found))
        return poll("%d deliveries %s" % (count, state), there, seconds)

    def quiet(self, seconds=30):
        """Waits until nothing waits any more (held and dead ones may)."""
        def none():
            n = self.daemon.sql("SELECT count(*) FROM corv.delivery WHERE state = 0")[0][0]
            if n == "0":
                return True
            raise harness.Trouble(n + " deliveries wait")
        poll("no delivery waits", none, seconds)

    def audit(self, message_id=None):
        where = "WHERE message_id = '%s'" % message_id if message_id else ""
        return [r[0] for r in self.daemon.sql("SELECT event FROM corv.audit %s ORDER BY chain, seq" % where)]

    def audit_ok(self):
        return self.daemon.ctl("audit", "verify")
