/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/fault.h"

#include <jansson.h>
#include <stdio.h>

#include "daemon/base/clock.h"

#define LARGE        ((size_t)20 << 20) /* of attachments: the standard allows 21 MB */
#define MARGIN_MS    5000u              /* beyond what corvd's own settings say */
#define COMPLAINT_MS 20000u
#define QUIET_MS     500u /* after which half a message surely came to nothing */

const struct partner_fault partner_faults[PARTNER_FAULTS] = {
    {PARTNER_NO_ANSWER, false, "no-answer", "De ontvanger antwoordt de eerste keer niet",
        "corvd geeft de poging op, herhaalt het bericht herkenbaar, en bezorgt het een keer"},
    {PARTNER_LATE_ANSWER, false, "late-answer",
        "De ontvanger antwoordt eerst te laat, en dan traag maar op tijd",
        "corvd herhaalt na het te late antwoord een keer, en wacht op het trage antwoord"},
    {PARTNER_DOUBLE, false, "double",
        "De verzender stuurt het bericht twee keer, en dan ander werk onder hetzelfde nummer",
        "Het tweede krijgt hetzelfde antwoord en wordt niet bezorgd; het derde wordt geweigerd "
        "(StUF016)"},
    {PARTNER_WRONG_REFERENCE, true, "wrong-reference",
        "De ontvanger bevestigt de eerste keer een ander bericht",
        "corvd gelooft die bevestiging niet, en herhaalt het bericht"},
    {PARTNER_BIG, false, "big", "Het bericht is te groot, en daarna groot maar toegestaan",
        "corvd weigert het te grote bericht met 413, en bezorgt een bericht met een grote bijlage "
        "ongewijzigd"},
    {PARTNER_CUT, false, "cut",
        "De verbinding breekt: bij de verzender halverwege, bij de ontvanger voor het antwoord",
        "Een half bericht telt niet; een afgebroken bezorging wordt herhaald"},
    {PARTNER_NO, false, "refuse", "De ontvanger weigert het bericht voorgoed",
        "corvd legt het bij de mislukte bezorgingen, en de verzender krijgt een Fo01"},
};

const struct partner_fault *partner_fault_find(const char *name)
{
    for (int i = 0; i < PARTNER_FAULTS; i++)
        if (strcmp(partner_faults[i].name, name) == 0)
            return &partner_faults[i];
    return NULL;
}

bool partner_fault_applies(const struct partner_fault *f, const struct partner_exchange *e)
{
    return !f->only_dai || partner_party_find(e->to)->dai;
}

/* ---- the receiver -----------------------------------------------------------------------------
 */

void partner_fault_turns(
    const struct partner_fault *f, const struct partner *p, struct partner_expect *e)
{
    unsigned timeout = p->about.timeout_s * 1000;

    if (!f)
        return;
    switch (f->id) {
    case PARTNER_NO_ANSWER:
        e->turns[e->turns_count++] = (struct partner_turn){.how = PARTNER_NEVER};
        break;
    case PARTNER_LATE_ANSWER:
        e->turns[e->turns_count++] = (struct partner_turn){PARTNER_YES, timeout + 500};
        e->turns[e->turns_count++] = (struct partner_turn){PARTNER_YES, timeout / 2};
        break;
    case PARTNER_WRONG_REFERENCE:
        e->turns[e->turns_count++] = (struct partner_turn){.how = PARTNER_OTHER};
        break;
    case PARTNER_CUT:
        e->turns[e->turns_count++] = (struct partner_turn){.how = PARTNER_HANG_UP};
        break;
    case PARTNER_NO:
        e->turns[e->turns_count++] = (struct partner_turn){.how = PARTNER_REFUSE};
        break;
    case PARTNER_DOUBLE:
    case PARTNER_BIG:
    case PARTNER_FAULTS:
    default:
        break;
    }
}

