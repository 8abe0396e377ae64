/* SPDX-License-Identifier: EUPL-1.2 */
/* Operations: a number per delivery, a table of them, exactly one done for each. A number is never
 * used again, so an answer for something that is over is recognised and only counted.
 * An operation is told (done) at once when the adapter answered, and otherwise a moment after its
 * deadline; its message is released when the adapter can no longer read it. */
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/host/internal.h"

/* Row: from, column: to. */
static const bool allowed[OP_STATES][OP_STATES] = {
    [OP_FREE] = {[OP_RUNNING] = true, [OP_ENDED] = true}, /* ended: not even handed over */
    [OP_RUNNING] = {[OP_CANCELLED] = true,
        [OP_ENDED] = true,                                    /* deadline or close; answered */
        [OP_SILENT] = true},                                  /* broke the rules of deliver */
    [OP_CANCELLED] = {[OP_ENDED] = true, [OP_SILENT] = true}, /* answered; grace is over */
    [OP_SILENT] = {[OP_ENDED] = true},                        /* answered late, or destroyed */
    [OP_ENDED] = {[OP_FREE] = true},
};

/* Under the mutex. False: the move is not allowed and nothing changed. */
static bool move(struct op *op, enum op_state to)
{
    if (!allowed[op->state][to])
        return false;
    if (op->state == OP_SILENT)
        op->host->stats.silent--;
    if (to == OP_SILENT)
        op->host->stats.silent++;
    if (to == OP_ENDED) {
        op->outcome.took_us = corv_clock_mono_us() - op->began_us;
        corv_list_add(&op->all->ended, &op->node);
    }
    op->state = to;
    return true;
}

static bool move_locked(struct op *op, enum op_state to)
{
    uv_mutex_lock(&op->all->mutex);
    bool moved = move(op, to);
    uv_mutex_unlock(&op->all->mutex);
    return moved;
}

static unsigned silent_now(struct corv_host *host)
{
    uv_mutex_lock(&host->all->mutex);
    unsigned n = host->stats.silent;

    uv_mutex_unlock(&host->all->mutex);
    return n;
}

/* ---- the table ---------------------------------------------------------------------------- */

static corv_rc table_grow(struct corv_hosts *h)
{
    uint32_t cap = h->ops_cap ? h->ops_cap * 2 : 64;
    struct op **ops;

    if (h->ops_count < h->ops_cap)
        return CORV_OK;
    if (h->ops_count >= HOST_SLOTS_MAX)
        return CORV_E_LIMIT;
    ops = realloc(h->ops, cap * sizeof(struct op *));
    if (!ops)
        return CORV_E_NOMEM;
    h->ops = ops;
    h->ops_cap = cap;
    return CORV_OK;
}

static corv_rc op_make(struct corv_hosts *h, struct op **out)
{
    struct op *op = calloc(1, sizeof *op);

    if (!op)
        return CORV_E_NOMEM;
    op->all = h;
    corv_list_init(&op->node);
    uv_mutex_lock(&h->mutex);
    corv_rc rc = table_grow(h);

    if (rc == CORV_OK) {
        op->slot = h->ops_count;
        h->ops[h->ops_count++] = op;
    }
    uv_mutex_unlock(&h->mutex);
    if (rc != CORV_OK) {
        free(op);
        return rc;
    }
    (void)uv_timer_init(h->loop, &op->timer); /* cannot fail */
    op->timer.data = op;
    corv__handle_opened(h);
    *out = op;
    return CORV_OK;
}

corv_rc corv__op_new(struct corv_host *host, struct op **out)
{
    struct corv_hosts *h = host->all;
    struct op *op = NULL;

    uv_mutex_lock(&h->mutex);
    struct corv_list *node = corv_list_pop(&h->idle);

    uv_mutex_unlock(&h->mutex);
    if (node) {
        op = CORV_LIST_ITEM(node, struct op, node);
    } else {
        corv_rc rc = op_make(h, &op);

        if (rc != CORV_OK)
            return rc;
    }
    uv_mutex_lock(&h->mutex);
    op->host = host;
    op->number = ++h->serial << HOST_SLOT_BITS | op->slot;
    uv_mutex_unlock(&h->mutex);
    op->instead = NULL;
    op->told = false;
    op->began_us = corv_clock_mono_us();
    *out = op;
    return CORV_OK;
}

/* Under the mutex. NULL: that number is over, was never given, or is another adapter's. */
static struct op *find(struct corv_hosts *h, const struct corv_host *host, uint64_t number)
{
    uint32_t slot = (uint32_t)(number & (HOST_SLOTS_MAX - 1));
    struct op *op = slot < h->ops_count ? h->ops[slot] : NULL;

    return op && op->number == number && op->host == host && op->state != OP_FREE ? op : NULL;
}

