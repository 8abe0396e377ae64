/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

const struct corv_pg_stmt corv_sql_begin = {"corv_begin", "BEGIN"};
const struct corv_pg_stmt corv_sql_commit = {"corv_commit", "COMMIT"};
const struct corv_pg_stmt corv_sql_rollback = {"corv_rollback", "ROLLBACK"};

#define STATE_TOO_BIG "54000" /* program_limit_exceeded: an item that fits in no parameter */
#define STATE_AGAIN   "40001" /* as if PostgreSQL had said: try the same again */
#define STATE_MISSED  "CV001" /* second_look() in queue/sql: a straight batch was not so */

/* ---- what an error means ----------------------------------------------------------------------
 */

enum corv_sql_trouble corv_sql_trouble(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum corv_sql_trouble trouble;
    } table[] = {
        {"21", CORV_SQL_DATA},     /* cardinality */
        {"22", CORV_SQL_DATA},     /* data exception: bad encoding, out of range */
        {"23", CORV_SQL_DATA},     /* integrity constraint */
        {"54", CORV_SQL_DATA},     /* too large for PostgreSQL */
        {"XX000", CORV_SQL_DATA},  /* internal error: perhaps this very value */
        {"40", CORV_SQL_AGAIN},    /* deadlock, serialization */
        {"55P03", CORV_SQL_AGAIN}, /* lock not available */
        {"57014", CORV_SQL_AGAIN}, /* statement timeout */
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strncmp(sqlstate, table[i].prefix, strlen(table[i].prefix)) == 0)
            return table[i].trouble;
    return CORV_SQL_STORE;
}

/* ---- the end of a batch -----------------------------------------------------------------------
 */

static void empty(struct corv_batch *b)
{
    b->count = b->puts_count = b->settles_count = 0;
    b->step = CORV_IDLE;
}

/* Back in front, in the order they had; those nobody waits for end here. */
static void put_back(struct corv_queue *q, bool suspect)
{
    struct corv_batch *b = &q->batch;

    for (unsigned i = b->count; i-- > 0;) {
        struct corv_item *item = b->items[i];

        if (item->answered) {
            corv_item_finish(q, item);
            continue;
        }
        item->fate = CORV_FATE_OPEN;
        item->suspect = item->suspect || suspect;
        /* before the first: the list's end seen from its first node */
        corv_list_add((item->suspect ? &q->suspects : &q->pending)->next, &item->node);
    }
    empty(b);
    corv_queue_kick(q);
}

static void log_rejected(const struct corv_queue *q, const struct corv_item *item)
{
    const struct corv_id *id = item->kind == CORV_ITEM_PUT      ? &item->put.messages[0].id
                               : item->kind == CORV_ITEM_SETTLE ? &item->settle.message
                                                                : NULL;
    static const char *const kinds[] = {"put", "settle", "note", "release", "give-back"};

    CORV_LOG(ERROR, "queue.rejected", id, CORV_F(WHAT, kinds[item->kind]),
        CORV_F(CODE, q->batch.sqlstate));
}

static void reject(struct corv_queue *q)
{
    struct corv_item *item = q->batch.items[0];

    if (!item->answered)
        log_rejected(q, item);
    item->fate = CORV_FATE_REJECTED;
    empty(&q->batch);
    corv_item_finish(q, item);
    corv_queue_kick(q);
}

static void undone(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    enum corv_sql_trouble trouble = corv_sql_trouble(b->sqlstate);

    if (trouble == CORV_SQL_AGAIN) {
        put_back(q, false);
    } else if (b->count == 1) {
        reject(q);
    } else {
        q->stats.item_by_item++;
        q->suspect_limit = b->count / 2;
        put_back(q, true);
    }
}

static bool wants_hint(const struct corv_item *item)
{
    if (item->kind == CORV_ITEM_GIVE_BACK)
        return true;
    return item->kind == CORV_ITEM_SETTLE && item->fate == CORV_FATE_APPLIED &&
           item->settle.fault && !item->answered;
}

