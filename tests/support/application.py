# SPDX-License-Identifier: EUPL-1.2
"""An application behind the adapter dai: takes SOAP posts and answers what it is told."""
import http.server
import re
import ssl
import threading

STUF = "http://www.egem.nl/StUF/StUF0301"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def stuf(name, crossref, body="", zender="Applicatie"):
    return ('<StUF:%sBericht xmlns:StUF="%s"><StUF:stuurgegevens><StUF:berichtcode>%s</StUF:berichtcode>'
            "<StUF:zender><StUF:applicatie>%s</StUF:applicatie></StUF:zender>"
            "<StUF:ontvanger><StUF:applicatie>corvd</StUF:applicatie></StUF:ontvanger>"
            "<StUF:referentienummer>app-1</StUF:referentienummer>"
            "<StUF:tijdstipBericht>20261122101112</StUF:tijdstipBericht>"
            "<StUF:crossRefnummer>%s</StUF:crossRefnummer></StUF:stuurgegevens>%s</StUF:%sBericht>"
            % (name, STUF, name, zender, crossref, body, name))


def fo03(code, plek, crossref=""):
    return stuf("Fo03", crossref, "<StUF:body><StUF:code>%s</StUF:code><StUF:plek>%s</StUF:plek>"
                "<StUF:omschrijving>nee</StUF:omschrijving></StUF:body>" % (code, plek))


def envelope(content):
    return '<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (SOAP, content)


def fault(content=""):
    return envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>nee</faultstring>"
                    "<detail>%s</detail></s:Fault>" % content)


def reference(body):
    found = re.search(rb"referentienummer>([^<]*)<", body)
    return found.group(1).decode() if found else ""


class Application:
    """tls: None, "one-way" or "two-way". answer(request) gives (status, text); it may be replaced."""

    def __init__(self, pki, tls=None, name="server"):
        self.requests = []
        self.answer = self.bv03
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = {"path": self.path, "headers": dict(self.headers.items()), "body": body}
                with outer.lock:
                    outer.requests.append(request)
                status, text = outer.answer(request)
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pki.cert(name), pki.key(name))
            if tls == "two-way":
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(pki.ca)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://localhost:%d/dai" % ("https" if tls else "http", self.server.server_port)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    @staticmethod
    def bv03(request):
        return 200, envelope(stuf("Bv03", reference(request["body"])))

    def about(self, message_id):
        with self.lock:
            return [r for r in self.requests if r["headers"].get("X-Corv-Message") == message_id]

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
