#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""A partner that receives: HTTPS with a required client certificate, a ledger, and bad days on request.

    partner.py --ca ca.pem --certificate x.pem --key x.key [--port 0] [--ledger FILE]
               [--save DIR] [--control FILE] [--address 127.0.0.1] [--plain]

The first line on stdout is the port. Each message that was read whole gets one JSON line in the
ledger, written and synced before the answer: what is answered 2xx is in the ledger. SIGTERM ends it.

Behaviour is a JSON object, by PUT /_control or in the control file (read again when it changes):
    {"status": 503, "delay_ms": 200, "retry_after": "7", "every": 3, "mode": "normal",
     "body_bytes": 0, "close": false}
  status       the answer; with every=N only each Nth message gets status, mode and delay_ms, the
               others get 200
  mode         normal   answer
               cut      read it, write the ledger, then break the connection (the repeat case)
               reset    break the connection in the middle of the request body
               hang     read it and never answer
               garbage  answer something that is not HTTP
               twice    answer two times, in one piece or with again_ms between
               endless  answer with a body that does not end
  body_bytes   size of the answer's body; close: ask to end the connection
GET /_stats gives {"connections", "resumed", "requests"}; neither is counted as a request.
Test: tests/unit/test_https_adapter.c
"""
import argparse
import hashlib
import http.server
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

CHUNK = 64 * 1024
DEFAULTS = {"status": 200, "delay_ms": 0, "retry_after": "", "every": 0, "mode": "normal",
            "body_bytes": 0, "close": False, "again_ms": 0}
REQUEST_MAX = 64 * 1024 * 1024


class State:
    """What all connections share."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.behaviour = dict(DEFAULTS)
        self.control_seen = None
        self.counts = {"connections": 0, "resumed": 0, "requests": 0}
        self.ledger = open(options.ledger, "ab") if options.ledger else None
        self.stopping = threading.Event()

    def count(self, name):
        with self.lock:
            self.counts[name] += 1
            return self.counts[name]

    def set_behaviour(self, text):
        wanted = json.loads(text)
        unknown = set(wanted) - set(DEFAULTS)
        if unknown:
            raise ValueError("unknown: " + ", ".join(sorted(unknown)))
        with self.lock:
            self.behaviour = {**DEFAULTS, **wanted}

    def read_control_file(self):
        if not self.options.control:
            return
        try:
            stamp = os.stat(self.options.control)
            seen = (stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)
            if seen != self.control_seen:
                with open(self.options.control, encoding="utf-8") as file:
                    self.set_behaviour(file.read() or "{}")
                self.control_seen = seen
        except (OSError, ValueError):
            pass  # half written: it is read again with the next message

    def for_message(self, number):
        self.read_control_file()
        with self.lock:
            now = dict(self.behaviour)
        if now["every"] and number % now["every"] != 0:
            now.update(status=200, mode="normal", delay_ms=0)
        return now

    def note(self, entry):
        if not self.ledger:
            return
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self.lock:
            self.ledger.write(line)
            self.ledger.flush()
            os.fsync(self.ledger.fileno())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "partner"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of an answer in one write
    timeout = 300

    def log_message(self, *_):
        pass

    # ---- reading

    def body_parts(self):
        """The body in pieces; raises ConnectionError when it does not arrive whole."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while True:
                size = int(self.rfile.readline(100).split(b";")[0], 16)
                left = size
                while left:
                    left -= len(part := self.rfile.read(min(left, CHUNK)))
                    if not part:
                        raise ConnectionError
                    yield part
                self.rfile.readline(10)
                if size == 0:
                    return
        left = int(self.headers.get("Content-Length", "0"))
        while left:
            part = self.rfile.read(min(left, CHUNK))
            if not part:
                raise ConnectionError
            left -= len(part)
            yield part

    def break_off(self):
        """A reset instead of a polite end."""
        raw = self.connection
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(raw.detach())  # no TLS goodbye either
        raise ConnectionError

    def client_oin(self):
        if not isinstance(self.connection, ssl.SSLSocket):
            return ""
        certificate = self.connection.getpeercert() or {}
        for part in certificate.get("subject", ()):
            for key, value in part:
                if key == "serialNumber":
                    return value
        return ""

    # ---- the partner's work

    def do_POST(self):
        state = self.server.state
        number = state.count("requests")
        now = state.for_message(number)
        digest = hashlib.sha256()
        size = 0
        save = state.options.save
        part_name = os.path.join(save, f".part-{number}") if save else os.devnull
        with open(part_name, "wb") as file:
            for part in self.body_parts():
                size += len(part)
                if size > REQUEST_MAX:
                    self.break_off()
                if now["mode"] == "reset":
                    self.break_off()
                digest.update(part)
                file.write(part)
        if save:
            os.rename(part_name, os.path.join(save, f"{number}-{digest.hexdigest()[:16]}"))
        broken = now["mode"] in ("cut", "hang", "garbage")
        state.note({
            "seq": number, "time": time.time(), "path": self.path,
            "message": self.headers.get("X-Corv-Message", ""),
            "delivery": self.headers.get("X-Corv-Delivery", ""),
            "attempt": self.headers.get("X-Corv-Attempt", ""),
            "kind": self.headers.get("X-Corv-Kind", ""),
            "repeat": self.headers.get("X-Corv-Repeat", ""),
            "content_type": self.headers.get("Content-Type", ""),
            "expect": self.headers.get("Expect", ""),
            "sha256": digest.hexdigest(), "size": size,
            "status": 0 if broken else now["status"], "oin": self.client_oin(),
            "connection": self.number, "resumed": self.resumed,
        })
        if now["delay_ms"]:
            state.stopping.wait(now["delay_ms"] / 1000)
        self.answer_message(now)

    def answer_message(self, now):
        mode = now["mode"]
        if mode == "cut":
            self.break_off()
        if mode == "hang":
            self.server.state.stopping.wait(self.timeout)
            self.break_off()
        if mode == "garbage":
            self.wfile.write(b"dit is geen HTTP\r\n\r\n" * 4)
            self.wfile.flush()
            self.close_connection = True
            return
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if mode == "twice":
            self.answer(now["status"], headers, b"ontvangen\n", flush=now["again_ms"] > 0)
            self.server.state.stopping.wait(now["again_ms"] / 1000)
        if now["retry_after"]:
            headers["Retry-After"] = str(now["retry_after"])
        if 300 <= now["status"] < 400:
            headers["Location"] = "/elders"
        if now["close"]:
            headers["Connection"] = "close"
        if mode == "endless":
            self.answer(now["status"], headers, None)
            while not self.server.state.stopping.is_set():
                self.wfile.write(b"x" * CHUNK)
        body = b"o" * now["body_bytes"] if now["body_bytes"] else b"ontvangen\n"
        self.answer(now["status"], headers, body)

    def answer(self, status, headers, body, flush=True):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body is None:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)
        if flush:
            self.wfile.flush()

    # ---- the test's work

    def do_PUT(self):
        if self.path != "/_control":
            self.answer(404, {}, b"")
            return
        try:
            self.server.state.set_behaviour(b"".join(self.body_parts()))
            self.answer(200, {}, b"")
        except ValueError as error:
            self.answer(400, {}, str(error).encode())

    def do_GET(self):
        if self.path != "/_stats":
            self.answer(404, {}, b"")
            return
        with self.server.state.lock:
            counts = dict(self.server.state.counts)
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(counts).encode())

    # ---- the connection: the handshake is done here, in the connection's own thread

    def setup(self):
        state = self.server.state
        if self.server.tls:
            self.request.settimeout(30)
            self.request = self.server.tls.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False)
            try:
                self.request.do_handshake()
            except OSError:
                linger(self.request)
                raise
        self.number = state.count("connections")
        self.resumed = bool(self.server.tls and self.request.session_reused)
        if self.resumed:
            state.count("resumed")
        super().setup()

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass


def linger(connection):
    """Reads what is still coming before the close: else the reset overtakes the alert that says why
    the handshake failed, and the client sees nothing but a broken line."""
    with socket.socket(fileno=os.dup(connection.fileno())) as raw:
        try:
            raw.settimeout(2)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    allow_reuse_address = True

    def __init__(self, options):
        self.state = State(options)
        self.tls = None
        if not options.plain:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
            self.tls.load_cert_chain(options.certificate, options.key)
            self.tls.load_verify_locations(options.ca)
            self.tls.verify_mode = ssl.CERT_REQUIRED
            if options.ciphers:
                self.tls.maximum_version = ssl.TLSVersion.TLSv1_2
                self.tls.set_ciphers(options.ciphers)
        super().__init__((options.address, options.port), Handler)

    def server_bind(self):
        socket_server_bind = super(http.server.HTTPServer, self).server_bind
        socket_server_bind()  # without looking up our own name
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        pass  # a client that leaves or is not let in

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass


def main():
    parser = argparse.ArgumentParser(description="a partner that receives, for tests")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    for name in ("ca", "certificate", "key", "ledger", "save", "control"):
        parser.add_argument("--" + name)
    parser.add_argument("--plain", action="store_true", help="http without TLS")
    parser.add_argument("--ciphers", help="TLS 1.2 with these only")
    options = parser.parse_args()
    if not options.plain and not (options.ca and options.certificate and options.key):
        parser.error("--ca, --certificate and --key are needed, or --plain")
    if options.save:
        os.makedirs(options.save, exist_ok=True)
    server = Server(options)

    def stop(*_):
        server.state.stopping.set()
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(server.server_port, flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