static void done(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    unsigned count = b->count;
    bool hint = false;

    q->chain = q->rows.head;
    q->stats.commits++;
    q->stats.items += count;
    q->stats.commit_us_last = (uint64_t)(corv_clock_mono_us() - b->begun_us);
    q->stats.commit_us += q->stats.commit_us_last;
    for (unsigned i = 0; i < count; i++) {
        hint = hint || wants_hint(b->items[i]);
        if (b->items[i]->kind == CORV_ITEM_SETTLE && b->items[i]->fate == CORV_FATE_BEFORE)
            q->stats.overtaken++;
    }
    /* A callback may ask for more, or close the queue; the batch stays busy until all know. */
    for (unsigned i = 0; i < count; i++) {
        struct corv_item *item = b->items[i];

        b->items[i] = NULL;
        item->orphan = item->kind == CORV_ITEM_PUT && item->answered;
        corv_item_finish(q, item);
    }
    empty(b);
    if (hint && q->hint && !q->closing)
        q->hint(q->hint_ctx);
    corv_queue_kick(q);
}

/* ---- steps --------------------------------------------------------------------------------------
 */

static void rolled_back(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;

    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        corv_pg_drop(q->writer, "rollback");
}

static void undo_synced(void *ctx, const PGresult *r)
{
    (void)r;
    undone(ctx);
}

static void undo(struct corv_queue *q)
{
    q->batch.step = CORV_UNDO;
    if (corv_pg_run(q->writer, &corv_sql_rollback, NULL, rolled_back, q) != CORV_OK ||
        corv_pg_sync(q->writer, undo_synced, q) != CORV_OK)
        corv_pg_drop(q->writer, "rollback");
}

static void synced(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    struct corv_batch *b = &q->batch;

    (void)r;
    if (b->committed && !b->failed)
        done(q);
    else if (corv_sql_trouble(b->failed ? b->sqlstate : "") == CORV_SQL_STORE)
        corv_pg_drop(q->writer, b->failed ? b->sqlstate : "commit");
    else
        undo(q);
}

static void end_run(struct corv_queue *q)
{
    if (q->batch.synced)
        return;
    q->batch.synced = true;
    if (corv_pg_sync(q->writer, synced, q) != CORV_OK)
        corv_pg_drop(q->writer, "sync");
}

void corv_batch_fail(struct corv_queue *q, const char *sqlstate)
{
    struct corv_batch *b = &q->batch;

    if (b->failed)
        return;
    b->failed = true;
    (void)snprintf(b->sqlstate, sizeof b->sqlstate, "%s", sqlstate);
    CORV_LOG(
        WARNING, "queue.batch-failed", NULL, CORV_F(CODE, b->sqlstate), CORV_N(COUNT, b->count));
    end_run(q);
}

/* True when the result is a good one; an error ends the batch. */
static bool good_result(struct corv_queue *q, const PGresult *r)
{
    ExecStatusType st = PQresultStatus(r);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    (void)corv_pg_take_warning(q->writer); /* about this one: not COMMIT's */
    if (st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK)
        return true;
    if (st != PGRES_PIPELINE_ABORTED)
        corv_batch_fail(q, state ? state : "08006");
    return false;
}

static void ran(void *ctx, const PGresult *r)
{
    (void)good_result(ctx, r);
}

/* A statement of a straight batch: what it takes to hold did not. Nothing to warn about; the same
 * items go again, step by step. */
static void straight_ran(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (!state || strcmp(state, STATE_MISSED) != 0 || q->batch.failed) {
        (void)good_result(q, r);
        return;
    }
    corv_straight_missed(q);
    q->batch.failed = true;
    (void)snprintf(q->batch.sqlstate, sizeof q->batch.sqlstate, STATE_AGAIN);
    end_run(q);
}

