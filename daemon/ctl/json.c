/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/json.h"

#include "daemon/ctl/text.h"

json_t *corv_ctl_json_text(const char *s)
{
    struct corv_buf clean;
    json_t *text;

    if (!s || !*s)
        return json_null();
    text = json_string(s);
    if (text)
        return text;
    corv_buf_init(&clean, 65536);
    corv_ctl_clean(&clean, s);
    text = json_string(clean.p ? clean.p : "?");
    corv_buf_free(&clean);
    return text;
}

#define T corv_ctl_json_text

json_t *corv_ctl_json_message(const struct corv_inspect_message *m)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:o,"
                     " s:{s:i, s:i, s:i, s:i, s:i, s:i}}",
        "id", T(m->id), "parent", T(m->parent), "received", T(m->received), "kind", T(m->kind),
        "variant", T(m->variant), "sender", T(m->sender), "zender", T(m->zender_org), "ontvanger",
        T(m->ontvanger_org), "reference", T(m->referentie), "mandated_by", T(m->mandated_by),
        "responsible", T(m->responsible), "urgent", m->urgent, "size", (json_int_t)m->size,
        "digest", T(m->digest), "deliveries", "total", (int)m->deliveries, "waiting",
        (int)m->waiting, "held", (int)m->held, "dead", (int)m->dead, "confirmed", (int)m->confirmed,
        "dropped", (int)m->dropped);
}

json_t *corv_ctl_json_delivery(const struct corv_inspect_delivery *d)
{
    return json_pack("{s:o, s:i, s:o, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:i, s:o,"
                     " s:o}",
        "message", T(d->message), "no", d->no, "kind", T(d->kind), "route", T(d->route), "party",
        T(d->party), "state", T(d->state), "priority", d->priority, "attempts", d->attempts,
        "created", T(d->created), "due", T(d->due), "done", T(d->done), "code", T(d->code), "text",
        T(d->text), "status", d->status, "question", T(d->held_question), "receipt", T(d->receipt));
}

json_t *corv_ctl_json_deliveries(const struct corv_inspect_delivery *d, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, corv_ctl_json_delivery(&d[i]));
    return list;
}

json_t *corv_ctl_json_related(const struct corv_inspect_related *r, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "id", T(r[i].id), "kind", T(r[i].kind),
                      "variant", T(r[i].variant), "received", T(r[i].received), "by", T(r[i].by)));
    return list;
}

json_t *corv_ctl_json_event(const struct corv_inspect_event *e)
{
    json_t *detail = json_loads(e->detail, 0, NULL);

    return json_pack("{s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:i, s:I}", "at", T(e->at), "event",
        T(e->event), "message", T(e->message), "delivery", e->delivery, "party", T(e->party),
        "actor", T(e->actor), "code", T(e->code), "detail", detail ? detail : T(e->detail), "chain",
        e->chain, "seq", (json_int_t)e->seq);
}

json_t *corv_ctl_json_finding(const struct corv_finding *f)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:i, s:i, s:o, s:o, s:o}", "layer",
        corv_layer_name(f->layer), "severity", corv_severity_name(f->severity), "actor",
        corv_actor_name(f->actor), "code", T(f->code), "line", f->line, "column", f->column, "path",
        T(f->path), "text", T(f->text), "article", T(f->article));
}

json_t *corv_ctl_json_findings(const struct corv_findings *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->count; i++)
        (void)json_array_append_new(list, corv_ctl_json_finding(&f->list[i]));
    return list;
}
