/* SPDX-License-Identifier: EUPL-1.2 */
#include "adapters/dai/message.h"

#include <stdlib.h>
#include <string.h>

#define ADDED_MAX   32u
#define CONTROL_MAX 400u /* tokens; the stuurgegevens come first */

/* ---- the fields of the stuurgegevens -----------------------------------------------------------
 */

static struct dai_value *address_field(struct dai_address *a, struct corv_text local)
{
    if (dai_text_is(local, "organisatie"))
        return &a->organisatie;
    if (dai_text_is(local, "applicatie"))
        return &a->applicatie;
    if (dai_text_is(local, "administratie"))
        return &a->administratie;
    return dai_text_is(local, "gebruiker") ? &a->gebruiker : NULL;
}

/* The field that the open element is, root at depth root; NULL when it is none of ours. */
static struct dai_value *field(struct dai_message *m, const struct dai_scan *s, unsigned root)
{
    struct corv_text part = s->depth > root ? dai_local(s->open[root].name) : (struct corv_text){0};
    struct corv_text local = s->depth > root + 1 ? dai_local(s->open[root + 1].name) : part;

    if (s->depth == root + 2 && dai_text_is(part, "body")) {
        if (dai_text_is(local, "code"))
            return &m->code;
        return dai_text_is(local, "plek") ? &m->plek : NULL;
    }
    if (!dai_text_is(part, "stuurgegevens"))
        return NULL;
    if (s->depth == root + 2 && dai_text_is(local, "referentienummer"))
        return &m->referentienummer;
    if (s->depth == root + 2 && dai_text_is(local, "crossRefnummer"))
        return &m->crossrefnummer;
    if (s->depth == root + 3 && dai_text_is(local, "zender"))
        return address_field(&m->zender, dai_local(s->open[root + 2].name));
    if (s->depth == root + 3 && dai_text_is(local, "ontvanger"))
        return address_field(&m->ontvanger, dai_local(s->open[root + 2].name));
    return NULL;
}

static void note_root(struct dai_message *m, const struct dai_scan *s)
{
    dai_value_add(&m->root, dai_local(dai_scan_here(s)->name), true);
    dai_value_add(&m->ns, dai_scan_ns(s, s->depth), false);
}

/* From behind the start tag of the message to behind its end; tokens beyond the first ones are only
 * skipped. False: the XML is broken. */
static bool read_message(struct dai_message *m, struct dai_scan *s, bool to_the_end)
{
    unsigned root = s->depth;
    unsigned seen = 0;

    while (s->depth >= root) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_BAD || t == DAI_EOF)
            return false;
        if (t == DAI_END && s->depth < root)
            return true;
        if (++seen > CONTROL_MAX) {
            if (!to_the_end)
                return true;
            continue;
        }
        struct dai_value *v = t == DAI_TEXT || t == DAI_CDATA ? field(m, s, root) : NULL;

        if (v)
            dai_value_add(v, s->text, t == DAI_CDATA);
    }
    return true;
}

/* ---- the message as a document of its own ------------------------------------------------------
 */

struct added {
    struct corv_text name[ADDED_MAX];
    struct corv_text whole[ADDED_MAX];
    unsigned count;
    size_t bytes;
};

static bool has(const struct added *a, struct corv_text name)
{
    for (unsigned i = 0; i < a->count; i++)
        if (dai_text_eq(a->name[i], name))
            return true;
    return false;
}

static bool declared(const struct dai_place *place, struct corv_text wanted)
{
    struct corv_text rest = place->attributes;
    struct corv_text name;
    struct corv_text value;

    while (dai_attribute_next(&rest, &name, &value, NULL))
        if (dai_text_eq(name, wanted))
            return true;
    return false;
}

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

/* "xmlns", or a prefix that occurs somewhere in the message (in a name, or a value like xsi:type).
 */
static bool used(struct corv_text name, struct corv_text message)
{
    char prefix[256];
    size_t n = name.n > 6 ? name.n - 6 : 0;

    if (name.n == 5)
        return true;
    if (n == 0 || n + 1 >= sizeof prefix)
        return false;
    memcpy(prefix, name.p + 6, n);
    prefix[n] = ':';
    for (const char *p = message.p; p; p++) {
        p = memmem(p, (size_t)(message.p + message.n - p), prefix, n + 1);
        if (!p || p == message.p || !in_name(p[-1]))
            return p != NULL;
    }
    return false;
}

