#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Dependencies point one way (docs/core-principles.md): a folder includes only lower ones, no two
folders include each other, an adapter sees corv_adapter.h and itself, and each library stays
behind its own layer."""
import re

import tree

RANK = [  # first match decides
    (r"^daemon/base/", 0), (r"^(config|schemas|queue|adapters)/", 1), (r"^daemon/loop/", 2),
    (r"^daemon/host/", 3), (r"^daemon/(conform/|ctl/|partner/|runner/|main\.c)", 5), (r"^daemon/[^/]+$", 4)]
# the contract, and the HTTP client that adapters share
SHARED = ("adapters/corv_adapter.h", "adapters/https/client.h")
CHILD = "adapters/process/wire.h"  # the language of both ends of the adapter process
LIBRARY = [  # header, the folders that may include it; daemon/partner is a program beside corvd: it
    # sends, reads answers and has scenarios, and may not lean on adapters or config for that
    (r"libxml/", r"(schemas|daemon/partner)/"), (r"libpq|postgres", r"queue/"),
    (r"curl/", r"(adapters|daemon/partner)/"), (r"cyaml/", r"(config|daemon/partner)/"),
    (r"http_parser", r"daemon/loop/"), (r"zip\.h", r"schemas/import_zip"),
    (r"openssl/(ssl|x509)", r"(daemon/loop|adapters)/")]


def layer(name):
    """daemon/loop, queue, adapters/https: sub-folders of a layer belong to it, adapters stand alone."""
    parts = name.split("/")[:-1]
    return "/".join(parts[:2] if parts[:1] in (["daemon"], ["adapters"]) else parts[:1])


def rank(name):
    return next((r for shape, r in RANK if re.search(shape, name)), None)


def judge(name, header):
    """The rule that this include breaks, or None."""
    here, there = rank(name), rank(header)
    folder, other = layer(name), layer(header)
    if header.startswith("tests/"):
        return "nothing sees tests"
    if there is not None and folder != other:
        if folder.startswith("adapters/") and header not in SHARED:
            return "an adapter sees corv_adapter.h and its own files only"
        if other.startswith("adapters/") and not folder.startswith(("adapters/", "daemon/host")) and \
                not (folder == "daemon/runner" and header == CHILD):
            return "an adapter is seen by the host only"  # its table of built-in ones
        if there >= here and not folder.startswith("adapters"):
            return "%s (rank %d) must not see %s (rank %d)" % (folder, here, other, there)
    owner = next((w for shape, w in LIBRARY if re.match(shape, header)), None)
    return owner and not re.match(owner, name) and "this library belongs to " + owner


def main():
    top, bad, pairs = tree.root(), [], set()
    for name in tree.files(top, r"^(daemon|config|schemas|queue|adapters)/.*\.[ch]$"):
        text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), tree.read(top, name),
                      flags=re.S)
        for number, line in enumerate(text.split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            why = found and judge(name, found.group(1))
            if why:
                bad.append("%s:%d: includes %s: %s" % (name, number, found.group(1), why))
            if found and rank(found.group(1)) is not None:
                pairs.add((layer(name), layer(found.group(1))))
    for a, b in sorted(pairs):
        if a < b and (b, a) in pairs:
            bad.append("%s and %s include each other" % (a, b))
    tree.finish("include-direction", bad, "Move what is shared to a lower folder.")


if __name__ == "__main__":
    main()
