/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/confirm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "config/parties.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/deliver.h"
#include "daemon/fault_message.h"
#include "daemon/host/host.h"
#include "daemon/job.h"
#include "daemon/journey.h"

#define SETTLE_AGAIN_MS 1000
#define RETRY_AFTER_S   3600

static void settle(struct corv_job *job);

/* The partner has answered: its lane may go on while the outcome is being committed. */
static void end_in_lane(struct corv_job *job)
{
    int64_t now = corv_clock_mono_us();

    job->took_us = now - job->began_us;
    corv_lane_ended(job->app->lanes, job->row->party, &job->lane, job->end, job->pause_s, now);
    if (corv_lane_runs_dry(job->app->lanes, job->row->party, now))
        corv_deliver_soon(job->app);
}

static void count(struct corv_job *job)
{
    struct corv_metrics *m = &job->app->metrics;

    if (job->settle.state == CORV_DELIVERY_CONFIRMED)
        m->deliveries_confirmed_total++;
    else if (job->settle.state == CORV_DELIVERY_WAITING)
        m->deliveries_later_total++;
    else
        m->deliveries_dead_total++;
    if (job->settle.fault)
        m->faults_made_total++;
}

struct again {
    uv_timer_t timer;
    struct corv_list node; /* in app->unsettled */
    struct corv_job *job;
};

static void again_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void settle_again(uv_timer_t *timer)
{
    struct again *a = timer->data;
    struct corv_job *job = a->job;

    corv_list_del(&a->node);
    uv_close((uv_handle_t *)timer, again_closed);
    settle(job);
}

static void keep(struct corv_job *job)
{
    struct again *a = calloc(1, sizeof *a);

    if (!a || job->app->draining) { /* the lease runs out; the partner sees a marked repeat */
        free(a);
        corv_job_free(job);
        return;
    }
    a->job = job;
    corv_list_add(&job->app->unsettled, &a->node);
    (void)uv_timer_init(&job->app->loop, &a->timer);
    a->timer.data = a;
    (void)uv_timer_start(&a->timer, settle_again, SETTLE_AGAIN_MS, 0);
}

void corv_confirm_stop(struct corv_app *app)
{
    CORV_LIST_EACH(node, &app->unsettled)
    {
        struct again *a = CORV_LIST_ITEM(node, struct again, node);

        corv_list_del(node);
        corv_job_free(a->job);
        uv_close((uv_handle_t *)&a->timer, again_closed);
    }
}

static void settled(void *ctx, bool committed)
{
    struct corv_job *job = ctx;

    if (!committed) {
        keep(job);
        return;
    }
    corv_crash_point("after-settle");
    count(job);
    if (job->began_us)
        corv_histogram_add(&job->app->metrics.step[CORV_TIMED_CONFIRM],
            corv_clock_mono_us() - job->began_us - job->took_us);
    CORV_LOG(INFO, "delivery.settled", &job->row->message, CORV_F(TO, job->row->party),
        CORV_F(STATE, corv_delivery_state_name(job->settle.state)),
        CORV_F(CODE, job->code[0] ? job->code : NULL), CORV_N(ATTEMPT, job->row->attempt),
        CORV_N(STATUS, job->settle.status), CORV_N(MS, job->took_us / 1000));
    if (job->settle.fault)
        corv_deliver_soon(job->app);
    corv_job_free(job);
}

static void settle(struct corv_job *job)
{
    corv_crash_point("before-settle");
    if (corv_queue_settle(job->app->queue, &job->settle) != CORV_OK)
        keep(job);
}

static const char *event_name(enum corv_delivery_state s)
{
    switch (s) {
    case CORV_DELIVERY_CONFIRMED:
        return "delivery.confirmed";
    case CORV_DELIVERY_WAITING:
        return "delivery.later";
    case CORV_DELIVERY_HELD:
        return "delivery.held";
    case CORV_DELIVERY_DEAD:
    case CORV_DELIVERY_DROPPED:
    default:
        return "delivery.dead";
    }
}

