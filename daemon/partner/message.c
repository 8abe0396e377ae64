/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/message.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/embedded.h"
#include "daemon/derive.h"

#define DEPTH_MAX 4 /* of templates in templates */
#define DAY_US    (86400ll * 1000000)

extern const struct corv_embedded partner_embedded_messages[]; /* made by cmake/embed.cmake */

static struct corv_view template_of(struct corv_view name)
{
    for (const struct corv_embedded *f = partner_embedded_messages; f->name; f++)
        if (strlen(f->name) == name.n + 4 && memcmp(f->name, name.p, name.n) == 0)
            return corv_view_of(f->bytes, f->size);
    return (struct corv_view){0};
}

/* "<JZ:vtoDi01 …": the local name of the first element. */
static struct corv_view root_of(struct corv_view text)
{
    const char *declared = text.n ? memmem(text.p, text.n, "?>", 2) : NULL;
    const char *end = text.p + text.n;
    const char *p = declared ? memchr(declared, ':', (size_t)(end - declared)) : NULL;
    size_t n = 0;

    while (p && p + 1 + n < end && p[1 + n] != ' ' && p[1 + n] != '>')
        n++;
    return p ? corv_view_of(p + 1, n) : (struct corv_view){0};
}

bool partner_message_known(const char *name)
{
    return root_of(template_of(corv_view_str(name))).n > 0;
}

struct corv_view partner_message_kind(const char *name)
{
    return root_of(template_of(corv_view_str(name)));
}

/* ---- values -----------------------------------------------------------------------------------
 */

static const char *day(int64_t us, char out[12])
{
    (void)snprintf(out, 12, "%d", corv_clock_day(us));
    return out;
}

static const char *party_value(const struct partner_fields *f, struct corv_view name)
{
    if (corv_view_is(name, "ZENDER"))
        return f->from->oin;
    if (corv_view_is(name, "ZENDER_APPLICATIE"))
        return f->from->application;
    if (corv_view_is(name, "ONTVANGER"))
        return f->to_oin ? f->to_oin : f->to->oin;
    if (corv_view_is(name, "ONTVANGER_APPLICATIE"))
        return f->to_application ? f->to_application : f->to->application;
    return NULL;
}

/* NULL: there is no such field. scratch holds what is worked out. */
static const char *value_of(
    const struct partner_fields *f, struct corv_view root, struct corv_view name, char scratch[64])
{
    if (corv_view_is(name, "REFERENTIE"))
        return f->reference;
    if (corv_view_is(name, "KRUISVERWIJZING"))
        return f->crossref ? f->crossref : "";
    if (corv_view_is(name, "ZAAK"))
        return f->case_number;
    if (corv_view_is(name, "ZAAK_RAAD"))
        return f->raad_number;
    if (corv_view_is(name, "TIJDSTIP"))
        return corv_clock_stuf(f->now_us, scratch);
    if (corv_view_is(name, "VANDAAG"))
        return day(f->now_us, scratch);
    if (corv_view_is(name, "EERDER"))
        return day(f->now_us - 30 * DAY_US, scratch);
    if (corv_view_is(name, "LATER"))
        return day(f->now_us + 100 * DAY_US, scratch);
    if (corv_view_is(name, "SOORT") || corv_view_is(name, "CODE")) {
        size_t n = name.n == 4 ? 4 : root.n;

        (void)snprintf(scratch, 64, "%.*s", (int)n, root.p);
        return scratch;
    }
    return party_value(f, name);
}

/* ---- filling in -------------------------------------------------------------------------------
 */

static bool is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* What stands between the marks at p; n == 0 when it is no mark but an ordinary @. */
static struct corv_view marked(const char *p, const char *end, size_t marks)
{
    const char *from = p + marks;
    const char *to = from;

    while (to < end && is_name(*to))
        to++;
    if ((size_t)(end - to) < marks || *to != '@' || (marks == 2 && to[1] != '@'))
        return (struct corv_view){0};
    return corv_view_of(from, (size_t)(to - from));
}

static corv_rc fill(const struct partner_fields *f, struct corv_view root, struct corv_view text,
    unsigned depth, struct corv_buf *out);