/* ---- telling ------------------------------------------------------------------------------ */

static void count(struct corv_host_stats *s, enum corv_outcome_class cls)
{
    switch (cls) {
    case CORV_DELIVERED:
        s->delivered++;
        break;
    case CORV_LATER:
        s->later++;
        break;
    case CORV_REFUSED:
        s->refused++;
        break;
    case CORV_UNREADABLE:
        s->unreadable++;
        break;
    }
}

static void replace_outcome(struct op *op)
{
    static const struct {
        const char *code;
        const char *text;
    } texts[] = {
        {"deliver.timeout", "De bezorging duurde langer dan is toegestaan."},
        {"host.stopped", "De adapter wordt gestopt; de bezorging wordt later opnieuw gedaan."},
        {"host.bad-answer", "De adapter gaf een antwoord dat niet volgens de afspraak is."},
        {"host.silent", "De adapter geeft berichten niet terug en krijgt daarom geen nieuwe."},
    };
    int64_t took = corv_clock_mono_us() - op->began_us;
    size_t i = 0;

    while (i + 1 < sizeof texts / sizeof texts[0] && strcmp(texts[i].code, op->instead) != 0)
        i++;
    corv__outcome_set(&op->outcome, CORV_LATER, texts[i].code, texts[i].text);
    op->outcome.took_us = took;
}

static void tell(struct op *op)
{
    struct corv_host_stats *s = &op->host->stats;

    op->told = true;
    (void)uv_timer_stop(&op->timer);
    if (op->instead)
        replace_outcome(op);
    count(s, op->outcome.cls);
    if (strcmp(op->outcome.code, "host.bad-outcome") == 0 ||
        strcmp(op->outcome.code, "host.bad-code") == 0 ||
        strcmp(op->outcome.code, "host.bad-answer") == 0)
        CORV_LOG(ERROR, "host.broken-rule", NULL, CORV_F(ADAPTER, op->host->name),
            CORV_F(CODE, op->outcome.code));
    s->in_flight--;
    op->all->in_flight--;
    op->done(op->ctx, &op->outcome);
}

static void recycle(struct op *op)
{
    void (*release)(void *) = op->message.spec.release;
    void *ctx = op->ctx;

    free(op->receipt);
    op->receipt = NULL;
    op->message = (struct corv_outgoing){0};
    uv_mutex_lock(&op->all->mutex);
    (void)move(op, OP_FREE);
    corv_list_add(&op->all->idle, &op->node);
    uv_mutex_unlock(&op->all->mutex);
    if (release)
        release(ctx);
}

static struct op *next_ended(struct corv_hosts *h, struct corv_list *batch)
{
    uv_mutex_lock(&h->mutex);
    struct corv_list *node = corv_list_pop(batch);

    uv_mutex_unlock(&h->mutex);
    return node ? CORV_LIST_ITEM(node, struct op, node) : NULL;
}

/* Only what has ended by now: done may deliver again, and that ends in the next turn. */
void corv__ops_tell(struct corv_hosts *h)
{
    struct corv_list batch;
    struct corv_list *node;
    struct op *op;

    corv_list_init(&batch);
    uv_mutex_lock(&h->mutex);
    while ((node = corv_list_pop(&h->ended)) != NULL)
        corv_list_add(&batch, node);
    uv_mutex_unlock(&h->mutex);
    while ((op = next_ended(h, &batch)) != NULL) {
        if (!op->told)
            tell(op);
        recycle(op);
    }
    if (h->in_flight == 0)
        corv__hosts_idle(h);
}

/* ---- the adapter's answer ----------------------------------------------------------------- */

/* A loop of useless answers must not become a loop of log lines. */
static bool worth_a_line(uint64_t n)
{
    return (n & (n - 1)) == 0;
}

static void count_useless(struct corv_host *host, const char *event, uint64_t n)
{
    if (worth_a_line(n))
        corv_log_write(CORV_LOG_WARNING, event, NULL,
            (const struct corv_log_field[]){
                CORV_F(ADAPTER, host->name), CORV_N(COUNT, n), {CORV_LF_END, 0, 0}});
}

void corv__op_complete(struct corv_host *host, uint64_t number, const struct corv_outcome *outcome)
{
    struct corv_hosts *h = host->all;
    struct corv_host_outcome clean;
    uint64_t twice = 0;
    uint64_t late = 0;
    char *receipt = NULL;

    if (!h)
        return;
    corv__outcome_take_over(outcome, &clean, &receipt);
    uv_mutex_lock(&h->mutex);
    struct op *op = find(h, host, number);
    bool silent = op && op->state == OP_SILENT;

    if (silent)
        late = ++host->stats.late;
    else if (op && op->state != OP_ENDED)
        op->outcome = clean;
    if (op && move(op, OP_ENDED)) {
        if (!silent) {
            op->receipt = receipt;
            receipt = NULL;
        }
    } else {
        twice = ++host->stats.twice;
    }
    uv_mutex_unlock(&h->mutex);
    free(receipt);
    if (late)
        count_useless(host, "host.late", late);
    if (twice)
        count_useless(host, "host.twice", twice);
    else
        (void)uv_async_send(&h->async);
}

