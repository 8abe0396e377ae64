# SPDX-License-Identifier: EUPL-1.2
"""An application behind "Digikoppeling adapter intern": in by curl and by python3-zeep with the WSDL we
publish, out to a stub, in all three forms of TLS, and a corvd that dies at the wrong moment."""
import base64
import os
import re
import subprocess

import harness
import messages
import pytest
from application import SOAP, STUF, Application, envelope, fault, fo03, stuf
from harness import poll
from lxml import etree
from world import World

DAI = "http://www.stufstandaarden.nl/koppelvlak/dai0100"
JZ = "http://www.stufstandaarden.nl/koppelvlak/jz0100"
WSA = "http://www.w3.org/2005/08/addressing"
WSDL = os.path.join(harness.TOP, "docs", "dai.wsdl")
NS = {"s": SOAP, "f": STUF, "w": WSA, "d": DAI}


class Chain:
    """veilig-thuis behind plain HTTP, lelystad one-way, gi two-way; each with an application of its own."""

    MODES = {"veilig-thuis": "none", "lelystad": "one-way", "gi": "two-way"}

    def __init__(self, start=True, settings=None, **config):
        self.world = world = World(name="dai", **config)
        self.ports = {id_: harness.free_port() for id_ in self.MODES}
        self.applications = {}
        pki = world.pki
        for id_, mode in self.MODES.items():
            app = self.applications[id_] = Application(pki, None if mode == "none" else mode)
            values = {"listen_port": str(self.ports[id_]), "listen_tls": mode, "tls": mode,
                      **((settings or {}).get(id_, {}))}
            if mode != "none":
                values.update({"listen_certificate": pki.cert("server"), "listen_key": pki.key("server")})
            if mode == "two-way":
                values.update({"listen_client_ca": pki.ca, "listen_client_crl": pki.crl})
            else:
                values.setdefault("sender", id_)
            world.config["adapters"].append(
                {"name": "dai-" + id_, "library": "builtin:dai",
                 "settings": [{"key": k, "value": v} for k, v in values.items() if v is not None]})
            world.by_id[id_]["adapter"], world.by_id[id_]["address"] = "dai-" + id_, app.url
        world.write()
        if start:
            world.start()

    def url(self, id_):
        return "%s://localhost:%d/dai" % ("http" if self.MODES[id_] == "none" else "https", self.ports[id_])

    def curl(self, id_, body, *options, content_type="text/xml; charset=utf-8", cert=None, code=0):
        """A client nobody here wrote. Returns (status, headers, body)."""
        pki = self.world.pki
        command = ["curl", "-sS", "-m", "60", "-D", "-", "-H", "Content-Type: " + content_type,
                   "-H", 'SOAPAction: ""', "-H", "Expect:", "--data-binary", "@-", *options]
        if self.MODES[id_] != "none":
            command += ["--cacert", pki.ca]
        if cert:
            command += ["--cert", pki.cert(cert), "--key", pki.key(cert)]
        run = subprocess.run(command + [self.url(id_)], input=body, capture_output=True, check=False)
        assert (run.returncode == 0) == (code == 0), run.stderr
        if code:
            return None
        head, _, rest = run.stdout.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode().lower(), rest

    def close(self):
        for app in self.applications.values():
            app.close()
        self.world.close()


@pytest.fixture(scope="module")
def chain():
    c = Chain()
    try:
        yield c
    finally:
        c.close()


@pytest.fixture
def make_chain():
    made = []

    def make(**kw):
        made.append(Chain(**kw))
        return made[-1]

    yield make
    for c in made:
        c.close()


def undeclared(message):
    return re.sub(rb"^<\?xml[^>]*\?>\s*", b"", message)


def element(message):
    """The root element alone: what stands around it in a file belongs to no message."""
    return re.sub(rb"^(\s*<!--.*?-->\s*)*", b"", undeclared(message), flags=re.S).rstrip()


def canonical(message):
    return etree.tostring(etree.fromstring(element(message)), method="c14n", with_comments=True)


def wrapped(message, header=b""):
    return (b'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="' + SOAP.encode() + b'">'
            + header + b'<s:Body><d:bericht xmlns:d="' + DAI.encode() + b'">' + undeclared(message)
            + b"</d:bericht></s:Body></s:Envelope>")