/* The audit trail's own statement: another writer on our chain is no item's fault. */
static void chain_ran(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (state && (strcmp(state, CORV_STATE_NOT_OURS) == 0 || strcmp(state, "23505") == 0))
        corv_pg_drop(q->writer, "audit-head-moved");
    else
        (void)good_result(q, r);
}

static void committed(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    bool warned = corv_pg_take_warning(q->writer);

    if (!good_result(q, r))
        return;
    /* After an error inside, COMMIT succeeds as ROLLBACK; and a wait for a standby that was cut
     * short (cancelled, timed out) is reported as success with a warning. Neither is a yes. */
    if (strcmp(PQcmdStatus((PGresult *)(uintptr_t)r), "COMMIT") != 0)
        corv_batch_fail(q, "25P02");
    else if (warned)
        corv_pg_drop(q->writer, "commit-not-replicated");
    else
        q->batch.committed = true;
}

corv_rc corv_batch_run(
    struct corv_queue *q, const struct corv_pg_stmt *stmt, const struct corv_pg_params *p)
{
    corv_pg_cb cb = stmt == &corv_sql_audit ? chain_ran : q->batch.straight ? straight_ran : ran;

    return corv_pg_run(q->writer, stmt, p, cb, q);
}

/* Something could not be sent: too large for its column is the item's fault, the rest is ours. */
static void could_not_send(struct corv_queue *q, corv_rc rc)
{
    if (rc == CORV_E_LIMIT)
        corv_batch_fail(q, STATE_TOO_BIG);
    else
        corv_pg_drop(q->writer, corv_rc_name(rc));
}

static bool needs_touch(const struct corv_batch *b)
{
    for (unsigned i = 0; i < b->count; i++)
        if (b->items[i]->fate == CORV_FATE_BEFORE)
            return true;
    return false;
}

static void write_item(struct corv_queue *q, struct corv_item *item)
{
    if (item->kind == CORV_ITEM_PUT)
        corv_put_write(q, item);
    else if (item->kind == CORV_ITEM_SETTLE)
        corv_settle_write(q, item);
    else {
        item->fate = CORV_FATE_APPLIED;
        if (item->kind != CORV_ITEM_GIVE_BACK && item->note.event)
            corv_rows_event(q, item->note.event);
    }
}

static void write_all(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    corv_rc rc;

    b->step = CORV_WRITE;
    corv_rows_begin(q);
    if (b->straight)
        corv_put_claim(q, &q->rows.claim[0], &q->rows.claim[1], &q->rows.claim[2]);
    for (unsigned i = 0; i < b->count; i++) {
        /* Its time was up while we looked: what it points to is gone, so all begins anew. A
         * reference taken away between claim and look: the same. */
        if (b->items[i]->answered ||
            (b->items[i]->kind == CORV_ITEM_PUT && b->items[i]->fate == CORV_FATE_OPEN)) {
            corv_batch_fail(q, STATE_AGAIN);
            return;
        }
        write_item(q, b->items[i]);
    }
    rc = corv_rows_send(q, needs_touch(b));
    if (rc == CORV_OK)
        corv_plant_early_yes(q);
    if (rc == CORV_OK)
        rc = corv_pg_run(q->writer, &corv_sql_commit, NULL, committed, q);
    if (rc != CORV_OK)
        could_not_send(q, rc);
    else
        end_run(q);
}

/* All results of a step are there. */
static void next_step(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    corv_rc rc = CORV_OK;

    if (b->failed)
        return;
    if (b->step == CORV_ASK) {
        b->step = CORV_LOOK;
        rc = corv_put_look(q);
        if (rc == CORV_OK)
            rc = corv_correlate_look(q);
        if (rc == CORV_OK && b->awaited > 0)
            rc = corv_pg_ask(q->writer);
    }
    if (rc != CORV_OK)
        could_not_send(q, rc);
    else if (b->awaited == 0)
        write_all(q);
}

