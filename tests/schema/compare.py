#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
# SPDX-FileCopyrightText: corvd authors
"""Is the verdict of schemas/xsd the verdict of the official schemas?

Both are compiled with libxml2 (through lxml) and asked about
  1. every message of the corpus that reaches a schema, and
  2. a deterministic set of mutants of the valid messages.
A difference fails the test unless tests/schema/known-differences.txt explains it.
The official zips are unpacked into a temporary folder and never enter the project.

Exit: 0 equal, 1 different (or the schemas are broken), 77 skipped.
Usage: compare.py [--seed N] [--random N] [--seconds S] [-v]
"""
import argparse
import collections
import copy
import json
import os
import random
import re
import sys
import tempfile
import time
import zipfile

try:
    from lxml import etree
except ImportError:
    print("SKIPPED: python3-lxml absent")
    sys.exit(77)

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OURS = os.path.join(ROOT, "schemas", "xsd")
KNOWN = os.path.join(HERE, "known-differences.txt")
FAMILIES = ("jr", "vt", "vv", "gm")
SIZE_LIMIT = 150_000

JZ = "http://www.stufstandaarden.nl/koppelvlak/jz0100"
ZKN = "http://www.egem.nl/StUF/sector/zkn/0310"
BG = "http://www.egem.nl/StUF/sector/bg/0310"
STUF = "http://www.egem.nl/StUF/StUF0301"
XMIME = "http://www.w3.org/2005/05/xmlmime"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"

FAMILY_OF = {
    "vtoDi01": "jr", "notificatieDi01": "jr", "notificatiejrDi01": "jr",
    "zorgmeldingDi01": "jr", "zorgmeldingTerugkoppelingDi01": "jr",
    "vtMeldingDi01": "vt", "vtTerugkoppelingDi01": "vt",
    "vcobDi01": "vv", "ucobDi01": "vv", "vciDi01": "vv", "uciDi01": "vv",
    "meldingGeneriekDi01": "gm", "uitkomstMeldingGeneriekDi01": "gm",
}
ANSWERS = ("Bv01Bericht", "Bv03Bericht", "Bv04Bericht", "Fo01Bericht", "Fo03Bericht")
ROOTS = {(JZ, n) for n in FAMILY_OF} | {(STUF, n) for n in ANSWERS}
PARSER = dict(resolve_entities=False, no_network=True, huge_tree=True, remove_blank_text=False)


def shared_folder():
    for path in (os.environ.get("CORV_SHARED"), os.path.join(ROOT, "..", "shared"),
                 os.path.join(ROOT, "..", "..", "shared")):
        if path and os.path.isdir(os.path.join(path, "corpus")) and os.path.isdir(os.path.join(path, "standard")):
            return os.path.realpath(path)
    return None


# ---- schemas ---------------------------------------------------------------

def compile_schema(path):
    start = time.perf_counter()
    schema = etree.XMLSchema(etree.parse(path, etree.XMLParser(**PARSER)))
    return schema, (time.perf_counter() - start) * 1000


def official_schemas(shared, tmp):
    """family -> (schema, [files]); the names of the zips are odd, so match loosely"""
    out = {}
    folder = os.path.join(shared, "standard")
    for name in sorted(os.listdir(folder)):
        hit = re.search(r"_(jr|vt|vv|gm)berichten.*1\.0\.9.*resolved.*\.zip$", name)
        if not hit:
            continue
        target = os.path.join(tmp, hit.group(1))
        os.makedirs(target, exist_ok=True)
        files = []
        with zipfile.ZipFile(os.path.join(folder, name)) as z:
            for member in z.namelist():
                base = os.path.basename(member)
                if not base.endswith(".xsd"):
                    continue
                files.append(os.path.join(target, base))
                with open(files[-1], "wb") as f:
                    f.write(z.read(member))
        entry = [f for f in files if re.search(r"msg_(jz|vt|vv|gm)berichten_resolved", f)]
        out[hit.group(1)] = (compile_schema(entry[0])[0], files)
    missing = set(FAMILIES) - set(out)
    if missing:
        sys.exit("FAIL: no official set for " + ", ".join(sorted(missing)))
    return out


