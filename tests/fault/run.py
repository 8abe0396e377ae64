#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Runs a plan of faults against corvd and says what it came to.

    run.py [--seed N] [--kills N] [--only KIND,KIND] [--steps N] [--list]

The plan follows from the seed: every kind of fault once, then drawn ones until so many processes of
corvd and PostgreSQL were ended by kill -9, in a mixed order. Senders go on all the while. At the end
an old backup is put back, and may send nothing. Exit code 0: nothing was lost; 1: something was.
Environment: CORV_BUILD, CORV_SEED, CORV_KILLS, CORV_LONG (500 kills instead of 32), CORV_KEEP."""
import argparse
import os
import random
import sys
import time
import traceback

import chain as chains
import account
import faults
import restore
from harness import Trouble


def draw(seed, kills, only, steps):
    """[(name, dice seed)]: the same for the same seed."""
    dice = random.Random(seed)
    names = [n for n in faults.KINDS if not only or n in only]
    weights = [faults.KINDS[n][3] for n in names]
    plan = list(names)
    while sum(faults.KINDS[n][2] for n in plan) < kills if steps is None else len(plan) < steps:
        plan += dice.choices(names, weights)
    dice.shuffle(plan)
    return [(n, dice.random()) for n in plan[:steps]]


def inject(chain, plan, skipped):
    for at, (name, number) in enumerate(plan, 1):
        function, args = faults.KINDS[name][:2]
        began = time.monotonic()
        try:
            function(chain, random.Random(number), *args)
            chain.ready()
        except faults.Skipped as e:
            skipped[name] = str(e)
        except Exception as e:
            e.args = ("step %d, %s: %s" % (at, name, e),)
            raise
        print("%4d/%d %-26s %5.1f s, acknowledged %d" % (
            at, len(plan), name, time.monotonic() - began, chain.acknowledged()), flush=True)


def mend(chain):
    """All well again, and everybody finishes what he is at."""
    chain.clock.jump(0)
    for partner in chain.partners.values():
        partner.behave()
    chain.ready()
    chain.more(8)
    chain.end()


def say(options, chain, sums, skipped, seconds):
    for line in sums.lines():
        print(line)
    print("kills %d (corvd %d, PostgreSQL %d) in %.0f s; senders heard 503 %d times, broken lines %d times" % (
        sum(chain.kills.values()), chain.kills["corvd"], chain.kills["postgres"], seconds, sums.busy,
        sums.broken))
    for name, why in skipped.items():
        print("SKIPPED LOUDLY: %s: %s" % (name, why))
    print("seed %d; again: tests/fault/run.py --seed %d --kills %d%s%s" % (
        options.seed, options.seed, options.kills, " --only " + options.only if options.only else "",
        " --steps %d" % options.steps if options.steps else ""))
    for line in sums.trouble:
        print("TROUBLE " + line)
    sys.stdout.flush()


def run(options):
    chain, skipped, began = chains.Chain(), {}, time.monotonic()
    only = options.only.split(",") if options.only else None
    good = False
    try:
        chain.start()
        backup = restore.take(chain) if not only else None
        chain.begin()
        chain.more(8)
        inject(chain, draw(options.seed, options.kills, only, options.steps), skipped)
        mend(chain)
        sums = account.make(chain)
        say(options, chain, sums, skipped, time.monotonic() - began)
        good = sums.good
        if good and backup:
            print(restore.put_back(chain, backup))
    except Exception:
        traceback.print_exc()
        print(chain.daemon.tail(25))
        print("seed %d" % options.seed)
        good = False
    if not good:
        print("kept: " + chain.evidence(options.seed))
    for flood, _ in chain.flows:
        flood.give_up = 0
        flood.stopping.set()
    try:
        chain.close()
    except (Trouble, AssertionError) as e:
        print("TROUBLE %s" % e)
        good = False
    return 0 if good else 1


def main():
    long = bool(os.environ.get("CORV_LONG"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CORV_SEED", "2026")))
    parser.add_argument("--kills", type=int, default=int(os.environ.get("CORV_KILLS", 500 if long else 32)))
    parser.add_argument("--only", help="kinds of fault, with commas between")
    parser.add_argument("--steps", type=int, help="so many faults instead of so many kills")
    parser.add_argument("--list", action="store_true", help="the kinds of fault")
    options = parser.parse_args()
    if options.list:
        print("\n".join(faults.KINDS))
        return 0
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
