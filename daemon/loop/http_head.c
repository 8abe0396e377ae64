/* SPDX-License-Identifier: EUPL-1.2 */
/* The strict half of reading a header section: request line, fields, framing. */
#include <stdlib.h>

#include "daemon/loop/http_parse.h"
#include "daemon/loop/http_text.h"

#define LENGTH_DIGITS 18

static bool bad(struct corv_http_refusal *v, const char *code)
{
    *v = (struct corv_http_refusal){code};
    return false;
}

static struct corv_view cut(struct corv_view *rest, char at) /* NULL when at is not there */
{
    const char *end = rest->p && rest->n > 0 ? memchr(rest->p, at, rest->n) : NULL;
    struct corv_view part = {NULL, 0};

    if (!end)
        return part;
    part = corv_view_of(rest->p, (size_t)(end - rest->p));
    rest->p = end + 1;
    rest->n -= part.n + 1;
    return part;
}

static struct corv_view trim(struct corv_view v)
{
    while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
        v.p++, v.n--;
    while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
        v.n--;
    return v;
}

static bool is_token(struct corv_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!corv_http_is_token((unsigned char)v.p[i]))
            return false;
    return v.n > 0;
}

/* ---- request line --------------------------------------------------------------------------- */

static bool is_authority(struct corv_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (!corv_http_is_token((unsigned char)v.p[i]) && !strchr(":[]", v.p[i]))
            return false;
    return true;
}

/* "http://host/path" must be understood (RFC 9112 3.2.2); the host in it means nothing to us. */
static bool strip_absolute(struct corv_view *target)
{
    size_t scheme = 0;

    if (target->n >= 7 && strncasecmp(target->p, "http://", 7) == 0)
        scheme = 7;
    else if (target->n >= 8 && strncasecmp(target->p, "https://", 8) == 0)
        scheme = 8;
    if (scheme == 0)
        return false;

    struct corv_view rest = corv_view_of(target->p + scheme, target->n - scheme);
    const char *slash = memchr(rest.p, '/', rest.n);

    if (!slash || slash == rest.p || !is_authority(corv_view_of(rest.p, (size_t)(slash - rest.p))))
        return false;
    *target = corv_view_of(slash, (size_t)(rest.p + rest.n - slash));
    return true;
}

static bool read_target(struct corv_http_head *h, struct corv_view target)
{
    for (size_t i = 0; i < target.n; i++)
        if (target.p[i] <= 0x20 || target.p[i] > 0x7e || target.p[i] == '#')
            return false;
    if (target.n == 0)
        return false;
    if (target.p[0] != '/' && !strip_absolute(&target)) {
        h->path = target;
        return corv_view_is(target, "*") && corv_view_is(h->method, "OPTIONS");
    }
    h->query = target;
    h->path = cut(&h->query, '?');
    if (!h->path.p) {
        h->path = target;
        h->query = corv_view_of("", 0);
    }
    return true;
}

static bool is_version(struct corv_view v)
{
    return v.n == 8 && memcmp(v.p, "HTTP/", 5) == 0 && v.p[5] >= '0' && v.p[5] <= '9' &&
           v.p[6] == '.' && v.p[7] >= '0' && v.p[7] <= '9';
}

static bool read_request_line(
    struct corv_http_head *h, struct corv_view line, struct corv_http_refusal *v)
{
    h->method = cut(&line, ' ');
    if (!h->method.p || !is_token(h->method))
        return bad(v, "http.bad-method");

    struct corv_view target = cut(&line, ' ');

    if (!target.p || !is_version(line))
        return bad(v, "http.bad-request-line");
    if (line.p[5] != '1' || line.p[7] > '1')
        return bad(v, "http.version");
    if (corv_view_is(h->method, "CONNECT"))
        return bad(v, "http.method-unknown");
    h->minor = line.p[7] - '0';
    h->keep_alive = h->minor == 1;
    return read_target(h, target) || bad(v, "http.bad-target");
}

/* ---- fields --------------------------------------------------------------------------------- */

static bool read_field(struct corv_http_head *h, struct corv_view line, struct corv_http_refusal *v)
{
    struct corv_http_field *field = &h->fields[h->count++];

    field->name = cut(&line, ':');
    if (!field->name.p || !is_token(field->name)) /* folded lines and "Host :" end here too */
        return bad(v, "http.bad-header");
    field->value = trim(line);
    return true;
}

