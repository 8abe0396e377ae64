#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The load generator against the sink: every message sent is counted on both ends, also when a
connection is closed after each answer, and stands in the book of both. Otherwise the bench measures
itself."""
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

from harness import free_port  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOAD, SINK = sys.argv[1:3]
LINE = struct.Struct("=qqqHHI")  # ledger.h


def wait_for(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    sys.exit("the sink does not listen")


def send(port, files, *args):
    run = subprocess.run([LOAD, port, *files, *args], capture_output=True, text=True, check=False)
    print(run.stdout, run.stderr)
    said = json.loads(run.stdout)
    assert run.returncode == 0, run.returncode
    assert said["accepted"] == said["answered"] == int(args[2]), said
    assert said["broken"] == said["refused"] == said["busy"] == 0, said
    assert 0 < said["p50_us"] <= said["p99_us"] <= said["max_us"], said
    return said


class Curt(threading.Thread):
    """A server that answers each request with 200, says that it goes, and is gone at once."""

    def __init__(self, cert, key, ca, count):
        super().__init__(daemon=True)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
        self.context.load_cert_chain(cert, key)
        self.listening, self.count = socket.create_server(("127.0.0.1", 0)), count
        self.port = self.listening.getsockname()[1]

    def run(self):
        for _ in range(self.count):
            plain = self.listening.accept()[0]
            with self.context.wrap_socket(plain, server_side=True) as tls:
                got = b""
                while not got.endswith(b"</x>"):
                    got += tls.recv(65536)
                tls.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")


def judge(lines):
    """Both ends wrote of the same messages, in the right order of time."""
    for number, (sent, yes, got, status, unmarked, times) in enumerate(lines):
        if 700 <= number < 720:
            assert 0 < sent < yes and status == 200, lines[number]
        elif 100 <= number < 650:
            assert 0 < sent < got < yes and status == 200 and times == 1 and unmarked == 0, lines[number]
        else:
            assert not sent and not yes and not got and not times, number


def main():
    with tempfile.TemporaryDirectory() as top:
        subprocess.run(["sh", TOP + "/tests/support/pki.sh", top, "a=00000099000000000001"], check=True,
                       capture_output=True)
        message, book = os.path.join(top, "m.xml"), os.path.join(top, "book")
        with open(message, "w", encoding="utf-8") as f:
            f.write("<x>%REFERENTIE%" + "y" * 100000 + "</x>")
        with open(book, "wb") as f:
            f.truncate(1000 * LINE.size)
        port = str(free_port())
        files = [top + "/" + f for f in ("a.pem", "a.key", "ca.pem")]
        sink = subprocess.Popen([SINK, port, *files, book, "3", "1"], stdout=subprocess.PIPE, text=True)
        try:
            wait_for(int(port))
            send(port, files, message, "7", "500", "30", "T", book, "100")
            said = send(port, files, message, "7", "50", "30", "T", book, "600", "200")
            assert said["seconds"] > 49 / 200, said  # not faster than offered
            curt = Curt(*files, 20)
            curt.start()
            send(str(curt.port), files, message, "1", "20", "30", "T", book, "700")
            with open(book, "rb") as f:
                judge(list(LINE.iter_unpack(f.read())))
        finally:
            sink.terminate()
            counted = sink.communicate(timeout=20)[0]
        assert counted.strip() == "550", counted
        assert sink.returncode == 0, sink.returncode


if __name__ == "__main__":
    main()
