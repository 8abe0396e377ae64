/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/acknowledge.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/problem.h"

#define WARNINGS_MAX (512u << 10)

static void finish(struct corv_message *m)
{
    if (m->journey.step == CORV_STEP_STORED || m->journey.step == CORV_STEP_REFUSED)
        corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_ACKNOWLEDGED);
    corv_crash_point("acknowledged");
    corv_message_free(m);
}

static json_t *delivery_json(const struct corv_queue_delivery *d, const char *kind)
{
    return json_pack("{s:i, s:s, s:s, s:s?, s:s, s:s?}", "no", d->no, "kind", kind, "route",
        d->route, "to", d->party, "state", corv_delivery_state_name(d->state), "question",
        d->state == CORV_DELIVERY_HELD ? d->held_question : NULL);
}

/* What was noticed but does not stop the message; NULL when there is nothing. */
static json_t *warnings_json(const struct corv_message *m)
{
    struct corv_buf b;
    json_t *list = NULL;

    if (m->verdict.findings.count + m->addressing.count == 0)
        return NULL;
    corv_buf_init(&b, WARNINGS_MAX);
    corv_findings_write(&b, &m->verdict.findings, &m->addressing);
    list = b.failed ? NULL : json_loadb(b.p, b.n, 0, NULL);
    corv_buf_free(&b);
    return list;
}

static json_t *answer_json(const struct corv_message *m, const struct corv_id *id, bool repeat)
{
    char number[CORV_ID_TEXT];
    char when[CORV_TIME_TEXT];
    json_t *root = json_pack("{s:s, s:s, s:b}", "id", corv_id_text(id, number), "kind",
        m->parts[0].kind, "repeat", (int)repeat);
    json_t *list = json_array();

    if (!repeat)
        (void)json_object_set_new(
            root, "received", json_string(corv_clock_text(m->received_us, when)));
    for (unsigned p = 0; !repeat && p < m->parts_count; p++)
        for (unsigned i = 0; i < m->stored[p].deliveries_count; i++)
            (void)json_array_append_new(
                list, delivery_json(&m->stored[p].deliveries[i], m->parts[p].kind));
    if (repeat)
        json_decref(list);
    else
        (void)json_object_set_new(root, "deliveries", list);

    json_t *warnings = repeat ? NULL : warnings_json(m);

    if (warnings)
        (void)json_object_set_new(root, "findings", warnings);
    return root;
}

static void reply_json(struct corv_message *m, int status, json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT);

    corv_http_reply(
        m->request, status, text ? "application/json" : NULL, NULL, corv_view_str(text), false);
    free(text);
    json_decref(root);
}

void corv_acknowledge_stored(struct corv_message *m)
{
    const struct corv_id *id = &m->parts[0].id;

    m->app->metrics.messages_accepted_total++;
    CORV_LOG(INFO, "message.accepted", id, CORV_F(KIND, m->parts[0].kind),
        CORV_F(PARTY, m->sender->id), CORV_N(COUNT, m->plan.count),
        CORV_N(US, corv_clock_us() - m->received_us));
    reply_json(m, 202, answer_json(m, id, false));
    finish(m);
}

void corv_acknowledge_repeat(struct corv_message *m, const struct corv_id *first)
{
    char number[CORV_ID_TEXT];

    m->app->metrics.messages_repeated_total++;
    CORV_LOG(INFO, "message.repeated", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_F(ID2, corv_id_text(first, number)));
    reply_json(m, 200, answer_json(m, first, true));
    finish(m);
}

void corv_acknowledge_conflict(struct corv_message *m)
{
    m->app->metrics.messages_conflict_total++;
    CORV_LOG(WARNING, "message.conflict", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_F(KIND, m->parts[0].kind));
    corv_problem_reply(m->request, "duplicate.other-content");
    finish(m);
}

void corv_acknowledge_refused(struct corv_message *m)
{
    m->app->metrics.messages_refused_total++;
    CORV_LOG(INFO, "message.refused", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_N(STATUS, m->status),
        CORV_N(COUNT, m->verdict.findings.errors + m->addressing.errors));
    corv_problem_reply_findings(m->request, &m->parts[0].id, &m->verdict.findings, &m->addressing);
    finish(m);
}

void corv_acknowledge_unavailable(struct corv_message *m, const char *code)
{
    m->app->metrics.messages_unavailable_total++;
    CORV_LOG(WARNING, "message.unavailable", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_F(STATE, corv_step_name(m->journey.step)), CORV_F(CODE, code));
    corv_problem_reply(m->request, code);
    finish(m);
}

void corv_acknowledge_rejected(struct corv_message *m, const char *code)
{
    CORV_LOG(ERROR, "message.rejected", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_F(STATE, corv_step_name(m->journey.step)), CORV_F(CODE, code));
    corv_problem_reply(m->request, code);
    finish(m);
}
