/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/derive.h"

#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/utf8.h"
#include "daemon/message.h"

#define NOTICE_MAX 8192

/* One character of text at i: its length, or 0 when it is not one XML 1.0 can carry. */
static size_t character(struct corv_view t, size_t i)
{
    unsigned char c = (unsigned char)t.p[i];
    size_t n = corv_utf8_at(t, i);

    return n == 1 && c < 0x20 && c != '\t' && c != '\n' && c != '\r' ? 0 : n;
}

corv_rc corv_xml_escape(struct corv_buf *b, struct corv_view text)
{
    corv_rc rc = CORV_OK;

    for (size_t i = 0; i < text.n && rc == CORV_OK;) {
        size_t n = character(text, i);
        char c = text.p[i];

        if (n == 0)
            rc = corv_buf_add_str(b, CORV_UTF8_REPLACEMENT);
        else if (c == '<')
            rc = corv_buf_add_str(b, "&lt;");
        else if (c == '>')
            rc = corv_buf_add_str(b, "&gt;");
        else if (c == '&')
            rc = corv_buf_add_str(b, "&amp;");
        else if (c == '"')
            rc = corv_buf_add_str(b, "&quot;");
        else if (c == '\r')
            rc = corv_buf_add_str(b, "&#13;");
        else
            rc = corv_buf_add(b, text.p + i, n);
        i += n ? n : 1;
    }
    return rc;
}

static void element(struct corv_buf *b, const char *name, const char *value)
{
    (void)corv_buf_addf(b, "<%s>", name);
    (void)corv_xml_escape(b, corv_view_str(value));
    (void)corv_buf_addf(b, "</%s>", name);
}

static corv_rc result(const struct corv_buf *b)
{
    return b->failed ? CORV_E_LIMIT : CORV_OK;
}

corv_rc corv_derive_notice(const struct corv_notice *n, struct corv_buf *b)
{
    char when[CORV_TIME_TEXT];
    char id[CORV_ID_TEXT];

    corv_buf_init(b, NOTICE_MAX);
    (void)corv_buf_add_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                              "<kennisgeving xmlns=\"urn:corvd:kennisgeving:1\">");
    element(b, "soort", n->kind);
    element(b, "referentie", n->reference);
    (void)corv_buf_add_str(b, "<indiener>");
    element(b, "oin", n->filer_oin);
    element(b, "naam", n->filer_name);
    (void)corv_buf_add_str(b, "</indiener>");
    element(b, "tijdstip", corv_clock_text(n->received_us, when));
    element(b, "bericht", corv_id_text(n->original, id));
    (void)corv_buf_add_str(b, "</kennisgeving>\n");
    return result(b);
}

static bool wanted(const struct corv_plan *plan, enum corv_form form)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->deliveries[i].form == form)
            return true;
    return false;
}

/* A blank reference cannot be told on; our own number then says which message it was. */
static const char *reference_of(const struct corv_message *m, char id[CORV_ID_TEXT])
{
    const char *r = m->verdict.envelope->referentienummer;

    if (r && r[strspn(r, " \t\r\n")] != '\0')
        return r;
    return corv_id_text(&m->parts[0].id, id);
}

corv_rc corv_derive_parts(struct corv_message *m)
{
    struct corv_part *part = &m->parts[m->parts_count];
    char id[CORV_ID_TEXT];
    struct corv_notice notice = {.kind = m->parts[0].kind,
        .reference = reference_of(m, id),
        .received_us = m->received_us,
        .original = &m->parts[0].id};
    struct corv_buf b = {0};

    if (!wanted(&m->plan, CORV_AS_KENNISGEVING))
        return CORV_OK;
    notice.filer_oin = m->plan.filer->oin;
    notice.filer_name = m->plan.filer->name;

    corv_rc rc = corv_derive_notice(&notice, &b);

    if (rc == CORV_OK)
        rc = corv_id_new(&part->id);
    if (rc == CORV_OK)
        rc = corv_digest_of(&(struct corv_view){b.p, b.n}, 1, &part->digest);
    if (rc == CORV_OK) {
        part->kind = corv_kind_name(CORV_KIND_KENNISGEVING);
        part->content_type = "application/xml";
        part->body = corv_buf_take(&b, &part->size);
        m->parts_count++;
    }
    corv_buf_free(&b);
    return rc;
}