/* What the wrapping declares, nearest first; false when it is more than makes sense. */
static bool gather(
    const struct dai_place *open, unsigned root, struct corv_text message, struct added *a)
{
    for (unsigned i = root - 1; i > 0; i--) {
        struct corv_text rest = open[i - 1].attributes;
        struct corv_text name;
        struct corv_text value;
        struct corv_text whole;

        while (dai_attribute_next(&rest, &name, &value, &whole)) {
            if (!dai_text_is(name, "xmlns") && (name.n <= 6 || memcmp(name.p, "xmlns:", 6) != 0))
                continue;
            if (declared(&open[root - 1], name) || has(a, name) || !used(name, message) ||
                (name.n == 5 && value.n == 0))
                continue;
            if (a->count == ADDED_MAX)
                return false;
            a->name[a->count] = name;
            a->whole[a->count++] = whole;
            a->bytes += whole.n + 1;
        }
    }
    return true;
}

static char *add(char *to, struct corv_text t)
{
    if (t.n)
        memcpy(to, t.p, t.n);
    return to + t.n;
}

static enum dai_read cut_out(
    struct dai_message *m, struct corv_text message, const struct dai_place *open, unsigned root)
{
    struct added a = {.count = 0};
    size_t name = open[root - 1].name.n + 1; /* with the '<' */
    char *p;

    if (!gather(open, root, message, &a))
        return DAI_READ_STRUCTURE;
    m->bytes = message;
    if (a.count == 0)
        return DAI_READ_OK;
    m->owned = malloc(message.n + a.bytes);
    if (!m->owned)
        return DAI_READ_MEMORY;
    p = add(m->owned, (struct corv_text){message.p, name});
    for (unsigned i = 0; i < a.count; i++) {
        *p++ = ' ';
        p = add(p, a.whole[i]);
    }
    p = add(p, (struct corv_text){message.p + name, message.n - name});
    m->bytes = (struct corv_text){m->owned, (size_t)(p - m->owned)};
    return DAI_READ_OK;
}

/* ---- the envelope ------------------------------------------------------------------------------
 */

static bool insists(const struct dai_scan *s)
{
    struct corv_text rest = dai_scan_here(s)->attributes;
    struct corv_text name;
    struct corv_text value;

    while (dai_attribute_next(&rest, &name, &value, NULL))
        if (dai_text_is(dai_local(name), "mustUnderstand") && !dai_text_is(value, "0") &&
            !dai_text_is(value, "false"))
            return true;
    return false;
}

static struct dai_value *wsa_field(struct dai_message *m, struct corv_text local)
{
    if (dai_text_is(local, "MessageId") || dai_text_is(local, "MessageID"))
        return &m->wsa_message_id;
    if (dai_text_is(local, "To"))
        return &m->wsa_to;
    if (dai_text_is(local, "From")) /* the text, or that of its Address */
        return &m->wsa_from;
    return dai_text_is(local, "Action") ? &m->wsa_action : NULL;
}

static enum dai_read read_header(struct dai_message *m, struct dai_scan *s)
{
    struct dai_value *v = NULL;

    for (;;) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_BAD || t == DAI_EOF || t == DAI_PI)
            return DAI_READ_XML;
        if (t == DAI_END && s->depth == 1)
            return DAI_READ_OK;
        if (t == DAI_START && s->depth == 3) {
            bool wsa = dai_text_is(dai_scan_ns(s, 3), DAI_NS_WSA);

            if (!wsa && insists(s))
                return DAI_READ_MUST_UNDERSTAND;
            v = wsa ? wsa_field(m, dai_local(dai_scan_here(s)->name)) : NULL;
            m->addressed = m->addressed || wsa;
        }
        if ((t == DAI_TEXT || t == DAI_CDATA) && v && s->depth >= 3)
            dai_value_add(v, s->text, t == DAI_CDATA);
    }
}

/* To the only child element; other text or a processing instruction is a no. */
static enum dai_read to_child(struct dai_scan *s, unsigned parent)
{
    for (;;) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_START)
            return DAI_READ_OK;
        if (t == DAI_BAD || t == DAI_EOF)
            return DAI_READ_XML;
        if (t == DAI_PI || t == DAI_CDATA || (t == DAI_END && s->depth < parent) ||
            (t == DAI_TEXT && !dai_text_blank(s->text)))
            return DAI_READ_STRUCTURE;
    }
}

