/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/deliver.h"

#include <stdlib.h>
#include <string.h>

#include "config/parties.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/confirm.h"
#include "daemon/host/host.h"
#include "daemon/job.h"
#include "daemon/loop/pool.h"
#include "daemon/message.h"
#include "queue/vault.h"

#define POLL_MS         500
#define SOON_MS         2
#define READY_MAX       256
#define MEMORY_MAX      (64u << 20)
#define LEASE_BYTES_MAX (32u << 20)

struct corv_poller {
    uv_timer_t timer;              /* data: the app */
    struct corv_lease_lane *asked; /* owned, while a lease is under way */
    unsigned asked_count;
    bool asking;
    bool again;
    bool stopped;
};

/* ---- starting one delivery ---------------------------------------------------------------- */

/* The adapter has let go of the payload: nearly always together with its answer. */
static void released(void *ctx)
{
    struct corv_job *job = ctx;

    corv_body_free(job->body); /* settling needs it no more */
    job->body = NULL;
    corv_job_free(job);
}

static void attempt_ended(void *ctx, const struct corv_host_outcome *o)
{
    corv_confirm(ctx, o);
}

static void settings_wrong(struct corv_job *job, const char *code)
{
    CORV_LOG(ERROR, "deliver.settings", &job->row->message, CORV_F(TO, job->row->party),
        CORV_F(CODE, code));
    corv_confirm_hold(job, code,
        "De ontvangende partij heeft in de configuratie nu geen bruikbaar adres. Herstel de "
        "configuratie en geef de bezorging vrij met corvctl release.");
}

static void start_delivery(void *ctx, struct corv_list *node)
{
    struct corv_app *app = ctx;
    struct corv_job *job =
        CORV_LIST_ITEM(CORV_LIST_ITEM(node, struct corv_lane_job, node), struct corv_job, lane);
    const struct corv_party *to = corv_party_by_id(app->config, job->row->party);

    job->config = corv_config_hold(app->config);
    job->began_us = corv_clock_mono_us();
    if (!to || !to->adapter || !to->address) {
        settings_wrong(job, "deliver.no-address");
        return;
    }

    struct corv_outgoing_spec spec = {.payload = corv_view_of(job->body->p, job->body->size),
        .message_id = job->message_text,
        .delivery_id = job->delivery_text,
        .attempt = (uint32_t)job->row->attempt,
        .kind = job->row->kind,
        .to_party = to->id,
        .to_oin = to->oin,
        .from_oin = job->row->zender_org,
        .address = to->address,
        .content_type = job->row->content_type,
        .release = released};

    CORV_LOG(DEBUG, "deliver.start", &job->row->message, CORV_F(TO, to->id),
        CORV_N(ATTEMPT, job->row->attempt));
    app->metrics.deliveries_in_flight++;
    corv_crash_point("delivering");
    job->holds++;

    corv_rc rc = corv_hosts_deliver(app->hosts, to->adapter, &spec,
        app->config->delivery.timeout_seconds * 1000, attempt_ended, job);

    if (rc == CORV_OK)
        return;
    job->holds--;
    app->metrics.deliveries_in_flight--;
    if (rc == CORV_E_NOTFOUND || (rc == CORV_E_STATE && !app->draining))
        settings_wrong(job, "deliver.no-adapter");
    else
        corv_confirm_let_go(job); /* no memory, or stopping: the lease runs out */
}

/* Its lease is too old to begin: the database gives it out again. */
static void let_go(void *ctx, struct corv_list *node)
{
    (void)ctx;
    corv_job_free(
        CORV_LIST_ITEM(CORV_LIST_ITEM(node, struct corv_lane_job, node), struct corv_job, lane));
}

static void push(struct corv_job *job)
{
    if (corv_lane_push(job->app->lanes, job->row->party, &job->lane, true) != CORV_OK)
        corv_job_free(job);
}

/* ---- opening what was sealed, in its own place ---------------------------------------------- */

static void open_payload(void *data) /* on a worker */
{
    struct corv_job *job = data;

    if (!job->row->sealed) {
        job->opened = CORV_E_NOTFOUND;
        return;
    }
    job->plain = job->row->sealed;
    job->plain_size = job->row->sealed_size;
    job->row->sealed = NULL;
    job->opened =
        corv_vault_open_own(job->app->vault, &job->row->message, &job->plain, &job->plain_size);
}

static void payload_opened(void *data, bool ran)
{
    struct corv_job *job = data;

    if (!ran)
        job->opened = CORV_AGAIN;
    if (job->opened == CORV_OK) {
        job->body = corv_body_new(job->plain, job->plain_size);
        job->plain = NULL;
        if (job->body) {
            push(job);
            return;
        }
    }
    corv_lane_unreserve(job->app->lanes, job->row->party, job->lane.bytes);
    if (job->opened == CORV_E_NOTFOUND || job->opened == CORV_E_INVALID)
        corv_confirm_unreadable(job);
    else
        corv_job_free(job);
}

