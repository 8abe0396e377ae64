# SPDX-License-Identifier: EUPL-1.2
"""corvctl schemas and reference, with the published files: what people and scripts see."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import messages  # noqa: E402

CORVCTL = os.path.abspath(os.environ.get("CORV_CTL", "build/corvctl"))
SHARED = os.environ.get("CORV_SHARED", "../shared")

needs_shared = pytest.mark.skipif(
    not os.path.isdir(SHARED), reason="SKIPPED: no published material (CORV_SHARED)")


def published(pattern):
    found = glob.glob(os.path.join(SHARED, "standard", pattern))
    assert len(found) == 1, (pattern, found)
    return found[0]


def ctl(state, *words, code=0):
    run = subprocess.run([CORVCTL, *words, "--state-dir", str(state)], capture_output=True,
                         text=True, timeout=120, check=False)
    assert run.returncode == code, (words, run.stdout, run.stderr)
    return run


def ctl_json(state, *words, code=0):
    return json.loads(ctl(state, "--json", *words, code=code).stdout)


@needs_shared
def test_the_normative_set_says_what_it_repaired(tmp_path):
    said = ctl(tmp_path, "schemas", "import", published("*20251215*normatie*.zip"),
               "--from", "2027-01-01").stdout
    assert "normatief-1.0.9-20251215" in said
    assert "2027-01-01" in said
    assert said.count("backslash in schemaLocation") == 14
    assert "entiteiten/jz0100_stuf0301.xsd:36 ontbrekende include" in said


@needs_shared
def test_twice_is_told_and_changes_nothing(tmp_path):
    zipped = published("*_gmberichten*.zip")
    first = ctl_json(tmp_path, "schemas", "import", zipped)
    again = ctl_json(tmp_path, "schemas", "import", zipped)
    assert not first["already"] and again["already"]
    assert first["sha256"] == again["sha256"]
    assert [s["name"] for s in ctl_json(tmp_path, "schemas", "list")] == ["gm-1.0.9-20251013"]


@needs_shared
def test_several_versions_stand_beside_each_other(tmp_path):
    for pattern in ("*_vtberichten*.zip", "*1.0.7*.zip", "*_vvberichten*.zip"):
        ctl(tmp_path, "schemas", "import", published(pattern))
    listed = {s["name"]: s for s in ctl_json(tmp_path, "schemas", "list")}
    assert {s["version"] for s in listed.values()} == {"1.0.9", "1.0.7"}
    assert "vtMeldingDi01" in listed["vt-1.0.9-20251013"]["kinds"]
    assert listed["vv-1.0.9-20251013"]["published"] == "2025-10-13"
    table = ctl(tmp_path, "schemas", "list").stdout
    assert "eigen" in table and "vt-1.0.9-20251013" in table
    assert all(len(line) <= 80 for line in table.splitlines())


def test_a_bad_file_is_refused_and_nothing_is_left(tmp_path):
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as z:
        z.writestr("a_msg_b.xsd", "<schema")
    state = tmp_path / "state"
    assert "niet te gebruiken" in ctl(state, "schemas", "import", str(bad), code=1).stderr
    with zipfile.ZipFile(bad, "w") as z:
        z.writestr("../x.xsd", "<schema/>")
    assert "buiten de zip" in ctl(state, "schemas", "import", str(bad), code=1).stderr
    bad.write_text("geen zip")
    assert "geen zip" in ctl(state, "schemas", "import", str(bad), code=1).stderr
    ctl(state, "schemas", "import", str(tmp_path / "absent.zip"), code=2)
    ctl(state, "schemas", "import", str(bad), "--from", "1 mei", code=2)
    ctl(state, "reference", "import", str(bad), code=1)
    assert not state.exists()


@needs_shared
def test_the_reference_list_comes_into_use(tmp_path):
    ctl(tmp_path, "reference", "list", code=1)
    said = ctl_json(tmp_path, "reference", "import", published("*Referentielijsten*.zip"))
    assert (said["instances"], said["edition"]) == (85, "INS Augustus 2026")
    assert ctl_json(tmp_path, "reference", "list")["sha256"] == said["sha256"]
    assert "al in gebruik" in ctl(
        tmp_path, "reference", "import", published("*Referentielijsten*.zip")).stdout
    ctl(tmp_path, "reference", "import", published("*_gmberichten*.zip"), code=1)
    assert ctl_json(tmp_path, "reference", "list")["sha256"] == said["sha256"]


def validate(*words):
    run = subprocess.run([CORVCTL, "validate", *words], capture_output=True, text=True, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr


@needs_shared
def test_a_set_can_be_tried_before_it_is_taken_in(tmp_path):
    """As zip and as the folder it unpacks to, with the same verdict, and nothing stays behind."""
    good = sorted(glob.glob(os.path.join(SHARED, "corpus", "valid", "*.xml")))
    zipped, folder = published("*_jrberichten*.zip"), tmp_path / "uitgepakt"
    with zipfile.ZipFile(zipped) as z:
        z.extractall(folder)
    before = set(glob.glob(os.path.join(tempfile.gettempdir(), "corvctl-*")))
    code, by_zip, _ = validate("--rules", "uit", "--schemas", zipped, *good)
    assert validate("--rules", "uit", "--schemas", str(folder), *good)[:2] == (code, by_zip)
    assert len(by_zip.splitlines()) >= len(good) and ": valid " in by_zip
    assert set(glob.glob(os.path.join(tempfile.gettempdir(), "corvctl-*"))) == before
    # It is that set which judges, not ours: without its file for the message it cannot be used.
    for found in glob.glob(str(folder / "**" / "*.xsd"), recursive=True):
        os.unlink(found)
    code, _, said = validate("--schemas", str(folder), *good)
    assert code == 2 and "geen schema's van berichten" in said
    assert validate("--schemas", str(tmp_path / "weg"), good[0])[0] == 2


LINE = re.compile(r"(?P<file>\S+): (?:valid (?P<kind>\w+)|invalid (?P<layer>well-formed|security|schema|rule) "
                  r"(?P<code>[a-z0-9-]+(?:\.[a-z0-9-]+)+) (?P<line>\d+):(?P<column>\d+) (?P<text>\S.*))")


def cases():
    """(file, what the corpus says of it) of the whole corpus: kind of the valid, layer of the others."""
    with open(os.path.join(SHARED, "corpus", "valid", "manifest.jsonl"), encoding="utf-8") as f:
        for row in map(json.loads, filter(str.strip, f)):
            yield os.path.join(SHARED, "corpus", "valid", row["file"]), row["kind"], None
    for side in sorted(glob.glob(os.path.join(SHARED, "corpus", "invalid", "*.json"))):
        with open(side, encoding="utf-8") as f:
            yield side[:-len("json")] + "xml", None, json.load(f)["layer"]


@needs_shared
def test_the_normative_set_judges_the_whole_corpus_as_the_corpus_says():
    """In the format that scripts read: a line per file when valid, a line per finding when not."""
    said, files = {}, list(cases())
    code, out, err = validate("--rules", "uit", "--schemas", published("*1.0.9_20251215*normatie*.zip"),
                              *[f[0] for f in files])
    assert code == 1 and err == ""
    for line in out.splitlines():
        found = LINE.fullmatch(line)
        assert found, line
        said.setdefault(found["file"], []).append(found)
    wrong, judged = [], {"valid": 0, "schema": 0, "earlier": 0}
    for path, kind, layer in files:
        verdict = said.pop(path)
        layers = {v["layer"] for v in verdict}
        if layer is None:
            judged["valid"] += 1
            good = [v["kind"] for v in verdict] == [kind]
        elif layer == "schema":  # a flood of nodes is met before any schema
            judged["schema"] += 1
            good = layers == {"schema"} or "sec-33-error-flood" in path and layers == {"security"}
        elif layer in ("well-formed", "security"):
            judged["earlier"] += 1
            # the normative set has the type that this one borrows; the resolved sets have not
            good = layers <= {"well-formed", "security", "schema"} or "sec-37-xsi-type-ext" in path
        else:
            good = layers in ({None}, {"schema"})  # what only rules or the register see
        if not good:
            wrong.append((os.path.basename(path), layer or kind, [v.group() for v in verdict][:2]))
    assert not wrong and not said, wrong
    assert judged["valid"] >= 200 and judged["schema"] >= 60 and judged["earlier"] >= 40, judged


def test_validate_needs_no_configuration_and_ends_with_2_when_nothing_was_judged(tmp_path):
    mine = tmp_path / "jr.xml"
    mine.write_bytes(messages.render("notificatiejr-opgelegd", zender="00000002003214436001",
                                     ontvanger="00000099000000000002"))
    broken = tmp_path / "stuk.xml"
    broken.write_text("<a>")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}  # no daemon, no database, no file of ours

    def run(*words):
        r = subprocess.run([CORVCTL, "validate", *words], capture_output=True, text=True, env=env,
                           cwd=tmp_path, timeout=120, check=False)
        return r.returncode, r.stdout

    assert run("--rules", "uit", str(mine)) == (0, "%s: valid notificatiejrDi01\n" % mine)
    code, out = run(str(broken))
    assert code == 1 and LINE.fullmatch(out.splitlines()[0])["layer"] == "well-formed"
    assert run(str(broken), str(tmp_path / "weg.xml"))[0] == 2  # the worst counts
    for words in ((), ("--nee", str(broken)), ("--schemas",)):
        assert run(*words) == (2, ""), words


def test_old_archives_with_odd_names_are_read(tmp_path):
    """Names in code page 437, folders in folders, a file that is not wanted."""
    odd = tmp_path / "odd.zip"
    info = zipfile.ZipInfo("schema's/\u00e9\u00e9n_msg_.xsd".encode("cp437").decode("cp437"))
    info.flag_bits = 0
    xs = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>%s</xs:schema>"
    with zipfile.ZipFile(odd, "w") as z:
        z.writestr(info, xs % "<xs:include schemaLocation='a%20b.xsd'/><xs:element name='x' type='t'/>")
        z.writestr("schema's/a b.xsd", xs % "<xs:simpleType name='t'>"
                   "<xs:restriction base='xs:string'/></xs:simpleType>")
        z.writestr("a/b/c/d.pdf", "x")
    said = ctl(tmp_path / "s", "schemas", "import", str(odd), code=1).stderr
    assert "geen schema's van berichten" in said