static void prepare(struct corv_job *job, enum corv_delivery_state state)
{
    const struct corv_leased *row = job->row;

    job->event = (struct corv_queue_event){.event = event_name(state),
        .message = row->message,
        .delivery = row->no,
        .party = row->party,
        .actor = job->app->actor,
        .code = job->code[0] ? job->code : NULL,
        .detail = job->detail};
    job->settle.message = row->message;
    job->settle.no = row->no;
    job->settle.attempt = row->attempt;
    job->settle.state = state;
    job->settle.code = job->code;
    job->settle.text = job->text;
    job->settle.event = &job->event;
    job->settle.cb = settled;
    job->settle.ctx = job;
}

/* What the partner asks for is kept within bounds of ours: a slip of a gateway must not silence its
 * lane for a day, when an operator can do nothing about it. */
static unsigned asked_s(const struct corv_job *job, const struct corv_host_outcome *o)
{
    unsigned most = job->app->config->delivery.retry_max_seconds;

    if (most < RETRY_AFTER_S)
        most = RETRY_AFTER_S;
    return o->retry_after_seconds < most ? o->retry_after_seconds : most;
}

static int64_t next_due_us(const struct corv_job *job, unsigned retry_after_s)
{
    uint64_t s = job->app->config->delivery.retry_first_seconds;
    uint64_t most = job->app->config->delivery.retry_max_seconds;
    uint16_t dice = 0;

    for (int i = 1; i < job->row->attempt && s < most; i++)
        s *= 2;
    if (s > most)
        s = most;
    if (getrandom(&dice, sizeof dice, 0) != (ssize_t)sizeof dice)
        dice = 0; /* no jitter, no harm */
    if (retry_after_s)
        return corv_clock_us() + (int64_t)retry_after_s * 1000000;
    return corv_clock_us() + (int64_t)(s * 500000 + s * 500000 * dice / 65535);
}

static bool given_up(const struct corv_job *job)
{
    int64_t age = corv_clock_us() - job->row->first_due_us;

    return age > (int64_t)job->app->config->delivery.give_up_seconds * 1000000;
}

static enum corv_delivery_state judge(struct corv_job *job, const struct corv_host_outcome *o)
{
    switch (o->cls) {
    case CORV_DELIVERED:
        return CORV_DELIVERY_CONFIRMED;
    case CORV_LATER:
        if (!given_up(job))
            return CORV_DELIVERY_WAITING;
        job->why = "deliver.given-up";
        (void)snprintf(job->code, sizeof job->code, "%s", job->why);
        return CORV_DELIVERY_DEAD;
    case CORV_UNREADABLE:
        job->why = "deliver.unreadable";
        return CORV_DELIVERY_DEAD;
    case CORV_REFUSED:
    default:
        job->why = "deliver.refused";
        return CORV_DELIVERY_DEAD;
    }
}

/* Was it the partner or this message? Without a status nobody answered; 503 and 429 speak for
 * the partner as a whole. */
static enum corv_lane_end lane_end(const struct corv_host_outcome *o)
{
    if (o->cls != CORV_LATER)
        return CORV_LANE_OK;
    return o->status == 0 || o->status == 503 || o->status == 429 ? CORV_LANE_PARTNER
                                                                  : CORV_LANE_MESSAGE;
}

/* The peer's own bytes may tell something of the case, so only their digest is kept (promise 5):
 * enough to prove which answer it was when the peer shows its copy. */
static void keep_receipt(struct corv_job *job, const struct corv_host_outcome *o)
{
    if (o->receipt.n > 0 && corv_digest_of(&o->receipt, 1, &job->receipt) == CORV_OK)
        job->settle.receipt = corv_view_of(job->receipt.b, sizeof job->receipt.b);
}

