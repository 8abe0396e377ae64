#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Functions nobody here may call, each with what to use instead."""
import re

import tree

INSTEAD = {
    "strcpy|stpcpy|strcat|strncat|sprintf|vsprintf|gets": "corv_buf, or snprintf with the real size",
    "atoi|atol|atoll|atof": "strtol/strtoll with a check of the end, or the reader of the type",
    "gmtime|localtime|ctime|asctime|mktime": "daemon/base/clock.h (gmtime_r, localtime_r there)",
    "alloca|strtok|rand|srand|random|tmpnam|tempnam|mktemp|vfork|longjmp":
        "what the house offers: corv_buf, strtok_r, getrandom, mkstemp, posix_spawn, one exit label",
    "system|popen|sscanf": "posix_spawn without a shell; strtol (tests may use them)",
    "xmlXIncludeProcess\\w*|xmlReadFile|xmlParseFile|xmlCtxtReadFile|xmlNewTextReaderFilename":
        "memory only: XML is never read from a path (MESSAGES.md, traps 7 and 10)",
}
OPTION = "XML_PARSE_(NOENT|DTDLOAD|DTDATTR|DTDVALID|XINCLUDE|RECOVER)"


def main():
    top, bad = tree.root(), []
    for name in tree.files(top, r"\.[ch]$"):
        code = tree.code_only(tree.read(top, name))
        for number, line in enumerate(code.split("\n"), 1):
            for words, instead in INSTEAD.items():
                if name.startswith("tests/") and words.startswith("system"):
                    continue
                for hit in re.finditer(r"(?<![\w.>])(%s)\s*\(" % words, line):
                    bad.append("%s:%d: %s: use %s" % (name, number, hit.group(1), instead))
            hit = re.search(r"\b%s\b" % OPTION, line)
            if hit and "~" not in line:
                bad.append("%s:%d: %s opens the parser to the outside" % (name, number, hit.group()))
    tree.finish("banned", bad, "docs/core-principles.md says why.")


if __name__ == "__main__":
    main()
