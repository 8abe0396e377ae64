/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/conform/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#define CLOSE_EXTRA_MS 5000

/* ---- the log ------------------------------------------------------------------------------- */

static struct {
    uv_mutex_t mutex;
    bool ready;
    unsigned used;
    struct {
        char event[48];
        char detail[160];
        unsigned count;
    } list[BENCH_EVENTS_MAX];
} heard;

/* Making and ending an instance is not what holds up a day's messages. */
static bool counts(const char *event, const char *detail)
{
    static const char *const aside[] = {"check", "create", "start", "stop", "destroy"};

    for (size_t i = 0; i < sizeof aside / sizeof aside[0]; i++)
        if (strcmp(event, "host.slow") == 0 && strcmp(detail, aside[i]) == 0)
            return false;
    return true;
}

static void hear(enum corv_log_level level, const char *event, const struct corv_log_field *f)
{
    const char *detail = "";
    unsigned i = 0;

    (void)level;
    for (; f->type != CORV_LF_END; f++)
        if (f->type == CORV_LF_WHAT || f->type == CORV_LF_CODE || f->type == CORV_LF_REASON)
            detail = f->s ? f->s : "";
    if (!counts(event, detail))
        return;
    uv_mutex_lock(&heard.mutex);
    while (i < heard.used && strcmp(heard.list[i].event, event) != 0)
        i++;
    if (i == heard.used && i < BENCH_EVENTS_MAX) {
        heard.used++;
        heard.list[i].count = 0;
        (void)snprintf(heard.list[i].event, sizeof heard.list[i].event, "%s", event);
        (void)snprintf(heard.list[i].detail, sizeof heard.list[i].detail, "%s", detail);
    }
    if (i < BENCH_EVENTS_MAX)
        heard.list[i].count++;
    uv_mutex_unlock(&heard.mutex);
}

void bench_listen(void)
{
    if (!heard.ready && uv_mutex_init(&heard.mutex) != 0)
        abort();
    heard.ready = true;
    heard.used = 0;
    corv_log_set_tap(hear);
}

unsigned bench_heard(const char *event, const char **detail)
{
    unsigned count = 0;

    *detail = "";
    uv_mutex_lock(&heard.mutex);
    for (unsigned i = 0; i < heard.used; i++)
        if (strcmp(heard.list[i].event, event) == 0) {
            count = heard.list[i].count;
            *detail = heard.list[i].detail;
        }
    uv_mutex_unlock(&heard.mutex);
    return count;
}

/* ---- what comes in: each gets a yes ---------------------------------------------------------- */

struct late_yes {
    uv_timer_t timer;
    struct bench *bench;
    uint64_t offer;
};

static void yes_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void say_yes(uv_timer_t *timer)
{
    struct late_yes *y = timer->data;
    struct corv_host_answer a = {.pub = {.cls = CORV_INCOMING_ACCEPTED,
                                     .status = 202,
                                     .message_id = "0190b4a2-0000-7000-8000-000000000003",
                                     .stored_us = corv_clock_us(),
                                     .code = "",
                                     .stuf_code = "",
                                     .title = "",
                                     .text = "",
                                     .next = "",
                                     .kind = "vtoDi01",
                                     .zender = {"", "", "", ""},
                                     .ontvanger = {"", "", "", ""},
                                     .referentienummer = "",
                                     .crossrefnummer = "",
                                     .tijdstip = ""}};

    corv_hosts_answer(y->bench->hosts, y->offer, &a);
    uv_close((uv_handle_t *)timer, yes_closed);
}

static bool take_in(void *ctx, uint64_t offer, const struct corv_host_incoming *in)
{
    struct late_yes *y = calloc(1, sizeof *y);

    (void)in;
    if (!y)
        return false;
    y->bench = ctx;
    y->offer = offer;
    y->bench->offers++;
    (void)uv_timer_init(&y->bench->loop, &y->timer);
    y->timer.data = y;
    (void)uv_timer_start(&y->timer, say_yes, 1, 0);
    return true;
}

/* ---- the loop ------------------------------------------------------------------------------ */

