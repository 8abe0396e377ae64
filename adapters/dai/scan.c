/* SPDX-License-Identifier: EUPL-1.2 */
#include "adapters/dai/scan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool dai_text_eq(struct corv_text a, struct corv_text b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool dai_text_is(struct corv_text t, const char *s)
{
    return dai_text_eq(t, (struct corv_text){s, strlen(s)});
}

bool dai_text_blank(struct corv_text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (!is_blank(t.p[i]))
            return false;
    return true;
}

struct corv_text dai_local(struct corv_text name)
{
    const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;

    if (!colon)
        return name;
    return (struct corv_text){colon + 1, (size_t)(name.p + name.n - colon) - 1};
}

/* ---- beginning ------------------------------------------------------------------------------- */

static bool starts_with(const struct dai_scan *s, const char *what)
{
    size_t n = strlen(what);

    return (size_t)(s->end - s->p) >= n && memcmp(s->p, what, n) == 0;
}

static const char *find(const char *p, const char *end, const char *what)
{
    return p < end ? memmem(p, (size_t)(end - p), what, strlen(what)) : NULL;
}

/* "<?xml …?>": an encoding other than UTF-8 is a no. */
static bool declaration(struct dai_scan *s)
{
    const char *close = find(s->p, s->end, "?>");
    struct corv_text rest;
    struct corv_text name;
    struct corv_text value;

    if (!close)
        return false;
    rest = (struct corv_text){s->p + 5, (size_t)(close - s->p) - 5};
    s->p = close + 2;
    while (dai_attribute_next(&rest, &name, &value, NULL))
        if (dai_text_is(name, "encoding") &&
            (value.n != 5 || strncasecmp(value.p, "utf-8", 5) != 0))
            return false;
    return true;
}

bool dai_scan_begin(struct dai_scan *s, struct corv_text bytes)
{
    s->p = bytes.p;
    s->end = bytes.p + bytes.n;
    s->depth = 0;
    s->empty = s->seen = false;
    if (bytes.n == 0)
        return false;
    if (starts_with(s, "\xef\xbb\xbf"))
        s->p += 3;
    if (starts_with(s, "<?xml") && s->end - s->p > 5 && is_blank(s->p[5]))
        return declaration(s);
    return true;
}

/* ---- tags ------------------------------------------------------------------------------------ */

static bool name_end(char c)
{
    return is_blank(c) || c == '/' || c == '>' || c == '=' || c == '"' || c == '\'' || c == '<' ||
           c == '\0';
}

/* The '>' of the tag that begins at p, outside quotes; NULL when there is none in time. */
static const char *tag_close(const char *p, const char *end)
{
    char quote = '\0';

    if ((size_t)(end - p) > DAI_TAG_MAX)
        end = p + DAI_TAG_MAX;
    for (p++; p < end; p++) {
        if (*p == '<' || *p == '\0')
            return NULL;
        if (quote && *p != quote)
            continue;
        if (quote)
            quote = '\0';
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '>')
            return p;
    }
    return NULL;
}

bool dai_attribute_next(struct corv_text *rest, struct corv_text *name, struct corv_text *value,
    struct corv_text *whole)
{
    const char *p = rest->p;
    const char *end = rest->p + rest->n;
    const char *from;
    const char *close;

    while (p < end && is_blank(*p))
        p++;
    from = p;
    while (p < end && !name_end(*p))
        p++;
    *name = (struct corv_text){from, (size_t)(p - from)};
    while (p < end && is_blank(*p))
        p++;
    if (name->n == 0 || p >= end || *p != '=')
        return false;
    for (p++; p < end && is_blank(*p);)
        p++;
    if (p >= end || (*p != '"' && *p != '\''))
        return false;
    close = memchr(p + 1, *p, (size_t)(end - p) - 1);
    if (!close)
        return false;
    *value = (struct corv_text){p + 1, (size_t)(close - p) - 1};
    if (whole)
        *whole = (struct corv_text){from, (size_t)(close - from) + 1};
    *rest = (struct corv_text){close + 1, (size_t)(end - close) - 1};
    return true;
}

/* Nothing but attributes in it. */
static bool attributes_good(struct corv_text all)
{
    struct corv_text name;
    struct corv_text value;

    while (dai_attribute_next(&all, &name, &value, NULL))
        if (all.n > 0 && !is_blank(*all.p))
            return false;
    return dai_text_blank(all);
}

static enum dai_token start_tag(struct dai_scan *s)
{
    const char *close = tag_close(s->p, s->end);
    const char *name = s->p + 1;
    const char *p = name;
    struct dai_place *here;

    if (!close || s->depth >= DAI_DEPTH_MAX || (s->depth == 0 && s->seen))
        return DAI_BAD;
    while (p < close && !name_end(*p))
        p++;
    s->empty = close[-1] == '/' && close - 1 >= p;
    here = &s->open[s->depth];
    here->name = (struct corv_text){name, (size_t)(p - name)};
    here->attributes = (struct corv_text){p, (size_t)((s->empty ? close - 1 : close) - p)};
    if (here->name.n == 0 || !attributes_good(here->attributes))
        return DAI_BAD;
    s->depth++;
    s->seen = true;
    s->p = close + 1;
    return DAI_START;
}

static enum dai_token end_tag(struct dai_scan *s)
{
    const char *close = tag_close(s->p, s->end);
    struct corv_text name;

    if (!close || s->depth == 0)
        return DAI_BAD;
    name = (struct corv_text){s->p + 2, (size_t)(close - s->p) - 2};
    while (name.n > 0 && is_blank(name.p[name.n - 1]))
        name.n--;
    if (!dai_text_eq(name, s->open[s->depth - 1].name))
        return DAI_BAD;
    s->depth--;
    s->p = close + 1;
    return DAI_END;
}