def hygiene(official_files):
    """our text is our own: small, flat, licensed, without runs of official lines"""
    faults = []

    def lines(path):
        out = []
        with open(path, encoding="utf-8") as f:
            for line in f:
                line = re.sub(r"\bxsd?:", "", " ".join(line.split()))
                if len(line) > 12 and not line.startswith("</"):
                    out.append(line)
        return out

    run = 8
    seen = set()
    for path in official_files:
        text = lines(path)
        seen.update(tuple(text[i:i + run]) for i in range(len(text) - run + 1))
    total = 0
    for name in sorted(os.listdir(OURS)):
        path = os.path.join(OURS, name)
        total += os.path.getsize(path)
        text = lines(path)
        for i in range(len(text) - run + 1):
            if tuple(text[i:i + run]) in seen:
                faults.append(f"{name}: {run} lines equal to an official file, from: {text[i]}")
                break
        with open(path, encoding="utf-8") as f:
            whole = f.read()
        if "SPDX-License-Identifier: EUPL-1.2" not in whole:
            faults.append(f"{name}: no SPDX line")
        for location in re.findall(r'schemaLocation="([^"]*)"', whole):
            if not re.fullmatch(r"[a-z0-9-]+\.xsd", location) or not os.path.exists(os.path.join(OURS, location)):
                faults.append(f"{name}: schemaLocation {location} is not a plain name of ours")
    if total > SIZE_LIMIT:
        faults.append(f"schemas/xsd is {total} bytes, more than {SIZE_LIMIT}")
    print(f"hygiene: {total} bytes, {len(faults)} faults")
    return faults


# ---- messages --------------------------------------------------------------

def load(path):
    """root element of the message, SOAP 1.1 taken off; None when not well-formed"""
    try:
        root = etree.parse(path, etree.XMLParser(**PARSER)).getroot()
    except etree.XMLSyntaxError:
        return None
    if root.tag == f"{{{SOAP11}}}Envelope":
        body = root.find(f"{{{SOAP11}}}Body")
        inner = [c for c in (body if body is not None else []) if isinstance(c.tag, str)]
        if not inner:
            return None
        root = etree.fromstring(etree.tostring(inner[0], with_tail=False), etree.XMLParser(**PARSER))
    return root


def family(root, default="jr"):
    return FAMILY_OF.get(etree.QName(root).localname, default) if isinstance(root.tag, str) else default


# ---- mutants ---------------------------------------------------------------

LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 20, 21, 23, 24,
           25, 29, 30, 31, 34, 35, 36, 39, 40, 41, 42, 43, 44, 45, 46, 49, 50, 51, 79, 80, 81, 99,
           100, 101, 149, 150, 151, 199, 200, 201, 249, 250, 251, 253, 254, 255, 256, 411, 412, 413, 499, 500, 501, 999,
           1000, 1001)
CLASSES = ("", " ", "\n", "abc", "Ünïcødé ﬁ", "x" * 2000, "0", "1", "-1", "+5", "1.0", "1.5", "1e3", "00000000",
           "12345678", "123456789", "20110231", "-2026.0", " 20200101 ", "99999", "100000", "9999", "10000",
           "0000000000000000", "J", "N", "j", "Ja", "Nee", "ja", "true", "false", "M", "V", "O", "X", "1234AB",
           "1234 AB", "0234AB", "1234ab", "1234A", "A", "aB1", "aB1x", "aB1xy", "٣٤٥", "QUJD", "QUJ", "QU=D", "01",
           "001", "043", "044", "VT-01-01", " VT ", "NAZ", "Di01", "Bv01", "Fo03", "client", "server", "overdracht",
           "jeugdige", "hoog", "mondeling", "Zorgmelding", "Signaal behandelen", "T", "exact", "alles", "geenWaarde")
ATTRIBUTES = (tuple(f"{{{STUF}}}{n}" for n in (
    "noValue", "exact", "metagegeven", "indOnvolledigeDatum", "entiteittype", "sleutelVerzendend", "sleutelOntvangend",
    "sleutelGegevensbeheer", "sleutelSynchronisatie", "verwerkingssoort", "scope", "aantalVoorkomens", "aardAantal",
    "bestandsnaam", "functie")) +
    ("noValue", "exact", "naam", "entiteittype", "sleutelVerzendend", "sleutelSynchronisatie", "verwerkingssoort",
     "scope", "bestandsnaam", f"{{{XMIME}}}contentType", "{http://www.w3.org/XML/1998/namespace}lang"))