static void tick(uv_timer_t *timer)
{
    (void)timer; /* only wakes uv_run */
}

static void timer_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

/* Turns until *what reaches least, or the time is over. */
static bool turn_until(struct bench *b, const unsigned *what, unsigned least, unsigned ms)
{
    int64_t end = corv_clock_mono_us() + (int64_t)ms * 1000;
    bool gone = false;
    uv_timer_t timer;

    (void)uv_timer_init(&b->loop, &timer);
    timer.data = &gone;
    (void)uv_timer_start(&timer, tick, 5, 5);
    while (*what < least && corv_clock_mono_us() < end)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, timer_closed);
    while (!gone)
        (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    return *what >= least;
}

void bench_turn(struct bench *b, unsigned ms)
{
    const unsigned never = 0;

    (void)turn_until(b, &never, 1, ms);
}

/* ---- messages ------------------------------------------------------------------------------ */

static void done(void *ctx, const struct corv_host_outcome *o)
{
    struct bench_message *m = ctx;

    if (m->dones++ == 0)
        m->outcome = *o;
    m->outcome.receipt = (struct corv_view){NULL, 0};
    m->bench->dones++;
}

static void released(void *ctx)
{
    struct bench_message *m = ctx;

    m->releases++;
    m->bench->releases++;
}

void bench_send(struct bench *b, unsigned number, uint32_t attempt, struct corv_view payload,
    unsigned timeout_ms)
{
    struct bench_message *m = &b->messages[b->sent % BENCH_MESSAGES_MAX];

    *m = (struct bench_message){.bench = b};
    (void)snprintf(m->delivery, sizeof m->delivery, "0190b4a2-0000-7000-8000-%012u", number);
    const struct corv_outgoing_spec spec = {.payload = payload,
        .message_id = "0190b4a2-0000-7000-8000-000000000001",
        .delivery_id = m->delivery,
        .attempt = attempt,
        .kind = "vtoDi01",
        .to_party = "raad",
        .to_oin = "00000001821002193000",
        .from_oin = "00000001803210830000",
        .address = b->address,
        .content_type = "application/xml",
        .release = released};

    if (corv_hosts_deliver(b->hosts, b->entry->name, &spec, timeout_ms, done, m) == CORV_OK)
        b->sent++;
}

bool bench_wait(struct bench *b, unsigned ms)
{
    return turn_until(b, &b->dones, b->sent, ms) && turn_until(b, &b->releases, b->sent, 2000);
}

/* ---- life ---------------------------------------------------------------------------------- */

corv_rc bench_open(
    struct bench *b, const struct corv_host_entry *e, const char *address, struct corv_fault *f)
{
    corv_rc rc = CORV_E_NOMEM;

    memset(b, 0, sizeof *b);
    b->entry = e;
    b->address = address;
    if (uv_loop_init(&b->loop) != 0)
        return CORV_E_IO;
    if (corv_hosts_new(&b->loop, &b->hosts) == CORV_OK) {
        corv_hosts_on_offer(b->hosts, take_in, b);
        rc = corv_hosts_add(b->hosts, e, f);
    }
    if (rc != CORV_OK)
        (void)bench_close(b, 0);
    return rc;
}

struct corv_host_stats bench_stats(const struct bench *b)
{
    struct corv_host_stats s = {0};

    if (b->hosts && corv_hosts_stats(b->hosts, b->entry->name, &s) == CORV_OK)
        return s;
    return b->stats;
}

static void closed(void *ctx)
{
    *(unsigned *)ctx = 1;
}

bool bench_close(struct bench *b, unsigned limit_ms)
{
    unsigned over = 0;

    if (b->hosts) {
        b->stats = bench_stats(b);
        corv_hosts_close(b->hosts, limit_ms, closed, &over);
        if (!turn_until(b, &over, 1, limit_ms + CLOSE_EXTRA_MS))
            return false;
        b->hosts = NULL;
    }
    while (uv_run(&b->loop, UV_RUN_NOWAIT) != 0)
        ;
    return uv_loop_close(&b->loop) == 0;
}
