#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""The judge of the bench finds what was planted: a message lost, one twice without a mark, one
delivered that was refused. And the ratios call a miss a miss."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ends import judge  # noqa: E402
from targets import Ratio  # noqa: E402

GOOD = (10, 30, 20, 202, 0, 1)


def main():
    for planted, want in (
            (GOOD, {}),
            ((10, 30, 20, 200, 0, 3), {}),  # came again, and said so
            ((10, 30, 0, 503, 0, 0), {}),
            ((10, 0, 20, 0, 0, 1), {}),  # the answer was lost: either is right
            ((10, 30, 0, 202, 0, 0), {"lost": 1}),
            ((10, 30, 20, 202, 1, 2), {"twice without a mark": 1}),
            ((10, 30, 20, 503, 0, 1), {"delivered though refused": 1})):
        found = judge([GOOD, planted, GOOD])
        assert found == want, (planted, found)
    for ratio, verdict in ((Ratio("", .49, .5, .7), "MISSED"), (Ratio("", .5, .5, .7), "must"),
                           (Ratio("", .7, .5, .7), "goal"), (Ratio("", 201, 200, 150, more=False), "MISSED"),
                           (Ratio("", 150, 200, 150, more=False), "goal"), (Ratio("", None, 1, 2), "not measured")):
        assert ratio.verdict == verdict, (ratio.value, ratio.verdict)


if __name__ == "__main__":
    main()