static void open_on_worker(struct corv_job *job)
{
    bool brief = job->lane.bytes < CORV_POOL_BRIEF;

    if (corv_pool_submit(job->app->pool, open_payload, payload_opened, job, brief, NULL) == CORV_OK)
        return;
    corv_lane_unreserve(job->app->lanes, job->row->party, job->lane.bytes);
    corv_job_free(job);
}

/* ---- straight from the store --------------------------------------------------------------- */

static struct corv_leased *row_of(
    const struct corv_queue_message *q, const struct corv_queue_delivery *d)
{
    struct corv_leased *row = calloc(1, sizeof *row);

    if (!row)
        return NULL;
    *row = (struct corv_leased){.message = q->id,
        .no = d->no,
        .kind = strdup(q->kind),
        .route = strdup(d->route),
        .party = strdup(d->party),
        .sender = strdup(q->sender),
        .zender_org = strdup(q->zender_org),
        .zender_app = strdup(q->zender_app),
        .zender_adm = strdup(q->zender_adm),
        .referentie = strdup(q->referentie),
        .content_type = strdup(q->content_type),
        .priority = d->priority,
        .attempt = 1,
        .first_due_us = q->received_us,
        .digest = q->digest};
    if (row->kind && row->route && row->party && row->sender && row->zender_org &&
        row->zender_app && row->zender_adm && row->referentie && row->content_type)
        return row;
    corv_leased_free(row);
    return NULL;
}

/* A large one was sealed in its own place: body is NULL, and its one delivery from memory takes the
 * sealed form along. */
static void from_memory(struct corv_message *m, unsigned part, unsigned i, struct corv_body *body)
{
    struct corv_part *p = &m->parts[part];
    const struct corv_queue_delivery *d = &m->stored[part].deliveries[i];
    struct corv_leased *row = row_of(&m->stored[part], d);
    struct corv_job *job = row ? corv_job_new(m->app, row) : NULL;

    if (!job ||
        (!body &&
            !p->sealed)) { /* no memory: the lease runs out and the database gives it out again */
        corv_lane_unreserve(m->app->lanes, d->party, m->parts[part].size);
        corv_job_free(job);
        return;
    }
    job->lane.bytes = p->size;
    m->app->metrics.deliveries_from_memory_total++;
    if (body) {
        job->body = corv_body_hold(body);
        push(job);
        return;
    }
    row->sealed = p->sealed;
    row->sealed_size = p->sealed_size;
    p->sealed = NULL;
    open_on_worker(job);
}

void corv_deliver_from_memory(struct corv_message *m, unsigned part)
{
    const struct corv_queue_message *q = &m->stored[part];
    struct corv_part *p = &m->parts[part];
    bool any = false;
    bool later = false;

    for (unsigned i = 0; i < q->deliveries_count; i++) {
        any = any || q->deliveries[i].lease_now;
        later = later || (!q->deliveries[i].lease_now && q->deliveries[i].party);
    }
    if (later)
        corv_deliver_soon(m->app);
    if (!any)
        return;

    bool big = p->body == NULL;
    struct corv_body *body = big ? NULL : corv_body_new(p->body, p->size);

    m->app->metrics.held_bytes -= p->size;
    p->held = false;
    p->body = NULL;
    if (!big) {
        free(p->sealed); /* never taken for the text of a delivery */
        p->sealed = NULL;
    }
    for (unsigned i = 0; i < q->deliveries_count; i++)
        if (q->deliveries[i].lease_now)
            from_memory(m, part, i, body);
    corv_body_free(body);
}

/* ---- leased from the database ---------------------------------------------------------------- */

static void take(struct corv_app *app, struct corv_leased *row)
{
    struct corv_job *job = corv_job_new(app, row);

    if (!job)
        return;
    app->metrics.deliveries_leased_total++;
    job->lane.bytes = corv_vault_size_of(
        corv_view_of(job->row->sealed, job->row->sealed ? job->row->sealed_size : 0));
    corv_lane_expect(app->lanes, job->row->party, job->lane.bytes);
    open_on_worker(job);
}

static unsigned got(struct corv_leased **leased, size_t count, const char *party)
{
    unsigned n = 0;

    for (size_t i = 0; i < count; i++)
        if (leased[i] && strcmp(leased[i]->party, party) == 0)
            n++;
    return n;
}

