/* SPDX-License-Identifier: EUPL-1.2 */
/* Messages on their way out: each ends once, whatever it looks like, and comes back when asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conform/bench.h"
#include "daemon/conform/parts.h"
#include "daemon/conform/say.h"

#define MANY 20u
#define BIG  (1u << 20)

static bool outbound(struct suite *s, const char *rule)
{
    say_rule(s, rule);
    if (s->api->kind & CORV_ADAPTER_OUTBOUND)
        return true;
    say_skip(s, "takes nothing out");
    return false;
}

static bool open_or_fail(struct suite *s, struct bench *b)
{
    struct corv_fault f = {0};

    if (bench_open(b, &s->entry, s->address, &f) == CORV_OK)
        return true;
    say_fail(s, "create and start must work with these settings; say in why and log what does not",
        "%s", f.text);
    return false;
}

static void close_or_fail(struct suite *s, struct bench *b)
{
    if (!bench_close(b, 1000))
        say_fail(s, "end stop and destroy soon, and let work and threads end", "does not close");
}

/* What the outcomes were, in words. */
static const char *tally(const struct corv_host_stats *st, char out[120])
{
    (void)snprintf(out, 120, "delivered %llu, later %llu, refused %llu, unreadable %llu",
        (unsigned long long)st->delivered, (unsigned long long)st->later,
        (unsigned long long)st->refused, (unsigned long long)st->unreadable);
    return out;
}

static bool send_wave(struct suite *s, struct bench *b, uint32_t attempt)
{
    for (unsigned i = 0; i < MANY / 2; i++)
        bench_send(b, i, attempt, corv_view_str("<bericht/>"), s->seconds * 1000);
    return bench_wait(b, s->seconds * 1000 + 2000);
}

/* The second wave has the same numbers: maybe a repeat of the first. */
bool suite_deliver(struct suite *s)
{
    struct bench b;
    char text[120];

    say_rule(s, "start");
    if (!open_or_fail(s, &b))
        return false;
    bench_turn(&b, 50);
    say_ok(s, "an instance is made and starts");
    if (!outbound(s, "deliver")) {
        close_or_fail(s, &b);
        return true;
    }
    bool all = send_wave(s, &b, 1) && send_wave(s, &b, 2);
    struct corv_host_stats st = bench_stats(&b);

    if (!all || st.timeouts > 0)
        say_fail(s, "complete each operation exactly once, well before its deadline",
            "%u messages, %u outcomes, %llu past %u s", b.sent, b.dones,
            (unsigned long long)st.timeouts, s->seconds);
    else if (s->expect_delivered && st.delivered != MANY)
        say_fail(s, "see why the partner did not take them", "%s", tally(&st, text));
    else
        say_ok(s, "%u messages, one outcome each: %s", MANY, tally(&st, text));
    close_or_fail(s, &b);
    return true;
}

void suite_shapes(struct suite *s)
{
    static const char odd[] = "\xff\xfe<\0>%s%n\r\n\x1b[31m";
    char *big = outbound(s, "shapes") ? malloc(BIG) : NULL;
    struct bench b;

    if (!big)
        return;
    memset(big, 'x', BIG);
    if (open_or_fail(s, &b)) {
        bench_send(&b, 1, 1, corv_view_of("", 0), s->seconds * 1000);
        bench_send(&b, 2, 1, corv_view_of(odd, sizeof odd), s->seconds * 1000);
        bench_send(&b, 3, 1, corv_view_of(big, BIG), s->seconds * 1000);
        b.address = "";
        bench_send(&b, 4, 1, corv_view_str("<bericht/>"), s->seconds * 1000);
        if (bench_wait(&b, s->seconds * 1000 + 2000) && bench_stats(&b).timeouts == 0)
            say_ok(s, "an empty message, odd bytes, 1 MiB, and no address: an outcome for each");
        else
            say_fail(s, "complete each operation exactly once", "%u messages, %u outcomes", b.sent,
                b.dones);
        close_or_fail(s, &b);
    }
    free(big);
}

/* Most of these are still under way when their time is over. */
void suite_cancel(struct suite *s)
{
    struct bench b;

    if (!outbound(s, "cancel") || !open_or_fail(s, &b))
        return;
    for (unsigned i = 0; i < MANY; i++)
        bench_send(&b, 100 + i, 1, corv_view_str("<bericht/>"), 1);
    bool all = bench_wait(&b, 5000);
    struct corv_host_stats st = bench_stats(&b);

    if (all && st.silent == 0 && st.late == 0)
        say_ok(s, "%llu deadlines passed, and every message was given back",
            (unsigned long long)st.timeouts);
    else
        say_fail(s, "after cancel, complete the operation within a second (CORV_LATER)",
            "%u of %u messages were not given back within a second of their deadline",
            b.sent - b.releases + (unsigned)st.late, b.sent);
    close_or_fail(s, &b);
}
