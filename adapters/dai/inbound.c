/* SPDX-License-Identifier: EUPL-1.2 */
/* Arrow 5: an application sends a message for another organisation. Taken apart on a worker,
 * offered, and answered after COMMIT. What cannot be taken apart is offered as it came: corvd's own
 * reader then says what is wrong with it, and the refusal is an audit line like any other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/dai/internal.h"
#include "adapters/dai/mime.h"

#define XML_TYPE "text/xml; charset=utf-8"
#define NOBODY                                                                                     \
    "00000000000000000000" /* a certificate without an OIN: refused, with an audit line */

struct dai_in {
    TAILQ_ENTRY(dai_in) entry;
    struct dai *dai;
    struct corv_request *request; /* ours until it is replied to */
    uint64_t op;                  /* 0: not offered */
    enum dai_unpack unpacked;
    enum dai_read read;
    char *body; /* owned: with the attachments in their places; or NULL */
    size_t body_n;
    struct corv_text bytes; /* to offer */
    struct dai_message message;
};

/* What is wrong before there is anything to offer; the codes are those of docs/antwoorden.md. */
static const struct {
    const char *code;
    const char *faultcode;
    const char *faultstring;
} troubles[] = {
    {"receive.busy", "Server", "corvd kan dit nu niet aannemen"},
    {"receive.no-memory", "Server", "corvd kan dit nu niet aannemen"},
    {"receive.draining", "Server", "corvd kan dit nu niet aannemen"},
    {"schema.xop-include", "Client", "Een bijlage ontbreekt of is niet te lezen"},
    {"security.size", "Client", "Het bericht is te groot"},
    {"security.encoding", "Client", "Het bericht is XML die corvd niet aanneemt"},
    {"http.no-body", "Client", "Het bericht is geen leesbare XML"},
};

/* ---- replying ---------------------------------------------------------------------------------
 */

static void reply(
    struct dai_in *in, uint32_t status, char *text_take, size_t n, const char *headers)
{
    const struct corv_services *s = in->dai->services;
    const struct corv_reply answer = {.size = sizeof answer,
        .status = text_take ? status : 503,
        .content_type = text_take ? XML_TYPE : NULL,
        .headers = text_take ? headers : "Retry-After: 5\r\n",
        .body = {text_take ? text_take : "", n}};

    TAILQ_REMOVE(&in->dai->ins, in, entry);
    s->reply(in->request, &answer);
    free(text_take);
    free(in->body);
    dai_message_free(&in->message);
    free(in);
}

static struct corv_stuf_reply how(struct dai_in *in, const char *code)
{
    struct dai_message *m = &in->message;
    const char *app = dai_value_get(&m->zender.applicatie);

    return (struct corv_stuf_reply){.size = sizeof(struct corv_stuf_reply),
        .receipt = "Bv04",
        .to = {dai_value_get(&m->zender.organisatie), app, dai_value_get(&m->zender.administratie),
            dai_value_get(&m->zender.gebruiker)},
        .crossref = dai_value_get(&m->referentienummer),
        .code = code};
}

static void refuse(struct dai_in *in, const char *code)
{
    struct dai *d = in->dai;
    const struct corv_stuf_reply h = how(in, code);
    size_t i = 0;
    size_t n = 0;

    while (i + 1 < sizeof troubles / sizeof troubles[0] && strcmp(troubles[i].code, code) != 0)
        i++;
    d->services->log(
        d->host, CORV_ALOG_INFO, code, "een verzoek van de applicatie is niet aangenomen");
    char *text = dai_soap_fault(troubles[i].faultcode, troubles[i].faultstring,
        d->services->stuf_answer(d->host, NULL, &h), &n);

    reply(in, 500, text, n,
        strcmp(troubles[i].faultcode, "Server") == 0 ? "Retry-After: 5\r\n" : NULL);
}

