# SPDX-License-Identifier: EUPL-1.2
"""A party that floods us gets no more than its share; another one is let in meanwhile. The
database is made to stand still, so that what is under way stays under way."""
import contextlib
import os
import signal
import socket
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


def test_large_messages_of_one_party_leave_memory_for_the_others(make_world):
    w = make_world(limits={"body_bytes": 2 << 20, "total_body_bytes": 2 << 20})
    answers, threads = [], []
    backends = harness.children(w.daemon.postmaster())
    large = w.vto(referentie="V1")
    large = large.rstrip() + b" " * (1100000 - len(large))
    for pid in backends:
        os.kill(pid, signal.SIGSTOP)
    try:
        threads.append(in_the_background(w, "veilig-thuis", large, answers))
        poll("it is under way", lambda: w.daemon.metric("intake_now") == 1)
        over = w.daemon.post("veilig-thuis", w.vto(referentie="V2"))
        assert over.status == 503 and over.json["code"] == "receive.share", over
        threads.append(in_the_background(w, "gi", w.vto(sender="gi", referentie="G1"), answers))
        poll("the other one is under way too", lambda: w.daemon.metric("intake_now") == 2)
    finally:
        for pid in backends:
            os.kill(pid, signal.SIGCONT)
        for thread in threads:
            thread.join(60)
    assert sorted(a.status for a in answers) == [202, 202]
    assert w.daemon.post("veilig-thuis", w.vto(referentie="V2")).status == 202


def slow(w, stack, announced, sent):
    """A message of veilig-thuis that begins and does not go on; the connection."""
    plain = stack.enter_context(socket.create_connection(("localhost", w.port), timeout=60))
    tls = stack.enter_context(w.pki.context("veilig-thuis").wrap_socket(plain, server_hostname="localhost"))
    tls.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
                b"Content-Length: %d\r\n\r\n" % announced + b" " * sent)
    return tls


def test_slow_large_messages_of_one_party_leave_room_for_the_others(make_world):
    w = make_world(limits={"body_bytes": 2 << 20, "total_body_bytes": 2 << 20})
    with contextlib.ExitStack() as stack:
        first = slow(w, stack, 900000, 800000)
        second = slow(w, stack, 900000, 800000)
        assert second.recv(4096).startswith(b"HTTP/1.1 503 ")
        assert w.daemon.post("gi", b" " * 900000).status == 400  # no message at all, but it was read
        first.sendall(b" " * 100000)
        assert first.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_slow_messages_of_one_party_leave_connections_for_the_others(make_world):
    w = make_world(limits={"connections": 8})
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            slow(w, stack, 1000, 10)
        fifth = slow(w, stack, 1000, 10)
        assert fifth.recv(4096).startswith(b"HTTP/1.1 503 ")
        assert w.daemon.post("gi", w.vto(sender="gi")).status == 202


def test_content_read_back_counts_as_large_as_it_is(make_world):
    """In the database it is packed; in memory, where there is a bound on it, it is not."""
    w = make_world()
    almere = w.partners["almere"]
    almere.stop()
    size = 200000
    body = w.notificatie("almere").rstrip()
    waits = w.send("raad", body + b" " * (size - len(body))).id
    poll("it failed once", lambda: "delivery.later" in w.audit(waits))
    poll("nothing of it is in memory", lambda: w.daemon.metric("lanes_memory_bytes") == 0)
    assert int(w.daemon.sql("SELECT max(octet_length(sealed)) FROM corv.payload")[0][0]) < size / 10
    almere.start()
    almere.behave(mode="hang")
    poll("it is held while the partner thinks", lambda: w.daemon.metric("lanes_memory_bytes") == size)
    almere.behave()
    w.settled(waits, 1)
    assert w.daemon.metric("lanes_memory_bytes") == 0