def addressed(**fields):
    return (b'<s:Header xmlns:w="' + WSA.encode() + b'">'
            + b"".join(b"<w:%s>%s</w:%s>" % (k.encode(), v.encode(), k.encode()) for k, v in fields.items())
            + b"</s:Header>")


def text_of(root, path):
    found = root.xpath(path, namespaces=NS)
    return found[0].text or "" if found else ""


def bv04(answer, message):
    """The receipt in an answer, read by lxml; returns the number corvd gave."""
    status, _, body = answer
    assert status == 200, body
    root = etree.fromstring(body)
    receipt = root.xpath("/s:Envelope/s:Body/f:Bv04Bericht/f:stuurgegevens", namespaces=NS)
    assert len(receipt) == 1, body
    assert text_of(receipt[0], "f:berichtcode") == "Bv04"
    assert text_of(receipt[0], "f:crossRefnummer") == messages.reference_of(message)
    assert re.fullmatch(r"[0-9]{14}", text_of(receipt[0], "f:tijdstipBericht"))
    return text_of(receipt[0], "f:referentienummer")


def no(answer, code, plek, faultcode):
    """A SOAP fault with a Fo03; returns its text and details."""
    status, head, body = answer
    assert status == 500 and "text/xml" in head, body
    root = etree.fromstring(body)
    detail = root.xpath("/s:Envelope/s:Body/s:Fault/detail/f:Fo03Bericht", namespaces=NS)
    assert len(detail) == 1, body
    assert text_of(root, "/s:Envelope/s:Body/s:Fault/faultcode") == "soap:" + faultcode
    assert text_of(root, "/s:Envelope/s:Body/s:Fault/faultstring")
    assert text_of(detail[0], "f:body/f:code") == code, body
    assert text_of(detail[0], "f:body/f:plek") == plek
    return text_of(detail[0], "f:body/f:omschrijving") + text_of(detail[0], "f:body/f:details")


def at_the_raad(chain, id_):
    return poll("at the Raad", lambda: [e for e in chain.world.partners["raad"].ledger()
                                        if e.message == id_])[0]


# ---- in ----------------------------------------------------------------------------------------


def test_the_configuration_is_good(chain):
    assert "in orde" in chain.world.daemon.ctl("config", "check", data=False).stdout


def test_a_wrapped_message_goes_all_the_way(chain):
    message = chain.world.vto()
    header = addressed(To="urn:dkintern:raad:x:", From="urn:dkintern:vt:y:", MessageID="urn:dkintern:m-1",
                       Action="urn:dkintern:a")
    answer = chain.curl("veilig-thuis", wrapped(message, header))
    id_ = bv04(answer, message)
    assert at_the_raad(chain, id_).body == element(message), "the message is not what it was"
    chain.world.settled(id_, 2)
    assert chain.world.audit(id_)[0] == "message.stored"
    root = etree.fromstring(answer[2])
    assert text_of(root, "//w:RelatesTo") == "urn:dkintern:m-1"
    assert text_of(root, "//w:To") == "urn:dkintern:vt:y:"
    assert text_of(root, "//w:MessageId").startswith("urn:dkintern:" + id_ + "@")
    assert root.xpath("//w:RelatesTo/@relationshipType", namespaces=NS) == []
    again = chain.curl("veilig-thuis", wrapped(message, header))
    assert again[2] == answer[2], "a repeat gets the same answer, byte for byte"
    assert len([e for e in chain.world.partners["raad"].ledger() if e.message == id_]) == 1


@pytest.mark.parametrize("how", ["bare", "soap", "declared-outside"])
def test_other_wrappings(chain, how):
    message = chain.world.vto()
    body = message
    if how == "soap":
        body = envelope(undeclared(message).decode()).encode()
    if how == "declared-outside":  # the namespaces stand on the Envelope only
        tag = re.match(rb"<[^>]*>", element(message)).group()
        declarations = b" ".join(re.findall(rb'xmlns:?\w*="[^"]*"', tag))
        inner = element(message).replace(tag, re.sub(rb'\s*xmlns:?\w*="[^"]*"', b"", tag), 1)
        body = (b'<s:Envelope xmlns:s="' + SOAP.encode() + b'" ' + declarations + b"><s:Body>" + inner
                + b"</s:Body></s:Envelope>")
    id_ = bv04(chain.curl("veilig-thuis", body), message)
    got = at_the_raad(chain, id_).body
    if how == "bare":
        assert got == message
    else:
        assert canonical(got) == canonical(message)


