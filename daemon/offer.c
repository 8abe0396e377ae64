/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/offer.h"

#include <stdlib.h>
#include <string.h>

#include "config/parties.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/host/host.h"
#include "daemon/journey.h"
#include "daemon/message.h"
#include "daemon/receive.h"
#include "daemon/store.h"

/* ---- the answer ------------------------------------------------------------------------------ */

static const char *text(const char *s)
{
    return s ? s : "";
}

static struct corv_answer_address address_of(const struct corv_stuf_address *a)
{
    return (struct corv_answer_address){
        text(a->organisatie), text(a->applicatie), text(a->administratie), text(a->gebruiker)};
}

static const struct corv_finding *first_error(const struct corv_message *m)
{
    const struct corv_findings *lists[] = {&m->verdict.findings, &m->addressing};

    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            if (lists[l]->list[i].severity == CORV_SEV_ERROR)
                return &lists[l]->list[i];
    return NULL;
}

/* MESSAGES.md §6 has the codes there is a source for; what has none gets one of our own, with the
 * HTTP status that says the same. */
static const char *stuf_code_of(enum corv_layer layer, int status)
{
    switch (layer) {
    case CORV_LAYER_WELL_FORMED:
    case CORV_LAYER_SECURITY:
        return "StUF059";
    case CORV_LAYER_SCHEMA:
    case CORV_LAYER_RULE:
        return "StUF055";
    case CORV_LAYER_ADDRESSING:
    case CORV_LAYER_CONFIG:
    default:
        return status == 403 ? "CORV403" : "CORV422";
    }
}

static const char *stuf_code(const struct corv_told *told, const struct corv_finding *first)
{
    switch (told->fate) {
    case CORV_FATE_STORED:
    case CORV_FATE_REPEAT:
        return "";
    case CORV_FATE_CONFLICT:
        return "StUF016";
    case CORV_FATE_REFUSED:
        return stuf_code_of(first ? first->layer : CORV_LAYER_SCHEMA, told->status);
    case CORV_FATE_UNAVAILABLE:
    case CORV_FATE_REJECTED:
    default:
        return "StUF058";
    }
}

static uint32_t class_of(enum corv_fate fate)
{
    switch (fate) {
    case CORV_FATE_STORED:
        return CORV_ANSWER_ACCEPTED;
    case CORV_FATE_REPEAT:
        return CORV_ANSWER_REPEAT;
    case CORV_FATE_CONFLICT:
        return CORV_ANSWER_CONFLICT;
    case CORV_FATE_UNAVAILABLE:
        return CORV_ANSWER_UNAVAILABLE;
    case CORV_FATE_REFUSED:
    case CORV_FATE_REJECTED:
    default:
        return CORV_ANSWER_REFUSED;
    }
}

static void say_envelope(struct corv_answer *a, const struct corv_envelope *e)
{
    static const struct corv_stuf_address nobody;

    a->zender = address_of(e ? &e->zender : &nobody);
    a->ontvanger = address_of(e ? &e->ontvanger : &nobody);
    a->referentienummer = text(e ? e->referentienummer : NULL);
    a->crossrefnummer = text(e ? e->crossrefnummer : NULL);
    a->tijdstip = text(e ? e->tijdstip : NULL);
}

static void tell(void *ctx, const struct corv_message *m, const struct corv_told *told)
{
    struct corv_app *app = ctx;
    const struct corv_finding *first = told->fate == CORV_FATE_REFUSED ? first_error(m) : NULL;
    bool refused = told->fate == CORV_FATE_REFUSED;
    char id[CORV_ID_TEXT];
    struct corv_host_answer a = {
        .pub = {.cls = class_of(told->fate),
            .status = (uint32_t)told->status,
            .retry_after_seconds = told->retry_after_s,
            .message_id = corv_id_text(told->id, id),
            .stored_us = corv_id_ms(told->id) * 1000,
            .code = first ? first->code : told->code,
            .stuf_code = stuf_code(told, first),
            .server_fault = told->fate == CORV_FATE_UNAVAILABLE || told->fate == CORV_FATE_REJECTED,
            .text = first ? first->text : told->text,
            .kind = m->parts[0].kind ? m->parts[0].kind : corv_kind_name(CORV_KIND_UNKNOWN)},
        .lists = {refused ? &m->verdict.findings : NULL, refused ? &m->addressing : NULL}};

    say_envelope(&a.pub, m->verdict.envelope);
    corv_hosts_answer(app->hosts, m->answerer.number, &a);
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
static void refuse(struct corv_message *m, int status, enum corv_layer layer, const char *code,
    const char *sentence)
{
    enum corv_actor actor =
        layer == CORV_LAYER_ADDRESSING ? CORV_ACT_BEHEERDER : CORV_ACT_LEVERANCIER;

    corv_findings_addf(&m->addressing, layer, actor, code, 0, NULL, "%s", sentence);
    m->parts[0].kind = corv_kind_name(CORV_KIND_UNKNOWN);
    m->status = status;
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
    const char *code;
    const char *ignored;
    struct corv_message *m;

    if (!corv_receive_ready(app, &code, &ignored)) {
        not_now(app, in, code);
        return false;
    }
    m = corv_message_new(app, (struct corv_answerer){tell, app, offer});
    if (!m) {
        not_now(app, in, "receive.no-memory");
        return false;
    }
    m->sender = sender_of(app, in);
    if (!m->sender) {
        app->metrics.access_denied_total++;
        CORV_LOG(WARNING, "access.denied", &m->parts[0].id, CORV_F(ADAPTER, in->adapter),
            CORV_F(OIN, in->oin), CORV_F(PARTY, in->party));
        refuse(m, 403, CORV_LAYER_ADDRESSING, "access.unknown-party",
            "Deze afzender is geen partij die vandaag bekend is.");
    } else if (in->bytes.n > app->config->limits.body_bytes) {
        refuse(m, 413, CORV_LAYER_SECURITY, "security.too-large", "Het bericht is te groot.");
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
}