/* The Bv04's own address, number and sender are in its text. */
static char *receipt_in_soap(struct dai_in *in, struct corv_text stuf, size_t *n)
{
    struct dai_message bv = {.owned = NULL};
    struct dai_headers h = {.addressed = in->message.addressed};
    char *id = NULL;
    char *text = NULL;

    if (dai_message_read(stuf, &bv) == DAI_READ_OK) {
        const struct dai_party own = {dai_value_get(&bv.zender.organisatie),
            dai_value_get(&bv.zender.applicatie), dai_value_get(&bv.zender.administratie)};

        id = dai_urn_message(dai_value_get(&bv.referentienummer), &own, in->dai->dots);
        h.to = dai_value_get(&in->message.wsa_from);
        h.from = dai_value_get(&in->message.wsa_to);
        h.action = DAI_NS_STUF "/Bv04Bericht";
        h.message_id = id;
        h.relates_to = dai_value_get(&in->message.wsa_message_id);
        text = id ? dai_soap_around(&h, stuf, n) : NULL;
    }
    dai_message_free(&bv);
    free(id);
    return text;
}

static const char *faultcode_of(const struct dai_in *in, const struct corv_incoming_answer *answer)
{
    if (answer->server_fault)
        return "Server";
    if (in->read == DAI_READ_VERSION)
        return "VersionMismatch";
    return in->read == DAI_READ_MUST_UNDERSTAND ? "MustUnderstand" : "Client";
}

void dai_answered(void *instance, uint64_t op, const struct corv_incoming_answer *answer)
{
    struct dai *d = instance;
    struct dai_in *in;
    char later[40];
    size_t n = 0;

    TAILQ_FOREACH(in, &d->ins, entry)
    if (in->op == op)
        break;
    if (!in)
        return;
    const struct corv_stuf_reply h = how(in, NULL);
    struct corv_text stuf = d->services->stuf_answer(d->host, answer, &h);

    if (answer->cls == CORV_INCOMING_ACCEPTED || answer->cls == CORV_INCOMING_REPEAT) {
        char *text = receipt_in_soap(in, stuf, &n);

        reply(in, 200, text, n, NULL);
        return;
    }
    char *text = dai_soap_fault(faultcode_of(in, answer), answer->title, stuf, &n);

    (void)snprintf(later, sizeof later, "Retry-After: %u\r\n", answer->retry_after_seconds);
    reply(in, 500, text, n, answer->retry_after_seconds ? later : NULL);
}

/* ---- taking apart -----------------------------------------------------------------------------
 */

static bool other_charset(struct corv_text type)
{
    struct corv_text charset = dai_mime_parameter(type, "charset");

    return charset.n > 0 && (charset.n != 5 || strncasecmp(charset.p, "utf-8", 5) != 0);
}

static void take_apart(void *ctx) /* on a worker; the request's body stays where it is */
{
    struct dai_in *in = ctx;
    struct corv_text type = {in->message.bytes.p, in->message.bytes.n};

    in->unpacked = dai_mime_unpack(type, in->bytes, in->dai->max_bytes, &in->body, &in->body_n);
    if (in->unpacked == DAI_UNPACK_DONE)
        in->bytes = (struct corv_text){in->body, in->body_n};
    else if (in->unpacked != DAI_UNPACK_NOTHING)
        return;
    in->read = dai_message_read(in->bytes, &in->message);
    if (in->read == DAI_READ_OK && in->message.bytes.n > 0)
        in->bytes = in->message.bytes;
}

/* The addressing says where the message came from; the message itself decides. */
static void compare_addressing(struct dai_in *in)
{
    struct dai_message *m = &in->message;
    const char *from = dai_value_get(&m->wsa_from);
    const struct dai_party zender = {dai_value_get(&m->zender.organisatie),
        dai_value_get(&m->zender.applicatie), dai_value_get(&m->zender.administratie)};
    char *keep = dai_urn_party(&zender, DAI_DOTS_KEEP);
    char *drop = dai_urn_party(&zender, DAI_DOTS_DROP);

    if (*from && keep && drop && strcmp(from, keep) != 0 && strcmp(from, drop) != 0)
        in->dai->services->log(in->dai->host, CORV_ALOG_WARNING, "dai.addressing",
            "wsa:From is niet de zender van het bericht; het bericht beslist");
    free(keep);
    free(drop);
}