static void describe(struct corv_job *job, const struct corv_host_outcome *o)
{
    char digest[CORV_DIGEST_TEXT];
    char receipt[CORV_DIGEST_TEXT];
    bool answered = job->settle.receipt.n > 0;

    (void)snprintf(job->detail, sizeof job->detail,
        "{\"attempt\":%d,\"status\":%u,\"us\":%lld,\"sha256\":\"%s\"%s%s%s}", job->row->attempt,
        o ? o->status : 0, o ? (long long)o->took_us : 0LL,
        corv_digest_text(&job->row->digest, digest), answered ? ",\"receipt\":\"" : "",
        answered ? corv_digest_text(&job->receipt, receipt) : "", answered ? "\"" : "");
}

static enum corv_lane_class class_of(const struct corv_host_outcome *o)
{
    switch (o->cls) {
    case CORV_DELIVERED:
        return CORV_LANE_DELIVERED;
    case CORV_LATER:
        return strcmp(o->code, "deliver.timeout") == 0 ? CORV_LANE_TIMEOUT : CORV_LANE_LATER;
    case CORV_UNREADABLE:
        return CORV_LANE_UNREADABLE;
    case CORV_REFUSED:
    default:
        return CORV_LANE_REFUSED;
    }
}

void corv_confirm(struct corv_job *job, const struct corv_host_outcome *o)
{
    job->app->metrics.deliveries_in_flight--;
    corv_histogram_add(&job->app->metrics.step[CORV_TIMED_DELIVER], o->took_us);
    corv_lane_count(job->app->lanes, job->row->party, class_of(o), o->code);
    (void)snprintf(job->code, sizeof job->code, "%s", o->code);
    (void)snprintf(job->text, sizeof job->text, "%s", o->text);
    job->settle.status = (int)o->status;
    job->end = lane_end(o);
    job->pause_s = asked_s(job, o);
    keep_receipt(job, o);
    describe(job, o);

    enum corv_delivery_state state = judge(job, o);

    prepare(job, state);
    if (state == CORV_DELIVERY_WAITING)
        job->settle.due_us = next_due_us(job, job->pause_s);
    if (state == CORV_DELIVERY_DEAD)
        corv_fault_message(job);
    end_in_lane(job);
    settle(job);
}

void corv_confirm_hold(struct corv_job *job, const char *code, const char *question)
{
    (void)snprintf(job->code, sizeof job->code, "%s", code);
    (void)snprintf(job->text, sizeof job->text, "%s", question);
    job->end = CORV_LANE_MESSAGE;
    describe(job, NULL);
    prepare(job, CORV_DELIVERY_HELD);
    end_in_lane(job);
    settle(job);
}

void corv_confirm_let_go(struct corv_job *job)
{
    job->end = CORV_LANE_MESSAGE;
    end_in_lane(job);
    corv_job_free(job);
}

/* The content or its key is not there, though the delivery is open: what purges never makes that
 * so. Then the state folder was lost or a backup was put back, and it holds for many messages at
 * once: no storm of foutmeldingen, an operator decides. */
static void hold_unreadable(struct corv_job *job)
{
    if (job->row->sealed_size > 0) /* the bytes themselves were taken to be opened */
        corv_confirm_hold(job, "payload.no-key",
            "De sleutel van dit bericht is er niet (keys_dir): het is niet te lezen. Laat de "
            "afzender het opnieuw sturen, en laat deze bezorging dan vervallen met corvctl drop.");
    else
        corv_confirm_hold(job, "payload.gone",
            "De inhoud van dit bericht is er niet meer. Laat de afzender het zo nodig opnieuw "
            "sturen, en laat deze bezorging dan vervallen met corvctl drop.");
}

void corv_confirm_unreadable(struct corv_job *job)
{
    if (job->opened == CORV_E_NOTFOUND) {
        hold_unreadable(job);
        return;
    }
    job->why = "payload.damaged";
    (void)snprintf(job->code, sizeof job->code, "%s", job->why);
    (void)snprintf(
        job->text, sizeof job->text, "%s", "De inhoud van dit bericht is niet meer te lezen.");
    describe(job, NULL);
    prepare(job, CORV_DELIVERY_DEAD);
    corv_fault_message(job);
    settle(job);
}
