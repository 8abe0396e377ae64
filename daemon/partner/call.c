/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/call.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 120000l
#define PATH_BYTES 512

struct work {
    uv_work_t uv;
    struct partner *partner;
    struct partner_call *call;
    size_t sent;
    bool done;
};

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    struct partner_call *c = ctx;

    return corv_buf_add(&c->answer, p, size * n) == CORV_OK ? size * n : 0;
}

static size_t give(char *to, size_t size, size_t n, void *ctx)
{
    struct work *w = ctx;
    const struct partner_call *c = w->call;
    size_t left = c->body.n - w->sent;
    size_t room = size * n < left ? size * n : left;

    if (c->cut_after && w->sent >= c->cut_after)
        return CURL_READFUNC_ABORT;
    if (c->cut_after && room > c->cut_after - w->sent)
        room = c->cut_after - w->sent;
    memcpy(to, c->body.p + w->sent, room);
    w->sent += room;
    return room;
}

static int rewind_body(void *ctx, curl_off_t offset, int origin)
{
    struct work *w = ctx;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > w->call->body.n)
        return CURL_SEEKFUNC_FAIL;
    w->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

#define SET(option, value) (curl_easy_setopt(easy, CURLOPT_##option, (value)) == CURLE_OK)

static bool set_tls(CURL *easy, const struct work *w)
{
    const char *folder = w->partner->settings->certificates;
    char ca[PATH_BYTES];
    char certificate[PATH_BYTES];
    char key[PATH_BYTES];

    if (!w->call->as)
        return true;
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", folder);
    (void)snprintf(certificate, sizeof certificate, "%s/%s.pem", folder, w->call->as->name);
    (void)snprintf(key, sizeof key, "%s/%s.key", folder, w->call->as->name);
    return SET(CAINFO, ca) && SET(SSLCERT, certificate) && SET(SSLKEY, key) &&
           SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static bool set_all(CURL *easy, struct work *w, struct curl_slist **headers)
{
    struct partner_call *c = w->call;
    char type[128];

    (void)snprintf(type, sizeof type, "Content-Type: %s", c->content_type ? c->content_type : "");
    if (c->body.n > 0) {
        *headers = curl_slist_append(NULL, type);
        if (!*headers || !curl_slist_append(*headers, "SOAPAction: \"\"") || !SET(POST, 1l) ||
            !SET(HTTPHEADER, *headers) || !SET(POSTFIELDSIZE_LARGE, (curl_off_t)c->body.n) ||
            !SET(READFUNCTION, give) || !SET(READDATA, w) || !SET(SEEKFUNCTION, rewind_body) ||
            !SET(SEEKDATA, w))
            return false;
    }
    return set_tls(easy, w) && SET(URL, c->url) && SET(NOSIGNAL, 1l) && SET(PROXY, "") &&
           SET(TIMEOUT_MS, TIMEOUT_MS) && SET(PROTOCOLS_STR, "http,https") &&
           SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) && SET(WRITEFUNCTION, take) &&
           SET(WRITEDATA, c) && SET(ERRORBUFFER, c->error) &&
           SET(USERAGENT, "corv-partner/" CORV_VERSION) &&
           (!c->socket || SET(UNIX_SOCKET_PATH, c->socket));
}

static void transfer(uv_work_t *uv) /* on a worker */
{
    struct work *w = uv->data;
    struct partner_call *c = w->call;
    struct curl_slist *headers = NULL;
    CURL *easy = curl_easy_init();
    CURLcode e = CURLE_OUT_OF_MEMORY;

    if (easy && set_all(easy, w, &headers))
        e = curl_easy_perform(easy);
    /* an answer that came before the connection broke is an answer */
    if (easy)
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &c->status);
    if (e == CURLE_OK)
        c->error[0] = '\0';
    else if (c->error[0] == '\0')
        (void)snprintf(c->error, sizeof c->error, "%s", curl_easy_strerror(e));
    if (e != CURLE_OK && (c->status < 200 || c->cut_after))
        c->status = 0;
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
}

static void transferred(uv_work_t *uv, int status)
{
    struct work *w = uv->data;

    (void)status;
    w->done = true;
}

void partner_call_run(struct partner *p, struct partner_call *c)
{
    struct work w = {.partner = p, .call = c};

    w.uv.data = &w;
    c->status = 0;
    c->error[0] = '\0';
    corv_buf_init(&c->answer, PARTNER_ANSWER_MAX);
    if (uv_queue_work(&p->loop, &w.uv, transfer, transferred) != 0) {
        (void)snprintf(c->error, sizeof c->error, "geen draad voor deze overdracht");
        return;
    }
    while (!w.done) /* w lives here: a Ctrl-C must wait too */
        (void)uv_run(&p->loop, UV_RUN_ONCE);
}