GOOD = {"noValue": "geenWaarde", "exact": "true", "metagegeven": "true", "indOnvolledigeDatum": "M", "scope": "alles",
        "verwerkingssoort": "T", "aantalVoorkomens": "3", "aardAantal": "exact", "contentType": "application/pdf"}
NIL = f"{{{XSI}}}nil"


def elements(root):
    return [e for e in root.iter() if isinstance(e.tag, str)]


def path_of(e):
    parts = []
    while e is not None:
        parts.append(e.tag)
        e = e.getparent()
    return tuple(reversed(parts))


def retext(e, value):
    for child in list(e):
        e.remove(child)
    e.text = value


def op_drop(e, rng):
    e.getparent().remove(e)


def op_repeat(e, rng):
    parent, index = e.getparent(), e.getparent().index(e)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 30, 31, 32))):
        parent.insert(index, copy.deepcopy(e))


def op_swap(e, rng):
    parent = e.getparent()
    other = rng.choice([c for c in parent if c is not e] or [e])
    i, j = parent.index(e), parent.index(other)
    parent[i], parent[j] = copy.deepcopy(other), copy.deepcopy(e)


def op_shift(e, rng):
    parent = e.getparent()
    parent.remove(e)
    parent.insert(rng.randint(0, len(parent)), e)


def op_transplant(e, rng):
    target = rng.choice(elements(e.getroottree().getroot()))
    target.insert(rng.randint(0, len(target)), copy.deepcopy(e))


def op_rename(e, rng):
    q = etree.QName(e)
    names = [etree.QName(x).localname for x in elements(e.getroottree().getroot())]
    e.tag = f"{{{q.namespace}}}{rng.choice([q.localname + 'x', q.localname.upper(), q.localname[:-1] or 'y', rng.choice(names)])}"


def op_namespace(e, rng):
    q = etree.QName(e)
    ns = rng.choice([n for n in (JZ, ZKN, BG, STUF, "urn:x", None) if n != q.namespace])
    e.tag = f"{{{ns}}}{q.localname}" if ns else q.localname


def op_text(e, rng):
    retext(e, rng.choice(CLASSES))


def op_edge(e, rng):
    value = (e.text or "").strip() or "7"
    n = rng.choice(LENGTHS)
    e_text = rng.choice((
        value + value[-1], value[:-1], value[1:], value + " ", " " + value, value.swapcase(), value.replace("0", "O", 1),
        "7" * n, "7" * n, "a" * n, (value * 9)[:n], "é" * n, value[:-1] + "x", value[:-1] + "9", "0" + value, value + ".0"))
    retext(e, e_text)


def op_mixed(e, rng):
    rng.choice((lambda: setattr(e, "tail", "stray"), lambda: setattr(e, "text", "stray " + (e.text or ""))))()


def op_nil(e, rng):
    e.set(NIL, rng.choice(("true", "1", "false", "yes")) if rng.random() < 0.4 else "true")
    if rng.random() < 0.8:
        retext(e, rng.choice(("", None)))
    if rng.random() < 0.3:
        e.set(f"{{{STUF}}}noValue", rng.choice(("geenWaarde", "waardeOnbekend", "x")))


def op_unnil(e, rng):
    if not e.attrib.pop(NIL, None):
        retext(e, None)


def op_attr_drop(e, rng):
    if e.attrib:
        del e.attrib[rng.choice(sorted(e.attrib))]
    else:
        e.set("los", "1")


def op_attr_alter(e, rng):
    if not e.attrib:
        return op_attr_add(e, rng)
    key = rng.choice(sorted(e.attrib))
    old = e.attrib[key]
    e.set(key, rng.choice((old + old[-1:], old[:-1], old.swapcase(), rng.choice(CLASSES), "x" * rng.choice(LENGTHS))))


