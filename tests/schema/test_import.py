# SPDX-License-Identifier: EUPL-1.2
"""corvctl schemas and reference, with the published files: what people and scripts see."""
import glob
import json
import os
import subprocess
import tempfile
import zipfile

import pytest

CORVCTL = os.environ.get("CORV_CTL", "build/corvctl")
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
