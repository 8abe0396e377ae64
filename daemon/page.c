/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/page.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "daemon/base/embedded.h"
#include "daemon/glance.h"
#include "daemon/page_words.h"

extern const struct corv_embedded corv_embedded_page[]; /* made by cmake from daemon/page */

static const char headers[] =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self';"
    " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Vary: Accept-Language\r\n";

void corv_page_send(struct corv_http_request *r, const char *type, struct corv_view body)
{
    corv_http_reply(r, 200, type, headers, body, false);
}

static void send_file(struct corv_http_request *r, const char *name, const char *type)
{
    for (const struct corv_embedded *f = corv_embedded_page; f->name; f++)
        if (strcmp(f->name, name) == 0)
            corv_page_send(r, type, corv_view_of(f->bytes, f->size));
}

bool corv_page_answer(struct corv_app *app, struct corv_http_request *r)
{
    struct corv_view path = corv_http_path(r);

    if (corv_view_is(path, "/"))
        corv_glance_reply(app, r,
            corv_page_english(corv_http_query(r), corv_http_header(r, "accept-language"))
                ? CORV_GLANCE_EN
                : CORV_GLANCE_NL);
    else if (corv_view_is(path, "/status.json"))
        corv_glance_reply(app, r, CORV_GLANCE_JSON);
    else if (corv_view_is(path, "/page.css"))
        send_file(r, "page.css", "text/css; charset=utf-8");
    else if (corv_view_is(path, "/page.js"))
        send_file(r, "page.js", "text/javascript; charset=utf-8");
    else
        return false;
    return true;
}

static bool is_port(const char *p, const char *end)
{
    if (p == end)
        return true; /* none */
    if (*p++ != ':')
        return false;
    while (p < end && isdigit((unsigned char)*p))
        p++;
    return p == end;
}

/* "name", "name:port", "[v6]" or "[v6]:port": the name; n == 0 when it is none of these. */
static struct corv_view name_of(struct corv_view host)
{
    bool bracket = host.n > 0 && host.p[0] == '[';
    const char *end = host.n ? memchr(host.p, bracket ? ']' : ':', host.n) : NULL;
    struct corv_view name = corv_view_of(host.p, end ? (size_t)(end - host.p) : host.n);

    if (bracket && !end)
        return (struct corv_view){0};
    if (end && !is_port(end + (bracket ? 1 : 0), host.p + host.n))
        return (struct corv_view){0};
    return bracket ? corv_view_of(name.p + 1, name.n - 1) : name;
}

bool corv_page_host_good(struct corv_view host)
{
    struct corv_view name = name_of(host);
    bool bracket = host.n > 0 && host.p[0] == '[';
    char text[INET6_ADDRSTRLEN];
    struct in6_addr v6;
    struct in_addr v4;

    if (name.n == 0 || name.n >= sizeof text || memchr(name.p, '\0', name.n))
        return false;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    if (bracket)
        return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    if (strcasecmp(text, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, text, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}
