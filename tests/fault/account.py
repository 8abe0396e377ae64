# SPDX-License-Identifier: EUPL-1.2
"""What it comes to: the ledgers of both ends against each other, the database and the audit trail."""
import harness
from flood import tally

GAPS = {
    "a number is missing in a chain":
        "SELECT coalesce(sum(abs(seq - n)), 0) FROM (SELECT max(seq) AS seq, count(*) AS n FROM corv.audit"
        " GROUP BY chain) c",
    "a stored message without its one line":
        "SELECT count(*) FROM corv.message m WHERE m.sender <> 'corvd' AND (SELECT count(*) FROM corv.audit a"
        " WHERE a.message_id = m.id AND a.event = 'message.stored') <> 1",
    "a line of a stored message without the message":
        "SELECT count(*) FROM corv.audit a WHERE event = 'message.stored'"
        " AND NOT EXISTS (SELECT FROM corv.message m WHERE m.id = a.message_id)",
    "a confirmation without its one line":
        "SELECT count(*) FROM corv.delivery_done d WHERE state = 3 AND (SELECT count(*) FROM corv.audit a WHERE"
        " a.message_id = d.message_id AND a.delivery = d.no AND a.event = 'delivery.confirmed') <> 1",
    "a delivery that is nowhere":
        "SELECT count(*) FROM corv.message m WHERE NOT EXISTS (SELECT FROM corv.delivery d WHERE"
        " d.message_id = m.id) AND NOT EXISTS (SELECT FROM corv.delivery_done d WHERE d.message_id = m.id)"
        " AND NOT EXISTS (SELECT FROM corv.message k WHERE k.parent_id = m.id)",
}


class Account:
    """The five numbers, and why they are what they are."""

    def __init__(self):
        self.acknowledged = self.delivered = self.lost = self.unmarked = self.gaps = 0
        self.twice = self.busy = self.broken = 0
        self.trouble = []

    @property
    def good(self):
        return not (self.lost or self.unmarked or self.gaps or self.trouble) and self.acknowledged > 0

    def lines(self):
        return ["acknowledged %d" % self.acknowledged, "delivered %d" % self.delivered,
                "lost %d" % self.lost,
                "delivered twice without a repeat mark %d (with one: %d)" % (self.unmarked, self.twice),
                "audit gaps %d" % self.gaps]


def ledgers_and_database(chain, account):
    """A confirmed delivery is in its receiver's ledger, and what a receiver answered yes to is confirmed."""
    confirmed = {}
    for party, name in chain.daemon.sql("SELECT party, message_id || '/' || no FROM corv.delivery_done"
                                        " WHERE state = 3"):
        confirmed.setdefault(party, set()).add(name)
    for party, partner in chain.partners.items():
        taken = {e.delivery for e in partner.taken()}
        never = confirmed.get(party, set()) - {e.delivery for e in partner.ledger()}
        if never:
            account.lost += len(never)
            account.trouble.append("%s never saw %d confirmed deliveries: %s" % (
                party, len(never), sorted(never)[:3]))
        open_ = taken - confirmed.get(party, set())
        if open_:
            account.trouble.append("%s said yes to %d deliveries that are not confirmed: %s" % (
                party, len(open_), sorted(open_)[:3]))


def audit_trail(chain, account):
    for what, sql in GAPS.items():
        found = int(chain.daemon.sql(sql)[0][0])
        if found:
            account.gaps += found
            account.trouble.append("audit: %s: %d" % (what, found))
    try:
        chain.audit_ok()
    except harness.Trouble as e:
        account.gaps += 1
        account.trouble.append("audit verify: %s" % e)


def make(chain):
    """Once all is mended and the senders have stopped."""
    account = Account()
    try:
        chain.quiet(60)
    except harness.Trouble as e:
        account.trouble.append("not quiet: %s\n%s" % (e, chain.daemon.sql(
            "SELECT party, state, owner, attempts, due_at - now(), last_code FROM corv.delivery"
            " WHERE state = 0 LIMIT 5")))
    for flood, receivers in chain.flows:
        t = tally(chain, flood, receivers)
        account.acknowledged += t.acknowledged
        account.delivered += t.acknowledged - t.lost
        for name in ("lost", "unmarked", "twice", "busy", "broken", "trouble"):
            setattr(account, name, getattr(account, name) + getattr(t, name))
    ledgers_and_database(chain, account)
    audit_trail(chain, account)
    for reference in chain.halves:
        if chain.daemon.sql("SELECT id FROM corv.message WHERE referentie = '%s'" % reference):
            account.trouble.append("half a message was stored: %s" % reference)
    told = chain.daemon.sql(
        "SELECT (SELECT count(*) FROM corv.message WHERE kind = 'vtoDi01'), (SELECT count(*) FROM"
        " corv.delivery_done WHERE party = 'lelystad' AND state = 3)")[0]
    if told[0] != told[1]:
        account.trouble.append("%s VTO's, but %s kennisgevingen delivered" % tuple(told))
    return account
