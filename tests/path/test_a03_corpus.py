# SPDX-License-Identifier: EUPL-1.2
"""Each message of ../shared/corpus gets the verdict it should: all kinds through corvctl validate,
the kinds that are routed also through the front door. The parties are the corpus' own OINs."""
import glob
import json
import os
import re

import harness
import messages
import pytest
import world as w

STUF = ("Bv01Bericht", "Bv03Bericht", "Bv04Bericht", "Fo01Bericht", "Fo03Bericht")
ROUTED = ("vtoDi01", "notificatieDi01", "notificatiejrDi01")
# Where our answer differs from what the corpus calls it, and why.
POLICY = {
    "policy-utf16le-bom": "invalid",  # UTF-8 only (MESSAGES.md, trap 4)
    "policy-bv04-empty-crossref": "valid",
    "policy-notificatie-no-vto-number": "valid",
}


def rows(shared):
    """(path, sidecar) of every message that is not in valid/."""
    for path in sorted(glob.glob(shared + "/corpus/invalid/*.json") + glob.glob(shared + "/corpus/accept/*.json")):
        found = [f for f in glob.glob(path[:-5] + ".*") if not f.endswith(".json")]
        with open(path, encoding="utf-8") as f:
            yield found[0], json.load(f)


def manifest(shared):
    with open(shared + "/corpus/valid/manifest.jsonl", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def validate(files, *options):
    """{path: ["valid", KIND] or ["invalid", LAYER, CODE, ...]} as corvctl says it, a line per file."""
    run = harness.ctl(None, "validate", *options, *files, data=False)
    assert run.returncode in (0, 1), run.stderr
    said = {}
    for line in run.stdout.splitlines():
        path, _, verdict = line.partition(": ")
        said.setdefault(path, verdict.split(" "))
    assert set(said) == set(files), "a line for each file: %s" % sorted(set(files) ^ set(said))[:5]
    return said


def test_all_valid_messages_are_valid(shared):
    files = {"%s/corpus/valid/%s" % (shared, m["file"]): m["kind"] for m in manifest(shared)}
    assert len(files) >= 216
    wrong = {f: v for f, v in validate(list(files)).items() if v[:2] != ["valid", files[f]]}
    assert not wrong


def test_our_own_messages_too(tmp_path):
    for name in messages.names():
        (tmp_path / (name + ".xml")).write_bytes(messages.render(name))
    said = validate([str(tmp_path / (n + ".xml")) for n in messages.names()])
    for name in messages.names():
        assert said[str(tmp_path / (name + ".xml"))][0] == ("invalid" if "fouten" in name else "valid")


def test_verdict_and_layer_of_the_others(shared):
    cases = list(rows(shared))
    said = validate([path for path, _ in cases])
    by_schema = validate([path for path, _ in cases], "--rules", "uit")
    wrong, seen = [], {}
    for path, case in cases:
        name = os.path.basename(path).rsplit(".", 1)[0]
        verdict = said[path]
        seen[case["layer"]] = seen.get(case["layer"], 0) + 1
        if case["expect"] == "policy":
            good = verdict[0] == POLICY[name]
        elif case["layer"] in ("well-formed", "security", "schema"):
            layers = EARLIER.get(name, LAYERS[case["layer"]])
            good = verdict[0] == "invalid" and verdict[1] in layers
        elif case["layer"] in ("duplicate", "addressing", "extra"):
            good = by_schema[path][0] == "valid"  # nothing wrong with the text itself
        elif name in NEEDS_MORE:
            good = verdict[0] == NEEDS_MORE[name]
        else:
            good = verdict[:2] == ["invalid", "rule"] and by_schema[path][0] == "valid"
        if not good:
            wrong.append((name, case["layer"], case["why"], " ".join(verdict)))
    assert not wrong, "\n".join(map(str, wrong))
    assert min(seen.get(k, 0) for k in ("well-formed", "security", "schema", "duplicate")) > 0


# What a rule alone cannot see: rule-84 needs what was sent before, rule-66 the reference list; the
# soap ones hold a root that is no message.
NEEDS_MORE = {
    "rule-84-bv01-crossref-unknown": "valid",
    "rule-66-notificatie-instantie-ended": "valid",
    "soap-09-stuf-berichtenset": "invalid",
    "soap-10-tr01": "invalid",
}

# Hostile bytes may be caught by a layer before the one the corpus names, never by a later one.
EARLIER = {"sec-33-error-flood": ("security",)}  # more nodes than we take, so no error is ever looked for
LAYERS = {
    "well-formed": ("well-formed", "security"),
    "security": ("security", "well-formed", "schema"),
    "schema": ("schema",),
}


# ---- the same through the daemon -------------------------------------------------------------


def role_of(oin):
    if oin == w.RAAD:
        return "raad"
    digits = oin[-6:-3]
    if oin.startswith("00000099999000"):
        special = {"301": "politie", "302": "halt", "303": "om", "304": "om"}
        return special.get(digits, {"1": "gemeente", "2": "veilig-thuis"}.get(digits[0], "gi"))
    return "gi"


@pytest.fixture(scope="module")
def chain(shared):
    """A corvd that knows every OIN of the corpus; the gemeenten get made-up places."""
    oins = set()
    for m in manifest(shared):
        oins |= {m[side]["organisatie"] for side in ("zender", "ontvanger")}
    for path, case in rows(shared):
        if case["layer"] in ("duplicate", "extra"):
            with open(path, "rb") as f:
                oins |= {o.decode() for o in re.findall(rb"organisatie>(\d{20})<", f.read())}
    parties = []
    for number, oin in enumerate(sorted(o for o in oins if o and re.fullmatch(r"\d{20}", o))):
        role = role_of(oin)
        more = {"gemeentecode": "%04d" % (9000 + number), "woonplaatsen": ["Corpusdorp%d" % number]}
        parties.append(w.party("p" + oin.lstrip("0"), oin, role,
                               **(more if role == "gemeente" else {})))
    by_oin = {p["oin"]: p["id"] for p in parties}
    world = w.World(parties=parties, mandates=[], stubs=False, name="corpus",  # this is about answers
                    delivery={"retry_first_seconds": 3600, "retry_max_seconds": 3600})
    world.by_oin = by_oin
    try:
        yield world.start()
    finally:
        world.close()


def zender(body):
    found = re.search(rb"zender>\s*<[\w:]*organisatie[^>]*>(\d{20})<", body)
    return found.group(1).decode() if found else None


def post(chain, path, peer=None, fresh=False):
    """fresh: under a reference of its own, for a copy of a message that was taken before."""
    with open(path, "rb") as f:
        body = f.read()
    if fresh:
        body = re.sub(rb"(referentienummer[^>]*>)[^<]*", rb"\1" + messages.reference().encode(), body, count=1)
    oin = peer or zender(body)
    party = chain.by_oin.get(oin) or chain.by_oin[w.RAAD]
    return chain.daemon.post(party, body, content_type="text/xml")


def test_valid_ones_are_taken(chain, shared):
    wrong = []
    for m in manifest(shared):
        kind, oin = m["kind"], m["zender"]["organisatie"]
        if kind not in ROUTED + STUF or (kind in STUF and not oin):
            continue
        answer = post(chain, "%s/corpus/valid/%s" % (shared, m["file"]), oin)
        if answer.status != 202 or answer.json.get("kind") != kind:
            wrong.append((m["file"], answer))
    assert not wrong, "\n".join(map(str, wrong))
    row = chain.daemon.sql("SELECT count(*), count(DISTINCT digest) FROM corv.message WHERE sender <> 'corvd'")
    assert row[0][0] == row[0][1]


def test_digest_in_the_database_is_that_of_the_file(chain, shared):
    kept = {r[0] for r in chain.daemon.sql("SELECT encode(digest, 'hex') FROM corv.message")}
    missing = [m["file"] for m in manifest(shared)
               if m["kind"] in ROUTED and m["sha256"] not in kept]
    assert not missing


def test_kinds_without_a_route_are_refused_in_words(chain, shared):
    for m in manifest(shared):
        if m["kind"] not in ROUTED + STUF and "-01-" in m["file"]:
            answer = post(chain, "%s/corpus/valid/%s" % (shared, m["file"]), m["zender"]["organisatie"])
            assert answer.status in (403, 422), (m["file"], answer)
            assert answer.json["findings"][0]["layer"] == "addressing"


def test_invalid_ones_are_refused(chain, shared):
    wrong = []
    for path, case in rows(shared):
        if case["layer"] not in ("well-formed", "security", "schema"):
            continue
        if os.path.getsize(path) > 30 << 20:
            continue
        answer = post(chain, path)
        early = os.path.basename(path).rsplit(".", 1)[0] in EARLIER
        good = (400, 413, 422) if case["layer"] != "schema" or early else (422,)
        if answer.status not in good or not (answer.json.get("findings") or answer.status == 413):
            wrong.append((os.path.basename(path), answer))
    assert not wrong, "\n".join(map(str, wrong))


def test_duplicates(chain, shared):
    """The first of each pair was taken by test_valid_ones_are_taken or is taken here."""
    for path, case in rows(shared):
        if case["layer"] == "duplicate" and case["kind"] in ROUTED:
            first = post(chain, os.path.join(shared, "corpus", case["of"]))
            assert first.status in (200, 202), (case["of"], first)
            answer = post(chain, path)
            assert answer.status == 409, (path, answer)
            assert post(chain, os.path.join(shared, "corpus", case["of"])).status == 200


def test_unusual_ones_are_taken(chain, shared):
    for path, case in rows(shared):
        if case["expect"] == "accept" and case["kind"] in ROUTED + STUF:
            answer = post(chain, path, fresh="wraps" in case)
            assert answer.status == 202, (path, answer)


def test_it_is_all_in_the_audit_trail(chain):
    chain.daemon.ctl("audit", "verify")
    refused = chain.daemon.sql("SELECT count(*) FROM corv.audit WHERE event = 'message.refused'")
    assert int(refused[0][0]) > 50