static bool repeats(const struct partner_fault *f)
{
    return f && (f->id == PARTNER_NO_ANSWER || f->id == PARTNER_LATE_ANSWER ||
                    f->id == PARTNER_WRONG_REFERENCE || f->id == PARTNER_CUT);
}

unsigned partner_fault_attempts(const struct partner_fault *f)
{
    return repeats(f) ? 2 : 1;
}

unsigned partner_fault_patience(const struct partner_fault *f, const struct partner *p)
{
    const struct partner_about *a = &p->about;

    return repeats(f) ? (2 * a->timeout_s + 2 * a->retry_first_s) * 1000 + MARGIN_MS : 0;
}

/* ---- the sender: too large --------------------------------------------------------------------
 */

static void send_too_large(struct partner_exchanging *x)
{
    size_t limit = (size_t)x->partner->about.body_bytes;
    struct partner_step *s = partner_step_new(
        x->results, "", "Fout: een bericht van meer dan %zu bytes wordt geweigerd met 413", limit);
    struct partner_fields fields = x->fields;
    char reference[PARTNER_NUMBER];
    struct corv_buf message;
    struct partner_call c = {.status = 0};

    partner_number(x->partner, "GROOT", reference, sizeof reference);
    fields.reference = reference;
    if (partner_message_write(x->exchange->message, &fields, &message) == CORV_OK &&
        partner_message_grow(&message, limit + 4) == CORV_OK) {
        partner_exchange_describe(x, corv_buf_view(&message), s);
        partner_exchange_send(x, corv_buf_view(&message), 0, &c);
        partner_step_got(s, "HTTP %ld%s%.100s", c.status, c.error[0] ? ", " : "", c.error);
        if (c.status == 413)
            partner_step_pass(s);
        else
            partner_step_fail(s, "verwacht: 413");
    }
    corv_buf_free(&message);
    corv_buf_free(&c.answer);
}

/* ---- the sender: half a message ---------------------------------------------------------------
 */

static void send_half(struct partner_exchanging *x)
{
    struct partner_step *s = partner_step_new(
        x->results, "", "Fout: de verbinding breekt halverwege; er wordt niets aangenomen");
    struct corv_view message = corv_buf_view(&x->message);
    struct partner_call c;

    x->expect.element = partner_message_element(message);
    partner_expect(x->partner, &x->expect);
    partner_exchange_describe(x, message, s);
    partner_exchange_send(x, message, message.n / 2, &c);
    partner_pause(x->partner, QUIET_MS);
    corv_list_del(&x->expect.node);
    partner_step_got(s, "verbinding afgebroken na %zu bytes", message.n / 2);
    if (c.status != 0)
        partner_step_fail(s, "corvd antwoordde %ld op een half bericht", c.status);
    else if (x->expect.arrivals_count > 0)
        partner_step_fail(s, "er is toch iets bezorgd");
    else
        partner_step_pass(s);
    corv_buf_free(&c.answer);
}

void partner_fault_before(const struct partner_fault *f, struct partner_exchanging *x)
{
    if (f && f->id == PARTNER_CUT)
        send_half(x);
    if (f && f->id == PARTNER_BIG) {
        send_too_large(x);
        if (partner_message_attached(&x->message) &&
            partner_message_grow(&x->message, LARGE) != CORV_OK)
            x->results->lost = true;
    }
}

/* ---- the sender: twice ------------------------------------------------------------------------
 */

static bool same_answer(const struct partner_exchanging *x, const struct partner_call *c)
{
    struct corv_view answer = corv_buf_view(&c->answer);
    struct corv_digest digest;
    char text[CORV_DIGEST_TEXT] = "";

    if (x->from->dai) {
        if (corv_digest_of(&answer, 1, &digest) == CORV_OK)
            (void)corv_digest_text(&digest, text);
        return c->status == 200 && strcmp(text, x->first_answer) == 0;
    }
    return c->status == 200 && x->first_id[0] &&
           memmem(answer.p ? answer.p : "", answer.n, x->first_id, strlen(x->first_id));
}

