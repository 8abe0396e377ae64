/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/exchange.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/partner/dress.h"
#include "daemon/partner/fault.h"
#include "daemon/partner/xml.h"
#include "schemas/kind.h"

#define SETTLE_MS 10000u /* from the receipt to the COMMIT of it */

enum { STEP_SENT, STEP_ANSWERED, STEP_ARRIVED, STEP_CONFIRMED };

static const char *number(const struct partner_exchanging *x, int step)
{
    return x->exchange->steps[step];
}

/* ---- making -----------------------------------------------------------------------------------
 */

static void number_cases(struct partner_exchanging *x, const struct partner_exchanging *about)
{
    if (about) {
        memcpy(x->case_number, about->case_number, sizeof x->case_number);
        memcpy(x->raad_number, about->raad_number, sizeof x->raad_number);
        return;
    }
    partner_number(x->partner, "ZAAK", x->case_number, sizeof x->case_number);
    partner_number(x->partner, "RAAD", x->raad_number, sizeof x->raad_number);
}

static void link_to(struct partner_exchanging *x, struct partner_exchanging *about)
{
    const char *link = x->exchange->link;

    if (!about || !link)
        return;
    x->expect.link_name = link;
    x->expect.link_value =
        strcmp(link, "zaaknummer") == 0 ? x->case_number : about->expect.reference;
}

corv_rc partner_exchange_make(struct partner_exchanging *x, struct partner_exchanging *earlier)
{
    const struct partner_exchange *e = x->exchange;
    struct partner_exchanging *about = NULL;
    corv_rc rc;

    x->from = partner_party_find(e->from);
    x->to = partner_party_find(e->to);
    if (e->about)
        about =
            &earlier[partner_exchange_find(x->scenario, e->about, x->scenario->exchanges_count)];
    number_cases(x, about);
    partner_number(x->partner, "REF", x->expect.reference, sizeof x->expect.reference);
    x->fields = (struct partner_fields){.from = x->from,
        .to = x->to,
        .reference = x->expect.reference,
        .crossref = about ? about->expect.reference : NULL,
        .case_number = x->case_number,
        .raad_number = x->raad_number,
        .now_us = corv_clock_us()};
    rc = partner_message_write(e->message, &x->fields, &x->message);
    x->made = true;
    if (rc != CORV_OK)
        return rc;
    x->expect.to = x->to;
    link_to(x, about);
    partner_fault_turns(x->fault, x->partner, &x->expect);
    return CORV_OK;
}

