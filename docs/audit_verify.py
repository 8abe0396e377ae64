#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Verifies an export of corvd's audit trail without any of corvd's code.

    corvctl audit export spoor.jsonl
    python3 audit_verify.py spoor.jsonl [audit.pub]

Needs python3 and the program openssl (3.0 or newer). audit.pub is the public key of the node (or
several, one after another) that you got from its operator earlier, by another way: without it a
seal only proves that it fits itself. What was cut off together with all seals after it is gone
without a trace in a file: look whether the last seal of each chain is as young as the export, and
let corvctl audit verify look too, which knows what state_dir remembers. Exit code 0: all right; 1: not; 2: cannot be read.

A line's commitment is SHA-256 over fields(salt, event, message, delivery, party, actor, code,
detail), its hash SHA-256 over fields(previous hash, chain, seq, at, commitment). fields() puts
before each part its length in 8 bytes; numbers are 8 bytes; big endian. The message is its 16
bytes or nothing. A seal signs (Ed25519) SHA-256 over fields("corvd-audit-seal", chain, seq, hash,
at). After six months only commitment and hash of a line are left; they verify all the same."""
import base64
import calendar
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid

UNSEALED_US = 900 * 1000000  # corvd seals every minute: after so long there is a seal
DER = bytes.fromhex("302a300506032b6570032100")  # before the 32 bytes of an Ed25519 key


class Broken(Exception):
    """Says where and what."""


def number(n):
    return int(n).to_bytes(8, "big", signed=True)


def fields(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def commitment(line):
    if line["type"] == "skeleton":
        return bytes.fromhex(line["commitment"])
    message = uuid.UUID(line["message"]).bytes if line["message"] else b""
    texts = [(line[k] or "").encode() for k in ("event", "party", "actor", "code", "detail")]
    return fields(bytes.fromhex(line["salt"]), texts[0], message, number(line["delivery"]), *texts[1:])


def signature_good(seal):
    said = fields(b"corvd-audit-seal", number(seal["chain"]), number(seal["seq"]),
                  bytes.fromhex(seal["hash"]), number(seal["at_us"]))
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", DER + bytes.fromhex(seal["key"])), ("said", said),
                           ("signature", bytes.fromhex(seal["signature"]))):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        run = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-keyform",
                              "DER", "-rawin", "-in", "said", "-sigfile", "signature"], cwd=folder,
                             capture_output=True, check=False)
    return run.returncode == 0


def trusted_keys(path):
    with open(path, encoding="ascii") as f:
        blocks = f.read().split("-----BEGIN PUBLIC KEY-----")[1:]
    ders = [base64.b64decode("".join(b.split("-----END")[0].split())) for b in blocks]
    if not ders or any(not d.startswith(DER) for d in ders):
        raise ValueError("in %s staat geen openbare sleutel (Ed25519)" % path)
    return {d[len(DER):].hex() for d in ders}


class Chain:
    def __init__(self, row):
        self.number, self.name = row["chain"], row["name"]
        self.seq, self.hash = row["after"]["seq"], bytes.fromhex(row["after"]["hash"])
        self.end, self.end_hash = row["end"]["seq"], bytes.fromhex(row["end"]["hash"])
        self.first, self.hashes, self.sealed = self.seq, {self.seq: self.hash}, 0
        self.at_us = self.sealed_us = 0

    def broken(self, seq, what):
        return Broken("keten %d (%s), regel %d: %s" % (self.number, self.name, seq, what))

    def line(self, row):
        if row["seq"] != self.seq + 1:
            raise self.broken(self.seq + 1, "ontbreekt of staat niet op zijn plaats")
        self.hash = fields(self.hash, number(self.number), number(row["seq"]), number(row["at_us"]),
                           commitment(row))
        if self.hash.hex() != row["hash"]:
            raise self.broken(row["seq"], "is gewijzigd: de sommen kloppen niet")
        self.seq, self.at_us = row["seq"], row["at_us"]
        self.hashes[self.seq] = self.hash

    def seal(self, row, keys):
        if row["seq"] not in self.hashes:
            raise self.broken(self.seq + 1, "ontbreekt: er is een zegel op regel %d" % row["seq"])
        if not signature_good(row):
            raise self.broken(row["seq"], "het zegel is vals")
        if keys is not None and row["key"] not in keys:
            raise self.broken(row["seq"], "het zegel is gezet met een sleutel die niet in audit.pub staat")
        if self.hashes[row["seq"]].hex() != row["hash"]:
            raise self.broken(row["seq"], "de keten is herschreven: het zegel is van andere regels")
        if row["seq"] > self.sealed:
            self.sealed, self.sealed_us = row["seq"], row["at_us"]

    def finish(self, made_us, whole):
        if self.seq != self.end or self.hash != self.end_hash:
            raise self.broken(self.seq + 1, "ontbreekt: de keten loopt tot en met regel %d" % self.end)
        if whole and self.seq and not self.sealed and made_us - self.at_us > UNSEALED_US:
            raise self.broken(self.seq, "geen regel van deze keten is verzegeld: de zegels zijn weggehaald")

    def say(self):
        if self.seq == self.first:
            print("keten %d (%s): geen regels" % (self.number, self.name))
            return
        seal = "nog niet verzegeld"
        if self.sealed:
            seal = "verzegeld tot en met %d (%s), daarna %d" % (self.sealed, time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.sealed_us // 1000000)), self.seq - self.sealed)
        print("keten %d (%s): regels %d tot en met %d kloppen, %s" % (
            self.number, self.name, self.first + 1, self.seq, seal))


def verify(rows, keys):
    if not rows or rows[0].get("type") != "corvd-audit" or rows[-1].get("type") != "end":
        raise Broken("het bestand is niet heel: de eerste of laatste regel ontbreekt")
    if rows[-1]["rows"] != len(rows) - 1:
        raise Broken("het bestand is niet heel: %d rijen, niet %d" % (len(rows) - 1, rows[-1]["rows"]))
    made_us = 1000000 * calendar.timegm(time.strptime(rows[0]["made"][:19], "%Y-%m-%dT%H:%M:%S"))
    chains = {r["chain"]: Chain(r) for r in rows if r["type"] == "chain"}
    for row in rows:
        if row["type"] in ("line", "skeleton", "seal") and row["chain"] not in chains:
            raise Broken("keten %d, regel %d: van een keten die niet genoemd is" % (row["chain"], row["seq"]))
        if row["type"] in ("line", "skeleton"):
            chains[row["chain"]].line(row)
    for row in rows:
        if row["type"] == "seal":
            chains[row["chain"]].seal(row, keys)
    for chain in chains.values():
        chain.finish(made_us, rows[0].get("from") is None and rows[0].get("to") is None)
        chain.say()


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    try:
        keys = trusted_keys(sys.argv[2]) if len(sys.argv) == 3 else None
        with open(sys.argv[1], encoding="utf-8") as f:
            verify([json.loads(line) for line in f], keys)
    except (Broken, KeyError, TypeError) as e:
        print("NIET IN ORDE: %s" % e)
        sys.exit(1)
    except (OSError, ValueError) as e:
        print("niet te lezen: %s" % e)
        sys.exit(2)
    print("In orde" if keys else "In orde, maar van wie de zegels zijn is niet bekend: geef audit.pub erbij")


if __name__ == "__main__":
    main()