def op_attr_add(e, rng):
    key = rng.choice(ATTRIBUTES)
    good = GOOD.get(etree.QName(key).localname, "NPS")
    e.set(key, good if rng.random() < 0.7 else rng.choice(CLASSES))


def op_attr_namespace(e, rng):
    keys = [k for k in sorted(e.attrib) if k != NIL]
    if not keys:
        return op_attr_add(e, rng)
    key = rng.choice(keys)
    value, q = e.attrib.pop(key), etree.QName(key)
    e.set(q.localname if q.namespace else f"{{{STUF}}}{q.localname}", value)


def op_xsi_type(e, rng):
    e.set(f"{{{XSI}}}type", rng.choice(("string", "xs:string", "nergens:type", "", "geenType")))


OFFICIAL_TYPES = collections.defaultdict(set)      # local element name -> {(namespace, type)}, official files


def op_xsi_official(e, rng):
    """name a type of the official set; ours has other type names and refuses (known-differences.txt)"""
    ns, name = rng.choice(sorted(OFFICIAL_TYPES.get(etree.QName(e).localname) or {(STUF, "Refnummer")}))
    new = etree.Element(e.tag, e.attrib, nsmap={**e.nsmap, "t": ns})
    new.text, new.tail = e.text, e.tail
    new.extend(list(e))
    if e.getparent() is not None:
        e.getparent().replace(e, new)
        new.set(f"{{{XSI}}}type", "t:" + name)


LISTED = []              # every enumerated value of the official files

OPERATORS = {f.__name__[3:]: f for f in (
    op_drop, op_repeat, op_swap, op_shift, op_transplant, op_rename, op_namespace, op_text, op_edge, op_mixed, op_nil,
    op_unnil, op_attr_drop, op_attr_alter, op_attr_add, op_attr_namespace, op_xsi_type, op_xsi_official)}
# relative weight in the random part
WEIGHT = {"text": 4, "edge": 6, "xsi_official": 3, "attr_add": 3, "attr_alter": 2, "repeat": 2, "nil": 2}


# ---- growing: fill in optional parts no corpus message has ------------------

EXPECTED = re.compile(r"Expected is (?:one of )?\( (.*?) \)")
NAME = re.compile(r"\{[^{}]*\}[\w.\-]+")
FILL = ("20200101", "1", "J", "N", "M", "Ja", "1234AB", "A", "123456789", "12345678901234567", "12345678901234567890",
        "1234567890123456", "123456789012", "12345678", "QUJD", "abcde", "jeugdige", "laag", "mondeling", "01", "001",
        "VT", "VT-00", "VT-001", "Zorgmelding", "overdracht")


def expected(schema, root):
    """names libxml2 would have accepted where it stumbled"""
    schema.validate(root)
    for entry in schema.error_log:
        hit = EXPECTED.search(entry.message)
        if hit:
            return NAME.findall(hit.group(1))
    return []


def complete(schema, root, new):
    """make element `new` (inside root) valid by what the schema complains about; False when that fails"""
    last = None
    for _ in range(120):
        if schema.validate(root):
            return True
        message = schema.error_log[0].message
        if message == last:
            return False
        last = message
        hit = re.match(r"Element '([^']+)'", message)
        spots = [e for e in new.iter() if isinstance(e.tag, str) and hit and e.tag == hit.group(1)]
        if not spots:
            return False
        missing = re.search(r"The attribute '([^']+)' is required but missing", message)
        if missing:
            for e in spots:
                if missing.group(1) not in e.attrib:
                    e.set(missing.group(1), GOOD.get(etree.QName(missing.group(1)).localname, "NPS"))
            continue
        if "Missing child element" in message:
            names = NAME.findall(EXPECTED.search(message).group(1)) if EXPECTED.search(message) else []
            if not names:
                return False
            for e in spots:
                etree.SubElement(e, names[0])
            continue
        done = False
        choices = list(FILL)
        listed = re.search(r"is not an element of the set \{(.*)\}", message)
        if listed:
            choices = re.findall(r"'([^']*)'", listed.group(1)) + choices
        for value in choices:
            for e in spots:
                if not len(e):
                    e.text = value
            if schema.validate(root) or schema.error_log[0].message.split(":")[0] != message.split(":")[0]:
                done = True
                break
        if not done:
            return False
    return False