def test_attachments_beside_the_message(chain):
    """MTOM: the attachment travels as bytes and comes out as the base64 it stands for."""
    message = chain.world.vto()
    found = re.search(rb"(<ZKN:inhoud[^>]*>)([^<]*)(</ZKN:inhoud>)", message)
    data = base64.b64decode(found.group(2))
    include = b'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:bijlage@x"/>'
    soap = wrapped(message[:found.start(2)] + include + message[found.end(2):])
    package = (b"--grens\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\n"
               b"Content-ID: <begin@x>\r\n\r\n" + soap + b"\r\n--grens\r\nContent-Type: application/pdf\r\n"
               b"Content-Transfer-Encoding: binary\r\nContent-ID: <bijlage@x>\r\n\r\n" + data
               + b"\r\n--grens--\r\n")
    kind = 'multipart/related; boundary=grens; type="application/xop+xml"; start="<begin@x>"; start-info="text/xml"'
    id_ = bv04(chain.curl("veilig-thuis", package, content_type=kind), message)
    expected = element(message).replace(found.group(2), base64.b64encode(data))
    assert at_the_raad(chain, id_).body == expected
    no(chain.curl("veilig-thuis", package.replace(b"<bijlage@x>", b"<weg@x>"), content_type=kind),
       "StUF059", "client", "Client")


def test_zeep_with_our_wsdl(chain):
    """python3-zeep is an independent SOAP client: it must get along with the WSDL we publish."""
    import zeep
    client = zeep.Client(WSDL, service_name="corvd", port_name="Dai")
    service = client.create_service("{%s}Dai" % DAI, chain.url("veilig-thuis"))
    message = chain.world.vto()
    answer = service.addressing(etree.fromstring(message))
    texts = [e.text for part in answer for e in part.iter("{%s}crossRefnummer" % STUF)]
    assert texts == [messages.reference_of(message)]
    number = [e.text for part in answer for e in part.iter("{%s}referentienummer" % STUF)][0]
    got = at_the_raad(chain, number).body
    assert canonical(got) == canonical(message)
    with pytest.raises(zeep.exceptions.Fault) as failed:
        service.addressing(etree.fromstring(chain.world.render("vto-met-fouten", "veilig-thuis")))
    assert failed.value.code.endswith("Client")
    assert failed.value.detail.xpath("//f:code", namespaces=NS)[0].text == "StUF055"


def test_zeep_with_the_plain_binding(chain):
    """OntvangAsynchroon: the message itself in the Body, a SOAPAction for each kind."""
    import zeep
    client = zeep.Client(WSDL, service_name="corvd", port_name="OntvangAsynchroon")
    service = client.create_service("{%s}OntvangAsynchroon" % DAI, chain.url("veilig-thuis"))
    message = etree.fromstring(chain.world.vto())
    answer = service.vtoDi01(list(message), **dict(message.attrib))
    assert "Bv04" in [e.text for part in answer for e in part.iter("{%s}berichtcode" % STUF)]
    actions = [o.soapaction for o in client.wsdl.bindings["{%s}OntvangAsynchroon" % DAI].all().values()]
    assert "www.stufstandaarden.nl/koppelvlak/jz0100/vtoDi01" in actions
    assert len(actions) == len(set(actions)) == 15


def test_the_same_reference_with_other_content(chain):
    reference = messages.reference()
    first = chain.world.vto(referentie=reference)
    bv04(chain.curl("veilig-thuis", wrapped(first)), first)
    other = chain.world.vto(referentie=reference, zaak="TEST-ANDERS-3")
    no(chain.curl("veilig-thuis", wrapped(other)), "StUF016", "client", "Client")


def test_a_refusal_tells_all_and_quotes_nothing(chain):
    said = no(chain.curl("veilig-thuis", wrapped(chain.world.render("vto-met-fouten", "veilig-thuis"))),
              "StUF055", "client", "Client")
    assert "schema." in said and "actie: " in said
    for value in ("99912000", "8299 ZZ", "gesag", "Proefkonijn"):
        assert value not in said
    count = chain.world.daemon.sql("SELECT count(*) FROM corv.audit WHERE event = 'message.refused'")
    assert int(count[0][0]) >= 1