/* Skips to behind what; false when it is not there. */
static bool skip_to(struct dai_scan *s, size_t from, const char *what)
{
    const char *found = find(s->p + from, s->end, what);

    if (!found)
        return false;
    s->text = (struct corv_text){s->p + from, (size_t)(found - s->p) - from};
    s->p = found + strlen(what);
    return true;
}

static enum dai_token markup(struct dai_scan *s)
{
    if (starts_with(s, "</"))
        return end_tag(s);
    if (starts_with(s, "<![CDATA["))
        return s->depth > 0 && skip_to(s, 9, "]]>") ? DAI_CDATA : DAI_BAD;
    if (starts_with(s, "<?"))
        return skip_to(s, 2, "?>") ? DAI_PI : DAI_BAD;
    if (starts_with(s, "<!"))
        return DAI_BAD; /* DOCTYPE and its kin */
    return start_tag(s);
}

enum dai_token dai_scan_next(struct dai_scan *s)
{
    const char *next;

    if (s->empty) {
        s->empty = false;
        s->begin = s->p;
        s->depth--;
        return DAI_END;
    }
    while (starts_with(s, "<!--"))
        if (!skip_to(s, 4, "-->"))
            return DAI_BAD;
    s->begin = s->p;
    if (s->p >= s->end)
        return s->depth == 0 && s->seen ? DAI_EOF : DAI_BAD;
    if (*s->p == '<')
        return markup(s);
    next = memchr(s->p, '<', (size_t)(s->end - s->p));
    next = next ? next : s->end;
    s->text = (struct corv_text){s->p, (size_t)(next - s->p)};
    s->p = next;
    return s->depth > 0 || dai_text_blank(s->text) ? DAI_TEXT : DAI_BAD;
}

/* ---- names ----------------------------------------------------------------------------------- */

const struct dai_place *dai_scan_here(const struct dai_scan *s)
{
    return &s->open[s->depth - 1];
}

static bool declares(const struct dai_place *place, struct corv_text prefix, struct corv_text *uri)
{
    struct corv_text rest = place->attributes;
    struct corv_text name;

    while (dai_attribute_next(&rest, &name, uri, NULL)) {
        if (prefix.n == 0 ? dai_text_is(name, "xmlns")
                          : name.n == prefix.n + 6 && memcmp(name.p, "xmlns:", 6) == 0 &&
                                memcmp(name.p + 6, prefix.p, prefix.n) == 0)
            return true;
    }
    return false;
}

struct corv_text dai_scan_ns(const struct dai_scan *s, unsigned depth)
{
    struct corv_text name = s->open[depth - 1].name;
    struct corv_text local = dai_local(name);
    struct corv_text prefix = {name.p, local.n < name.n ? name.n - local.n - 1 : 0};
    struct corv_text uri;

    for (unsigned i = depth; i > 0; i--)
        if (declares(&s->open[i - 1], prefix, &uri))
            return uri;
    return (struct corv_text){"", 0};
}

bool dai_scan_is(const struct dai_scan *s, unsigned depth, const char *ns, const char *local)
{
    return depth > 0 && depth <= s->depth &&
           dai_text_is(dai_local(s->open[depth - 1].name), local) &&
           dai_text_is(dai_scan_ns(s, depth), ns);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put(struct dai_value *v, const char *p, size_t n)
{
    if (v->overflow || n >= sizeof v->text - v->n) {
        v->overflow = true;
        return;
    }
    memcpy(v->text + v->n, p, n);
    v->n += n;
}

static void put_character(struct dai_value *v, unsigned long c)
{
    unsigned char b[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        v->overflow = true;
        return;
    }
    for (size_t i = n; i > 1; i--, c >>= 6)
        b[i - 1] = (unsigned char)(0x80u | (c & 0x3fu));
    b[0] = (unsigned char)(first[n] | c); /* nothing is set for one byte */
    put(v, (const char *)b, n);
}

/* "amp" or "#38" or "#x26". */
static void put_reference(struct dai_value *v, struct corv_text r)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    char digits[12] = "";
    char *end = NULL;
    bool hex = r.n > 1 && r.p[1] == 'x';
    size_t from = hex ? 2 : 1;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (dai_text_is(r, known[i].name)) {
            put(v, &known[i].c, 1);
            return;
        }
    if (r.n <= from || r.p[0] != '#' || r.n - from >= sizeof digits) {
        v->overflow = true;
        return;
    }
    memcpy(digits, r.p + from, r.n - from);
    unsigned long c = strtoul(digits, &end, hex ? 16 : 10);

    if (*end != '\0' || digits[0] == '-' || digits[0] == '+' || is_blank(digits[0]))
        v->overflow = true;
    else
        put_character(v, c);
}

void dai_value_add(struct dai_value *v, struct corv_text raw, bool cdata)
{
    const char *p = raw.p;
    const char *end = raw.p + raw.n;

    while (p < end && !v->overflow) {
        const char *amp = cdata ? NULL : memchr(p, '&', (size_t)(end - p));
        const char *semicolon;

        put(v, p, (size_t)((amp ? amp : end) - p));
        if (!amp)
            return;
        semicolon = memchr(amp, ';', (size_t)(end - amp));
        if (!semicolon) {
            v->overflow = true;
            return;
        }
        put_reference(v, (struct corv_text){amp + 1, (size_t)(semicolon - amp) - 1});
        p = semicolon + 1;
    }
}

const char *dai_value_get(struct dai_value *v)
{
    size_t from = 0;

    if (v->overflow)
        return "";
    v->text[v->n] = '\0';
    while (v->n > 0 && is_blank(v->text[v->n - 1]))
        v->text[--v->n] = '\0';
    while (from < v->n && is_blank(v->text[from]))
        from++;
    return v->text + from;
}