/* Closes what is open, in which nothing more may stand; but a Fault may have more to say. */
static enum dai_read to_the_end(struct dai_scan *s, bool fault)
{
    for (;;) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_EOF)
            return DAI_READ_OK;
        if (t == DAI_BAD)
            return DAI_READ_XML;
        if (t == DAI_END || (t == DAI_TEXT && dai_text_blank(s->text)) || (fault && s->depth >= 3))
            continue;
        return DAI_READ_STRUCTURE;
    }
}

/* Inside a Fault: to the first element of its detail; false when there is none. */
static bool to_detail(struct dai_scan *s)
{
    unsigned fault = s->depth;

    for (;;) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_BAD || t == DAI_EOF || (t == DAI_END && s->depth < fault))
            return false;
        if (t == DAI_START && s->depth == fault + 2 &&
            dai_text_is(dai_local(s->open[fault].name), "detail"))
            return true;
    }
}

static enum dai_read read_body(struct dai_message *m, struct dai_scan *s)
{
    struct dai_place *open = NULL;
    enum dai_read r = to_child(s, 2);
    const char *begin;
    unsigned root;

    if (r == DAI_READ_OK && dai_scan_is(s, s->depth, DAI_NS, "bericht")) {
        m->wrapped = true;
        r = to_child(s, 3);
    }
    if (r != DAI_READ_OK)
        return r;
    if (dai_scan_is(s, s->depth, DAI_NS_SOAP, "Fault")) {
        m->fault = true;
        if (!to_detail(s))
            return DAI_READ_OK; /* a fault without a message in it */
    }
    root = s->depth;
    begin = s->begin;
    note_root(m, s);
    open = malloc(root * sizeof *open); /* the places, before the message overwrites them */
    if (!open)
        return DAI_READ_MEMORY;
    memcpy(open, s->open, root * sizeof *open);
    r = read_message(m, s, true) ? DAI_READ_OK : DAI_READ_XML;

    struct corv_text message = {begin, (size_t)(s->p - begin)};

    if (r == DAI_READ_OK)
        r = to_the_end(s, m->fault);
    if (r == DAI_READ_OK)
        r = cut_out(m, message, open, root);
    free(open);
    return r;
}

static enum dai_read read_envelope(struct dai_message *m, struct dai_scan *s)
{
    enum dai_read r = to_child(s, 1);

    m->soap = true;
    if (r == DAI_READ_OK && dai_scan_is(s, 2, DAI_NS_SOAP, "Header")) {
        r = read_header(m, s);
        if (r == DAI_READ_OK)
            r = to_child(s, 1);
    }
    if (r != DAI_READ_OK)
        return r;
    return dai_scan_is(s, 2, DAI_NS_SOAP, "Body") ? read_body(m, s) : DAI_READ_STRUCTURE;
}

static enum dai_read to_root(struct dai_scan *s)
{
    for (;;) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_START)
            return DAI_READ_OK;
        if (t != DAI_TEXT)
            return DAI_READ_XML;
    }
}

enum dai_read dai_message_read(struct corv_text bytes, struct dai_message *m)
{
    struct dai_scan *s = malloc(sizeof *s);
    enum dai_read r = DAI_READ_XML;

    *m = (struct dai_message){.owned = NULL};
    if (!s)
        return DAI_READ_MEMORY;
    if (dai_scan_begin(s, bytes))
        r = to_root(s);
    if (r == DAI_READ_OK && dai_scan_is(s, 1, DAI_NS_SOAP, "Envelope")) {
        r = read_envelope(m, s);
    } else if (r == DAI_READ_OK && dai_text_is(dai_local(s->open[0].name), "Envelope")) {
        r = DAI_READ_VERSION;
    } else if (r == DAI_READ_OK) {
        note_root(m, s);
        (void)read_message(m, s, false); /* whatever is wrong in it is for corvd to say */
        m->bytes = bytes;
    }
    if (r != DAI_READ_OK)
        m->bytes = (struct corv_text){"", 0};
    free(s);
    return r;
}

void dai_message_free(struct dai_message *m)
{
    free(m->owned);
    m->owned = NULL;
}
