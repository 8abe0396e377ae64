/* SPDX-License-Identifier: EUPL-1.2 */
/* Arrow 6: a message for the application. Dressed on a worker (the message may be large), posted by
 * the HTTP client, and confirmed only by a Bv03 or Bv04 about this very message. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/dai/internal.h"
#include "adapters/dai/mime.h"

struct dai_out {
    TAILQ_ENTRY(dai_out) entry;
    struct dai *dai;
    uint64_t op;
    const struct corv_outgoing *outgoing; /* borrowed until complete */
    struct corv_text payload;
    char from_oin[24];
    char to_oin[24];
    char number[40]; /* of the message, for one without stuurgegevens */
    bool cancelled;
    const char *wrong; /* code of what went wrong on the worker */
    struct dai_message message;
    char *head;                /* owned */
    char action[512];          /* SOAPAction, without quotes */
    struct corv_text parts[3]; /* head, message, tail */
    size_t at;                 /* bytes read of all of them */
    char code[24];             /* of the outcome */
};

static const struct {
    const char *code;
    uint32_t cls;
    const char *text;
} outcomes[] = {
    {"dai.failed", CORV_LATER, "De bezorging bij de applicatie ging mis."},
    {"dai.memory", CORV_LATER, "Er was geen geheugen voor de bezorging."},
    {"dai.busy", CORV_LATER, "Er wachten te veel berichten om te worden bezorgd."},
    {"dai.cancelled", CORV_LATER, "De bezorging is afgebroken."},
    {"dai.unreadable", CORV_UNREADABLE, "Dit bericht past niet in een SOAP-envelop."},
    {"dai.bv03", CORV_DELIVERED, "De applicatie heeft het bericht aangenomen (Bv03)."},
    {"dai.bv04", CORV_DELIVERED, "De applicatie heeft het bericht aangenomen (Bv04)."},
    {"dai.other-receipt", CORV_LATER, "De applicatie bevestigde een ander bericht."},
    {"dai.no-receipt", CORV_LATER, "De applicatie antwoordde zonder Bv03 of Bv04."},
    {"dai.fault", CORV_LATER, "De applicatie gaf een SOAP-fout zonder Fo03."},
};

static void say(struct corv_outcome *o, const char *code)
{
    size_t i = sizeof outcomes / sizeof outcomes[0] - 1;

    while (i > 0 && strcmp(outcomes[i].code, code) != 0)
        i--;
    o->cls = outcomes[i].cls;
    o->code = outcomes[i].code;
    o->text = outcomes[i].text;
}

static void out_free(struct dai_out *out)
{
    if (!out)
        return;
    dai_message_free(&out->message);
    free(out->head);
    free(out);
}

/* ---- dressing, on a worker ---------------------------------------------------------------------
 */

static struct dai_party party_of(struct dai_address *a, const char *oin)
{
    const char *organisatie = dai_value_get(&a->organisatie);

    return (struct dai_party){*organisatie ? organisatie : oin, dai_value_get(&a->applicatie),
        dai_value_get(&a->administratie)};
}

static void soap_action(struct dai_out *out)
{
    const char *ns = dai_value_get(&out->message.ns);
    const char *root = dai_value_get(&out->message.root);
    size_t n = strlen(root);

    if (strcmp(ns, DAI_NS_STUF) == 0 && n > 7 && strcmp(root + n - 7, "Bericht") == 0)
        (void)snprintf(out->action, sizeof out->action, "%s/%.*s", ns, (int)(n - 7), root);
    else
        (void)snprintf(out->action, sizeof out->action, "%s/%s",
            strncmp(ns, "http://", 7) == 0 ? ns + 7 : ns, root);
}

/* The names of Appendix B of the standard. */
static char *addressed_head(struct dai_out *out)
{
    const struct dai *d = out->dai;
    struct dai_message *m = &out->message;
    const struct dai_party zender = party_of(&m->zender, out->from_oin);
    const struct dai_party ontvanger = party_of(&m->ontvanger, out->to_oin);
    const char *reference = dai_value_get(&m->referentienummer);
    const char *crossref = dai_value_get(&m->crossrefnummer);
    char action[1024];
    char *to = dai_urn_party(&ontvanger, d->dots);
    char *from = dai_urn_party(&zender, d->dots);
    char *id = dai_urn_message(*reference ? reference : out->number, &zender, d->dots);
    char *relates = *crossref ? dai_urn_message(crossref, &ontvanger, d->dots) : NULL;
    char *head = NULL;

    (void)snprintf(action, sizeof action, "urn:dkintern:%s%s%s/%s", d->service,
        d->service[0] ? ":" : "", dai_value_get(&m->ns), dai_value_get(&m->root));
    if (to && from && id && (relates || !*crossref))
        head = dai_soap_head(&(struct dai_headers){.addressed = true,
                                 .to = to,
                                 .from = from,
                                 .action = action,
                                 .message_id = id,
                                 .relates_to = relates,
                                 .conversation_id = relates ? relates : id},
            true);
    free(to);
    free(from);
    free(id);
    free(relates);
    return head;
}

