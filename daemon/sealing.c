/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/sealing.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/loop/pool.h"
#include "queue/fence.h"
#include "queue/node.h"
#include "queue/patience.h"
#include "queue/queue.h"
#include "queue/seal.h"

#define TICK_MS    2000
#define SEAL_MS    60000
#define SEAL_LINES 10000
#define LAST_US    10000000 /* so long the last seal may take */

struct corv_sealing {
    uv_timer_t timer;      /* data: the app */
    char *conninfo;        /* owned: of the server that the queue wrote on last */
    char *last;            /* owned: the same when the stop began; NULL: it was away */
    const char *state_dir; /* these two: of the first configuration, kept in it */
    const char *node;
    struct corv_vault *vault;
    struct corv_config *config; /* counted */
    struct corv_signer *signer;
    struct corv_seal_head head; /* of our chain, as the pass under way works with it */
    struct corv_fence fence;
    bool leaving; /* the last pass */
    int64_t marked_seq;
    int64_t sealed_seq;
    int64_t sealed_us; /* monotonic */
    unsigned seal_ms;
    bool seal; /* this pass seals */
    bool running;
    bool stopped;
    unsigned sealed;
    struct corv_fault fault;
    corv_rc rc;
};

uint64_t corv_sealing_age_s(const struct corv_app *app)
{
    const struct corv_sealing *s = app->sealing;

    return s ? (uint64_t)((corv_clock_mono_us() - s->sealed_us) / 1000000) : 0;
}

uint64_t corv_sealing_unsealed(const struct corv_app *app)
{
    const struct corv_sealing *s = app->sealing;
    struct corv_seal_head head;

    if (!s || s->sealed_seq == 0 || !app->queue ||
        !corv_queue_head(app->queue, &head.chain, &head.seq, &head.hash))
        return 0;
    return head.seq > s->sealed_seq ? (uint64_t)(head.seq - s->sealed_seq) : 0;
}

/* ---- on a worker -------------------------------------------------------------------------- */

static void seal(struct corv_sealing *s)
{
    struct corv_keeper *k = NULL;

    s->rc = corv_keeper_open(s->conninfo, s->node, s->vault, &k, &s->fault);
    if (s->rc == CORV_OK)
        s->rc = corv_seal_heads(
            k, s->signer, &s->head, corv_clock_us(), &s->fence, &s->sealed, &s->fault);
    if (s->rc == CORV_OK && s->leaving)
        s->rc = corv_node_leave(k, &s->fault);
    corv_keeper_close(k);
}

static void work(void *data)
{
    struct corv_sealing *s = data;

    s->rc = CORV_OK;
    s->sealed = 0;
    if (s->seal)
        seal(s);
    if (corv_fence_write(s->state_dir, &s->fence) != CORV_OK && s->rc == CORV_OK)
        s->rc = CORV_FAIL(&s->fault, CORV_E_IO, CORV_FAULT_SETTINGS, "fence.write",
            "Het bestand heads in state_dir kan niet worden geschreven.");
}

/* ---- on the loop -------------------------------------------------------------------------- */

static void tell(struct corv_sealing *s)
{
    struct corv_app *app = s->timer.data;

    if (s->rc == CORV_E_STATE)
        app->metrics.audit_broken = 1;
    else if (s->rc == CORV_OK && s->seal)
        app->metrics.audit_broken = 0;
    if (s->rc == CORV_E_STATE)
        CORV_LOG(ERROR, "audit.broken", NULL, CORV_F(CODE, s->fault.code),
            CORV_F(REASON, s->fault.text));
    else if (s->rc != CORV_OK)
        CORV_LOG(WARNING, "audit.not-sealed", NULL, CORV_F(CODE, s->fault.code),
            CORV_F(REASON, s->fault.text));
}

static void work_done(void *data, bool ran)
{
    struct corv_sealing *s = data;
    struct corv_app *app = s->timer.data;

    s->running = false;
    if (!ran)
        return;
    tell(s);
    app->metrics.audit_seals_total += s->sealed;
    if (s->rc != CORV_OK)
        return;
    s->marked_seq = s->head.seq;
    if (s->seal) {
        s->sealed_seq = s->head.seq;
        s->sealed_us = corv_clock_mono_us();
    }
}

/* While it is connected: else the place is one that is only tried, perhaps a former primary. */
static bool take_place(char **to, const struct corv_app *app)
{
    free(*to);
    *to = strdup(corv_queue_place(app->queue));
    return *to != NULL;
}

static void tick(uv_timer_t *timer)
{
    struct corv_app *app = timer->data;
    struct corv_sealing *s = app->sealing;
    struct corv_seal_head head;

    if (s->running || !app->open ||
        !corv_queue_head(app->queue, &head.chain, &head.seq, &head.hash))
        return;
    /* how far we came is written down also when the database is away: it may come back older */
    s->seal = corv_queue_connected(app->queue) &&
              (head.seq - s->sealed_seq >= SEAL_LINES ||
                  corv_clock_mono_us() - s->sealed_us >= (int64_t)s->seal_ms * 1000);
    if (!s->seal && head.seq == s->marked_seq)
        return;
    if (s->seal && !take_place(&s->conninfo, app))
        return;
    s->head = head;
    s->fault = (struct corv_fault){0};
    corv_fence_set(&s->fence, app->actor, head.seq, &head.hash);
    s->running = corv_pool_submit(app->pool, work, work_done, s, false, NULL) == CORV_OK;
}

