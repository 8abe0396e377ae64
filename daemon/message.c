/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/message.h"

#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/host/host.h"
#include "schemas/judge.h"

struct corv_message *corv_message_new(struct corv_app *app, struct corv_answerer answerer)
{
    struct corv_message *m = calloc(1, sizeof *m);

    if (!m)
        return NULL;
    if (corv_id_new(&m->parts[0].id) != CORV_OK) {
        free(m);
        return NULL;
    }
    m->app = app;
    m->answerer = answerer;
    m->config = corv_config_hold(app->config);
    m->judge = corv_judge_hold(app->judge);
    m->received_us = corv_clock_us();
    m->day = corv_clock_day(m->received_us);
    m->parts_count = 1;
    corv_findings_init(&m->addressing);
    corv_journey_begin(&m->journey);
    app->metrics.intake_now++;
    return m;
}

corv_rc corv_message_from(struct corv_message *m, const struct corv_party *sender)
{
    corv_rc rc = sender ? corv_share_take(&m->app->shares, sender->id) : CORV_OK;

    if (rc == CORV_OK)
        m->sender = sender;
    return rc;
}

void corv_message_take_body(struct corv_message *m, char *body_take, size_t size)
{
    m->parts[0].body = body_take;
    m->parts[0].size = size;
    m->parts[0].held = body_take != NULL;
    if (m->parts[0].held)
        m->app->metrics.held_bytes += size;
    if (m->sender)
        corv_share_add_bytes(&m->app->shares, m->sender->id, size);
    m->app->metrics.received_bytes_total += size;
}

const char *corv_message_sender(const struct corv_message *m)
{
    return m->sender ? m->sender->id : NULL;
}

void corv_message_free(struct corv_message *m)
{
    struct corv_app *app = m ? m->app : NULL;

    if (!m)
        return;
    app->metrics.intake_now--;
    if (m->sender)
        corv_share_give(&app->shares, m->sender->id, m->parts[0].size);
    for (unsigned i = 0; i < m->parts_count; i++) {
        if (m->parts[i].held)
            app->metrics.held_bytes -= m->parts[i].size;
        free(m->parts[i].body);
        free(m->parts[i].sealed);
    }
    corv_verdict_free(&m->verdict);
    corv_plan_free(&m->plan);
    corv_findings_free(&m->addressing);
    corv_judge_free(m->judge);
    corv_config_free(m->config);
    free(m);
    corv_hosts_room(app->hosts);
}
