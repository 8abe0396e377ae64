/* SPDX-License-Identifier: EUPL-1.2 */
#include "adapters/dai/mime.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/dai/message.h"

#define PARTS_MAX    64u
#define INCLUDES_MAX 64u
#define BOUNDARY_MAX 70u /* RFC 2046 */

struct part {
    struct corv_text id; /* Content-ID without <> */
    struct corv_text encoding;
    struct corv_text content;
};

struct package {
    struct part parts[PARTS_MAX];
    unsigned count;
    unsigned root;
};

struct include {
    const char *from;
    const char *to;
    const struct part *part;
};

/* ---- Content-Type ---------------------------------------------------------------------------- */

static struct corv_text trim(struct corv_text t)
{
    while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t'))
        t.p++, t.n--;
    while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t' || t.p[t.n - 1] == '\r'))
        t.n--;
    return t;
}

static bool same(struct corv_text t, const char *s)
{
    return t.n == strlen(s) && strncasecmp(t.p, s, t.n) == 0;
}

bool dai_mime_is(struct corv_text content_type, const char *type)
{
    const char *semicolon = content_type.n ? memchr(content_type.p, ';', content_type.n) : NULL;

    if (semicolon)
        content_type.n = (size_t)(semicolon - content_type.p);
    return same(trim(content_type), type);
}

/* Where the parameter at p ends: a semicolon outside quotes. */
static const char *parameter_end(const char *p, const char *end)
{
    bool quoted = false;

    for (; p < end; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == ';' && !quoted)
            return p;
    }
    return end;
}

struct corv_text dai_mime_parameter(struct corv_text content_type, const char *name)
{
    const char *end = content_type.p + content_type.n;
    const char *p = content_type.n ? parameter_end(content_type.p, end) : end;

    while (p < end) {
        const char *from = p + 1;
        const char *to = parameter_end(from, end);
        const char *equals = memchr(from, '=', (size_t)(to - from));

        p = to;
        if (!equals || !same(trim((struct corv_text){from, (size_t)(equals - from)}), name))
            continue;
        struct corv_text value = trim((struct corv_text){equals + 1, (size_t)(to - equals) - 1});

        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = (struct corv_text){value.p + 1, value.n - 2};
        return value;
    }
    return (struct corv_text){"", 0};
}

/* ---- parts ----------------------------------------------------------------------------------- */

static struct corv_text without_brackets(struct corv_text t)
{
    t = trim(t);
    if (t.n >= 2 && t.p[0] == '<' && t.p[t.n - 1] == '>')
        return (struct corv_text){t.p + 1, t.n - 2};
    return t;
}

/* One header line of a part. */
static void read_field(struct part *part, struct corv_text line)
{
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    struct corv_text name;
    struct corv_text value;

    if (!colon)
        return;
    name = (struct corv_text){line.p, (size_t)(colon - line.p)};
    value = trim((struct corv_text){colon + 1, (size_t)(line.p + line.n - colon) - 1});
    if (same(name, "content-id"))
        part->id = without_brackets(value);
    else if (same(name, "content-transfer-encoding"))
        part->encoding = value;
}

/* From behind a delimiter line to before the next: header lines, an empty one, content. */
static bool read_part(struct part *part, struct corv_text all)
{
    const char *p = all.p;
    const char *end = all.p + all.n;

    *part = (struct part){.content = {"", 0}};
    while (p < end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        struct corv_text text = {p, line ? (size_t)(line - p) : 0};

        if (!line)
            return false;
        text = trim(text);
        p = line + 1;
        if (text.n == 0) {
            part->content = (struct corv_text){p, (size_t)(end - p)};
            return true;
        }
        read_field(part, text);
    }
    return false;
}

/* The next delimiter at the beginning of a line; NULL when there is none. */
static const char *next_delimiter(const char *p, struct corv_text body, struct corv_text mark)
{
    const char *end = body.p + body.n;

    while (p < end) {
        const char *found = memmem(p, (size_t)(end - p), mark.p, mark.n);

        if (!found || found == body.p || found[-1] == '\n')
            return found;
        p = found + 1;
    }
    return NULL;
}