static void send_again(struct partner_exchanging *x)
{
    struct partner_step *s = partner_step_new(
        x->results, "", "Fout: hetzelfde bericht nog eens krijgt hetzelfde antwoord");
    struct corv_view message = corv_buf_view(&x->message);
    struct partner_call c;

    partner_exchange_describe(x, message, s);
    partner_exchange_send(x, message, 0, &c);
    partner_step_got(s, "HTTP %ld", c.status);
    if (same_answer(x, &c))
        partner_step_pass(s);
    else
        partner_step_fail(s, "een ander antwoord dan de eerste keer");
    corv_buf_free(&c.answer);
}

static void send_other_content(struct partner_exchanging *x)
{
    struct partner_step *s = partner_step_new(x->results, "",
        "Fout: andere inhoud onder hetzelfde referentienummer wordt geweigerd (StUF016)");
    struct partner_fields fields = x->fields;
    struct corv_buf message;
    struct partner_call c = {.status = 0};
    char code[12] = "";

    fields.now_us += 60ll * 1000000;
    if (partner_message_write(x->exchange->message, &fields, &message) == CORV_OK) {
        partner_exchange_describe(x, corv_buf_view(&message), s);
        partner_exchange_send(x, corv_buf_view(&message), 0, &c);
        partner_exchange_code(&c, code, sizeof code);
        partner_step_got(s, "HTTP %ld %s", c.status, code);
        if (x->from->dai ? strcmp(code, "StUF016") == 0 : c.status == 409)
            partner_step_pass(s);
        else
            partner_step_fail(s, "verwacht: %s", x->from->dai ? "Fo03 met StUF016" : "409");
    }
    corv_buf_free(&message);
    corv_buf_free(&c.answer);
}

static void came_only_once(struct partner_exchanging *x)
{
    struct partner_step *s =
        partner_step_new(x->results, "", "Het bericht is maar een keer bezorgd");

    partner_pause(x->partner, QUIET_MS);
    partner_step_got(s, "%u keer aangekomen", x->expect.arrivals_count);
    if (x->expect.arrivals_count == 1)
        partner_step_pass(s);
    else
        partner_step_fail(s, "verwacht: een keer");
}

/* ---- corvd complains --------------------------------------------------------------------------
 */

static bool complained(void *ctx)
{
    const struct partner_exchanging *x = ctx;

    return x->expect.complaint.at != NULL;
}

/* And until corvd counts it as taken: that COMMIT comes later, and must not count for the next
 * message. */
static void sender_hears_of_it(struct partner_exchanging *x)
{
    const struct partner_complaint *complaint = &x->expect.complaint;
    struct partner_step *s = partner_step_new(
        x->results, "", "corvd stuurt %s een foutbericht Fo01 over dit bericht", x->exchange->from);

    if (!partner_wait(x->partner, complained, x, COMPLAINT_MS)) {
        partner_step_fail(s, "geen Fo01 gekomen");
        return;
    }
    partner_step_got(s, "Fo01 %s bij %s, crossRefnummer %s", complaint->code, complaint->at->name,
        x->expect.reference);
    if (complaint->at != x->from)
        partner_step_fail(s, "het foutbericht ging niet naar de verzender");
    else if (!complaint->code[0])
        partner_step_fail(s, "het foutbericht noemt geen foutcode");
    else if (!partner_wait(x->partner, partner_exchange_confirmed, x, COMPLAINT_MS))
        partner_step_fail(s, "corvd telt de bezorging van het foutbericht niet");
    else
        partner_step_pass(s);
}

void partner_fault_after(const struct partner_fault *f, struct partner_exchanging *x)
{
    if (f && f->id == PARTNER_DOUBLE) {
        send_again(x);
        send_other_content(x);
        came_only_once(x);
    }
    if (f && f->id == PARTNER_NO)
        sender_hears_of_it(x);
}