def grow(schema, ours, root, done, limit, report):
    """insert every optional element that the official schema allows somewhere in root and that was not
    inserted at that path before; yield every message that grew"""
    count = 0
    for parent in elements(root):
        if len(parent) == 0 and (parent.text or "").strip():
            continue
        path = path_of(parent)
        for index in range(len(parent) + 1):
            before = parent[index - 1].tag if index else None
            if (path, before) in done:
                continue
            done.add((path, before))
            probe = etree.Element("{urn:x}probe")
            parent.insert(index, probe)
            official, own = expected(schema, root), expected(ours, root)
            parent.remove(probe)
            report(path, official, own)
            for name in official + [n for n in own if n not in official]:
                new = etree.Element(name)
                parent.insert(index, new)
                # valid by the official schema, or else by ours: either way the caller asks both
                if complete(schema, root, new) or complete(ours, root, new):
                    count += 1
                    yield copy.deepcopy(root)
                parent.remove(new)
                if count >= limit:
                    return


# ---- the comparison --------------------------------------------------------

def known_differences():
    """lines: operator <tab> root <tab> reason; # is a comment; excuses only ours being the stricter one"""
    out = {}
    if os.path.exists(KNOWN):
        with open(KNOWN, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    op, kind, reason = line.rstrip("\n").split("\t", 2)
                    out[op, kind] = reason
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=20260703)
    ap.add_argument("--random", type=int, default=3000, help="mutants at random places, after the systematic ones")
    ap.add_argument("--seconds", type=float, default=75, help="stop making mutants after this time")
    ap.add_argument("-v", action="store_true")
    args = ap.parse_args()

    shared = shared_folder()
    if not shared:
        print("SKIPPED: …/shared absent (set CORV_SHARED); the schemas were NOT compared with the official ones")
        return 77
    begin = time.time()
    print("libxml2", ".".join(map(str, etree.LIBXML_VERSION)), "- seed", args.seed)
    faults = []
    own, took = compile_schema(os.path.join(OURS, "corv.xsd"))
    for entry in own.error_log:
        faults.append(f"corv.xsd: compiling says {entry.message}")
    notice, took2 = compile_schema(os.path.join(OURS, "kennisgeving.xsd"))
    for entry in notice.error_log:
        faults.append(f"kennisgeving.xsd: compiling says {entry.message}")
    print(f"compiled: corv.xsd {took:.1f} ms, kennisgeving.xsd {took2:.1f} ms")
    faults += kennisgeving(notice)

    with tempfile.TemporaryDirectory(prefix="corvd-xsd-") as tmp:
        official = official_schemas(shared, tmp)
        faults += hygiene([f for fam in FAMILIES for f in official[fam][1]])
        for fam in FAMILIES:
            for path in official[fam][1]:
                for e in etree.parse(path).getroot().iter("{http://www.w3.org/2001/XMLSchema}element"):
                    prefix, _, name = (e.get("type") or "").rpartition(":")
                    if name and e.get("name"):
                        OFFICIAL_TYPES[e.get("name")].add((e.nsmap.get(prefix or None), name))
        LISTED[:] = sorted({e.get("value") for fam in FAMILIES for path in official[fam][1]
                            if "zkn" in path or "bg0310" in path or "msg" in path or "stuf" in path
                            for e in etree.parse(path).getroot().iter("{http://www.w3.org/2001/XMLSchema}enumeration")})
        schemas = {fam: official[fam][0] for fam in FAMILIES}
        faults += compare_corpus(shared, schemas, own, args)
        faults += compare_mutants(shared, schemas, own, args, begin)
    for fault in faults:
        print("DIFFERENT:", fault)
    print(f"{'FAIL' if faults else 'OK'}: {len(faults)} faults, {time.time() - begin:.1f} s")
    return 1 if faults else 0