static const char *trouble(const struct dai_in *in)
{
    if (in->dai->stopped || in->dai->draining)
        return "receive.draining";
    switch (in->unpacked) {
    case DAI_UNPACK_MEMORY:
        return "receive.no-memory";
    case DAI_UNPACK_SIZE:
        return "security.size";
    case DAI_UNPACK_BAD:
        return "schema.xop-include";
    case DAI_UNPACK_NOTHING:
    case DAI_UNPACK_DONE:
    default:
        break;
    }
    if (in->read == DAI_READ_MEMORY)
        return "receive.no-memory";
    return in->bytes.n == 0 ? "http.no-body" : NULL;
}

static void taken_apart(void *ctx)
{
    struct dai_in *in = ctx;
    struct dai *d = in->dai;
    const char *code = trouble(in);
    const char *oin = d->services->request_oin(in->request);

    if (code) {
        refuse(in, code);
        return;
    }
    if (in->message.addressed)
        compare_addressing(in);
    const struct corv_incoming offer = {.size = sizeof offer,
        .bytes = in->bytes,
        .content_type = "application/xml",
        .oin = d->sender ? NULL : (*oin ? oin : NOBODY),
        .party = d->sender,
        .peer = d->services->request_peer(in->request)};

    in->op = d->services->offer(d->host, &offer);
    if (in->op == 0) {
        refuse(in, "receive.busy");
        return;
    }
    free(in->body); /* the daemon has its own copy now */
    in->body = NULL;
    dai_message_free(&in->message); /* its fields stay */
}

/* ---- the request ------------------------------------------------------------------------------
 */

static void reply_plain(struct dai *d, struct corv_request *r, uint32_t status, const char *headers)
{
    const struct corv_reply answer = {
        .size = sizeof answer, .status = status, .headers = headers, .body = {"", 0}};

    d->services->reply(r, &answer);
}

static bool type_known(struct corv_text type)
{
    return dai_mime_is(type, "text/xml") || dai_mime_is(type, "application/xml") ||
           dai_mime_is(type, "application/soap+xml") || dai_mime_is(type, "multipart/related");
}

/* What can be said before the body is read. */
void dai_request_head(void *ctx, struct corv_request *r)
{
    struct dai *d = ctx;
    const struct corv_services *s = d->services;

    if (!dai_text_is(s->request_path(r), d->path))
        reply_plain(d, r, 404, NULL);
    else if (!dai_text_is(s->request_method(r), "POST"))
        reply_plain(d, r, 405, "Allow: POST\r\n");
    else if (!type_known(s->request_header(r, "content-type")) ||
             s->request_header(r, "content-encoding").n > 0)
        reply_plain(d, r, 415, NULL);
    else if (d->draining)
        reply_plain(d, r, 503, "Retry-After: 5\r\n");
}

void dai_request(void *ctx, struct corv_request *r)
{
    struct dai *d = ctx;
    struct dai_in *in = calloc(1, sizeof *in);
    struct corv_text type = d->services->request_header(r, "content-type");

    if (!in) {
        reply_plain(d, r, 503, "Retry-After: 5\r\n");
        return;
    }
    in->dai = d;
    in->request = r;
    in->bytes = d->services->request_body(r);
    in->message.bytes = type; /* for the worker */
    TAILQ_INSERT_TAIL(&d->ins, in, entry);
    if (other_charset(type))
        refuse(in, "security.encoding");
    else if (d->services->work(d->host, take_apart, taken_apart, in) != 0)
        refuse(in, "receive.busy");
}

void dai_in_stop(struct dai *d)
{
    struct dai_in *in = TAILQ_FIRST(&d->ins);

    while (in) {
        struct dai_in *next = TAILQ_NEXT(in, entry);

        if (in->op != 0) /* the others come back from their worker first */
            reply(in, 503, NULL, 0, NULL);
        in = next;
    }
}