static bool split(struct package *k, struct corv_text body, struct corv_text mark)
{
    const char *end = body.p + body.n;
    const char *at = next_delimiter(body.p, body, mark);

    while (at) {
        const char *from = at + mark.n;
        const char *line = memchr(from, '\n', (size_t)(end - from));
        const char *next;

        if (end - from >= 2 && from[0] == '-' && from[1] == '-')
            return k->count > 0;
        next = line ? next_delimiter(line + 1, body, mark) : NULL;
        if (!next || k->count == PARTS_MAX)
            return false;
        struct corv_text part = {line + 1, (size_t)(next - line) - 1};

        if (part.n > 0 && part.p[part.n - 1] == '\n') /* the line end belongs to the delimiter */
            part.n--;
        if (part.n > 0 && part.p[part.n - 1] == '\r')
            part.n--;
        if (!read_part(&k->parts[k->count++], part))
            return false;
        at = next;
    }
    return false; /* the last delimiter never came: cut off */
}

static bool find_root(struct package *k, struct corv_text content_type)
{
    struct corv_text start = without_brackets(dai_mime_parameter(content_type, "start"));

    k->root = 0;
    if (start.n == 0)
        return true;
    for (; k->root < k->count; k->root++)
        if (dai_text_eq(k->parts[k->root].id, start))
            return true;
    return false;
}

/* ---- references ------------------------------------------------------------------------------ */

static bool is_base64(const struct part *part)
{
    return same(part->encoding, "base64");
}

static bool text_good(struct corv_text t);

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "cid:…", with %xx as URLs have them. */
static const struct part *part_of(const struct package *k, const char *href)
{
    char id[512];
    size_t n = 0;

    if (strncmp(href, "cid:", 4) != 0)
        return NULL;
    for (href += 4; *href && n + 1 < sizeof id; href++) {
        bool escaped = href[0] == '%' && hex(href[1]) >= 0 && hex(href[2]) >= 0;

        id[n] = *href;
        if (escaped) {
            unsigned char byte = (unsigned char)(hex(href[1]) * 16 + hex(href[2]));

            memcpy(&id[n], &byte, 1);
            href += 2;
        }
        n++;
    }
    for (unsigned i = 0; i < k->count; i++)
        if (i != k->root && k->parts[i].id.n == n && n > 0 && memcmp(k->parts[i].id.p, id, n) == 0)
            return &k->parts[i];
    return NULL;
}

static const struct part *include_of(const struct package *k, const struct dai_scan *s)
{
    struct corv_text rest = dai_scan_here(s)->attributes;
    struct corv_text name;
    struct corv_text value;

    while (dai_attribute_next(&rest, &name, &value, NULL)) {
        struct dai_value href = {.n = 0};

        if (!dai_text_is(name, "href"))
            continue;
        dai_value_add(&href, value, false);
        return part_of(k, dai_value_get(&href));
    }
    return NULL;
}

/* Every xop:Include of the root part; false: broken XML, or one that leads nowhere. */
static bool find_includes(
    const struct package *k, struct dai_scan *s, struct include *list, unsigned *count)
{
    if (!dai_scan_begin(s, k->parts[k->root].content))
        return false;
    for (;;) {
        enum dai_token t = dai_scan_next(s);

        if (t == DAI_EOF)
            return true;
        if (t == DAI_BAD)
            return false;
        if (t != DAI_START || !dai_scan_is(s, s->depth, DAI_NS_XOP, "Include"))
            continue;
        struct include *i = &list[*count];

        if (*count == INCLUDES_MAX)
            return false;
        i->from = s->begin;
        i->part = include_of(k, s);
        t = dai_scan_next(s);
        if (t == DAI_TEXT && dai_text_blank(s->text))
            t = dai_scan_next(s);
        i->to = s->p;
        if (t != DAI_END || !i->part || (is_base64(i->part) && !text_good(i->part->content)))
            return false;
        (*count)++;
    }
}

/* ---- putting back ---------------------------------------------------------------------------- */