static void leased_came(void *ctx, struct corv_leased **leased, size_t count, bool failed)
{
    struct corv_app *app = ctx;
    struct corv_poller *poller = app->poller;

    poller->asking = false;
    for (unsigned i = 0; !failed && i < poller->asked_count; i++) {
        bool more = got(leased, count, poller->asked[i].party) >= poller->asked[i].room;

        corv_lane_set_backlog(app->lanes, poller->asked[i].party, more);
        poller->again = poller->again || more;
    }
    free(poller->asked);
    poller->asked = NULL;
    for (size_t i = 0; i < count; i++)
        if (poller->stopped) /* nobody works any more; the next start gives the lease back */
            corv_leased_free(leased[i]);
        else
            take(app, leased[i]);
    free(leased);
    if (poller->again && !poller->stopped) {
        poller->again = false;
        corv_deliver_soon(app);
    }
}

/* Test builds only: a fault of ours that leaves everything lying, for the watchdog to see. */
static bool stalled(void)
{
#ifdef CORV_CRASH_POINTS
    return getenv("CORVD_STALL") != NULL;
#else
    return false;
#endif
}

static void ask(struct corv_app *app)
{
    size_t lanes = corv_lanes_count(app->lanes);
    int64_t now = corv_clock_mono_us();
    struct corv_lease_lane *want = calloc(lanes ? lanes : 1, sizeof *want);
    unsigned n = 0;

    if (!want)
        return;
    for (size_t i = 0; i < lanes; i++) {
        unsigned room = corv_lane_room(app->lanes, i, now);

        if (room > 0)
            want[n++] = (struct corv_lease_lane){corv_lane_party(app->lanes, i), room};
    }
    if (n == 0 ||
        corv_queue_lease(app->queue, want, n, LEASE_BYTES_MAX, leased_came, app) != CORV_OK) {
        free(want);
        return;
    }
    app->poller->asked = want;
    app->poller->asked_count = n;
    app->poller->asking = true;
}

static void poll_due(uv_timer_t *timer)
{
    struct corv_app *app = timer->data;
    struct corv_poller *poller = app->poller;

    corv_lanes_tick(app->lanes, corv_clock_mono_us());
    if (poller->stopped)
        return;
    if (poller->asking)
        poller->again = true;
    else if (corv_queue_connected(app->queue) && !stalled())
        ask(app);
    (void)uv_timer_start(timer, poll_due, POLL_MS, 0);
}

/* Asked again and again, soon stays soon: it is not put off. */
void corv_deliver_soon(struct corv_app *app)
{
    uv_timer_t *timer = &app->poller->timer;
    bool soon = uv_is_active((uv_handle_t *)timer) && uv_timer_get_due_in(timer) <= SOON_MS;

    if (!app->poller->stopped && !soon)
        (void)uv_timer_start(timer, poll_due, SOON_MS, 0);
}

corv_rc corv_deliver_refresh(struct corv_app *app)
{
    const struct corv_config *c = app->config;

    corv_lanes_set(app->lanes, c->delivery.max_in_flight, c->delivery.retry_first_seconds,
        c->delivery.retry_max_seconds);
    for (unsigned i = 0; i < c->parties_count; i++) {
        const struct corv_party *p = &c->parties[i];
        corv_rc rc = corv_lane_add(app->lanes, p->id, p->max_in_flight);

        if (rc != CORV_OK)
            return rc;
    }
    return CORV_OK;
}

corv_rc corv_deliver_start(struct corv_app *app)
{
    struct corv_lanes_options o = {.in_flight = app->config->delivery.max_in_flight,
        .ready_max = READY_MAX,
        .memory = MEMORY_MAX,
        .retry_first_s = app->config->delivery.retry_first_seconds,
        .retry_max_s = app->config->delivery.retry_max_seconds,
        .start = start_delivery,
        .expire = let_go,
        .ctx = app};
    corv_rc rc = corv_lanes_new(&o, &app->lanes);

    if (rc == CORV_OK)
        rc = corv_deliver_refresh(app);
    if (rc != CORV_OK)
        return rc;
    app->poller = calloc(1, sizeof *app->poller);
    if (!app->poller)
        return CORV_E_NOMEM;
    (void)uv_timer_init(&app->loop, &app->poller->timer);
    app->poller->timer.data = app;
    corv_deliver_soon(app);
    return CORV_OK;
}

void corv_deliver_stop(struct corv_app *app)
{
    app->poller->stopped = true;
    corv_lanes_drop_ready(app->lanes);
}

static void poller_closed(uv_handle_t *handle)
{
    struct corv_poller *poller = CORV_LIST_ITEM(handle, struct corv_poller, timer);

    free(poller->asked);
    free(poller);
}

void corv_deliver_close(struct corv_app *app)
{
    uv_close((uv_handle_t *)&app->poller->timer, poller_closed);
    app->poller = NULL;
    corv_lanes_free(app->lanes);
    app->lanes = NULL;
}
