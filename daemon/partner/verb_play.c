/* SPDX-License-Identifier: EUPL-1.2 */
/* The verbs play, send and show: for who tests an application by hand. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/partner/exchange.h"
#include "daemon/partner/verbs.h"

#define WAITING 64 /* messages that still get their Bv01 */

struct play {
    struct partner *partner;
    struct partner_stranger waiting[WAITING];
    unsigned count;
};

/* ---- send -------------------------------------------------------------------------------------
 */

/* The first exchange of a scenario that sends this message: it knows from whom to whom. */
static const struct partner_exchange *exchange_with(
    const struct partner_scenarios *s, const char *message)
{
    for (unsigned i = 0; i < s->count; i++)
        for (unsigned e = 0; e < s->list[i]->exchanges_count; e++)
            if (strcmp(s->list[i]->exchanges[e].message, message) == 0)
                return &s->list[i]->exchanges[e];
    return NULL;
}

/* Makes and sends one message; true when corvd took it over. Says so on stdout. */
static bool send_one(struct partner_exchanging *x)
{
    struct partner_results results = {.sections = NULL};
    struct partner_step step = {.reason = "niet te beoordelen"};
    struct partner_call c = {.status = 0};
    corv_rc rc = partner_message_write(x->exchange->message, &x->fields, &x->message);

    x->results = &results;
    if (rc == CORV_OK) {
        partner_exchange_send(x, corv_buf_view(&x->message), 0, &c);
        partner_exchange_describe(x, corv_buf_view(&x->message), &step);
        partner_exchange_judge_yes(x, &c, &step);
        (void)printf("verstuurd (%s → %s): %s\n  antwoord: %s%s%s\n", x->from->name,
            x->to ? x->to->name : x->fields.to_oin, step.sent, step.got, step.reason[0] ? "; " : "",
            step.reason);
        (void)fflush(stdout);
    }
    corv_buf_free(&x->message);
    corv_buf_free(&c.answer);
    return step.passed;
}

/* Fills x in for a message by name; false when there is none. */
static bool named(struct partner *p, const struct partner_options *o, struct partner_exchanging *x)
{
    const struct partner_exchange *e = exchange_with(&p->scenarios, o->word);

    if (!e) {
        (void)fprintf(stderr, "corv-partner: bericht %s is er niet\n", o->word);
        return false;
    }
    *x = (struct partner_exchanging){.partner = p,
        .exchange = e,
        .from = partner_party_find(e->from),
        .to = partner_party_find(e->to)};
    partner_number(p, "ZAAK", x->case_number, sizeof x->case_number);
    partner_number(p, "RAAD", x->raad_number, sizeof x->raad_number);
    partner_number(p, "REF", x->expect.reference, sizeof x->expect.reference);
    x->fields = (struct partner_fields){.from = x->from,
        .to = x->to,
        .reference = x->expect.reference,
        .crossref = o->about ? o->about : "TEST-geen-eerder-bericht",
        .case_number = o->case_number ? o->case_number : x->case_number,
        .raad_number = x->raad_number,
        .now_us = corv_clock_us()};
    return true;
}

static int send_named(struct partner *p, const struct partner_options *o)
{
    struct partner_exchanging x;

    if (!named(p, o, &x) || partner_meet(p) != CORV_OK)
        return PARTNER_ERROR;
    return send_one(&x) ? PARTNER_GOOD : PARTNER_BAD;
}

static int show_named(struct partner *p, const struct partner_options *o)
{
    struct partner_exchanging x;
    int code = PARTNER_ERROR;

    if (!named(p, o, &x))
        return code;
    if (partner_message_write(o->word, &x.fields, &x.message) == CORV_OK &&
        fwrite(x.message.p, 1, x.message.n, stdout) == x.message.n && fflush(stdout) == 0)
        code = PARTNER_GOOD;
    corv_buf_free(&x.message);
    return code;
}

int partner_verb_show(const struct partner_options *o)
{
    struct partner p;
    int code = PARTNER_ERROR;

    if (partner_open(&p, NULL) == CORV_OK)
        code = show_named(&p, o);
    partner_close(&p);
    return code;
}

int partner_verb_send(const struct partner_options *o)
{
    struct partner p;
    int code = PARTNER_ERROR;

    if (partner_open(&p, o->config) == CORV_OK)
        code = send_named(&p, o);
    partner_close(&p);
    return code;
}

/* ---- play -------------------------------------------------------------------------------------
 */

static bool wants_confirmation(const char *kind)
{
    return strcmp(kind, "vtoDi01") == 0 || strcmp(kind, "zorgmeldingDi01") == 0 ||
           strcmp(kind, "zorgmeldingTerugkoppelingDi01") == 0;
}

/* Called from the listener: what follows happens when the loop is ours again. */
static void somebody_wrote(void *ctx, const struct partner_stranger *s)
{
    struct play *play = ctx;

    (void)printf("%s ontving %s, referentie %s, %zu bytes; technisch bevestigd\n", s->at->name,
        s->kind[0] ? s->kind : "een bericht", s->reference[0] ? s->reference : "-", s->bytes);
    (void)fflush(stdout);
    if (wants_confirmation(s->kind) && s->reference[0] && play->count < WAITING)
        play->waiting[play->count++] = *s;
}

static void confirm(struct play *play, const struct partner_stranger *s)
{
    static char name[] = "bv01";
    static const struct partner_exchange bv01 = {.message = name};
    struct partner_exchanging x = {
        .partner = play->partner, .exchange = &bv01, .from = s->at, .to = NULL};

    partner_number(play->partner, "REF", x.expect.reference, sizeof x.expect.reference);
    x.fields = (struct partner_fields){.from = s->at,
        .to = partner_party_by_oin(s->from_oin),
        .to_oin = s->from_oin,
        .to_application = s->from_application,
        .reference = x.expect.reference,
        .crossref = s->reference,
        .case_number = "",
        .raad_number = "",
        .now_us = corv_clock_us()};
    x.to = x.fields.to;
    if (!x.fields.to)
        x.fields.to = s->at; /* only its OIN and application are used, and those are given */
    (void)send_one(&x);
}

static bool somebody_waits(void *ctx)
{
    const struct play *play = ctx;

    return play->count > 0;
}

static int play_on(struct partner *p)
{
    static struct play play;

    play = (struct play){.partner = p};
    if (partner_meet(p) != CORV_OK || partner_listen(p, somebody_wrote, &play) != CORV_OK)
        return PARTNER_ERROR;
    (void)printf("corv-partner speelt de andere partijen op %s:%u; Ctrl-C om te stoppen\n",
        p->settings->listen.host, p->settings->listen.port);
    (void)fflush(stdout);
    while (!p->stop)
        if (partner_wait(p, somebody_waits, &play, 1000))
            confirm(&play, &play.waiting[--play.count]);
    return PARTNER_GOOD;
}

int partner_verb_play(const struct partner_options *o)
{
    struct partner p;
    int code = PARTNER_ERROR;

    if (partner_open(&p, o->config) == CORV_OK)
        code = play_on(&p);
    partner_close(&p);
    return code;
}