def kennisgeving(schema):
    ns = "urn:corvd:kennisgeving:1"
    good = (f'<kennisgeving xmlns="{ns}"><soort>vtoDi01</soort><referentie>r-1</referentie><indiener>'
            '<oin>00000009999900000001</oin><naam>Voorbeeld</naam></indiener><tijdstip>2026-07-03T10:00:00Z</tijdstip>'
            '<bericht>0b2e6d0c-6a51-4a3e-9c1e-2f6f0e0a1b2c</bericht></kennisgeving>')
    bad = (good.replace("vtoDi01", "notificatieDi01"), good.replace("r-1", ""), good.replace("r-1", "x" * 41),
           good.replace("00000009999900000001", "1"), good.replace("Voorbeeld", ""), good.replace("Z<", "<"),
           good.replace("0b2e", "zb2e"), good.replace("</kennisgeving>", "<bsn>999000001</bsn></kennisgeving>"),
           good.replace("<soort>vtoDi01</soort>", ""))
    faults = [] if schema.validate(etree.fromstring(good)) else ["kennisgeving: a good one is refused"]
    return faults + [f"kennisgeving: accepted {b}" for b in bad if schema.validate(etree.fromstring(b))]


def compare_corpus(shared, schemas, own, args):
    faults, count = [], collections.Counter()
    for folder in ("valid", "accept", "invalid"):
        base = os.path.join(shared, "corpus", folder)
        for name in sorted(os.listdir(base)):
            if not name.endswith(".xml"):
                continue
            group = folder
            if folder == "invalid":
                with open(os.path.join(base, name[:-4] + ".json"), encoding="utf-8") as f:
                    group = "invalid/" + json.load(f)["layer"]
                if group[8:] not in ("schema", "rule", "addressing", "duplicate", "root"):
                    continue
            root = load(os.path.join(base, name))
            if root is None:
                count[group, "not well-formed"] += 1
                continue
            local, ns = etree.QName(root).localname, etree.QName(root).namespace
            sets = [FAMILY_OF[local]] if local in FAMILY_OF else FAMILIES   # the answers are in each of the four
            mine = own.validate(root)
            if (ns, local) not in ROOTS:
                # the official sets know more global elements than there are messages; ours must not
                count[group, "other root"] += 1
                if mine:
                    faults.append(f"{folder}/{name}: root {root.tag} is not one of the 18, ours accepts it")
                continue
            for fam in sets:
                theirs = schemas[fam].validate(root)
                count[group, "valid" if theirs else "invalid"] += 1
                if mine != theirs:
                    faults.append(f"{folder}/{name} ({fam}): official {theirs}, ours {mine}")
    for key in sorted(count):
        print(f"  corpus {key[0]:20} {key[1]:16} {count[key]}")
    return faults


