/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/answer_http.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/problem.h"

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

static void reply_json(struct corv_http_request *r, int status, json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT);

    corv_http_reply(r, status, text ? "application/json" : NULL, NULL, corv_view_str(text), false);
    free(text);
    json_decref(root);
}

static void tell(void *ctx, const struct corv_message *m, const struct corv_told *told)
{
    struct corv_http_request *r = ctx;

    switch (told->fate) {
    case CORV_FATE_STORED:
    case CORV_FATE_REPEAT:
        reply_json(r, told->status, answer_json(m, told->id, told->fate == CORV_FATE_REPEAT));
        break;
    case CORV_FATE_REFUSED:
        corv_problem_reply_findings(
            r, told->status, told->id, &m->verdict.findings, &m->addressing);
        break;
    case CORV_FATE_UNAVAILABLE:
        corv_problem_reply_later(r, told->retry_after_s, told->code, told->text);
        break;
    case CORV_FATE_CONFLICT:
    case CORV_FATE_REJECTED:
    default:
        corv_problem_reply(r, told->status, told->code, told->text);
        break;
    }
}

struct corv_answerer corv_answer_http(struct corv_http_request *r)
{
    return (struct corv_answerer){.tell = tell, .ctx = r};
}
