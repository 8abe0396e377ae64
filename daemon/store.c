/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/acknowledge.h"
#include "daemon/base/answer.h"
#include "daemon/case_key.h"
#include "daemon/deliver.h"
#include "daemon/lane.h"
#include "daemon/message.h"

static const char *text(const char *s)
{
    return s ? s : "";
}

static const char *party_id(const struct corv_party *p)
{
    return p ? p->id : NULL;
}

/* The deliveries of one form, in the plan's order; returns where the next form begins. Each lane
 * is asked whether it can deliver from memory as soon as the COMMIT is done. */
static struct corv_queue_delivery *deliveries_of(
    struct corv_message *m, unsigned part, enum corv_form form, struct corv_queue_delivery *d)
{
    struct corv_queue_message *q = &m->stored[part];
    int priority = m->verdict.envelope->urgent ? CORV_PRIORITY_SPOED : CORV_PRIORITY_NORMAL;
    bool big = m->parts[part].body == NULL; /* there is one copy, for one delivery */
    bool taken = false;
    int no = 0;

    q->deliveries = d;
    for (unsigned i = 0; i < m->plan.count; i++) {
        const struct corv_plan_delivery *p = &m->plan.deliveries[i];

        if (p->form != form)
            continue;
        *d = (struct corv_queue_delivery){.no = ++no,
            .route = p->route->name,
            .party = party_id(p->to),
            .priority = priority,
            .state = p->to ? CORV_DELIVERY_WAITING : CORV_DELIVERY_HELD,
            .held_code = p->held_code,
            .held_question = p->held_question};
        if (p->to && !(big && taken))
            d->lease_now =
                corv_lane_reserve(m->app->lanes, p->to->id, priority, m->parts[part].size);
        taken = taken || d->lease_now;
        d++;
    }
    q->deliveries_count = (unsigned)no;
    return d;
}

/* What no lane delivers from memory is read back in its time; only the sealed form is needed now.
 */
static void drop_plain(struct corv_message *m, unsigned part)
{
    struct corv_part *p = &m->parts[part];
    const struct corv_queue_message *q = &m->stored[part];

    for (unsigned i = 0; i < q->deliveries_count; i++)
        if (q->deliveries[i].lease_now)
            return;
    free(p->body);
    p->body = NULL;
}

/* The dedup key is a digest, so that nothing of the case leaves the payload. It begins with who the
 * zender turned out to be, not with what the message says: a confirmation may leave its organisatie
 * out, and then two parties could write the same. It outlives the content by months and references
 * can be guessed, so it is keyed. */
static corv_rc key_of(const struct corv_message *m, struct corv_digest *key)
{
    const struct corv_envelope *e = m->verdict.envelope;
    const char *reference = text(e->referentienummer);
    bool blank = reference[strspn(reference, " \t\r\n")] == '\0';
    struct corv_view fields[] = {corv_view_of(m->app->secret.b, sizeof m->app->secret.b),
        corv_view_str(m->plan.filer->oin), corv_view_str(text(e->zender.applicatie)),
        corv_view_str(text(e->zender.administratie)), corv_view_str(reference),
        /* without a reference only the very same bytes are a repeat */
        corv_view_of(m->parts[0].digest.b, blank ? CORV_DIGEST : 0)};

    return corv_digest_fields(fields, sizeof fields / sizeof fields[0], key);
}

static corv_rc content_of(const struct corv_message *m, struct corv_digest *content)
{
    const struct corv_view fields[] = {corv_view_of(m->app->secret.b, sizeof m->app->secret.b),
        corv_view_of(m->parts[0].digest.b, CORV_DIGEST)};

    return corv_digest_fields(fields, sizeof fields / sizeof fields[0], content);
}

static void describe(struct corv_message *m, unsigned part)
{
    const struct corv_envelope *e = m->verdict.envelope;
    const struct corv_part *p = &m->parts[part];
    bool received = part == 0;

    m->stored[part] = (struct corv_queue_message){.id = p->id,
        .parent = received ? (struct corv_id){{0}} : m->parts[0].id,
        .received_us = m->received_us,
        .kind = p->kind,
        .variant = received ? corv_variant_name(e->variant) : "",
        .sender = received ? corv_message_sender(m) : CORV_SELF,
        .zender_org = text(e->zender.organisatie),
        .zender_app = text(e->zender.applicatie),
        .zender_adm = text(e->zender.administratie),
        .ontvanger_org = text(e->ontvanger.organisatie),
        .ontvanger_app = text(e->ontvanger.applicatie),
        .referentie = text(e->referentienummer),
        .crossref = text(e->crossrefnummer),
        .mandated_by = party_id(m->plan.mandated_by),
        .responsible = party_id(m->plan.responsible),
        .zaak_key = received && m->case_key[0] ? m->case_key : NULL,
        .decision = received ? m->plan.decision : NULL,
        .urgent = e->urgent,
        .size = p->size,
        .digest = p->digest,
        .content_type = p->content_type,
        .sealed = corv_view_of(p->sealed, p->sealed_size)};
}

/* Of a message about somebody's case: the kind that opened it. */
static const char *case_kind(const struct corv_message *m)
{
    const struct corv_envelope *e = m->verdict.envelope;

    return m->case_key[0] && e->case_kind != e->kind ? corv_kind_name(e->case_kind) : NULL;
}

