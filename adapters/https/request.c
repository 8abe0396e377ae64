/* SPDX-License-Identifier: EUPL-1.2 */
/* One request: address, headers, options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/https/client.h"

/* ---- address ------------------------------------------------------------------------------ */

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           strncmp(host, "127.", 4) == 0;
}

static unsigned share_of(const char *host, const char *port)
{
    unsigned hash = 5381;

    for (; *host; host++)
        hash = hash * 33 + (unsigned char)*host;
    for (; *port; port++)
        hash = hash * 33 + (unsigned char)*port;
    return hash % HTTPS_SHARES;
}

const char *https_address_check(
    const struct https *a, const char *address, CURLU **url_out, unsigned *share)
{
    const char *wrong = "https.address";
    char *scheme = NULL;
    char *host = NULL;
    char *port = NULL;
    char *user = NULL;
    CURLU *url = curl_url();

    if (!url || curl_url_set(url, CURLUPART_URL, address, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        goto out;
    if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
        goto out; /* a password in an address ends up in lists and logs */
    if (strcmp(scheme, "https") == 0 ? a->tls != NULL
                                     : strcmp(scheme, "http") == 0 && a->limits.allow_plain &&
                                           (a->limits.plain_anywhere || is_loopback(host)))
        wrong = NULL;
    *share = share_of(host, port);
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    *url_out = url;
    return wrong;
}

/* ---- headers ------------------------------------------------------------------------------ */

static char *put(char *to, const char *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

bool https_header(struct https_transfer *x, const char *name, const char *value)
{
    unsigned i = x->lines_count;
    size_t name_n = strlen(name);
    size_t value_n = strlen(value);

    if (i == HTTPS_LINES_MAX || name_n + 2 + value_n >= HTTPS_HEADER_MAX)
        return false;
    for (size_t c = 0; c < value_n; c++)
        if ((unsigned char)value[c] < 0x20 || value[c] == 0x7f)
            return false;
    *put(put(put(x->text[i], name, name_n), ": ", 2), value, value_n) = '\0';
    x->lines[i] = (struct curl_slist){.data = x->text[i]};
    if (i > 0)
        x->lines[i - 1].next = &x->lines[i];
    x->lines_count++;
    return true;
}

bool https_request_headers(struct https_transfer *x, const struct corv_outgoing *m)
{
    const struct corv_services *s = x->https->services;
    char attempt[12];

    (void)snprintf(attempt, sizeof attempt, "%u", (unsigned)s->attempt(m));
    return x->https->kind->headers(x, m) && https_header(x, "X-Corv-Message", s->message_id(m)) &&
           https_header(x, "X-Corv-Delivery", s->delivery_id(m)) &&
           https_header(x, "X-Corv-Attempt", attempt) &&
           https_header(x, "X-Corv-Kind", s->kind(m)) &&
           https_header(x, "Expect", "") && /* libcurl sends none then */
           (!x->repeat || https_header(x, "X-Corv-Repeat", "true"));
}

/* Called before each request on a connection. The second one of a transfer is libcurl trying again
 * because a kept connection was dead: the party may have read the first one. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static int request_begins(void *ctx, char *there, char *here, int port_there, int port_here)
{
    struct https_transfer *x = ctx;

    (void)there, (void)here, (void)port_there;
    x->out_of_step = https_out_of_step(x->https, port_here);
    if (x->out_of_step)
        return CURL_PREREQFUNC_ABORT; /* which ends the connection too */
    if (x->requests++ == 0 || x->repeat)
        return CURL_PREREQFUNC_OK;
    x->repeat = true;
    return https_header(x, "X-Corv-Repeat", "true") ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- answer ------------------------------------------------------------------------------- */

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t take_header(char *p, size_t size, size_t n, void *ctx)
{
    struct https_transfer *x = ctx;

    (void)p;
    x->head_bytes += size * n;
    return x->head_bytes > HTTPS_HEAD_MAX ? 0 : size * n;
}

static size_t take_body(char *p, size_t size, size_t n, void *ctx)
{
    struct https_transfer *x = ctx;
    size_t room = x->https->limits.answer_bytes - x->receipt_bytes;
    size_t total = size * n;
    size_t keep = total < room ? total : room;

    if (!x->receipt)
        x->receipt =
            malloc(x->https->limits.answer_bytes); /* without memory there is no proof, no more */
    if (x->receipt && keep > 0) {
        memcpy(x->receipt + x->receipt_bytes, p, keep);
        x->receipt_bytes += keep;
    }
    x->body_bytes += total;
    x->cut = x->body_bytes > HTTPS_BODY_MAX;
    return x->cut ? 0 : total;
}

/* ---- options ------------------------------------------------------------------------------ */

#define SET(option, value) (curl_easy_setopt(x->easy, CURLOPT_##option, (value)) == CURLE_OK)

static bool set_tls(struct https_transfer *x)
{
    if (!x->tls)
        return true;
    return SET(SSL_CTX_FUNCTION, https_tls_use) && SET(SSL_CTX_DATA, x->tls) &&
           SET(CAINFO_BLOB, &x->tls->ca) && SET(CAPATH, NULL) && SET(SSL_VERIFYPEER, 1L) &&
           SET(SSL_VERIFYHOST, 2L) && SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static bool set_bounds(struct https_transfer *x)
{
    const struct https_limits *l = &x->https->limits;

    return SET(CONNECTTIMEOUT_MS, l->connect_ms) && SET(TIMEOUT_MS, l->timeout_ms) &&
           SET(MAXAGE_CONN, l->idle_seconds) && SET(NOSIGNAL, 1L) && SET(TCP_KEEPALIVE, 1L) &&
           SET(QUICK_EXIT, 1L) && /* cancelling must not wait for a name server */
           SET(PROTOCOLS_STR, l->allow_plain ? "https,http" : "https") && SET(FOLLOWLOCATION, 0L) &&
           SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(PROXY, "") &&
           SET(NOPROXY, "*"); /* whatever the environment says */
}

static bool set_callbacks(struct https_transfer *x)
{
    return SET(PRIVATE, x) && SET(ERRORBUFFER, x->error) && SET(PREREQFUNCTION, request_begins) &&
           SET(PREREQDATA, x) && SET(HEADERFUNCTION, take_header) && SET(HEADERDATA, x) &&
           SET(WRITEFUNCTION, take_body) && SET(WRITEDATA, x) &&
           SET(OPENSOCKETFUNCTION, https_open_socket) && SET(OPENSOCKETDATA, x->https) &&
           SET(CLOSESOCKETFUNCTION, https_close_socket) && SET(CLOSESOCKETDATA, x->https);
}

bool https_request_settings(struct https_transfer *x)
{
    return SET(POST, 1L) && SET(USERAGENT, "corvd") && set_tls(x) && set_bounds(x) &&
           set_callbacks(x);
}

bool https_request_options(struct https_transfer *x, const struct corv_outgoing *m, CURLSH *share)
{
    const struct corv_services *s = x->https->services;

    return SET(URL, s->address(m)) && SET(CURLU, x->url) && x->https->kind->body(x, m) &&
           SET(HTTPHEADER, x->lines) && SET(SHARE, share);
}

/* All that https_request_options and the kinds set. */
bool https_request_forget(struct https_transfer *x)
{
    return SET(URL, NULL) && SET(CURLU, NULL) && SET(POSTFIELDS, NULL) && SET(READDATA, NULL) &&
           SET(SEEKDATA, NULL) && SET(HTTPHEADER, NULL) && SET(SHARE, NULL);
}