/* ---- life --------------------------------------------------------------------------------- */

static corv_rc look_back(struct corv_sealing *s, struct corv_app *app, struct corv_fault *fault)
{
    struct corv_keeper *k = NULL;
    enum corv_fence_verdict verdict = CORV_FENCE_FIRST;
    uint64_t held = 0;
    corv_rc rc = corv_keeper_open(s->conninfo, s->node, s->vault, &k, fault);

    if (rc == CORV_OK)
        rc = corv_keeper_secret(k, &app->secret, fault);
    if (rc == CORV_OK)
        rc = corv_node_enter(k, s->config->keys_dir != NULL, fault);
    if (rc == CORV_OK)
        rc = corv_fence_check(k, s->state_dir, &verdict, fault);
    if (rc == CORV_OK)
        rc = corv_fence_accept(k, s->state_dir, verdict, corv_clock_us(), &held, fault);
    corv_keeper_close(k);
    if (rc == CORV_OK && (verdict == CORV_FENCE_OLDER || verdict == CORV_FENCE_LOST))
        CORV_LOG(ERROR, "database.restored", NULL,
            CORV_F(CODE, verdict == CORV_FENCE_OLDER ? "fence.older" : "fence.lost"),
            CORV_N(COUNT, held),
            CORV_F(REASON,
                "De database is ouder dan wat state_dir weet, of state_dir is nieuw. Wat nog "
                "bezorgd moest worden wordt vastgehouden: vraag de ontvangers wat zij al hebben en "
                "gebruik corvctl release of corvctl drop."));
    if (rc == CORV_OK && corv_fence_read(s->state_dir, &s->fence) != CORV_OK)
        s->fence.count = 0; /* a new installation has nothing to remember yet */
    return rc;
}

corv_rc corv_sealing_start(struct corv_app *app, struct corv_fault *fault)
{
    struct corv_sealing *s = calloc(1, sizeof *s);
    corv_rc rc;

    if (!s)
        return CORV_E_NOMEM;
    app->sealing = s;
    s->conninfo = strdup(app->place);
    s->config = corv_config_hold(app->config);
    s->state_dir = s->config->state_dir;
    s->node = s->config->node;
    s->vault = app->vault;
    s->seal_ms = SEAL_MS;
#ifdef CORV_CRASH_POINTS
    const char *chores_ms = getenv("CORVD_CHORES_MS");

    if (chores_ms)
        s->seal_ms = (unsigned)strtoul(chores_ms, NULL, 10);
#endif
    s->sealed_us = corv_clock_mono_us();
    (void)uv_timer_init(&app->loop, &s->timer);
    s->timer.data = app;
    rc = s->conninfo ? corv_signer_open(s->state_dir, &s->signer, fault) : CORV_E_NOMEM;
    if (rc == CORV_OK && s->config->keys_dir)
        rc = corv_signer_share(s->signer, s->config->keys_dir, s->node, fault);
    if (rc == CORV_OK)
        rc = look_back(s, app, fault);
    if (rc == CORV_OK)
        (void)uv_timer_start(&s->timer, tick, s->seal_ms < TICK_MS ? s->seal_ms : TICK_MS, TICK_MS);
    return rc;
}

void corv_sealing_stop(struct corv_app *app)
{
    struct corv_sealing *s = app->sealing;
    struct corv_seal_head head;

    if (!s || s->stopped)
        return;
    s->stopped = true;
    if (app->queue && !s->running &&
        corv_queue_head(app->queue, &head.chain, &head.seq, &head.hash))
        corv_fence_set(&s->fence, app->actor, head.seq, &head.hash);
    if (app->queue && corv_queue_connected(app->queue))
        (void)take_place(&s->last, app);
    uv_close((uv_handle_t *)&s->timer, NULL);
}

static bool in_time(void *ctx)
{
    return corv_clock_mono_us() < *(int64_t *)ctx;
}

/* What came since: read back, for the queue is gone. A database that hangs now is not waited for
 * until the service manager loses its patience: the next start seals. */
static void seal_last(struct corv_sealing *s)
{
    int64_t until = corv_clock_mono_us() + LAST_US;
    struct corv_patience patience = {.go_on = in_time, .ctx = &until};

    s->head = (struct corv_seal_head){.chain = 0};
    s->fault = (struct corv_fault){0};
    s->seal = s->leaving = s->conninfo != NULL;
    corv_patience_set(&patience);
    work(s);
    corv_patience_set(NULL);
    tell(s);
}

void corv_sealing_free(struct corv_app *app)
{
    struct corv_sealing *s = app->sealing;

    if (!s)
        return;
    free(s->conninfo);
    s->conninfo = s->last;
    if (app->open)
        seal_last(s);
    corv_signer_close(s->signer);
    free(s->conninfo);
    corv_config_free(s->config);
    free(s);
    app->sealing = NULL;
}
