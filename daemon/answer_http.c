/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/answer_http.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/problem.h"

#define WARNINGS_MAX (512u << 10)

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
        reply_json(r, 202, answer_json(m, told->id, false));
        break;
    case CORV_FATE_REPEAT:
        reply_json(r, 200, answer_json(m, told->id, true));
        break;
    case CORV_FATE_REFUSED:
        corv_problem_reply_findings(r, told->id, &m->verdict.findings, &m->addressing);
        break;
    case CORV_FATE_CONFLICT:
    case CORV_FATE_UNAVAILABLE:
    case CORV_FATE_REJECTED:
    default:
        corv_problem_reply(r, told->code);
        break;
    }
}

struct corv_answerer corv_answer_http(struct corv_http_request *r)
{
    return (struct corv_answerer){.tell = tell, .ctx = r};
}
