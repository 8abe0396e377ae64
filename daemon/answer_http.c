/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/answer_http.h"

#include "daemon/base/clock.h"
#include "daemon/base/json_text.h"
#include "daemon/problem.h"

#define ANSWER_MAX (768u << 10) /* two full lists of findings with every byte escaped fit */

static void add_delivery(struct corv_buf *b, const struct corv_queue_delivery *d, const char *kind)
{
    (void)corv_buf_add_str(b, b->n && b->p[b->n - 1] == '}' ? ",{" : "{");
    corv_json_number(b, "no", (size_t)d->no);
    corv_json_text(b, "kind", kind);
    corv_json_text(b, "route", d->route);
    corv_json_text_or_null(b, "to", d->party);
    corv_json_text(b, "state", corv_delivery_state_name(d->state));
    corv_json_text_or_null(b, "question", d->state == CORV_DELIVERY_HELD ? d->held_question : NULL);
    (void)corv_buf_add_str(b, "}");
}

static void add_deliveries(struct corv_buf *b, const struct corv_message *m)
{
    corv_json_key(b, "deliveries");
    (void)corv_buf_add_str(b, "[");
    for (unsigned p = 0; p < m->parts_count; p++)
        for (unsigned i = 0; i < m->stored[p].deliveries_count; i++)
            add_delivery(b, &m->stored[p].deliveries[i], m->parts[p].kind);
    (void)corv_buf_add_str(b, "]");
}

/* With a yes come the warnings: what was noticed but does not stop the message. */
static void reply_yes(struct corv_http_request *r, const struct corv_message *m,
    const struct corv_id *id, bool repeat)
{
    struct corv_buf b;
    char number[CORV_ID_TEXT];
    char when[CORV_TIME_TEXT];

    corv_buf_init(&b, ANSWER_MAX);
    (void)corv_buf_reserve(&b, 1024); /* most fit; saves growing */
    (void)corv_buf_add_str(&b, "{");
    corv_json_text(&b, "id", corv_id_text(id, number));
    corv_json_text(&b, "kind", m->parts[0].kind);
    corv_json_key(&b, "repeat");
    (void)corv_buf_add_str(&b, repeat ? "true" : "false");
    if (!repeat) {
        corv_json_text(&b, "received", corv_clock_text(m->received_us, when));
        add_deliveries(&b, m);
    }
    if (!repeat && m->verdict.findings.count + m->addressing.count > 0) {
        corv_json_key(&b, "findings");
        corv_findings_write(&b, &m->verdict.findings, &m->addressing);
    }
    (void)corv_buf_add_str(&b, "}");
    corv_http_reply(r, repeat ? 200 : 202, b.failed ? NULL : "application/json", NULL,
        corv_buf_view(&b), false);
    corv_buf_free(&b);
}

static void tell(void *ctx, const struct corv_message *m, const struct corv_told *told)
{
    struct corv_http_request *r = ctx;

    switch (told->fate) {
    case CORV_FATE_STORED:
        reply_yes(r, m, told->id, false);
        break;
    case CORV_FATE_REPEAT:
        reply_yes(r, m, told->id, true);
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
