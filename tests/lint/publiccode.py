#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""publiccode.yml has what the publiccode standard 0.4 asks, in its words and lengths, and tells the same
as the rest of the tree. `url` is the one required key that is not there: the source has no public address
yet, and a made-up one would be worse than none."""
import re

import tree
import yaml

REQUIRED = ["publiccodeYmlVersion", "name", "developmentStatus", "softwareType", "platforms", "description",
            "legal.license", "maintenance.type", "maintenance.contacts", "localisation.localisationReady",
            "localisation.availableLanguages"]
STATUS = {"concept", "development", "beta", "stable", "obsolete"}
TYPE = {"standalone/mobile", "standalone/iot", "standalone/desktop", "standalone/web", "standalone/backend",
        "standalone/other", "addon", "library", "configurationFiles"}
MAINTENANCE = {"internal", "contract", "community", "none"}


def value(root, path):
    for key in path.split("."):
        root = root.get(key) if isinstance(root, dict) else None
    return root


def texts(language, d):
    short, long_ = str(d.get("shortDescription", "")).strip(), str(d.get("longDescription", ""))
    if not 1 <= len(short) <= 150:
        yield "%s: shortDescription has %d characters, at most 150" % (language, len(short))
    if not 150 <= len(long_) <= 10000:
        yield "%s: longDescription has %d characters, 150 to 10000" % (language, len(long_))
    if not d.get("features"):
        yield "%s: no features" % language
    for f in d.get("features") or []:
        if len(f) > 100:
            yield "%s: a feature of %d characters, at most 100" % (language, len(f))


def problems(top):
    root = yaml.safe_load(tree.read(top, "publiccode.yml"))
    for path in REQUIRED:
        if value(root, path) in (None, "", []):
            yield "%s is missing" % path
    if value(root, "developmentStatus") not in STATUS or value(root, "softwareType") not in TYPE:
        yield "developmentStatus or softwareType is no word of the standard"
    kind, contacts = value(root, "maintenance.type"), value(root, "maintenance.contacts") or []
    if kind not in MAINTENANCE or not all(c.get("name") for c in contacts):
        yield "maintenance is not what the standard asks"
    for language, d in (root.get("description") or {}).items():
        yield from texts(language, d)
    for language in value(root, "localisation.availableLanguages") or []:
        if language not in root.get("description", {}):
            yield "no description in %s" % language
    version = re.search(r"project\(corvd VERSION (\S+)", tree.read(top, "CMakeLists.txt")).group(1)
    if str(root.get("softwareVersion")) != version:
        yield "softwareVersion is not %s" % version
    if value(root, "legal.license") != "EUPL-1.2":
        yield "the licence is EUPL-1.2"
    url = root.get("url")
    if url and not re.match(r"https://[a-z0-9.-]+\.[a-z]{2,}/", url):
        yield "url is no public address"


if __name__ == "__main__":
    tree.finish("publiccode", list(problems(tree.root())), "See the publiccode standard.")
