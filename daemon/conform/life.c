/* SPDX-License-Identifier: EUPL-1.2 */
/* Instances come and go: two at once, new settings, an end in the middle, nothing left behind. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/conform/bench.h"
#include "daemon/conform/measure.h"
#include "daemon/conform/parts.h"
#include "daemon/conform/say.h"

#define MANY       20u
#define WARM_UP    3u
#define GROWTH_MAX 512u /* bytes per round; less is what allocators do */

static bool outbound(const struct suite *s)
{
    return (s->api->kind & CORV_ADAPTER_OUTBOUND) != 0;
}

void suite_two(struct suite *s)
{
    struct corv_host_entry second = s->entry;
    struct corv_fault f = {0};
    char name[48];
    struct bench b;

    say_rule(s, "two");
    if (s->api->kind & CORV_ADAPTER_INBOUND) {
        say_skip(s, "two that listen need two places; give each its own settings in corvd");
        return;
    }
    (void)snprintf(name, sizeof name, "%.30s-two", s->entry.name);
    second.name = name;
    if (bench_open(&b, &s->entry, s->address, &f) != CORV_OK)
        return;
    if (corv_hosts_add(b.hosts, &second, &f) != CORV_OK) {
        say_fail(s, "keep everything in the instance, nothing in globals", "%s", f.text);
    } else {
        bench_send(&b, 200, 1, corv_view_str("<bericht/>"), s->seconds * 1000);
        b.entry = &second;
        bench_send(&b, 201, 1, corv_view_str("<bericht/>"), s->seconds * 1000);
        if (bench_wait(&b, s->seconds * 1000 + 2000) && bench_stats(&b).timeouts == 0)
            say_ok(s, "two instances of one file work side by side");
        else
            say_fail(s, "keep everything in the instance, nothing in globals",
                "of two instances one stays silent");
    }
    (void)bench_close(&b, 1000);
}

void suite_reload(struct suite *s)
{
    struct corv_fault f = {0};
    struct bench b;

    say_rule(s, "reload");
    if (bench_open(&b, &s->entry, s->address, &f) != CORV_OK)
        return;
    corv_rc rc = corv_hosts_reconfigure(b.hosts, &s->entry, &f);

    if (outbound(s))
        bench_send(&b, 300, 1, corv_view_str("<bericht/>"), s->seconds * 1000);
    if (rc != CORV_OK && rc != CORV_E_STATE)
        say_fail(
            s, "take the settings that were good before, or have no reconfigure", "%s", f.text);
    else if (!bench_wait(&b, s->seconds * 1000 + 2000))
        say_fail(s, "go on working after reconfigure", "is silent after new settings");
    else
        say_ok(s, rc == CORV_OK ? "takes new settings while it runs"
                                : "has no reconfigure: new settings come with a restart of corvd");
    (void)bench_close(&b, 1000);
}

void suite_stop(struct suite *s)
{
    struct corv_fault f = {0};
    const char *detail;
    unsigned left = bench_heard("host.leftover", &detail);
    unsigned silent = bench_heard("host.silent", &detail);
    struct bench b;

    say_rule(s, "stop");
    if (bench_open(&b, &s->entry, s->address, &f) != CORV_OK)
        return;
    for (unsigned i = 0; i < MANY && outbound(s); i++)
        bench_send(&b, 400 + i, 1, corv_view_str("<bericht/>"), s->seconds * 1000);
    bool closed = bench_close(&b, 0); /* with messages under way */

    left = bench_heard("host.leftover", &detail) - left;
    silent = bench_heard("host.silent", &detail) - silent;
    if (!closed)
        say_fail(s, "end stop and destroy soon, and let work and threads end", "does not close");
    else if (b.dones != b.sent || b.releases != b.sent)
        say_fail(s, "complete what is left in stop, as CORV_LATER", "%u messages, %u outcomes",
            b.sent, b.dones);
    else if (silent > 0)
        say_fail(s, "complete what is left in stop, as CORV_LATER",
            "keeps messages until it is destroyed");
    else if (left > 0)
        say_fail(s, "unwatch, timer_free and listen_close everything in stop",
            "leaves watches, timers or listeners behind");
    else
        say_ok(s, "ends with %u messages under way, each with its outcome, nothing left", b.sent);
}

static bool one_round(struct suite *s, unsigned number)
{
    struct corv_fault f = {0};
    struct bench *b = malloc(sizeof *b);
    bool good = b && bench_open(b, &s->entry, s->address, &f) == CORV_OK;

    for (unsigned i = 0; good && i < 3 && outbound(s); i++)
        bench_send(b, 1000 + number * 3 + i, 1, corv_view_str("<bericht/>"), s->seconds * 1000);
    if (good) {
        good = bench_wait(b, s->seconds * 1000 + 2000);
        good = bench_close(b, 1000) && good;
    }
    free(b);
    return good;
}

void suite_leaks(struct suite *s)
{
    struct measure before = {0};
    struct measure after = {0};

    say_rule(s, "leaks");
    (void)alarm(20 + 2 * s->seconds * (s->rounds + WARM_UP));
    for (unsigned i = 0; i < WARM_UP + s->rounds; i++) {
        if (i == WARM_UP && !measure_now(&before))
            return;
        if (one_round(s, i))
            continue;
        say_fail(s, "each instance is the first one", "instance %u does not work any more", i + 1);
        return;
    }
    (void)measure_now(&after);
    size_t growth = after.bytes > before.bytes ? after.bytes - before.bytes : 0;

    if (after.files > before.files)
        say_fail(s, "close in stop or destroy what start opened",
            "%u descriptors more after %u rounds", after.files - before.files, s->rounds);
    else if (after.threads > before.threads)
        say_fail(s, "join every thread in stop", "%u threads more after %u rounds",
            after.threads - before.threads, s->rounds);
    else if (growth > (size_t)GROWTH_MAX * s->rounds)
        say_fail(s, "free in destroy what create made, and each operation's own after complete",
            "%zu bytes more after %u rounds", growth, s->rounds);
    else
        say_ok(s, "%u instances: no descriptor, thread or memory left behind", s->rounds);
}