void partner_exchange_free(struct partner_exchanging *x)
{
    if (x->made)
        corv_buf_free(&x->message);
    x->made = false;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

void partner_exchange_describe(
    const struct partner_exchanging *x, struct corv_view message, struct partner_step *s)
{
    struct corv_view kind = partner_message_kind(x->exchange->message);
    struct corv_digest digest;
    char text[CORV_DIGEST_TEXT] = "-";

    if (corv_digest_of(&message, 1, &digest) == CORV_OK)
        (void)corv_digest_text(&digest, text);
    (void)snprintf(s->sent, sizeof s->sent, "%.*s, referentie %s, %zu bytes, SHA-256 %.16s…",
        (int)kind.n, kind.p, x->expect.reference, message.n, text);
}

void partner_exchange_send(struct partner_exchanging *x, struct corv_view message, size_t cut_after,
    struct partner_call *c)
{
    const struct partner_settings *s = x->partner->settings;
    struct corv_buf soap = {0};
    char url[512];

    (void)snprintf(url, sizeof url, "%s/v1/messages", s->corvd.intake);
    *c = (struct partner_call){.url = x->from->dai ? s->corvd.dai : url,
        .as = x->from,
        .body = message,
        .content_type = x->from->dai ? "text/xml; charset=utf-8" : "application/xml",
        .cut_after = cut_after};
    if (x->from->dai && partner_dress(message, &x->fields, &soap) == CORV_OK)
        c->body = corv_buf_view(&soap);
    partner_call_run(x->partner, c);
    c->url = NULL;
    c->body = (struct corv_view){0};
    corv_buf_free(&soap);
}

void partner_exchange_code(const struct partner_call *c, char *out, size_t size)
{
    (void)partner_xml_text(corv_buf_view(&c->answer), CORV_NS_STUF, "body", "code", out, size);
}

static void keep_digest(struct partner_exchanging *x, const struct partner_call *c)
{
    struct corv_view answer = corv_buf_view(&c->answer);
    struct corv_digest digest;

    if (corv_digest_of(&answer, 1, &digest) == CORV_OK)
        (void)corv_digest_text(&digest, x->first_answer);
}

static void judge_https(
    struct partner_exchanging *x, struct partner_call *c, struct partner_step *s)
{
    json_t *root = json_loadb(c->answer.p ? c->answer.p : "", c->answer.n, 0, NULL);
    const char *id = root ? json_string_value(json_object_get(root, "id")) : NULL;
    const char *code = root ? json_string_value(json_object_get(root, "code")) : NULL;

    partner_step_got(s, "HTTP %ld%s%s", c->status,
        id     ? ", nummer "
        : code ? ", "
               : "",
        id     ? id
        : code ? code
               : "");
    if (c->status == 202 && id) {
        (void)snprintf(x->first_id, sizeof x->first_id, "%s", id);
        partner_step_pass(s);
    } else {
        partner_step_fail(s, "verwacht: 202 met een nummer");
    }
    json_decref(root);
}

static void judge_dai(struct partner_exchanging *x, struct partner_call *c, struct partner_step *s)
{
    char kind[64];
    char about[PARTNER_NUMBER];
    char code[12];

    (void)partner_xml_stuf_root(corv_buf_view(&c->answer), kind, sizeof kind);
    (void)partner_xml_text(
        corv_buf_view(&c->answer), CORV_NS_STUF, NULL, "crossRefnummer", about, sizeof about);
    partner_exchange_code(c, code, sizeof code);
    partner_step_got(s, "HTTP %ld, %s%s%s, crossRefnummer %s", c->status,
        kind[0] ? kind : "geen StUF", code[0] ? " " : "", code, about[0] ? about : "-");
    if (c->status == 200 && strcmp(kind, "Bv04Bericht") == 0 &&
        strcmp(about, x->expect.reference) == 0)
        partner_step_pass(s);
    else
        partner_step_fail(s, "verwacht: Bv04 met het referentienummer van dit bericht");
}

void partner_exchange_judge_yes(
    struct partner_exchanging *x, struct partner_call *c, struct partner_step *s)
{
    if (c->status == 0)
        partner_step_fail(s, "geen antwoord: %.180s", c->error);
    else if (x->from->dai)
        judge_dai(x, c, s);
    else
        judge_https(x, c, s);
    x->sent = s->passed;
    keep_digest(x, c);
}

static void send_and_judge(struct partner_exchanging *x)
{
    struct corv_view message = corv_buf_view(&x->message);
    struct partner_step *s = partner_step_new(x->results, number(x, STEP_SENT), "%s (%s → %s)",
        x->exchange->title, x->exchange->from, x->exchange->to);
    struct partner_call c;

    x->expect.element = partner_message_element(message);
    partner_exchange_describe(x, message, s);
    if (!partner_counts_ask(x->partner, &x->before))
        return; /* not judged: then it fails */
    partner_expect(x->partner, &x->expect);
    partner_exchange_send(x, message, 0, &c);
    if (c.status == 0) {
        partner_step_fail(s, "niet te versturen: %.180s", c.error);
    } else {
        partner_step_got(s, "aangeboden aan corvd over %s", x->from->dai ? "dai" : "https");
        partner_step_pass(s);
    }
    s = partner_step_new(x->results, number(x, STEP_ANSWERED),
        "corvd bevestigt %s technisch met %s", x->exchange->from, x->exchange->answer);
    partner_exchange_judge_yes(x, &c, s);
    corv_buf_free(&c.answer);
}

/* ---- arriving ---------------------------------------------------------------------------------
 */

static bool enough_arrived(void *ctx)
{
    const struct partner_exchanging *x = ctx;

    return x->expect.arrivals_count >= partner_fault_attempts(x->fault);
}

static void judge_arrival(struct partner_exchanging *x, struct partner_step *s)
{
    const struct partner_expect *e = &x->expect;
    unsigned n = e->arrivals_count < PARTNER_ARRIVALS ? e->arrivals_count : PARTNER_ARRIVALS;

    partner_step_got(s, "%u keer aangekomen bij %s, na %.1f s", e->arrivals_count,
        e->arrivals[0].at->name, (double)(e->arrivals[n - 1].at_us - s->began_us) / 1e6);
    partner_step_pass(s);
    for (unsigned i = 0; i < n; i++) {
        const struct partner_arrival *a = &e->arrivals[i];

        if (a->at != x->to)
            partner_step_fail(s, "aangekomen bij %s in plaats van %s", a->at->name, x->to->name);
        else if (!a->identical)
            partner_step_fail(s, "het bericht is niet byte voor byte hetzelfde aangekomen");
        else if (!a->linked)
            partner_step_fail(s, "het %s verwijst niet naar het eerdere bericht", e->link_name);
        else if (i > 0 && (!a->repeat || !a->same_number))
            partner_step_fail(s, "poging %u is niet als herhaling te herkennen", i + 1);
    }
}

static void see_it_arrive(struct partner_exchanging *x)
{
    unsigned attempts = partner_fault_attempts(x->fault);
    struct partner_step *s = partner_step_new(x->results, number(x, STEP_ARRIVED),
        "Het bericht komt ongewijzigd aan bij %s%s%s%s", x->exchange->to,
        x->expect.link_name ? ", met het " : "", x->expect.link_name ? x->expect.link_name : "",
        x->expect.link_name ? " van het eerdere bericht" : "");
    unsigned ms = x->exchange->deadline * 1000 + partner_fault_patience(x->fault, x->partner);

    if (!x->sent) {
        partner_step_fail(s, "corvd heeft het bericht niet aangenomen");
        return;
    }
    if (!partner_wait(x->partner, enough_arrived, x, ms)) {
        partner_step_got(s, "%u keer aangekomen", x->expect.arrivals_count);
        partner_step_fail(s, "niet binnen %u s %u keer aangekomen", ms / 1000, attempts);
        return;
    }
    judge_arrival(x, s);
}

/* ---- confirmed --------------------------------------------------------------------------------
 */

static bool given_up(void *ctx)
{
    const struct partner_exchanging *x = ctx;
    struct partner_counts now;

    return partner_counts_ask(x->partner, &now) && now.dead >= x->before.dead + 1;
}

bool partner_exchange_confirmed(void *ctx)
{
    const struct partner_exchanging *x = ctx;
    struct partner_counts now;

    return partner_counts_ask(x->partner, &now) && now.confirmed >= x->before.confirmed + 1;
}

static void judge_receipt(struct partner_exchanging *x, struct partner_step *s)
{
    unsigned attempts = partner_fault_attempts(x->fault);
    struct partner_counts now;

    if (!partner_counts_ask(x->partner, &now))
        return;
    bool refused = x->fault && x->fault->id == PARTNER_NO;

    partner_step_got(s, "corvd telt %s: %.0f, mislukt: %.0f", "bezorgd",
        now.confirmed - x->before.confirmed, now.dead - x->before.dead);
    partner_step_pass(s);
    if (x->expect.arrivals_count != attempts)
        partner_step_fail(s, "het bericht kwam %u keer aan; verwacht: %u keer",
            x->expect.arrivals_count, attempts);
    else if (!refused && now.dead > x->before.dead)
        partner_step_fail(s, "corvd beschouwt een bezorging als mislukt");
}

static void see_it_confirmed(struct partner_exchanging *x)
{
    bool refused = x->fault && x->fault->id == PARTNER_NO;
    struct partner_step *s = partner_step_new(x->results, number(x, STEP_CONFIRMED),
        refused ? "%s weigert voorgoed; corvd probeert het niet nog eens"
                : "%s bevestigt technisch met %s en corvd neemt dat aan",
        x->exchange->to, x->exchange->receipt);

    if (x->expect.arrivals_count == 0)
        partner_step_fail(s, "er is niets aangekomen om te bevestigen");
    else if (!partner_wait(x->partner, refused ? given_up : partner_exchange_confirmed, x,
                 SETTLE_MS + partner_fault_patience(x->fault, x->partner)))
        partner_step_fail(s, "corvd heeft de bevestiging niet op tijd verwerkt");
    else
        judge_receipt(x, s);
}

void partner_exchange_run(struct partner_exchanging *x)
{
    partner_fault_before(x->fault, x);
    send_and_judge(x);
    see_it_arrive(x);
    see_it_confirmed(x);
    partner_fault_after(x->fault, x);
}
