/* SPDX-License-Identifier: EUPL-1.2 */
#include "adapters/dai/soap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define URN         "urn:dkintern:"

struct text {
    char *p; /* owned */
    size_t n;
    FILE *to;
};

static void begin(struct text *t)
{
    *t = (struct text){0};
    t->to = open_memstream(&t->p, &t->n);
}

/* The text, or NULL when anything failed. */
static char *finish(struct text *t)
{
    bool failed = !t->to || ferror(t->to);

    if (t->to && fclose(t->to) != 0)
        failed = true;
    if (failed) {
        free(t->p);
        t->p = NULL;
    }
    return t->p;
}

static void add(struct text *t, const char *s)
{
    if (t->to)
        (void)fputs(s, t->to);
}

static void add_bytes(struct text *t, struct corv_text bytes)
{
    if (t->to && bytes.n > 0)
        (void)fwrite(bytes.p, 1, bytes.n, t->to);
}

static void add_escaped(struct text *t, const char *s)
{
    for (; t->to && *s; s++) {
        if (*s == '<')
            add(t, "&lt;");
        else if (*s == '>')
            add(t, "&gt;");
        else if (*s == '&')
            add(t, "&amp;");
        else if ((unsigned char)*s < 0x20)
            add(t, " ");
        else
            (void)fputc(*s, t->to);
    }
}

struct corv_text dai_undeclared(struct corv_text message)
{
    static const char bom[] = "\xef\xbb\xbf";
    const char *end;

    if (message.n >= 3 && memcmp(message.p, bom, 3) == 0)
        message = (struct corv_text){message.p + 3, message.n - 3};
    if (message.n > 6 && memcmp(message.p, "<?xml", 5) == 0 &&
        (end = memmem(message.p, message.n, "?>", 2)) != NULL)
        return (struct corv_text){end + 2, (size_t)(message.p + message.n - end) - 2};
    return message;
}

/* ---- names of WS-Addressing -------------------------------------------------------------------
 */

char *dai_urn_party(const struct dai_party *p, enum dai_dots dots)
{
    struct text t;

    begin(&t);
    add(&t, URN);
    add(&t, p->organisatie);
    add(&t, ":");
    add(&t, p->applicatie);
    if (p->administratie[0] || dots == DAI_DOTS_KEEP)
        add(&t, ":");
    add(&t, p->administratie);
    return finish(&t);
}

char *dai_urn_message(const char *reference, const struct dai_party *p, enum dai_dots dots)
{
    struct text t;

    begin(&t);
    add(&t, URN);
    add(&t, reference);
    add(&t, "@");
    add(&t, p->organisatie);
    add(&t, p->organisatie[0] ? "." : "");
    add(&t, p->applicatie);
    add(&t, ".");
    add(&t, p->administratie);
    if (p->administratie[0] || dots == DAI_DOTS_KEEP)
        add(&t, ".");
    add(&t, "dkintern.nl");
    return finish(&t);
}

/* ---- envelopes ---------------------------------------------------------------------------------
 */

static void add_header(struct text *t, const char *name, const char *attributes, const char *value)
{
    if (!value || !*value)
        return;
    add(t, "<wsa:");
    add(t, name);
    add(t, attributes);
    add(t, ">");
    add_escaped(t, value);
    add(t, "</wsa:");
    add(t, name);
    add(t, ">");
}

static void add_head(struct text *t, const struct dai_headers *h, bool wrapped)
{
    add(t, DECLARATION "<soap:Envelope xmlns:soap=\"" DAI_NS_SOAP "\">");
    if (h->addressed) {
        add(t, "<soap:Header xmlns:wsa=\"" DAI_NS_WSA "\">");
        add_header(t, "To", "", h->to);
        add_header(t, "From", "", h->from);
        add_header(t, "Action", "", h->action);
        add_header(t, "MessageId", "", h->message_id);
        add_header(t, "RelatesTo", "", h->relates_to);
        add_header(t, "RelatesTo", " relationshipType=\"urn:dkintern:ConversationId\"",
            h->conversation_id);
        add(t, "</soap:Header>");
    }
    add(t, "<soap:Body>");
    if (wrapped)
        add(t, "<dai:bericht xmlns:dai=\"" DAI_NS "\">");
}

char *dai_soap_head(const struct dai_headers *h, bool wrapped)
{
    struct text t;

    begin(&t);
    add_head(&t, h, wrapped);
    return finish(&t);
}

const char *dai_soap_tail(bool wrapped)
{
    return wrapped ? "</dai:bericht></soap:Body></soap:Envelope>\n"
                   : "</soap:Body></soap:Envelope>\n";
}

char *dai_soap_around(const struct dai_headers *h, struct corv_text message, size_t *n)
{
    struct text t;
    char *p;

    begin(&t);
    add_head(&t, h, false);
    add_bytes(&t, dai_undeclared(message));
    add(&t, dai_soap_tail(false));
    p = finish(&t);
    *n = p ? t.n : 0;
    return p;
}

char *dai_soap_fault(
    const char *faultcode, const char *faultstring, struct corv_text detail, size_t *n)
{
    const struct dai_headers none = {.addressed = false};
    struct text t;
    char *p;

    begin(&t);
    add_head(&t, &none, false);
    add(&t, "<soap:Fault><faultcode>soap:");
    add(&t, faultcode);
    add(&t, "</faultcode><faultstring xml:lang=\"nl\">");
    add_escaped(&t, faultstring);
    add(&t, "</faultstring>");
    if (detail.n > 0) {
        add(&t, "<detail>");
        add_bytes(&t, dai_undeclared(detail));
        add(&t, "</detail>");
    }
    add(&t, "</soap:Fault>");
    add(&t, dai_soap_tail(false));
    p = finish(&t);
    *n = p ? t.n : 0;
    return p;
}