static corv_rc fill_one(const struct partner_fields *f, struct corv_view root,
    struct corv_view name, size_t marks, unsigned depth, struct corv_buf *out)
{
    char scratch[64];
    struct corv_view part = marks == 2 ? template_of(name) : (struct corv_view){0};
    const char *value = marks == 1 ? value_of(f, root, name, scratch) : NULL;

    if (marks == 2 && part.n > 0 && part.p[part.n - 1] == '\n')
        part.n--;
    if (marks == 2)
        return part.n == 0 || depth == DEPTH_MAX ? CORV_E_INVALID
                                                 : fill(f, root, part, depth + 1, out);
    return value ? corv_xml_escape(out, corv_view_str(value)) : CORV_E_INVALID;
}

static corv_rc fill(const struct partner_fields *f, struct corv_view root, struct corv_view text,
    unsigned depth, struct corv_buf *out)
{
    const char *end = text.p + text.n;
    corv_rc rc = CORV_OK;

    for (const char *p = text.p; p < end && rc == CORV_OK;) {
        const char *at = memchr(p, '@', (size_t)(end - p));

        rc = corv_buf_add(out, p, (size_t)((at ? at : end) - p));
        if (!at || rc != CORV_OK)
            break;
        size_t marks = at + 1 < end && at[1] == '@' ? 2 : 1;
        struct corv_view name = marked(at, end, marks);

        if (name.n > 0)
            rc = fill_one(f, root, name, marks, depth, out);
        else
            rc = corv_buf_add(out, at, 1);
        p = at + (name.n > 0 ? name.n + 2 * marks : 1);
    }
    return rc;
}

corv_rc partner_message_write(
    const char *name, const struct partner_fields *f, struct corv_buf *out)
{
    struct corv_view text = template_of(corv_view_str(name));
    struct corv_view root = root_of(text);

    corv_buf_init(out, PARTNER_MESSAGE_MAX);
    return root.n == 0 ? CORV_E_NOTFOUND : fill(f, root, text, 0, out);
}

struct corv_view partner_message_element(struct corv_view message)
{
    const char *declared = message.n ? memmem(message.p, message.n, "?>", 2) : NULL;
    const char *p = declared ? declared + 2 : message.p;
    const char *end = message.p + message.n;

    while (p < end && *p != '<')
        p++;
    while (end > p && end[-1] != '>')
        end--;
    return corv_view_of(p, (size_t)(end - p));
}

/* ---- making it large --------------------------------------------------------------------------
 */

/* Where more base64 may go in the first attachment; NULL: there is none. */
static const char *in_attachment(const struct corv_buf *m)
{
    const char *p = memmem(m->p, m->n, "<ZKN:inhoud ", 12);

    p = p ? memchr(p, '>', m->n - (size_t)(p - m->p)) : NULL;
    return p ? p + 1 : NULL;
}

bool partner_message_attached(const struct corv_buf *message)
{
    return in_attachment(message) != NULL;
}

static const char *before_the_end(const struct corv_buf *m)
{
    const char *p = m->p + m->n;

    while (p > m->p && !(p[0] == '<' && p[1] == '/'))
        p--;
    return p;
}

corv_rc partner_message_grow(struct corv_buf *message, size_t bytes)
{
    struct corv_buf out;
    const char *attachment = in_attachment(message);
    const char *at = attachment ? attachment : before_the_end(message);
    size_t head = (size_t)(at - message->p);
    size_t n = bytes - bytes % 4; /* whole groups of base64 */

    corv_buf_init(&out, PARTNER_MESSAGE_MAX);
    (void)corv_buf_reserve(&out, message->n + n + 8);
    (void)corv_buf_add(&out, message->p, head);
    if (!attachment)
        (void)corv_buf_add_str(&out, "<!--");
    for (size_t i = 0; i < n && !out.failed; i += 64)
        (void)corv_buf_add(&out, "VEVTVFRFU1RURVNUVEVTVFRFU1RURVNUVEVTVFRFU1RURVNUVEVTVFRFU1RURVNU",
            n - i < 64 ? n - i : 64);
    if (!attachment)
        (void)corv_buf_add_str(&out, "-->");
    (void)corv_buf_add(&out, at, message->n - head);
    if (out.failed) {
        corv_buf_free(&out);
        return CORV_E_LIMIT;
    }
    corv_buf_free(message);
    *message = out;
    return CORV_OK;
}