static void asked_result(void *ctx, const PGresult *r)
{
    struct corv_asked *a = ctx;
    struct corv_queue *q = a->q;

    q->batch.awaited--;
    if (!good_result(q, r) || q->batch.failed)
        return;
    a->found(q, r);
    if (q->batch.awaited == 0)
        next_step(q);
}

corv_rc corv_batch_ask(struct corv_queue *q, const struct corv_pg_stmt *stmt,
    const struct corv_pg_params *p, void (*found)(struct corv_queue *q, const PGresult *r))
{
    struct corv_asked *a = &q->batch.asked[q->batch.awaited];
    corv_rc rc;

    if (q->batch.awaited == CORV_ASKED_MAX)
        return CORV_E_INTERNAL;
    *a = (struct corv_asked){.q = q, .found = found};
    rc = corv_pg_run(q->writer, stmt, p, asked_result, a);
    if (rc == CORV_OK)
        q->batch.awaited++;
    return rc;
}

/* ---- the beginning of a batch
 * -------------------------------------------------------------------- */

static corv_rc ask_all(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    corv_rc rc = corv_put_ask(q);

    if (rc == CORV_OK)
        rc = corv_correlate_ask(q);
    if (rc == CORV_OK)
        rc = corv_settle_ask(q);
    if (rc == CORV_OK)
        rc = corv_give_back_ask(q);
    if (rc == CORV_OK && b->items[0]->kind == CORV_ITEM_RELEASE)
        rc = corv_release_ask(q);
    if (rc == CORV_OK && b->awaited > 0)
        rc = corv_pg_ask(q->writer);
    return rc;
}

void corv_writer_start(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    corv_rc rc;

    if (!q->writer_up || b->step != CORV_IDLE)
        return;
    corv_queue_watch_clock(q);
    corv_batch_take(q);
    if (b->count == 0)
        return;
    b->step = CORV_ASK;
    b->awaited = 0;
    b->failed = b->synced = b->committed = false;
    b->sqlstate[0] = '\0';
    b->begun_us = corv_clock_mono_us();
    b->now_us = corv_clock_us();
    b->straight = corv_straight_may(q);
    rc = corv_pg_run(q->writer, &corv_sql_begin, NULL, ran, q);
    if (rc == CORV_OK && b->straight)
        corv_straight_begin(q);
    else if (rc == CORV_OK)
        rc = ask_all(q);
    if (rc != CORV_OK)
        could_not_send(q, rc);
    else if (b->awaited == 0)
        write_all(q);
}

/* Its COMMIT was under way: whoever is told now that it was not stored may have been told wrong. */
static void doubt(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;

    for (unsigned i = 0; b->step == CORV_WRITE && i < b->count; i++) {
        b->items[i]->in_doubt = true;
        b->items[i]->orphan = b->items[i]->orphan || b->items[i]->answered;
    }
}

void corv_writer_down(struct corv_queue *q)
{
    q->writer_up = false;
    q->stats.reconnects++;
    doubt(q);
    if (q->batch.step != CORV_IDLE)
        put_back(q, false);
}

corv_rc corv_writer_init(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;

    corv_list_init(&q->pending);
    corv_list_init(&q->suspects);
    for (b->keys_size = 64; b->keys_size < 2 * (size_t)q->o.batch_items;)
        b->keys_size *= 2;
    b->keys = calloc(b->keys_size, sizeof b->keys[0]);
    b->items = calloc(q->o.batch_items, sizeof(struct corv_item *));
    b->puts = calloc(q->o.batch_items, sizeof(struct corv_item *));
    b->settles = calloc(q->o.batch_items, sizeof(struct corv_item *));
    if (!b->keys || !b->items || !b->puts || !b->settles)
        return CORV_E_NOMEM;
    return corv_rows_init(&q->rows, q->o.batch_bytes);
}

void corv_writer_free(struct corv_queue *q)
{
    free(q->batch.keys);
    free(q->batch.items);
    free(q->batch.puts);
    free(q->batch.settles);
    corv_rows_free(&q->rows);
}