def test_an_endpoint_speaks_for_its_own_party(chain):
    no(chain.curl("veilig-thuis", wrapped(chain.world.vto("gi"))), "StUF058", "server", "Server")


@pytest.mark.parametrize("body, code", [
    (b"hallo", "StUF059"),
    (b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "StUF059"),
    (b"<a><b></a>", "StUF059"),
    (wrapped(b"<a/><b/>"), "StUF059"),
    (wrapped(b"<onbekend xmlns='urn:x'/>"), "StUF059"),
    (wrapped(b"<a/>", b"<s:Header><x:y xmlns:x='u' s:mustUnderstand='1'/></s:Header>"), "StUF059"),
    (wrapped(b"<a>" * 300 + b"</a>" * 300), "StUF059"),
    (b"", "StUF059"),
])
def test_what_is_no_good_message(chain, body, code):
    answer = chain.curl("veilig-thuis", body)
    kind = "MustUnderstand" if b"mustUnderstand" in body else "Client"
    no(answer, code, "client", kind)
    assert b"root:" not in answer[2]


def test_soap_of_another_version(chain):
    body = b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>"
    no(chain.curl("veilig-thuis", body), "StUF059", "client", "VersionMismatch")


def test_another_path_method_and_type(chain):
    url = chain.url("veilig-thuis")

    def status(*options):
        return subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *options],
                              capture_output=True, text=True, check=True).stdout
    assert status(url.replace("/dai", "/")) == "404"
    assert status(url) == "405"
    assert status("-H", "Content-Type: application/json", "-d", "{}", url) == "415"
    assert status("-H", "Content-Type: text/xml", "-H", "Content-Encoding: gzip", "-d", "x", url) == "415"


def test_another_charset(chain):
    no(chain.curl("veilig-thuis", wrapped(chain.world.vto()), content_type="text/xml; charset=iso-8859-1"),
       "StUF059", "client", "Client")


# ---- in: TLS -----------------------------------------------------------------------------------


def test_one_way_tls(chain):
    """Nobody is asked for a certificate; the endpoint's setting says who sends."""
    message = chain.world.render("notificatie-intake-afgerond", "lelystad", "almere")
    no(chain.curl("lelystad", wrapped(message)), "StUF058", "server", "Server")  # not theirs to send
    plain = subprocess.run(["curl", "-sS", "-d", "x", chain.url("lelystad").replace("https", "http")],
                           capture_output=True, check=False)
    assert plain.returncode != 0


def test_two_way_tls(chain):
    message = chain.world.vto("gi")
    bv04(chain.curl("gi", wrapped(message), cert="gi"), message)
    assert chain.curl("gi", wrapped(message), code=1) is None
    for bad in ("expired", "revoked", "other-ca"):
        assert chain.curl("gi", wrapped(message), cert=bad, code=1) is None
    for nobody in ("unknown-oin", "no-oin"):
        no(chain.curl("gi", wrapped(chain.world.vto("gi")), cert=nobody), "StUF058", "server", "Server")
    # a certificate of another party does not speak for this one
    no(chain.curl("gi", wrapped(chain.world.vto("gi")), cert="veilig-thuis"), "StUF058", "server", "Server")


def test_a_reload_gives_the_listener_its_new_certificate(make_chain):
    c = make_chain()
    message = c.world.vto("gi")
    bv04(c.curl("gi", wrapped(message), cert="gi"), message)

    def reload(name, code):
        for a in c.world.config["adapters"]:
            for s in a.get("settings", []):
                if a["name"] == "dai-gi" and s["key"] in ("listen_certificate", "listen_key"):
                    s["value"] = (c.world.pki.cert if s["key"] == "listen_certificate" else c.world.pki.key)(name)
        c.world.write()
        return c.world.daemon.ctl("reload", code=code)
    reload("other-ca", 0)
    assert c.curl("gi", wrapped(message), cert="gi", code=1) is None  # curl does not trust that one
    reload("expired", 1)  # refused: the one before stays
    assert c.curl("gi", wrapped(message), cert="gi", code=1) is None
    reload("server", 0)
    bv04(c.curl("gi", wrapped(message), cert="gi"), message)