static void dress(void *ctx)
{
    struct dai_out *out = ctx;
    const struct dai *d = out->dai;
    static const struct dai_headers none;
    enum dai_read r = dai_message_read(out->payload, &out->message);

    if (r != DAI_READ_OK || out->message.bytes.n == 0) {
        out->wrong = r == DAI_READ_MEMORY ? "dai.memory" : "dai.unreadable";
        return;
    }
    soap_action(out);
    out->head = d->wrapped ? addressed_head(out) : dai_soap_head(&none, false);
    if (!out->head) {
        out->wrong = "dai.memory";
        return;
    }
    out->parts[0] = (struct corv_text){out->head, strlen(out->head)};
    out->parts[1] = dai_undeclared(out->message.bytes);
    out->parts[2] =
        (struct corv_text){dai_soap_tail(d->wrapped), strlen(dai_soap_tail(d->wrapped))};
}

static void dressed(void *ctx)
{
    struct dai_out *out = ctx;
    struct dai *d = out->dai;
    struct corv_outcome o = {.size = sizeof o};
    const char *wrong = out->cancelled || d->stopped ? "dai.cancelled" : out->wrong;

    TAILQ_REMOVE(&d->outs, out, entry);
    if (wrong) {
        say(&o, wrong);
    } else {
        wrong = https_begin(&d->client, out->op, out->outgoing, out);
        if (!wrong)
            return;
        https_outcome_unsent(&o, wrong);
    }
    d->services->complete(d->host, out->op, &o);
    out_free(out);
}

int dai_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct dai *d = instance;
    const struct corv_services *s = d->services;
    struct dai_out *out = d->draining ? NULL : calloc(1, sizeof *out);

    if (!out) {
        say(outcome, "dai.memory");
        return CORV_DONE;
    }
    out->dai = d;
    out->op = op;
    out->outgoing = m;
    out->payload = s->payload(m);
    (void)snprintf(out->from_oin, sizeof out->from_oin, "%s", s->from_oin(m));
    (void)snprintf(out->to_oin, sizeof out->to_oin, "%s", s->to_oin(m));
    (void)snprintf(out->number, sizeof out->number, "%s", s->message_id(m));
    TAILQ_INSERT_TAIL(&d->outs, out, entry);
    if (s->work(d->host, dress, dressed, out) == 0)
        return CORV_PENDING;
    TAILQ_REMOVE(&d->outs, out, entry);
    out_free(out);
    say(outcome, "dai.busy");
    return CORV_DONE;
}

void dai_cancel(void *instance, uint64_t op)
{
    struct dai *d = instance;
    struct dai_out *out;

    TAILQ_FOREACH(out, &d->outs, entry)
    if (out->op == op) {
        out->cancelled = true;
        return;
    }
    https_cancel(&d->client, op);
}

/* ---- sending ------------------------------------------------------------------------------------
 */

static size_t total(const struct dai_out *out)
{
    return out->parts[0].n + out->parts[1].n + out->parts[2].n;
}

static size_t read_body(char *to, size_t size, size_t n, void *ctx)
{
    struct dai_out *out = ctx;
    size_t room = size * n;
    size_t done = 0;
    size_t from = 0;

    for (size_t i = 0; i < 3 && done < room; i++) {
        size_t skip = out->at > from ? out->at - from : 0;

        from += out->parts[i].n;
        if (skip >= out->parts[i].n)
            continue;
        size_t take = out->parts[i].n - skip < room - done ? out->parts[i].n - skip : room - done;

        memcpy(to + done, out->parts[i].p + skip, take);
        done += take;
        out->at += take;
    }
    return done;
}

/* libcurl sends again when a kept connection turns out to be dead. */
static int seek_body(void *ctx, curl_off_t offset, int origin)
{
    struct dai_out *out = ctx;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > total(out))
        return CURL_SEEKFUNC_FAIL;
    out->at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

#define SET(option, value) (curl_easy_setopt(x->easy, CURLOPT_##option, (value)) == CURLE_OK)

