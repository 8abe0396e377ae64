# SPDX-License-Identifier: EUPL-1.2
"""A party that floods us gets no more than its share; another one is let in meanwhile. The
database is made to stand still, so that what is under way stays under way."""
import os
import signal
import threading

import harness
from harness import poll


def in_the_background(w, party, body, answers):
    def run():
        answers.append(w.daemon.post(party, body))
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_flood_of_one_party_leaves_room_for_the_others(make_world):
    w = make_world(limits={"pipeline_per_party": 2})
    answers, threads = [], []
    backends = harness.children(w.daemon.postmaster())
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        for n in range(2):
            threads.append(in_the_background(w, "veilig-thuis", w.vto(referentie="V%d" % n), answers))
        poll("two are under way", lambda: w.daemon.metric("intake_now") == 2)
        over = w.daemon.post("veilig-thuis", w.vto(referentie="V3"))
        assert over.status == 503 and over.json["code"] == "receive.share", over
        assert over.headers["retry-after"] == "5"
        threads.append(in_the_background(w, "gi", w.vto(sender="gi", referentie="G1"), answers))
        poll("the other one is under way too", lambda: w.daemon.metric("intake_now") == 3)
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
        for thread in threads:
            thread.join(60)
    assert sorted(a.status for a in answers) == [202, 202, 202]
    assert w.daemon.post("veilig-thuis", w.vto(referentie="V3")).status == 202
