/* SPDX-License-Identifier: EUPL-1.2 */
/* The queue alone: messages of 6 KB are put with one delivery leased at once, and confirmed as soon
 * as they are stored. Prints life cycles per second, so that the store's share can be told apart
 * from the rest. Usage: bench_queue [messages] [at once] [bytes] [conninfo]; without conninfo it
 * starts a throw-away PostgreSQL with default durability. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/base/clock.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_pg.h"

struct cycle {
    struct kit_put put;
    struct kit_settle settle;
    int64_t begun_us;
};

static struct {
    struct kit kit;
    struct cycle *cycles;
    unsigned at_once, bytes;
    unsigned base; /* of the references: a run on a used database is no run of repeats */
    unsigned begun, stored, wanted, ended;
    int64_t stored_us; /* sum of the times to a yes */
} run;

static void begin(struct cycle *c);

static void give_up(const char *why, unsigned number)
{
    (void)fprintf(stderr, "bench_queue: %s: %u\n", why, number);
    exit(1);
}

static void settled(void *ctx, bool committed)
{
    if (!committed)
        give_up("a settlement was not committed", run.ended);
    run.ended++;
    begin(ctx);
}

static void stored(void *ctx, const struct corv_put_answer *answer)
{
    struct cycle *c = ctx;

    if (answer->result != CORV_PUT_STORED)
        give_up("a put was not stored; its result", (unsigned)answer->result);
    run.stored_us += corv_clock_mono_us() - c->begun_us;
    run.stored++;
    kit_settle_make(&run.kit, &c->settle, &c->put.message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    c->settle.s.cb = settled;
    c->settle.s.ctx = c;
    c->settle.s.receipt = corv_view_str("HTTP/1.1 202 Accepted");
    kit_settle_ask(&c->settle);
}

static void begin(struct cycle *c)
{
    char *sealed = c->put.sealed;

    if (run.begun == run.wanted)
        return;
    c->put.sealed = NULL;
    kit_put_make_bare(&run.kit, &c->put, run.base + run.begun, run.begun);
    c->put.sealed = sealed;
    if (!sealed)
        kit_put_size(&c->put, run.bytes);
    c->put.message.sealed = corv_view_of(c->put.sealed, run.bytes);
    c->put.message.size = run.bytes;
    c->put.delivery[0].lease_now = true;
    c->put.put.cb = stored;
    c->put.put.ctx = c;
    c->begun_us = corv_clock_mono_us();
    run.begun++;
    kit_put_ask(&c->put);
}

static bool all_ended(void *ctx)
{
    (void)ctx;
    return run.ended == run.wanted;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double measure(unsigned messages)
{
    int64_t t0 = corv_clock_mono_us();

    run.wanted += messages;
    for (unsigned i = 0; i < run.at_once; i++)
        begin(&run.cycles[i]);
    kit_until(&run.kit, all_ended, NULL, "bench");
    return (double)(corv_clock_mono_us() - t0) / 1e6;
}

int main(int argc, char **argv)
{
    unsigned messages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
    struct test_pg *pg = NULL;
    char *own = NULL;
    const char *info = argc > 4 ? argv[4] : NULL;
    struct corv_queue_stats s0;
    struct corv_queue_stats s1;
    struct rusage u;

    run.at_once = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 256;
    run.bytes = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 6144;
    run.base = (unsigned)(corv_clock_us() / 25); /* grows faster than any run counts */
    run.cycles = calloc(run.at_once, sizeof *run.cycles);
    if (!info) {
        pg = test_pg_new();
        info = own = test_pg_database(pg, "bench", false);
    }
    kit_open(&run.kit, (struct corv_queue_options){.conninfo = info, .node = "bench"}, true);
    (void)measure(messages / 10); /* warm */
    corv_queue_stats_get(run.kit.q, &s0);
    run.stored_us = 0;
    run.stored = 0;

    double took = measure(messages);

    corv_queue_stats_get(run.kit.q, &s1);
    (void)getrusage(RUSAGE_SELF, &u);
    printf(
        "%u life cycles of %u bytes, %u at once: %.0f/s; mean batch %.1f items; mean yes %.2f ms;"
        " own CPU %.0f us each; RSS %ld MiB\n",
        messages, run.bytes, run.at_once, messages / took,
        (double)(s1.items - s0.items) / (double)(s1.commits - s0.commits),
        (double)run.stored_us / run.stored / 1e3,
        (seconds(u.ru_utime) + seconds(u.ru_stime)) * 1e6 / (messages * 1.1), u.ru_maxrss / 1024);
    kit_close(&run.kit);
    for (unsigned i = 0; i < run.at_once; i++)
        kit_put_free(&run.cycles[i].put);
    free(run.cycles);
    (void)kit_verify_audit(info);
    free(own);
    if (pg) {
        struct rusage before;

        (void)getrusage(RUSAGE_CHILDREN, &before);
        test_pg_stop(pg);
        (void)getrusage(RUSAGE_CHILDREN, &u);
        printf("PostgreSQL's CPU %.0f us each\n",
            (seconds(u.ru_utime) + seconds(u.ru_stime) - seconds(before.ru_utime) -
                seconds(before.ru_stime)) *
                1e6 / (messages * 1.1));
    }
    test_pg_free(pg);
    return 0;
}
