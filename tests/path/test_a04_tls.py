# SPDX-License-Identifier: EUPL-1.2
"""Who may come in: mutual TLS with a certificate that is known, valid, not revoked and ours."""
import http.client
import socket
import ssl

import harness
import pytest

NO = (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)


def refused(world, context):
    """The handshake fails, or (TLS 1.3) the first read does; no HTTP answer ever comes."""
    with pytest.raises(NO):
        with socket.create_connection(("localhost", world.port), timeout=30) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"GET /v1/messages HTTP/1.1\r\nHost: localhost\r\n\r\n")
                said = tls.recv(100)
                if not said:
                    raise ConnectionError("closed")


def test_without_a_certificate(world):
    refused(world, world.pki.context(None))


@pytest.mark.parametrize("name", ["expired", "revoked", "other-ca"])
def test_bad_certificate(world, name):
    refused(world, world.pki.context(name))


@pytest.mark.parametrize("name", ["unknown-oin", "no-oin"])
def test_good_certificate_of_nobody_we_know(world, name):
    assert world.send(name, world.vto(), status=403).json["code"] == "access.unknown-party"


def test_party_whose_time_is_over(make_world):
    import world as w
    parties = [dict(p) for p in w.PARTIES]
    for p in parties:
        if p["id"] == "gi":
            p["valid_until"] = "2024-12-31"
        if p["id"] == "aice":
            p["valid_from"] = "2999-01-01"
    chain = make_world(parties=parties)
    for name in ("gi", "aice"):
        assert chain.send(name, chain.vto(name), status=403).json["code"] == "access.unknown-party"
    assert chain.send("veilig-thuis", chain.vto()).status == 202


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1])
def test_old_tls(world, version):
    context = world.pki.context("raad")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    refused(world, context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_good_tls(world, version):
    sender = world.daemon.sender("raad")
    sender.context.minimum_version = sender.context.maximum_version = version
    assert sender.post(world.notificatie("almere")).status == 202
    sender.close()


@pytest.mark.parametrize("ciphers", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "NULL"])
def test_weak_cipher(world, ciphers):
    context = world.pki.context("raad")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    refused(world, context)


def test_a_resumed_session_is_still_the_same_party(world):
    """The OIN of a resumed session is that of the session's certificate, never empty or another's."""
    context = world.pki.context("veilig-thuis")
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # python hands the ticket out at once here
    session = None
    for turn in (1, 2):
        body = world.vto("veilig-thuis")
        with socket.create_connection(("localhost", world.port), timeout=60) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
                tls.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            b"Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(body))
                tls.sendall(body)
                assert tls.recv(4096).startswith(b"HTTP/1.1 202 "), "turn %d" % turn
                session = tls.session


def test_plain_http_gets_nothing(world):
    with socket.create_connection(("localhost", world.port), timeout=30) as plain:
        plain.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        try:
            said = plain.recv(1000)
        except ConnectionError:
            said = b""
    assert not said.startswith(b"HTTP/1.1 2") and b"messages" not in said


def test_refused_handshakes_are_counted_and_harm_nobody(world):
    before = world.daemon.metric("tls_refused_total")
    for _ in range(5):
        refused(world, world.pki.context(None))
    harness.poll("counted", lambda: world.daemon.metric("tls_refused_total") >= before + 5)
    assert world.send("veilig-thuis", world.vto()).status == 202