static bool body(struct https_transfer *x, const struct corv_outgoing *m)
{
    const struct dai_out *out = x->own;

    (void)m;
    return SET(READFUNCTION, read_body) && SET(READDATA, x->own) && SET(SEEKFUNCTION, seek_body) &&
           SET(SEEKDATA, x->own) && SET(POSTFIELDSIZE_LARGE, (curl_off_t)total(out));
}

static bool headers(struct https_transfer *x, const struct corv_outgoing *m)
{
    const struct dai_out *out = x->own;

    char action[HTTPS_HEADER_MAX];
    int n = snprintf(action, sizeof action, "\"%s\"", out->dai->wrapped ? "" : out->action);

    (void)m;
    return n >= 0 && (size_t)n < sizeof action &&
           https_header(x, "Content-Type", "text/xml; charset=utf-8") &&
           https_header(x, "Accept", "text/xml") && https_header(x, "SOAPAction", action);
}

/* ---- the answer
 * ---------------------------------------------------------------------------------- */

static bool is_stuf(struct dai_message *m, const char *root)
{
    return strcmp(dai_value_get(&m->ns), DAI_NS_STUF) == 0 &&
           strcmp(dai_value_get(&m->root), root) == 0;
}

/* A receipt without crossRefnummer occurs (MESSAGES: real Bv04); one for another message is none.
 */
static const char *receipt_code(struct dai_out *out, struct dai_message *answer)
{
    const char *about = dai_value_get(&answer->crossrefnummer);

    if (*about && strcmp(about, dai_value_get(&out->message.referentienummer)) != 0)
        return "dai.other-receipt";
    return is_stuf(answer, "Bv03Bericht") ? "dai.bv03" : "dai.bv04";
}

/* Trouble on their side is for later; what they say about the message is for good. */
static void judge_fo(struct dai_out *out, struct dai_message *answer, struct corv_outcome *o)
{
    const char *code = dai_value_get(&answer->code);
    bool later =
        strcmp(dai_value_get(&answer->plek), "server") == 0 || strcmp(code, "StUF058") == 0;
    size_t n = (size_t)snprintf(out->code, sizeof out->code, "fo03.");

    for (; *code && n + 1 < sizeof out->code && n < 12; code++)
        if (isalnum((unsigned char)*code))
            out->code[n++] = (char)tolower((unsigned char)*code);
    out->code[n] = '\0';
    if (n == 5)
        (void)snprintf(out->code, sizeof out->code, "fo03.-");
    o->cls = later ? CORV_LATER : CORV_REFUSED;
    o->code = out->code;
    o->text = later ? "De applicatie kon het bericht nu niet verwerken (Fo03, server)."
                    : "De applicatie weigert het bericht (Fo03, client).";
}

static void judge_message(
    struct https_transfer *x, struct dai_message *answer, long status, struct corv_outcome *o)
{
    struct dai_out *out = x->own;
    bool good = status >= 200 && status < 300;

    if (is_stuf(answer, "Fo03Bericht") || is_stuf(answer, "Fo02Bericht") ||
        is_stuf(answer, "Fo01Bericht"))
        judge_fo(out, answer, o);
    else if (good && !answer->fault &&
             (is_stuf(answer, "Bv03Bericht") || is_stuf(answer, "Bv04Bericht")))
        say(o, receipt_code(out, answer));
    else if (answer->fault)
        say(o, "dai.fault");
    else if (good)
        say(o, "dai.no-receipt");
    else
        https_outcome_status(x, status, o);
}

static void judge(struct https_transfer *x, long status, struct corv_outcome *o)
{
    struct dai_message answer = {.owned = NULL};
    struct corv_text body_text = {x->receipt ? x->receipt : "", x->receipt_bytes};
    const char *type = NULL;
    char *unpacked = NULL;
    size_t n = 0;

    o->status = (uint32_t)status;
    (void)curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
    if (type && dai_mime_unpack((struct corv_text){type, strlen(type)}, body_text, DAI_ANSWER_BYTES,
                    &unpacked, &n) == DAI_UNPACK_DONE)
        body_text = (struct corv_text){unpacked, n};
    if (dai_message_read(body_text, &answer) == DAI_READ_OK)
        judge_message(x, &answer, status, o);
    else if (status >= 200 && status < 300)
        say(o, "dai.no-receipt");
    else
        https_outcome_status(x, status, o);
    o->receipt = (struct corv_text){x->receipt, x->receipt_bytes};
    dai_message_free(&answer);
    free(unpacked);
}

static void end(struct https_transfer *x)
{
    out_free(x->own);
    x->own = NULL;
}

const struct https_kind dai_kind = {.headers = headers, .body = body, .judge = judge, .end = end};
