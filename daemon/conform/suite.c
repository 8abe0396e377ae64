/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/conform/suite.h"

#include "daemon/conform/bench.h"
#include "daemon/conform/parts.h"
#include "daemon/conform/say.h"

/* What the host names while it watches; each is a rule of the header. */
static const struct {
    const char *rule;
    const char *event;
    const char *good;
    const char *bad;
    const char *todo;
    unsigned least; /* so often is no accident */
} watched[] = {
    {"once", "host.twice", "no operation was completed twice, or without having been given",
        "completes an operation twice, or one it never got",
        "call complete exactly once per CORV_PENDING, and never after CORV_DONE", 1},
    {"outcome", "host.broken-rule", "each outcome was as agreed", "breaks the contract",
        "fill size, a class of enum corv_outcome_class and a code of [a-z0-9.-]{1,40}", 1},
    {"threads", "host.wrong-thread", "the loop's services were used on the loop's thread only",
        "uses a service of the loop on another thread",
        "call only complete and wake from your own threads; use wake to get back to the loop", 1},
    {"loop time", "host.slow", "hardly a call took longer than 50 ms", "holds up the loop",
        "let work, or a thread of your own, do what takes time", 3},
};

void suite_heard(struct suite *s)
{
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        const char *detail = "";
        unsigned n = bench_heard(watched[i].event, &detail);

        say_rule(s, watched[i].rule);
        if (n < watched[i].least)
            say_ok(s, "%s", watched[i].good);
        else
            say_fail(s, watched[i].todo, "%s: %u times (%s)", watched[i].bad, n,
                detail[0] ? detail : watched[i].event);
    }
}

static void run_rules(struct suite *s)
{
    bench_listen();
    if (!suite_load(s))
        return;
    suite_negotiate(s);
    suite_settings(s);
    if (!suite_check(s) || !suite_deliver(s))
        return;
    suite_shapes(s);
    suite_cancel(s);
    suite_two(s);
    suite_reload(s);
    suite_stop(s);
    suite_heard(s);
    suite_leaks(s);
}

void suite_run(struct suite *s)
{
    run_rules(s);
    s->state->finished = true;
}