# ---- in: trouble -------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["before-commit", "after-commit"])
def test_killed_before_the_answer(make_chain, point):
    """No yes before COMMIT; after it the repeat gets the answer that never came."""
    c = make_chain(start=False)
    c.world.start(CORVD_CRASH_AT=point)
    message = c.world.vto()
    assert c.curl("veilig-thuis", wrapped(message), code=1) is None
    c.world.daemon.ended()
    c.world.daemon.start()
    stored = int(c.world.daemon.sql("SELECT count(*) FROM corv.message WHERE parent_id IS NULL")[0][0])
    assert stored == (1 if point == "after-commit" else 0)
    first = c.curl("veilig-thuis", wrapped(message))
    id_ = bv04(first, message)
    assert c.curl("veilig-thuis", wrapped(message))[2] == first[2]
    c.world.settled(id_, 2)
    assert {e.message for e in c.world.partners["raad"].ledger()} == {id_}
    assert c.world.audit_ok()


def test_a_database_that_is_away(make_chain):
    c = make_chain()
    c.world.daemon.end_postgres()
    seen = []

    def answered():
        message = c.world.vto()
        answer = c.curl("veilig-thuis", wrapped(message))
        seen.append(answer[0])
        if answer[0] == 500:
            no(answer, "StUF058", "server", "Server")
            assert "retry-after" in answer[1]
            return False
        return bv04(answer, message)
    poll("a Bv04 again", answered, 60)
    assert 500 in seen, "it was never away"


# ---- out ---------------------------------------------------------------------------------------


def delivered(chain, party, id_, count=1):
    app = chain.applications[party]
    return poll("at the application", lambda: len(app.about(id_)) >= count and app.about(id_))


@pytest.mark.parametrize("party", list(Chain.MODES))
def test_a_message_comes_wrapped_and_addressed(chain, party):
    message = chain.world.notificatie(party)
    id_ = chain.world.send("raad", message).id
    got = delivered(chain, party, id_)[0]
    chain.world.settled(id_, 1)
    assert chain.world.deliveries(id_)[0]["code"] == "dai.bv03"
    assert element(message) in got["body"], "the message is not what it was"
    assert got["headers"]["SOAPAction"] == '""'
    assert got["headers"]["Content-Type"].startswith("text/xml")
    root = etree.fromstring(got["body"])
    inside = root.xpath("/s:Envelope/s:Body/d:bericht/*", namespaces=NS)
    assert [e.tag for e in inside] == ["{%s}notificatieDi01" % JZ]

    def party_of(role):
        fields = [text_of(inside[0], ".//f:%s/f:%s" % (role, f))
                  for f in ("organisatie", "applicatie", "administratie")]
        return "urn:dkintern:" + ":".join(fields), fields
    sender, fields = party_of("zender")
    assert text_of(root, "//w:From") == sender
    assert text_of(root, "//w:To") == party_of("ontvanger")[0]
    number = "urn:dkintern:%s@%s.%s.%s.dkintern.nl" % (messages.reference_of(message), *fields)
    assert text_of(root, "//w:MessageId") == number
    assert text_of(root, "//w:RelatesTo[@relationshipType='urn:dkintern:ConversationId']") == number
    assert root.xpath("//w:RelatesTo[not(@relationshipType)]", namespaces=NS) == []
    assert text_of(root, "//w:Action") == "urn:dkintern:%s/notificatieDi01" % JZ


@pytest.mark.parametrize("text, code", [
    (lambda r: (200, envelope(stuf("Bv04", ""))), "dai.bv04"),  # a real Bv04 came without one
    (lambda r: (200, "<?xml version='1.0'?>" + stuf("Bv03", messages.reference_of(r["body"]))), "dai.bv03"),
])
def test_other_receipts(chain, text, code):
    app = chain.applications["lelystad"]
    app.answer = text
    try:
        id_ = chain.world.send("raad", chain.world.notificatie("lelystad")).id
        chain.world.settled(id_, 1)
        assert chain.world.deliveries(id_)[0]["code"] == code
    finally:
        app.answer = app.bv03


