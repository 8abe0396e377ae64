# SPDX-License-Identifier: EUPL-1.2
"""What corvd has open is its own: a program that it starts (alarms.command) gets nothing of it, also
no connection with a partner that a library opened."""
import os

from harness import poll


def test_nothing_is_handed_down(make_world):
    w = make_world(start=False, alarms={"partner_seconds": 1})
    path, seen = os.path.join(w.path, "alarm.sh"), os.path.join(w.path, "alarm.txt")
    with open(path, "w", encoding="utf-8") as f:
        f.write('#!/bin/sh\nfor fd in /proc/$$/fd/*; do echo "${fd##*/} $(readlink "$fd")"; done >>%s\n'
                "echo end >>%s\n" % (seen, seen))
    os.chmod(path, 0o755)
    w.config["alarms"]["command"] = path
    w.write()
    w.start(CORVD_ALARMS_MS="200")
    w.partners["almere"].stop()
    w.send("veilig-thuis", w.vto())
    poll("a connection with a partner is kept", lambda: w.partners["raad"].taken())
    w.send("raad", w.notificatie("almere"))
    poll("the alarm was told", lambda: os.path.exists(seen) and "end\n" in open(seen, encoding="utf-8").read(), 40)
    with open(seen, encoding="utf-8") as f:
        rows = [row.split(" ", 1) for row in f.read().splitlines() if row != "end"]
    assert {"0", "1", "2"} <= {fd for fd, _ in rows}
    assert [row for row in rows if row[1].startswith(("socket:", "anon_inode:"))] == []