/* Of an answer that names no receiver: the party that answers. */
static const char *answer_of(const struct corv_message *m)
{
    bool one = m->plan.count == 1 && !m->plan.deliveries[0].to;

    return one && strcmp(m->plan.deliveries[0].held_code, "route.answer-in-doubt") == 0
               ? corv_message_sender(m)
               : NULL;
}

static void event(struct corv_message *m, unsigned i, const char *name, const char *code)
{
    m->events[i] = (struct corv_queue_event){.event = name,
        .message = m->parts[0].id,
        .party = corv_message_sender(m),
        .actor = m->app->actor,
        .code = code,
        .detail = m->detail};
}

/* One of the three becomes an audit line. */
static void describe_events(struct corv_message *m)
{
    char digest[CORV_DIGEST_TEXT];

    event(m, 0, "message.stored", NULL);
    event(m, 1, "message.repeated", NULL);
    event(m, 2, "message.conflict", corv_answer_get(CORV_ANSWER_DUPLICATE)->stuf);
    (void)snprintf(m->detail, sizeof m->detail,
        "{\"kind\":\"%s\",\"sha256\":\"%s\",\"size\":%zu,\"deliveries\":%u,\"schemas\":\"%s\","
        "\"rules\":\"%s\"}",
        m->parts[0].kind, corv_digest_text(&m->parts[0].digest, digest), m->parts[0].size,
        m->plan.count, m->verdict.schema_set, m->verdict.rule_pack);
}

/* What was reserved but not stored goes back to the lanes. */
static void give_back(struct corv_message *m)
{
    for (unsigned p = 0; p < m->parts_count; p++)
        for (unsigned i = 0; i < m->stored[p].deliveries_count; i++)
            if (m->stored[p].deliveries[i].lease_now)
                corv_lane_unreserve(
                    m->app->lanes, m->stored[p].deliveries[i].party, m->parts[p].size);
}

static void store_answered(void *ctx, const struct corv_put_answer *answer)
{
    struct corv_message *m = ctx;
    const struct corv_id *id = &m->parts[0].id;

    if (answer->result == CORV_PUT_STORED) {
        corv_crash_point("after-commit");
        corv_journey_move(&m->journey, id, CORV_STEP_STORED);
        m->app->metrics.messages_without_case_total += answer->case_unknown;
        corv_acknowledge_stored(m);
        return;
    }
    give_back(m);
    switch (answer->result) {
    case CORV_PUT_REPEAT:
        corv_journey_move(&m->journey, id, CORV_STEP_STORED);
        corv_acknowledge_repeat(m, &answer->first);
        break;
    case CORV_PUT_CONFLICT:
        corv_journey_move(&m->journey, id, CORV_STEP_REFUSED);
        corv_acknowledge_conflict(m);
        break;
    case CORV_PUT_REJECTED:
        corv_acknowledge_rejected(m, "store.rejected");
        break;
    case CORV_PUT_UNAVAILABLE:
    default:
        corv_acknowledge_unavailable(m, "store.away");
        break;
    }
}

static corv_rc keys_of(struct corv_message *m, struct corv_put *put)
{
    corv_rc rc = corv_case_key(&m->app->secret, m->verdict.envelope, &m->plan, m->case_key);

    if (rc == CORV_OK)
        rc = key_of(m, &put->dedup_key);
    if (rc == CORV_OK)
        rc = content_of(m, &put->content);
    return rc;
}

void corv_store(struct corv_message *m)
{
    struct corv_queue_delivery *next = m->deliveries;
    struct corv_put put = {.messages = m->stored,
        .messages_count = m->parts_count,
        .events = &m->events[0],
        .events_count = 1,
        .on_repeat = &m->events[1],
        .on_conflict = &m->events[2],
        .cb = store_answered,
        .ctx = m};
    corv_rc rc = keys_of(m, &put);

    for (unsigned p = 0; p < m->parts_count; p++) {
        describe(m, p);
        next = deliveries_of(m, p, p == 0 ? CORV_AS_BERICHT : CORV_AS_KENNISGEVING, next);
        drop_plain(m, p);
    }
    describe_events(m);
    put.answer_of = answer_of(m);
    put.case_kind = case_kind(m);
    if (rc != CORV_OK || corv_queue_put(m->app->queue, &put) != CORV_OK) {
        give_back(m);
        corv_acknowledge_unavailable(m, "store.away");
        return;
    }
    corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_STORING);
    corv_crash_point("before-commit");
}

static void refusal_noted(void *ctx, bool committed)
{
    struct corv_message *m = ctx;

    if (!committed) {
        corv_acknowledge_unavailable(m, "store.away");
        return;
    }
    corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_REFUSED);
    corv_acknowledge_refused(m);
}

void corv_store_refusal(struct corv_message *m)
{
    char digest[CORV_DIGEST_TEXT];
    const struct corv_finding *why = corv_findings_decisive(&m->verdict.findings, &m->addressing);

    event(m, 0, "message.refused", why ? why->code : NULL);
    (void)snprintf(m->detail, sizeof m->detail,
        "{\"kind\":\"%s\",\"status\":%d,\"findings\":%zu,\"sha256\":\"%s\",\"size\":%zu}",
        m->parts[0].kind, m->status, m->verdict.findings.errors + m->addressing.errors,
        corv_digest_text(&m->parts[0].digest, digest), m->parts[0].size);
    if (corv_queue_note(m->app->queue, &m->events[0], refusal_noted, m) != CORV_OK)
        corv_acknowledge_unavailable(m, "store.away");
    else
        corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_STORING);
}
