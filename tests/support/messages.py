# SPDX-License-Identifier: EUPL-1.2
"""Fills in the message templates of tests/support/messages. Standard library only.

    messages.py NAME [FIELD=VALUE ...]    prints one message
"""
import os
import re
import sys
import time
import uuid

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages")

# OINs of the fictional parties of tests/support/flevoland.yaml.in.
DEFAULTS = {
    "ZENDER": "00000099999002001000",
    "ONTVANGER": "00000002003214436001",
    "ZAAK": "TEST-ZAAK-2026-0001",
    "ZAAK_RAAD": "TEST-RAAD-2026-0001",
    "WOONPLAATS": "Lelystad",
    "VERZOEKER": "Veilig Thuis Flevoland (TEST)",
}


def names():
    return sorted(f[:-4] for f in os.listdir(FOLDER) if f.endswith(".xml"))


def reference():
    return "TEST-" + uuid.uuid4().hex[:24]


def render(name, **fields):
    """The bytes of a message. Fields are given in lower case: render("vto", woonplaats="Urk")."""
    with open(os.path.join(FOLDER, name + ".xml"), encoding="utf-8", newline="") as f:
        text = f.read()
    values = dict(DEFAULTS)
    values["REFERENTIE"] = reference()
    values["TIJDSTIP"] = time.strftime("%Y%m%d%H%M%S")
    values.update({k.upper(): v for k, v in fields.items()})

    def fill(place):
        if place.group(1) not in values:
            raise ValueError("%s.xml: nothing given for %s" % (name, place.group()))
        return escape(values[place.group(1)])
    return re.sub(r"@([A-Z_]+)@", fill, text).encode()


def escape(value):
    return value.replace("&", "&amp;").replace("<", "&lt;")


def reference_of(message):
    found = re.search(rb"referentienummer>([^<]*)<", message)
    return found.group(1).decode() if found else ""


def with_second_child(message, woonplaats):
    """The same VTO about two children; the second one lives in woonplaats."""
    text = message.decode()
    block = re.search(r" *<ZKN:heeftBetrekkingOp .*?</ZKN:heeftBetrekkingOp>\n", text, re.S)
    second = block.group()
    second = re.sub(r"(<BG:wpl.woonplaatsNaam>)[^<]*", lambda m: m.group(1) + escape(woonplaats), second)
    second = second.replace("999120001", bsn(999210000))
    second = second.replace('clientvolgnummer">1<', 'clientvolgnummer">2<')
    text = text[: block.end()] + second + text[block.end() :]
    guardian = '<StUF:extraElement naam="clientvolgnummer">1</StUF:extraElement>\n        <StUF:extraElement naam="indicatie'
    text = text.replace(guardian, guardian.replace(
        '\n', '\n        <StUF:extraElement naam="clientvolgnummer">2</StUF:extraElement>\n', 1))
    return text.encode()


def padded(message, size):
    """The same message made size bytes long with a comment after the root element."""
    missing = size - len(message) - len(b"<!---->\n")
    if missing < 0:
        raise ValueError("the message is longer than that already")
    return message + b"<!--" + b"." * missing + b"-->\n"


def bsn(seed):
    """The first number from seed on that passes the 11-proef."""
    while True:
        d = [int(c) for c in str(seed)]
        if (sum((9 - i) * d[i] for i in range(8)) - d[8]) % 11 == 0:
            return str(seed)
        seed += 1


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in names():
        sys.exit("usage: messages.py NAME [FIELD=VALUE ...]   NAME: " + " ".join(names()))
    sys.stdout.buffer.write(render(sys.argv[1], **dict(a.split("=", 1) for a in sys.argv[2:])))
