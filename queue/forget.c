/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/forget.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)
#define BATCH  1000

struct pass {
    struct corv_keeper *k;
    const struct corv_forget_order *o;
    struct corv_forget_report *report;
    struct corv_fault *fault;
    int64_t before_us;
    int batch;
};

struct gone {
    int64_t messages, deliveries, lines, references;
};

static bool stopped(const struct pass *p)
{
    return p->o->stop && atomic_load(p->o->stop);
}

static bool any(const struct gone *g)
{
    return g->messages || g->deliveries || g->lines || g->references;
}

static void count(struct pass *p, const struct gone *g)
{
    p->report->messages += (uint64_t)g->messages;
    p->report->deliveries += (uint64_t)g->deliveries;
    p->report->lines += (uint64_t)g->lines;
    p->report->references += (uint64_t)g->references;
}

/* what: a month, or "strays". Nothing destroyed, nothing told. */
static corv_rc finish(
    struct pass *p, struct corv_act *act, corv_rc rc, const char *what, const struct gone *g)
{
    char detail[240];
    struct corv_queue_event e = {.event = "traffic.destroyed",
        .actor = p->k->actor,
        .code = "retention.traffic",
        .detail = detail};

    (void)snprintf(detail, sizeof detail,
        "{\"what\":\"%s\",\"messages\":%" PRId64 ",\"deliveries\":%" PRId64 ",\"lines\":%" PRId64
        ",\"references\":%" PRId64 "}",
        what, g->messages, g->deliveries, g->lines, g->references);
    if (rc == CORV_OK && any(g))
        rc = corv_act_append(act, &e);
    rc = corv_act_end(act, rc);
    if (rc == CORV_OK)
        count(p, g);
    return rc;
}

/* ---- months ------------------------------------------------------------------------------- */

/* $1 before, $2 the month as JJJJ-MM-DD */
static corv_rc forget_month(struct pass *p, const char *month)
{
    struct corv_pg_params params = {0};
    struct corv_act act;
    struct gone g = {0};
    PGresult *r = NULL;
    corv_rc rc = corv_keeper_begin(p->k, &act, p->o->now_us, p->fault);

    if (rc != CORV_OK)
        return rc;
    corv_pg_add_time(&params, p->before_us);
    corv_pg_add_text(&params, month);
    rc = corv_keeper_run(p->k,
        "SELECT messages, deliveries, lines, open"
        " FROM forget_month($1::timestamptz, $2::text::date)",
        &params, &r, p->fault);
    if (rc == CORV_OK) {
        g.messages = corv_pg_int(r, 0, 0);
        g.deliveries = corv_pg_int(r, 0, 1);
        g.lines = corv_pg_int(r, 0, 2);
        p->report->blocked += (uint64_t)corv_pg_int(r, 0, 3);
    }
    PQclear(r);
    rc = finish(p, &act, rc, month, &g);
    p->report->months += rc == CORV_OK && any(&g);
    return rc;
}

static corv_rc months(struct pass *p)
{
    struct corv_pg_params params = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_time(&params, p->before_us);
    rc = corv_keeper_run(
        p->k, "SELECT month::text FROM forget_months($1::timestamptz)", &params, &r, p->fault);
    for (int row = 0; rc == CORV_OK && row < PQntuples(r); row++) {
        char month[16];
        struct corv_view text = corv_pg_view(r, row, 0);

        (void)snprintf(month, sizeof month, "%.*s", (int)text.n, text.p);
        rc = stopped(p) ? CORV_AGAIN : forget_month(p, month);
    }
    PQclear(r);
    return rc;
}

/* ---- rows --------------------------------------------------------------------------------- */

static corv_rc some_rows(struct pass *p, bool *more)
{
    struct corv_pg_params params = {0};
    struct corv_act act;
    struct gone g = {0};
    PGresult *r = NULL;
    corv_rc rc = corv_keeper_begin(p->k, &act, p->o->now_us, p->fault);

    *more = false;
    if (rc != CORV_OK)
        return rc;
    corv_pg_add_time(&params, p->before_us);
    corv_pg_add_int4(&params, p->batch);
    rc = corv_keeper_run(p->k,
        "SELECT s.messages, s.deliveries, s.lines, d FROM forget_strays($1::timestamptz,"
        " $2::integer) s, forget_dedup($1::timestamptz, $2::integer) d",
        &params, &r, p->fault);
    if (rc == CORV_OK)
        g = (struct gone){
            corv_pg_int(r, 0, 0), corv_pg_int(r, 0, 1), corv_pg_int(r, 0, 2), corv_pg_int(r, 0, 3)};
    PQclear(r);
    *more = g.messages == p->batch || g.deliveries == p->batch || g.lines == p->batch ||
            g.references == p->batch;
    return finish(p, &act, rc, "rows", &g);
}

static corv_rc rows(struct pass *p)
{
    bool more = true;
    corv_rc rc = CORV_OK;

    while (rc == CORV_OK && more)
        rc = stopped(p) ? CORV_AGAIN : some_rows(p, &more);
    return rc;
}

/* What should have gone and is there: blocked by an open delivery, or read by somebody just now. */
static void look_back(struct pass *p)
{
    struct corv_pg_params params = {0};
    PGresult *r = NULL;

    corv_pg_add_time(&params, p->before_us);
    if (corv_keeper_run(p->k,
            "SELECT coalesce(extract(epoch FROM $1::timestamptz"
            "  - min(month)::timestamp AT TIME ZONE 'UTC'), 0)::bigint"
            " FROM forget_months($1::timestamptz)",
            &params, &r, p->fault) == CORV_OK)
        p->report->late_s = (uint64_t)corv_pg_int(r, 0, 0);
    PQclear(r);
}

corv_rc corv_forget_traffic(struct corv_keeper *k, const struct corv_forget_order *o,
    struct corv_forget_report *out, struct corv_fault *fault)
{
    struct corv_fault here = {0};
    struct pass p = {.k = k,
        .o = o,
        .report = out,
        .fault = &here,
        .before_us = o->now_us - (int64_t)o->traffic_days * DAY_US,
        .batch = o->batch ? (int)o->batch : BATCH};
    corv_rc rc;

    *out = (struct corv_forget_report){0};
    rc = months(&p);
    if (rc == CORV_OK)
        rc = rows(&p);
    if (rc == CORV_E_IO && strcmp(here.code, "store.locked") == 0)
        rc = CORV_AGAIN;
    if (rc == CORV_OK || rc == CORV_AGAIN)
        look_back(&p);
    if (rc == CORV_AGAIN)
        return rc;
    if (rc != CORV_OK && fault && fault->cls == CORV_FAULT_NONE)
        *fault = here;
    return rc;
}