static unsigned times(const struct corv_http_head *h, const char *name, struct corv_view *value)
{
    unsigned n = 0;

    for (unsigned i = 0; i < h->count; i++)
        if (corv_http_same(h->fields[i].name, name) && n++ == 0)
            *value = h->fields[i].value;
    return n;
}

static bool read_length(struct corv_http_head *h, struct corv_view value)
{
    if (value.n == 0 || value.n > LENGTH_DIGITS)
        return false;
    h->content_length = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return false;
        h->content_length = h->content_length * 10 + (value.p[i] - '0');
    }
    return true;
}

static bool read_framing(struct corv_http_head *h, struct corv_http_refusal *v)
{
    struct corv_view length = {0};
    struct corv_view coding = {0};
    unsigned lengths = times(h, "Content-Length", &length);
    unsigned codings = times(h, "Transfer-Encoding", &coding);

    if (lengths > 1 || codings > 1 || lengths + codings > 1)
        return bad(v, "http.double-framing");
    if (lengths == 1 && !read_length(h, length))
        return bad(v, "http.bad-length");
    if (codings == 1 && h->minor == 0)
        return bad(v, "http.bad-framing");
    if (codings == 1 && !corv_http_same(coding, "chunked"))
        return bad(v, "http.coding-unknown");
    h->chunked = codings == 1;
    return true;
}

static bool read_host(const struct corv_http_head *h, struct corv_http_refusal *v)
{
    struct corv_view host = {0};
    unsigned hosts = times(h, "Host", &host);

    if (hosts > 1 || (hosts == 0 && h->minor == 1) || !is_authority(host))
        return bad(v, "http.bad-host");
    return true;
}

static bool lists(const struct corv_http_head *h, const char *name, const char *word)
{
    for (unsigned i = 0; i < h->count; i++) {
        struct corv_view rest = h->fields[i].value;

        if (!corv_http_same(h->fields[i].name, name))
            continue;
        for (struct corv_view part = cut(&rest, ','); part.p; part = cut(&rest, ','))
            if (corv_http_same(trim(part), word))
                return true;
        if (corv_http_same(trim(rest), word))
            return true;
    }
    return false;
}

static bool read_wishes(struct corv_http_head *h, struct corv_http_refusal *v)
{
    struct corv_view expect = {0};

    if (lists(h, "Connection", "close"))
        h->keep_alive = false;
    if (h->minor == 0 || times(h, "Expect", &expect) == 0)
        return true;
    if (!corv_http_same(expect, "100-continue"))
        return bad(v, "http.expectation");
    h->expect_continue = true;
    return true;
}

/* Room for what follows the request line: a connection holds its head while its message waits. */
static bool make_room(struct corv_http_head *h, struct corv_view rest, struct corv_http_refusal *v)
{
    size_t lines = 0;

    for (size_t i = 0; i < rest.n; i++)
        lines += rest.p[i] == '\n';
    if (lines > CORV_HTTP_FIELDS + 1) /* the empty one ends the section */
        return bad(v, "http.too-many-headers");
    h->fields = calloc(lines ? lines : 1, sizeof *h->fields);
    return h->fields || bad(v, "http.no-memory");
}

bool corv_http_head_read(struct corv_http_head *h, struct corv_http_refusal *v)
{
    struct corv_view rest = corv_view_of(h->bytes, h->size);
    struct corv_view line = cut(&rest, '\n');

    h->content_length = -1;
    line.n--; /* the CR, seen by http_parse.c */
    if (!read_request_line(h, line, v) || !make_room(h, rest, v))
        return false;
    for (line = cut(&rest, '\n'); line.n > 1; line = cut(&rest, '\n')) {
        line.n--;
        if (!read_field(h, line, v))
            return false;
    }
    return read_framing(h, v) && read_host(h, v) && read_wishes(h, v);
}

struct corv_view corv_http_head_get(const struct corv_http_head *h, const char *name)
{
    struct corv_view value = {"", 0};

    (void)times(h, name, &value);
    return value;
}

void corv_http_head_free(struct corv_http_head *h)
{
    if (!h)
        return;
    free(h->fields);
    free(h->bytes);
    free(h);
}
