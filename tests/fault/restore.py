# SPDX-License-Identifier: EUPL-1.2
"""A backup from the beginning, put back at the end under a corvd that has gone on since: what waited
in it is held with a question, and nothing is sent a second time."""
import os
import shutil

from harness import poll


def take(chain):
    """Two messages wait in it for a partner that is away."""
    chain.partners["dronten"].stop()
    ids = [chain.send("raad", chain.notificatie("dronten")).id for _ in range(2)]
    chain.server.base_backup(chain.server.path + "/backup")
    chain.partners["dronten"].start()
    return ids


def put_back(chain, ids):
    chain.daemon.stop()
    chain.server.stop("fast")
    shutil.rmtree(chain.server.data)
    os.rename(chain.server.path + "/backup", chain.server.data)
    chain.server.start()
    before = {name: len(p.ledger()) for name, p in chain.partners.items()}
    chain.daemon.start()
    poll("told", lambda: chain.daemon.events("database.restored"))
    held = {r[0] for r in chain.daemon.sql("SELECT message_id FROM corv.delivery WHERE state = 1"
                                           " AND held_code = 'restore.in-doubt'")}
    assert set(ids) <= held, "what waited in the backup is not held: %s" % held
    new = chain.send("raad", chain.notificatie("almere")).id
    chain.settled(new, 1)
    before["almere"] += 1
    after = {name: len(p.ledger()) for name, p in chain.partners.items()}
    assert after == before, "sent again: %s, was %s" % (after, before)
    chain.audit_ok()
    return "old backup put back: %d held, sent again 0" % len(held)
