# SPDX-License-Identifier: EUPL-1.2
"""What belongs together: a VTO, its Bv01 and the notificaties about its case, each shown with the others,
and a notificatie about a case that never came by here, which is delivered like any other."""
import hashlib

import messages
import pytest
from application import stuf
from test_c02_canary import clean


def related(w, id_, verb="show"):
    return [(r["id"], r["by"]) for r in w.daemon.ctl("message", verb, id_)["related"]]


def bv01(w, vto, ontvanger=None):
    text = stuf("Bv01", messages.reference_of(vto), zender="Raad")
    text = text.replace("<StUF:zender>", "<StUF:zender><StUF:organisatie>%s</StUF:organisatie>" % w.by_id["raad"]["oin"])
    if ontvanger:
        text = text.replace("<StUF:ontvanger>", "<StUF:ontvanger><StUF:organisatie>%s</StUF:organisatie>"
                            % w.by_id[ontvanger]["oin"])
    return w.send("raad", text.replace("app-1", messages.reference()).encode()).id


@pytest.fixture(scope="module", name="w")
def fixture_w(world):
    """One case from beginning to end, and the same number at another filer."""
    vto = world.vto("veilig-thuis", zaak="KanarieZaak-17")
    world.filed = world.send("veilig-thuis", vto).id
    world.alike = world.send("gi", world.vto("gi", zaak="KanarieZaak-17")).id
    world.settled(world.filed, 2)
    world.receipt = bv01(world, vto, "veilig-thuis")
    world.unnamed = bv01(world, vto)
    world.news = world.send("raad", world.notificatie("veilig-thuis", zaak=" KanarieZaak-17 ")).id
    return world


@pytest.mark.parametrize("verb", ["show", "trace"])
def test_each_is_shown_with_the_others(w, verb):
    assert related(w, w.filed, verb) == [
        (w.receipt, "answered-by"), (w.unnamed, "answered-by"), (w.news, "case")]
    for receipt in (w.receipt, w.unnamed):
        assert related(w, receipt, verb) == [(w.filed, "answers")]
    assert related(w, w.news, verb) == [(w.filed, "case")]
    assert related(w, w.alike, verb) == []


def test_people_read_numbers_of_messages_only(w):
    for verb in ("show", "trace"):
        said = w.daemon.ctl("message", verb, w.filed, data=False).stdout
        for word, id_ in (("Beantwoord", w.receipt), ("Zelfde zaak", w.news)):
            assert any(line.startswith(word) and id_ in line for line in said.splitlines()), said
        said = w.daemon.ctl("message", verb, w.receipt, data=False).stdout
        assert "Antwoord op" in said and w.filed in said
        clean(said, verb)


def test_an_unknown_case_is_delivered_and_counted(w):
    before = w.daemon.metric("messages_without_case_total")
    filed_elsewhere = w.send("raad", w.notificatie("veilig-thuis", zaak="KanarieZaak-18")).id
    of_another = w.send("raad", w.notificatie("lelystad", zaak="KanarieZaak-17")).id
    ambtshalve = w.send("raad", w.render("notificatie-ambtshalve-gestart", "raad", "lelystad")).id
    for id_ in (filed_elsewhere, of_another, ambtshalve):
        w.settled(id_, 1)
    assert "message.case-unknown" in w.audit(filed_elsewhere) and "message.case-unknown" in w.audit(of_another)
    for id_ in (ambtshalve, w.filed, w.news, w.receipt):
        assert "message.case-unknown" not in w.audit(id_)
    assert w.daemon.metric("messages_without_case_total") == before + 2
    assert "verzoek hier niet bekend" in w.daemon.ctl("message", "trace", of_another, data=False).stdout
    cases = [c for c in w.daemon.ctl("status", code=None)["checks"] if c["name"] == "cases"]
    assert len(cases) == 1 and cases[0]["state"] == "ok" and cases[0]["text"].startswith("%d " % (before + 2))
    assert w.audit_ok()


def test_the_number_is_nowhere_and_cannot_be_tried(w):
    keys = [r[0] for r in w.daemon.sql("SELECT zaak_key FROM corv.message WHERE zaak_key IS NOT NULL")]
    assert len(keys) >= 3 and len(set(keys)) < len(keys) and all(len(k) == 64 for k in keys)
    oin = w.by_id["veilig-thuis"]["oin"]
    for guess in ("KanarieZaak-17", oin + "KanarieZaak-17", oin + "|KanarieZaak-17"):
        assert hashlib.sha256(guess.encode()).hexdigest() not in keys
    for table in ("message", "audit", "dedup", "delivery_done"):
        clean("\n".join("|".join(r) for r in w.daemon.sql("SELECT t::text FROM corv.%s t" % table)), table)
    clean(w.daemon.log(), "the log")
    clean(w.daemon.admin("/metrics").body, "the metrics")
