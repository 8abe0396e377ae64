/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/acknowledge.h"

#include "daemon/alarms.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/deliver.h"
#include "daemon/message.h"

/* A step that was left; one that never began took no time, and is not counted. */
static void time_step(struct corv_message *m, enum corv_timed t, enum corv_step step)
{
    if (m->journey.took_us[step] > 0)
        corv_histogram_add(&m->app->metrics.step[t], m->journey.took_us[step]);
}

static void finish(struct corv_message *m)
{
    if (m->journey.step == CORV_STEP_STORED || m->journey.step == CORV_STEP_REFUSED)
        corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_ACKNOWLEDGED);
    time_step(m, CORV_TIMED_EXAMINE, CORV_STEP_RECEIVED);
    time_step(m, CORV_TIMED_STORE, CORV_STEP_STORING);
    time_step(m, CORV_TIMED_ACKNOWLEDGE, CORV_STEP_STORED);
    time_step(m, CORV_TIMED_ACKNOWLEDGE, CORV_STEP_REFUSED);
    corv_crash_point("acknowledged");
    corv_message_free(m);
}

static void say(
    struct corv_message *m, enum corv_fate fate, const struct corv_id *id, const char *code)
{
    const struct corv_told told = {.fate = fate, .id = id, .code = code};

    m->answerer.tell(m->answerer.ctx, m, &told);
}

static void tell(
    struct corv_message *m, enum corv_fate fate, const struct corv_id *id, const char *code)
{
    say(m, fate, id, code);
    finish(m);
}

void corv_acknowledge_stored(struct corv_message *m)
{
    const struct corv_id *id = &m->parts[0].id;

    m->app->metrics.messages_accepted_total++;
    corv_alarms_heard(m->app, corv_message_sender(m), m->parts[0].kind);
    CORV_LOG(INFO, "message.accepted", id, CORV_F(KIND, m->parts[0].kind),
        CORV_F(PARTY, corv_message_sender(m)), CORV_N(COUNT, m->plan.count),
        CORV_N(US, corv_clock_us() - m->received_us));
    say(m, CORV_FATE_STORED, id, "");
    for (unsigned p = 0; p < m->parts_count; p++) /* the sender need not wait for these to begin */
        corv_deliver_from_memory(m, p);
    finish(m);
}

void corv_acknowledge_repeat(struct corv_message *m, const struct corv_id *first)
{
    char number[CORV_ID_TEXT];

    m->app->metrics.messages_repeated_total++;
    CORV_LOG(INFO, "message.repeated", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(ID2, corv_id_text(first, number)));
    tell(m, CORV_FATE_REPEAT, first, "");
}

void corv_acknowledge_conflict(struct corv_message *m)
{
    m->app->metrics.messages_conflict_total++;
    corv_alarms_event(
        m->app, CORV_CAUSE_CONFLICT, corv_message_sender(m), "duplicate.other-content");
    CORV_LOG(WARNING, "message.conflict", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(KIND, m->parts[0].kind));
    tell(m, CORV_FATE_CONFLICT, &m->parts[0].id, "duplicate.other-content");
}

void corv_acknowledge_refused(struct corv_message *m)
{
    m->app->metrics.messages_refused_total++;
    CORV_LOG(INFO, "message.refused", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_N(STATUS, m->status),
        CORV_N(COUNT, m->verdict.findings.errors + m->addressing.errors));
    tell(m, CORV_FATE_REFUSED, &m->parts[0].id, "message.internal");
}

void corv_acknowledge_unavailable(struct corv_message *m, const char *code)
{
    m->app->metrics.messages_unavailable_total++;
    CORV_LOG(WARNING, "message.unavailable", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(STATE, corv_step_name(m->journey.step)), CORV_F(CODE, code));
    tell(m, CORV_FATE_UNAVAILABLE, &m->parts[0].id, code);
}

void corv_acknowledge_rejected(struct corv_message *m, const char *code)
{
    CORV_LOG(ERROR, "message.rejected", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_F(STATE, corv_step_name(m->journey.step)), CORV_F(CODE, code));
    tell(m, CORV_FATE_REJECTED, &m->parts[0].id, code);
}