def compare_mutants(shared, schemas, own, args, begin):
    known = known_differences()
    faults, made, valid, ignored = [], collections.Counter(), collections.Counter(), collections.Counter()
    base = os.path.join(shared, "corpus", "valid")
    names = sorted(n for n in os.listdir(base) if n.endswith(".xml"))
    samples = []
    seen_paths = set()
    for name in names:
        root = load(os.path.join(base, name))
        for e in elements(root):       # attachments need not be big to be mutated
            if e.text and len(e.text) > 4000 and not len(e):
                e.text = e.text.strip()[:400] if "\n" not in e.text else "QUJD" * 20
        fresh = [e for e in elements(root) if path_of(e) not in seen_paths]
        samples.append((name, root, {path_of(e) for e in fresh}))
        seen_paths.update(path_of(e) for e in fresh)

    def judge(op, name, root, detail):
        fam = family(root, family(originals[name]))
        theirs, mine = schemas[fam].validate(root), own.validate(root)
        made[op] += 1
        valid[op] += theirs
        if theirs != mine:
            kind = etree.QName(originals[name]).localname
            if theirs and not mine and ((op, kind) in known or (op, "*") in known):
                ignored[op] += 1
                return
            log = (own if theirs else schemas[fam]).error_log
            faults.append(f"{op} of {name} at {detail}: official {theirs}, ours {mine}: {log[0].message if len(log) else ''}")

    originals = {name: root for name, root, _ in samples}

    def every_value(name, root, e):
        """at one place, exhaustively: nil, each length near a limit, each listed value, each attribute at its limits;
        changes the message in place and puts it back"""
        detail = "/".join(etree.QName(p).localname for p in path_of(e))
        text, children, attributes = e.text, list(e), dict(e.attrib)

        def restore():
            retext(e, text)
            e.extend(children)
            e.attrib.clear()
            e.attrib.update(attributes)

        for content in (None, "1", "keep"):
            e.set(NIL, "true")
            if content != "keep":
                retext(e, content)
            judge("nil each", name, root, detail)
            restore()
        if not children:
            for op, values in (("length each", ["a" * n for n in LENGTHS] + ["7" * n for n in range(1, 23)]),
                               ("value each", LISTED)):
                if op == "value each":
                    e.text = "geen opsomming"
                    if schemas[family(root)].validate(root):
                        continue
                for value in values:
                    e.text = value
                    judge(op, name, root, detail)
                restore()
        for key in attributes:
            if key == NIL:
                continue
            for value in ["a" * n for n in (0, 1, 2, 3, 4, 29, 30, 31, 39, 40, 41, 254, 255, 256)] + ["true", "1", "J"]:
                e.set(key, value)
                judge("attr each", name, root, detail)
            del e.attrib[key]
            judge("attr each", name, root, detail)
            restore()

    def mutate(op, name, root, index, salt):
        rng = random.Random(f"{args.seed}/{name}/{op}/{index}/{salt}")
        clone = copy.deepcopy(root)
        target = elements(clone)[index]
        if target.getparent() is None and op in ("drop", "repeat", "swap", "shift"):
            return
        detail = "/".join(etree.QName(p).localname for p in path_of(target))
        OPERATORS[op](target, rng)
        judge(op, name, clone, detail)

    # 1. what may stand where: ask both sides at every place, then fill it in
    grown = []
    done = collections.defaultdict(set)
    places = collections.Counter()
    for name, root, _ in samples:
        fam = family(root)

        def report(path, a, b):
            places["asked"] += 1
            if a != b:     # only the hint in the message differs; the verdict is asked in grow()
                places["other hint"] += 1
                if args.v:
                    print(f"{name}: in {path[-1]} official expects {a}, ours {b}", file=sys.stderr)

        start = time.time()
        for clone in grow(schemas[fam], own, copy.deepcopy(root), done[root.tag], 400, report):
            judge("grow", name, clone, "grown")
            grown.append((name, clone))
        if args.v:
            print(f"  grow {name} {time.time() - start:.1f} s", file=sys.stderr)
    print(f"  places asked {places['asked']} (other hint at {places['other hint']}), grown messages {len(grown)}, {time.time() - begin:.1f} s")

    # 2. every operator at the first occurrence of every path, in the corpus and in the grown messages
    weighted = [op for op in OPERATORS for _ in range(WEIGHT.get(op, 1))]
    for name, root, fresh in samples:
        pending = set(fresh)
        for i, e in enumerate(elements(root)):
            path = path_of(e)
            if path in pending:
                pending.discard(path)
                for op in OPERATORS:
                    for salt in range(WEIGHT.get(op, 1)):
                        mutate(op, name, root, i, salt)
                every_value(name, root, e)
    first = sum(made.values())
    for name, root in grown:
        for i, e in enumerate(elements(root)):
            if path_of(e) not in seen_paths and time.time() - begin < args.seconds:
                seen_paths.add(path_of(e))
                for op in weighted:
                    mutate(op, name, root, i, f"g{made[op]}")
                every_value(name, root, e)
    second = sum(made.values()) - first

    # 3. random ones, until the number or the time is reached
    rng = random.Random(args.seed)
    pool = [(n, r) for n, r, _ in samples] + grown
    for salt in range(args.random):
        name, root = rng.choice(pool)
        op, index = rng.choice(weighted), rng.randrange(len(elements(root)))
        if time.time() - begin < args.seconds:
            mutate(op, name, root, index, f"r{salt}")
    for op in sorted(made):
        print(f"  {op:16} {made[op]:6} mutants, {valid[op]:5} of them valid, {ignored[op]} known differences")
    total = sum(made.values())
    print(f"mutants: {total} ({first} systematic, {second} on grown paths), paths {len(seen_paths)}")
    if total < 5000:
        faults.append(f"only {total} mutants were made")
    return faults


if __name__ == "__main__":
    sys.exit(main())
