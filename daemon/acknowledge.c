/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/acknowledge.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/message.h"
#include "daemon/problem.h"

#define RETRY_AFTER_SECONDS 5

int corv_status_of_findings(const struct corv_findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->list[i].code, "security.too-large") == 0)
            return 413;
        if (f->list[i].severity == CORV_SEV_ERROR && f->list[i].layer <= CORV_LAYER_SECURITY)
            return 400;
    }
    return 422;
}

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
    corv_problem_reply(m->request, 409, "duplicate.other-content",
        "StUF016: onder dit referentienummer is van deze zender al een ander bericht aangenomen. "
        "Is dit een nieuw bericht, geef het dan een nieuw referentienummer.");
    finish(m);
}

void corv_acknowledge_refused(struct corv_message *m)
{
    m->app->metrics.messages_refused_total++;
    CORV_LOG(INFO, "message.refused", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_N(STATUS, m->status),
        CORV_N(COUNT, m->verdict.findings.errors + m->addressing.errors));
    corv_problem_reply_findings(
        m->request, m->status, &m->parts[0].id, &m->verdict.findings, &m->addressing);
    finish(m);
}

void corv_acknowledge_unavailable(struct corv_message *m)
{
    m->app->metrics.messages_unavailable_total++;
    CORV_LOG(WARNING, "message.unavailable", &m->parts[0].id, CORV_F(PARTY, m->sender->id),
        CORV_F(STATE, corv_step_name(m->journey.step)));
    corv_problem_reply_later(m->request, RETRY_AFTER_SECONDS, "store.away",
        "corvd kon het bericht nu niet veilig opslaan. Het is niet aangenomen; stuur het opnieuw "
        "met hetzelfde referentienummer.");
    finish(m);
}

void corv_acknowledge_rejected(struct corv_message *m)
{
    CORV_LOG(ERROR, "message.rejected-by-store", &m->parts[0].id, CORV_F(PARTY, m->sender->id));
    corv_problem_reply(m->request, 500, "store.rejected",
        "corvd kon dit bericht door een eigen fout niet opslaan. Het is niet aangenomen. "
        "Meld dit aan de beheerder van corvd.");
    finish(m);
}