@pytest.mark.parametrize("answer, code", [
    ((500, fault(fo03("StUF058", "server"))), "fo03.stuf058"),
    ((200, envelope(fo03("StUF055", "server"))), "fo03.stuf055"),
    ((500, fault("")), "dai.fault"),
    ((200, ""), "dai.no-receipt"),
    ((200, "<html>welkom</html>"), "dai.no-receipt"),
    ((200, envelope(stuf("Bv03", "een-ander"))), "dai.other-receipt"),
    ((500, envelope(stuf("Bv03", ""))), "http.500"),  # a yes with a no around it is no yes
    ((503, "weg"), "http.503"),
])
def test_later(chain, answer, code):
    app = chain.applications["gi"]
    app.answer = lambda r: answer
    try:
        id_ = chain.world.send("raad", chain.world.notificatie("gi")).id
        poll("a first try", lambda: any(d["code"] == code for d in chain.world.deliveries(id_)))
    finally:
        app.answer = app.bv03
    chain.world.settled(id_, 1)
    requests = chain.applications["gi"].about(id_)
    assert len(requests) >= 2 and requests[-1]["headers"]["X-Corv-Repeat"] == "true"
    assert requests[0]["body"] == requests[-1]["body"]


def test_a_refusal_becomes_a_fault_for_the_sender(chain):
    app = chain.applications["veilig-thuis"]
    app.answer = lambda r: (500, fault(fo03("StUF055", "client"))) if b"notificatieDi01" in r["body"] \
        else app.bv03(r)
    try:
        message = chain.world.notificatie("veilig-thuis")
        id_ = chain.world.send("raad", message).id
        chain.world.settled(id_, 1, state="dead")
        assert [d["code"] for d in chain.world.deliveries(id_) if d["state"] == "dead"] == ["fo03.stuf055"]
        fo01 = poll("the Fo01 at the Raad", lambda: [e for e in chain.world.partners["raad"].ledger()
                                                     if e.kind == "Fo01Bericht"])[-1]
        assert messages.reference_of(message).encode() in fo01.body
    finally:
        app.answer = app.bv03


def test_a_receipt_of_the_receiver_reaches_the_filer(chain):
    """A Bv01 of the Raad about a VTO that came in over dai goes back to that application."""
    vto = chain.world.vto()
    id_ = bv04(chain.curl("veilig-thuis", wrapped(vto)), vto)
    chain.world.settled(id_, 2)
    root = etree.fromstring(vto)
    own = {f: text_of(root, ".//f:zender/f:" + f) for f in ("organisatie", "applicatie", "administratie")}
    receipt = stuf("Bv01", messages.reference_of(vto), zender="Raad").replace(
        "<StUF:applicatie>corvd</StUF:applicatie>",
        "".join("<StUF:%s>%s</StUF:%s>" % (k, v, k) for k, v in own.items() if v)).replace(
        "<StUF:zender>", "<StUF:zender><StUF:organisatie>%s</StUF:organisatie>"
        % chain.world.by_id["raad"]["oin"]).replace("app-1", messages.reference())
    back = chain.world.send("raad", receipt.encode()).id
    got = delivered(chain, "veilig-thuis", back)[0]
    chain.world.settled(back, 1)
    sent = etree.fromstring(got["body"])
    assert text_of(sent, "/s:Envelope/s:Body/d:bericht/f:Bv01Bericht/f:stuurgegevens/f:crossRefnummer") == \
        messages.reference_of(vto)
    assert text_of(sent, "//w:RelatesTo[not(@relationshipType)]") == "urn:dkintern:%s@%s.%s.%s.dkintern.nl" % (
        messages.reference_of(vto), own["organisatie"], own["applicatie"], own["administratie"])


def an_answer(chain, kind, crossref, sender="raad"):
    """A Bv01 or Fo01 that says nothing of its receiver but a number."""
    body = ("<StUF:body><StUF:code>901</StUF:code><StUF:plek>server</StUF:plek><StUF:omschrijving>nee"
            "</StUF:omschrijving></StUF:body>" if kind == "Fo01" else "")
    text = stuf(kind, crossref, body, zender="Raad").replace(
        "<StUF:zender>", "<StUF:zender><StUF:organisatie>%s</StUF:organisatie>"
        % chain.world.by_id[sender]["oin"]).replace("app-1", messages.reference())
    return chain.world.send(sender, text.encode()).id


