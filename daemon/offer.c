/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/offer.h"

#include <stdlib.h>
#include <string.h>

#include "config/parties.h"
#include "daemon/base/answer.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/host/host.h"
#include "daemon/journey.h"
#include "daemon/message.h"
#include "daemon/receive.h"
#include "daemon/store.h"
#include "daemon/stuf_say.h"

#define RETRY_AFTER_SECONDS 5

/* ---- the answer ------------------------------------------------------------------------------ */

static const char *text(const char *s)
{
    return s ? s : "";
}

static struct corv_incoming_address address_of(const struct corv_stuf_address *a)
{
    return (struct corv_incoming_address){
        text(a->organisatie), text(a->applicatie), text(a->administratie), text(a->gebruiker)};
}

static uint32_t class_of(enum corv_fate fate)
{
    switch (fate) {
    case CORV_FATE_STORED:
        return CORV_INCOMING_ACCEPTED;
    case CORV_FATE_REPEAT:
        return CORV_INCOMING_REPEAT;
    case CORV_FATE_CONFLICT:
        return CORV_INCOMING_CONFLICT;
    case CORV_FATE_UNAVAILABLE:
        return CORV_INCOMING_UNAVAILABLE;
    case CORV_FATE_REFUSED:
    case CORV_FATE_REJECTED:
    default:
        return CORV_INCOMING_REFUSED;
    }
}

static void say_envelope(struct corv_incoming_answer *a, const struct corv_envelope *e)
{
    static const struct corv_stuf_address nobody;

    a->zender = address_of(e ? &e->zender : &nobody);
    a->ontvanger = address_of(e ? &e->ontvanger : &nobody);
    a->referentienummer = text(e ? e->referentienummer : NULL);
    a->crossrefnummer = text(e ? e->crossrefnummer : NULL);
    a->tijdstip = text(e ? e->tijdstip : NULL);
}

/* What the table says to a no, and nothing for a yes. */
static void say_no(struct corv_host_answer *a, const char *code, const struct corv_finding *first)
{
    const struct corv_code *row = corv_code_find(code);
    const struct corv_answer *answer = corv_answer_get(row->answer);
    struct corv_incoming_answer *pub = &a->pub;

    pub->status = (uint32_t)answer->status;
    pub->retry_after_seconds = answer->status == 503 ? RETRY_AFTER_SECONDS : 0;
    pub->code = code;
    pub->stuf_code = answer->stuf;
    pub->server_fault = strcmp(answer->plek, "server") == 0;
    pub->title = answer->title;
    pub->text = first ? first->text : row->text;
    pub->next = corv_next_text(answer->next);
}

static void tell(void *ctx, const struct corv_message *m, const struct corv_told *told)
{
    struct corv_app *app = ctx;
    bool yes = told->fate == CORV_FATE_STORED || told->fate == CORV_FATE_REPEAT;
    char id[CORV_ID_TEXT];
    struct corv_host_answer a = {
        .pub = {.cls = class_of(told->fate),
            .status = told->fate == CORV_FATE_STORED ? 202 : 200,
            .message_id = corv_id_text(told->id, id),
            .stored_us = corv_id_ms(told->id) * 1000,
            .code = "",
            .stuf_code = "",
            .title = "",
            .text = "",
            .next = "",
            .kind = m->parts[0].kind ? m->parts[0].kind : corv_kind_name(CORV_KIND_UNKNOWN)}};

    if (yes || told->fate == CORV_FATE_REFUSED) {
        a.lists[0] = &m->verdict.findings;
        a.lists[1] = &m->addressing;
    }
    if (!yes) {
        const struct corv_finding *first = corv_findings_decisive(a.lists[0], a.lists[1]);

        say_no(&a, first ? first->code : told->code, first);
    }
    say_envelope(&a.pub, m->verdict.envelope);
    corv_hosts_answer(app->hosts, m->answerer.number, &a);
}

static corv_rc say_in_stuf(void *ctx, const struct corv_host_answer *a,
    const struct corv_stuf_reply *how, struct corv_buf *b)
{
    const struct corv_app *app = ctx;

    return corv_stuf_say(app->config->oin, app->config->application, a, how, b);
}

/* ---- the offer ------------------------------------------------------------------------------- */

static const struct corv_party *sender_of(
    const struct corv_app *app, const struct corv_host_incoming *in)
{
    int day = corv_clock_day(corv_clock_us());
    const struct corv_party *p;

    if (in->oin)
        return corv_party_by_oin(app->config, corv_view_str(in->oin), day);
    p = corv_party_by_id(app->config, in->party);
    return p && corv_party_valid(p, day) ? p : NULL;
}

/* A no without a look at the content is an audit line too. */
static void refuse(struct corv_message *m, enum corv_layer layer, const char *code)
{
    const struct corv_code *row = corv_code_find(code);

    corv_findings_addf(&m->addressing, layer, row->who, code, 0, NULL, "%s", row->text);
    m->parts[0].kind = corv_kind_name(CORV_KIND_UNKNOWN);
    m->status = corv_answer_get(row->answer)->status;
    corv_journey_move(&m->journey, &m->parts[0].id, CORV_STEP_EXAMINED);
    corv_store_refusal(m);
}

static bool copy_body(struct corv_message *m, struct corv_view bytes)
{
    char *body = malloc(bytes.n ? bytes.n : 1);

    if (!body)
        return false;
    if (bytes.n)
        memcpy(body, bytes.p, bytes.n);
    corv_message_take_body(m, body, bytes.n);
    return true;
}

static void not_now(struct corv_app *app, const struct corv_host_incoming *in, const char *code)
{
    app->metrics.messages_busy_total++;
    CORV_LOG(INFO, "receive.busy", NULL, CORV_F(CODE, code), CORV_F(ADAPTER, in->adapter));
}

static bool take_in(void *ctx, uint64_t offer, const struct corv_host_incoming *in)
{
    struct corv_app *app = ctx;
    const struct corv_party *sender = sender_of(app, in);
    const char *busy = corv_receive_busy_for(app, sender);
    struct corv_message *m;

    if (busy) {
        not_now(app, in, busy);
        return false;
    }
    m = corv_message_new(app, (struct corv_answerer){tell, app, offer});
    if (!m || corv_message_from(m, sender) != CORV_OK) {
        corv_message_free(m);
        not_now(app, in, "receive.no-memory");
        return false;
    }
    if (!m->sender) {
        app->metrics.access_denied_total++;
        CORV_LOG(WARNING, "access.denied", &m->parts[0].id, CORV_F(ADAPTER, in->adapter),
            CORV_F(OIN, in->oin), CORV_F(PARTY, in->party));
        refuse(m, CORV_LAYER_ADDRESSING, "addressing.sender-unknown");
    } else if (in->bytes.n > app->config->limits.body_bytes) {
        refuse(m, CORV_LAYER_SECURITY, "security.size");
    } else if (!copy_body(m, in->bytes)) {
        not_now(app, in, "receive.no-memory");
        corv_message_free(m);
        return false;
    } else {
        corv_receive_message(m);
    }
    return true;
}

void corv_offer_start(struct corv_app *app)
{
    corv_hosts_on_offer(app->hosts, take_in, app);
    corv_hosts_on_stuf(app->hosts, say_in_stuf, app);
    corv_hosts_set_self(app->hosts, app->config->oin, app->config->application);
}
