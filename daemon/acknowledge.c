/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/acknowledge.h"

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/message.h"

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

static void tell(struct corv_message *m, struct corv_told told)
{
    m->answerer.tell(m->answerer.ctx, m, &told);
    finish(m);
}

void corv_acknowledge_stored(struct corv_message *m)
{
    const struct corv_id *id = &m->parts[0].id;

    m->app->metrics.messages_accepted_total++;
    CORV_LOG(INFO, "message.accepted", id, CORV_F(KIND, m->parts[0].kind),
        CORV_F(PARTY, corv_message_sender(m)), CORV_N(COUNT, m->plan.count),
        CORV_N(US, corv_clock_us() - m->received_us));
    tell(m, (struct corv_told){CORV_FATE_STORED, 202, 0, id, "", ""});
}

void corv_acknowledge_repeat(struct corv_message *m, const struct corv_id *first)
{
    char number[CORV_ID_TEXT];

    m->app->metrics.messages_repeated_total++;
    CORV_LOG(INFO, "message.repeated", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(ID2, corv_id_text(first, number)));
    tell(m, (struct corv_told){CORV_FATE_REPEAT, 200, 0, first, "", ""});
}

void corv_acknowledge_conflict(struct corv_message *m)
{
    m->app->metrics.messages_conflict_total++;
    CORV_LOG(WARNING, "message.conflict", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(KIND, m->parts[0].kind));
    tell(m,
        (struct corv_told){CORV_FATE_CONFLICT, 409, 0, &m->parts[0].id, "duplicate.other-content",
            "StUF016: onder dit referentienummer is van deze zender al een ander bericht "
            "aangenomen. Is dit een nieuw bericht, geef het dan een nieuw referentienummer."});
}

void corv_acknowledge_refused(struct corv_message *m)
{
    m->app->metrics.messages_refused_total++;
    CORV_LOG(INFO, "message.refused", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_N(STATUS, m->status),
        CORV_N(COUNT, m->verdict.findings.errors + m->addressing.errors));
    tell(m, (struct corv_told){CORV_FATE_REFUSED, m->status, 0, &m->parts[0].id, "", ""});
}

void corv_acknowledge_unavailable(struct corv_message *m)
{
    m->app->metrics.messages_unavailable_total++;
    CORV_LOG(WARNING, "message.unavailable", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(STATE, corv_step_name(m->journey.step)));
    tell(m, (struct corv_told){CORV_FATE_UNAVAILABLE, 503, RETRY_AFTER_SECONDS, &m->parts[0].id,
                "store.away",
                "corvd kon het bericht nu niet veilig opslaan. Het is niet aangenomen; stuur het "
                "opnieuw met hetzelfde referentienummer."});
}

void corv_acknowledge_rejected(struct corv_message *m)
{
    CORV_LOG(
        ERROR, "message.rejected-by-store", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)));
    tell(m, (struct corv_told){CORV_FATE_REJECTED, 500, 0, &m->parts[0].id, "store.rejected",
                "corvd kon dit bericht door een eigen fout niet opslaan. Het is niet aangenomen. "
                "Meld dit aan de beheerder van corvd."});
}
