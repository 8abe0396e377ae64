#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Every source file says its licence in its first lines."""
import re

import tree

MARK = "SPDX-License-Identifier: EUPL-1.2"
SOURCES = (r"(\.(c|h|py|sh|sql|cmake|xsd|ya?ml|in|service|js|css|html)|CMakeLists\.txt)$"
           r"|^(check|demo|package|\.ci/run|tests/bench/run)$")
# The bytes of these are themselves the test.
DATA = r"^tests/(support/messages|fuzz/(corpus|seeds)|[^/]+/(data|samples|golden))/"


def main():
    top = tree.root()
    names = [n for n in tree.files(top, SOURCES) if not re.match(DATA, n)]
    bad = ["%s:1: no licence line" % n for n in names
           if MARK not in "\n".join(tree.read(top, n).split("\n")[:6])]
    if not tree.files(top, r"^LICENSE$"):
        bad.append("LICENSE is missing")
    tree.finish("spdx", bad, "Put '%s' in a comment on top." % MARK)


if __name__ == "__main__":
    main()