/* ---- deadlines ---------------------------------------------------------------------------- */

static void start_timer(struct op *op, uv_timer_cb cb, unsigned ms)
{
    uv_update_time(op->all->loop); /* a slow call must not eat the time of the next one */
    (void)uv_timer_start(&op->timer, cb, ms, 0);
}

static void stop_waiting(struct op *op, const char *instead)
{
    if (!move_locked(op, OP_SILENT))
        return; /* the answer is in, or there is nothing to wait for */
    if (!op->instead)
        op->instead = instead;
    CORV_LOG(ERROR, "host.silent", NULL, CORV_F(ADAPTER, op->host->name),
        CORV_N(COUNT, silent_now(op->host)));
    tell(op);
    if (op->all->in_flight == 0)
        corv__hosts_idle(op->all);
}

static void grace_over(uv_timer_t *timer)
{
    stop_waiting(timer->data, "deliver.timeout");
}

static bool cancel(struct op *op, const char *instead)
{
    if (!move_locked(op, OP_CANCELLED))
        return false; /* the answer is in */
    op->instead = instead;
    start_timer(op, grace_over, HOST_GRACE_MS);
    int64_t began = corv__call_begin();

    op->host->api->cancel(op->host->instance, op->number);
    corv__call_end(op->host, "cancel", began);
    return true;
}

static void deadline_over(uv_timer_t *timer)
{
    struct op *op = timer->data;

    if (cancel(op, "deliver.timeout"))
        op->host->stats.timeouts++;
}

void corv_hosts_cancel(struct corv_hosts *h, const void *ctx)
{
    for (uint32_t i = 0; i < h->ops_count; i++)
        if (h->ops[i]->ctx == ctx)
            (void)cancel(h->ops[i], "deliver.timeout");
}

/* ---- handing over ------------------------------------------------------------------------- */

static void end_unheard(struct op *op, const char *instead)
{
    op->instead = instead;
    (void)move_locked(op, OP_ENDED);
    (void)uv_async_send(&op->all->async);
}

void corv__op_hand_over(struct op *op, unsigned timeout_ms)
{
    struct corv_host *host = op->host;
    struct corv_outcome outcome = {.size = sizeof outcome};
    uint64_t number = op->number;

    if (silent_now(host) >= HOST_SILENT_MAX) {
        end_unheard(op, "host.silent");
        return;
    }
    (void)move_locked(op, OP_RUNNING);
    start_timer(op, deadline_over, timeout_ms);
    int64_t began = corv__call_begin();
    int result = host->api->deliver(host->instance, number, &op->message, &outcome);

    corv__call_end(host, "deliver", began);
    if (result == CORV_DONE) {
        corv__op_complete(host, number, &outcome);
    } else if (result != CORV_PENDING) {
        op->instead = "host.bad-answer"; /* and the message may still be in its hands */
        start_timer(op, grace_over, 1);  /* 0 could keep libuv among its timers */
    }
}

/* ---- closing ------------------------------------------------------------------------------ */

void corv__ops_cancel_all(struct corv_hosts *h)
{
    for (uint32_t i = 0; i < h->ops_count; i++)
        (void)cancel(h->ops[i], "host.stopped");
}

void corv__ops_give_up(struct corv_hosts *h, struct corv_host *host)
{
    for (uint32_t i = 0; i < h->ops_count; i++) {
        struct op *op = h->ops[i];

        if (op->host == host)
            stop_waiting(op, "host.stopped");
    }
}

void corv__ops_release(struct corv_hosts *h, struct corv_host *host)
{
    for (uint32_t i = 0; i < h->ops_count; i++)
        if (h->ops[i]->host == host && h->ops[i]->state == OP_SILENT)
            (void)move_locked(h->ops[i], OP_ENDED);
}

static void op_closed(uv_handle_t *handle)
{
    struct op *op = handle->data;
    struct corv_hosts *h = op->all;

    free(op->receipt);
    free(op);
    corv__handle_closed(h);
}

void corv__ops_free(struct corv_hosts *h)
{
    for (uint32_t i = 0; i < h->ops_count; i++)
        uv_close((uv_handle_t *)&h->ops[i]->timer, op_closed);
    uv_mutex_lock(&h->mutex);
    free(h->ops);
    h->ops = NULL;
    h->ops_count = h->ops_cap = 0;
    uv_mutex_unlock(&h->mutex);
}