@pytest.mark.parametrize("kind", ["Bv01", "Fo01"])
def test_an_answer_finds_the_filer_by_its_crossref(chain, kind):
    vto = chain.world.vto()
    filed = bv04(chain.curl("veilig-thuis", wrapped(vto)), vto)
    chain.world.settled(filed, 2)
    back = an_answer(chain, kind, messages.reference_of(vto))
    delivered(chain, "veilig-thuis", back)
    chain.world.settled(back, 1)
    assert [d["party"] for d in chain.world.deliveries(back)] == ["veilig-thuis"]
    assert {"message.stored", "delivery.correlated", "delivery.confirmed"} <= set(chain.world.audit(back))
    assert chain.world.audit_ok()


@pytest.mark.parametrize("kind, sender, known", [
    ("Bv01", "raad", False),  # a number nobody here used
    ("Fo01", "raad", False),
    ("Bv01", "lelystad", True),  # a number of a message that this party never got
])
def test_an_answer_in_doubt_waits_for_a_person(chain, kind, sender, known):
    """Not refused, and not lost: it waits with a question, and an operator sends it on."""
    vto = chain.world.vto()
    chain.world.settled(bv04(chain.curl("veilig-thuis", wrapped(vto)), vto), 2)
    back = an_answer(chain, kind, messages.reference_of(vto) if known else "onbekend-1", sender)
    chain.world.settled(back, 1, "held")
    assert "route.answer-in-doubt" in str(chain.world.daemon.ctl("message", "show", back))
    assert "delivery.correlated" not in chain.world.audit(back)
    chain.world.daemon.ctl("release", back, "--to", "veilig-thuis", data=False)
    delivered(chain, "veilig-thuis", back)
    chain.world.settled(back, 1)


def test_the_plain_binding_out_and_dropped_dots(make_chain):
    c = make_chain(settings={"gi": {"form": "stuf"}, "lelystad": {"dots": "drop", "service": "urn:s"}})
    message = c.world.notificatie("gi")
    id_ = c.world.send("raad", message).id
    got = delivered(c, "gi", id_)[0]
    c.world.settled(id_, 1)
    assert got["headers"]["SOAPAction"] == '"www.stufstandaarden.nl/koppelvlak/jz0100/notificatieDi01"'
    root = etree.fromstring(got["body"])
    assert [e.tag for e in root.xpath("/s:Envelope/s:Body/*", namespaces=NS)] == ["{%s}notificatieDi01" % JZ]
    assert root.xpath("//s:Header", namespaces=NS) == []
    other = c.world.notificatie("lelystad")
    id_ = c.world.send("raad", other).id
    root = etree.fromstring(delivered(c, "lelystad", id_)[0]["body"])
    administratie = text_of(root, ".//f:zender/f:administratie")
    assert text_of(root, "//w:From").endswith(administratie or text_of(root, ".//f:zender/f:applicatie"))
    assert ".." not in text_of(root, "//w:MessageId")
    assert text_of(root, "//w:Action") == "urn:dkintern:urn:s:%s/notificatieDi01" % JZ


def test_an_application_that_is_not_trusted(make_chain):
    """Its certificate is not of the CA we trust: nothing is sent, and it is for later."""
    c = make_chain(start=False)
    for a in c.world.config["adapters"]:
        if a["name"] == "dai-lelystad":
            a["settings"].append({"key": "ca", "value": c.world.pki.cert("other-ca")})
    c.world.write()
    c.world.start()
    id_ = c.world.send("raad", c.world.notificatie("lelystad")).id
    poll("no trust", lambda: any(d["code"] == "tls.certificate" for d in c.world.deliveries(id_)))
    assert c.applications["lelystad"].about(id_) == []


@pytest.mark.parametrize("settings, words", [
    ({"listen_tls": "two-way", "sender": "veilig-thuis"}, "haal sender weg"),
    ({"sender": None}, "hoort er een sender bij"),
    ({"listen_tls": "half"}, "none, one-way of two-way"),
    ({"path": "dai"}, "path begint met een /"),
    ({"form": "anders"}, "form is dai of stuf"),
    ({"dots": "soms"}, "dots is keep of drop"),
    ({"listen_tls": "one-way"}, "listen_certificate ontbreekt"),
])
def test_settings_that_cannot_be(make_chain, settings, words):
    c = make_chain(start=False, settings={"veilig-thuis": settings})
    run = c.world.daemon.ctl("config", "check", data=False, code=1)
    assert words in re.sub(r"\s+", " ", run.stdout + run.stderr)
