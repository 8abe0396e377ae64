/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/examine.h"

#include <strings.h>

#include "daemon/acknowledge.h"
#include "daemon/base/answer.h"
#include "daemon/base/log.h"
#include "daemon/derive.h"
#include "daemon/loop/pool.h"
#include "daemon/message.h"
#include "daemon/store.h"
#include "queue/vault.h"
#include "schemas/judge.h"

static corv_rc judge(struct corv_message *m)
{
    struct corv_part *part = &m->parts[0];
    struct corv_read_limits limits = corv_read_limits_default;
    struct corv_view bytes = corv_view_of(part->body, part->size);
    struct corv_verdict_input in = {
        .bytes = bytes, .limits = &limits, .party = m->sender->id, .day = m->day};

    limits.bytes = m->config->limits.body_bytes;
    part->content_type = "application/xml";

    corv_rc rc = corv_digest_of(&bytes, 1, &part->digest);

    if (rc == CORV_OK)
        rc = corv_verdict_by(m->judge, &in, &m->verdict);
    if (rc != CORV_OK)
        return rc;
    part->kind = corv_kind_name(m->verdict.kind);
    if (!m->verdict.valid)
        m->status = corv_problem_status(
            &(struct corv_problem){.code = "message.internal", .a = &m->verdict.findings});
    return CORV_OK;
}

/* A message of the chain test or the demo says so itself, whatever certificate brought it. */
static bool only_a_test(const struct corv_stuf_address *a)
{
    return a->applicatie &&
           strncasecmp(a->applicatie, CORV_TEST_MARK, sizeof CORV_TEST_MARK - 1) == 0;
}

static bool refuse_a_test(struct corv_message *m)
{
    const struct corv_envelope *e = m->verdict.envelope;

    if (!m->config->production || (!only_a_test(&e->zender) && !only_a_test(&e->ontvanger)))
        return false;
    corv_findings_addf(&m->addressing, CORV_LAYER_ADDRESSING, CORV_ACT_LEVERANCIER,
        "addressing.test-message", 0, "",
        "Dit is een testbericht, en dit is de productieomgeving. Het is niet aangenomen.");
    m->status = corv_problem_status(
        &(struct corv_problem){.code = "addressing.test-message", .a = &m->addressing});
    return true;
}

static corv_rc decide(struct corv_message *m)
{
    int status = 0;

    if (refuse_a_test(m))
        return CORV_OK;
    corv_rc rc = corv_route_unexplained(m->config, corv_judge_reference(m->judge),
        m->verdict.envelope, m->sender, m->day, &m->plan, &m->addressing, &status);

    if (rc == CORV_E_INVALID) {
        m->status = status;
        return CORV_OK;
    }
    return rc;
}

static corv_rc seal_in_place(struct corv_vault *vault, struct corv_part *p)
{
    p->sealed = p->body;
    p->sealed_size = p->size;
    p->body = NULL;
    return corv_vault_seal_own(vault, &p->id, &p->sealed, &p->sealed_size);
}

static corv_rc seal(struct corv_message *m)
{
    for (unsigned i = 0; i < m->parts_count; i++) {
        struct corv_part *p = &m->parts[i];
        corv_rc rc = p->size < CORV_PART_BIG
                         ? corv_vault_seal(m->app->vault, &p->id, corv_view_of(p->body, p->size),
                               &p->sealed, &p->sealed_size)
                         : seal_in_place(m->app->vault, p);

        if (rc != CORV_OK)
            return rc;
    }
    return CORV_OK;
}

/* On a worker. */
static void work(void *data)
{
    struct corv_message *m = data;

    m->trouble = judge(m);
    if (m->trouble == CORV_OK && m->status == 0)
        m->trouble = decide(m);
    if (m->trouble == CORV_OK && m->status == 0)
        m->trouble = corv_derive_parts(m);
    if (m->trouble == CORV_OK && m->status == 0)
        m->trouble = seal(m);
}

/* No verdict: short of memory, workers or disk (the key to seal with) is for later, anything else
 * is our bug. */
static void give_up(struct corv_message *m)
{
    if (m->trouble == CORV_AGAIN)
        corv_acknowledge_unavailable(m, "receive.busy");
    else if (m->trouble == CORV_E_NOMEM)
        corv_acknowledge_unavailable(m, "receive.no-memory");
    else if (m->trouble == CORV_E_IO)
        corv_acknowledge_unavailable(m, "store.away");
    else
        corv_acknowledge_rejected(m, "message.internal");
}

static void examined(void *data, bool ran)
{
    struct corv_message *m = data;

    if (!ran)
        m->trouble = CORV_AGAIN;
    corv_crash_point("parsed");
    corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_EXAMINED);
    for (unsigned i = 1; i < m->parts_count; i++) {
        m->app->metrics.held_bytes += m->parts[i].size;
        m->parts[i].held = true;
    }
    if (m->trouble != CORV_OK) {
        CORV_LOG(ERROR, "examine.failed", &m->parts[0].id, CORV_F(CODE, corv_rc_name(m->trouble)));
        give_up(m);
    } else if (m->status != 0) {
        corv_store_refusal(m);
    } else {
        corv_store(m);
    }
}

void corv_examine(struct corv_message *m)
{
    bool brief = m->parts[0].size < CORV_POOL_BRIEF;

    if (corv_pool_submit(m->app->pool, work, examined, m, brief, NULL) == CORV_OK)
        return;
    m->trouble = CORV_AGAIN;
    corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_EXAMINED);
    give_up(m);
}