static size_t put_base64(char *to, struct corv_text from)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *p = to;
    size_t i = 0;

    for (; i + 2 < from.n; i += 3) {
        unsigned long v = (unsigned long)(unsigned char)from.p[i] << 16 |
                          (unsigned long)(unsigned char)from.p[i + 1] << 8 |
                          (unsigned char)from.p[i + 2];

        *p++ = letters[v >> 18 & 63];
        *p++ = letters[v >> 12 & 63];
        *p++ = letters[v >> 6 & 63];
        *p++ = letters[v & 63];
    }
    if (i < from.n) {
        bool two = i + 1 < from.n;
        unsigned long v = (unsigned long)(unsigned char)from.p[i] << 16 |
                          (two ? (unsigned long)(unsigned char)from.p[i + 1] << 8 : 0);

        *p++ = letters[v >> 18 & 63];
        *p++ = letters[v >> 12 & 63];
        *p++ = '=';
        *p++ = '=';
        if (two)
            p[-2] = letters[v >> 6 & 63];
    }
    return (size_t)(p - to);
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Base64 as it came, without its line ends. */
static size_t put_text(char *to, struct corv_text from)
{
    char *p = to;

    for (size_t i = 0; i < from.n; i++)
        if (is_letter(from.p[i]))
            *p++ = from.p[i];
    return (size_t)(p - to);
}

static bool text_good(struct corv_text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (!is_letter(t.p[i]) && t.p[i] != '\r' && t.p[i] != '\n' && t.p[i] != ' ' &&
            t.p[i] != '\t')
            return false;
    return true;
}

static size_t size_of(const struct part *part)
{
    return is_base64(part) ? part->content.n : (part->content.n + 2) / 3 * 4;
}

static char *assemble(
    struct corv_text root, const struct include *list, unsigned count, size_t max, size_t *n)
{
    const char *at = root.p;
    size_t total = root.n;
    char *out;
    char *p;

    for (unsigned i = 0; i < count; i++) {
        if (size_of(list[i].part) > max - (total < max ? total : max))
            return NULL;
        total += size_of(list[i].part);
    }
    *n = total;
    out = p = total <= max ? malloc(total + 1) : NULL;
    for (unsigned i = 0; out && i < count; i++) {
        const struct part *part = list[i].part;

        memcpy(p, at, (size_t)(list[i].from - at));
        p += list[i].from - at;
        p += is_base64(part) ? put_text(p, part->content) : put_base64(p, part->content);
        at = list[i].to;
    }
    if (out) {
        size_t rest = (size_t)(root.p + root.n - at);

        memcpy(p, at, rest);
        *n = (size_t)(p - out) + rest;
    }
    return out;
}

static enum dai_unpack put_back(const struct package *k, size_t max, char **out, size_t *n)
{
    struct corv_text root = k->parts[k->root].content;
    struct include list[INCLUDES_MAX];
    unsigned count = 0;
    struct dai_scan *s = malloc(sizeof *s);
    bool good;

    if (!s)
        return DAI_UNPACK_MEMORY;
    good = root.n > 0 && find_includes(k, s, list, &count);
    free(s);
    if (!good)
        return DAI_UNPACK_BAD;
    *n = 0;
    *out = assemble(root, list, count, max, n);
    if (*out)
        return DAI_UNPACK_DONE;
    return *n > 0 && *n <= max ? DAI_UNPACK_MEMORY : DAI_UNPACK_SIZE;
}

enum dai_unpack dai_mime_unpack(
    struct corv_text content_type, struct corv_text body, size_t max, char **out, size_t *n)
{
    char mark[BOUNDARY_MAX + 3] = "--";
    struct corv_text boundary = dai_mime_parameter(content_type, "boundary");
    enum dai_unpack r = DAI_UNPACK_BAD;
    struct package *k;

    *out = NULL;
    *n = 0;
    if (!dai_mime_is(content_type, "multipart/related"))
        return DAI_UNPACK_NOTHING;
    if (boundary.n == 0 || boundary.n > BOUNDARY_MAX || body.n == 0)
        return DAI_UNPACK_BAD;
    memcpy(mark + 2, boundary.p, boundary.n);
    k = calloc(1, sizeof *k);
    if (!k)
        return DAI_UNPACK_MEMORY;
    if (split(k, body, (struct corv_text){mark, boundary.n + 2}) && find_root(k, content_type))
        r = put_back(k, max, out, n);
    free(k);
    return r;
}
