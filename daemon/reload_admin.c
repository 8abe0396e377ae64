/* SPDX-License-Identifier: EUPL-1.2 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/problem.h"
#include "daemon/reload.h"

#define NO_STORE "Cache-Control: no-store\r\n"

static json_t *findings_json(const struct corv_findings *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->count; i++) {
        const struct corv_finding *one = &f->list[i];

        (void)json_array_append_new(list,
            json_pack("{s:s, s:s, s:i, s:s, s:s}", "severity", corv_severity_name(one->severity),
                "code", one->code, "line", one->line, "path", one->path, "text", one->text));
    }
    return list;
}

static json_t *restart_json(const struct corv_reload_result *r)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < r->restart_count; i++)
        (void)json_array_append_new(list, json_string(r->restart[i]));
    return list;
}

/* For an operator, not for a sender: these are not in the table of answers. */
static void refuse(struct corv_http_request *r, int status, const char *code, const char *text)
{
    json_t *root = json_pack("{s:i, s:s, s:s}", "status", status, "code", code, "title", text);
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);
    corv_http_reply(
        r, status, "application/problem+json", NO_STORE, corv_view_str(body ? body : "{}"), false);
    free(body);
}

static void tell(struct corv_http_request *request, int status, const struct corv_reload_result *r)
{
    json_t *root = json_pack("{s:i, s:b, s:I, s:s, s:s, s:s, s:o, s:I, s:o}", "number",
        (int)r->number, "applied", r->applied, "at_us", (json_int_t)r->at_us, "from", r->from, "to",
        r->to, "actor", r->actor, "findings", findings_json(&r->findings), "more",
        (json_int_t)r->findings.dropped, "restart", restart_json(r));
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    json_decref(root);
    if (text)
        corv_http_reply(request, status, "application/json", NO_STORE, corv_view_str(text), false);
    else
        refuse(request, 500, "admin.memory", "Er is te weinig geheugen.");
    free(text);
}

/* "unix:UID", as http_server.c writes it for a unix socket; the kernel vouches for it. */
static bool who_asks(struct corv_http_request *r, struct corv_reload_who *who)
{
    const char *peer = corv_http_peer(r);
    struct corv_view claimed = corv_http_header(r, "corv-operator");

    *who = (struct corv_reload_who){0};
    if (strncmp(peer, "unix:", 5) != 0)
        return false;
    who->known = true;
    who->uid = (unsigned)strtoul(peer + 5, NULL, 10);
    if (who->uid != 0 || claimed.n == 0 || claimed.n >= sizeof who->claimed ||
        !isalnum((unsigned char)claimed.p[0]))
        return true;
    for (size_t i = 0; i < claimed.n; i++)
        if (!isalnum((unsigned char)claimed.p[i]) && !strchr("._-", claimed.p[i]))
            return true;
    memcpy(who->claimed, claimed.p, claimed.n);
    return true;
}

void corv_reload_admin_head(struct corv_app *app, struct corv_http_request *r)
{
    const char *method = corv_http_method(r);
    struct corv_reload_who who;

    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        tell(r, 200, corv_reload_last(app));
    else if (strcmp(method, "POST") != 0)
        corv_problem_reply_allow(r, "GET, HEAD, POST");
    else if (!who_asks(r, &who))
        refuse(r, 403, "admin.unix-only",
            "Herladen kan alleen via een unix-socket (admin.socket) of met SIGHUP: over een "
            "netwerkpoort weet corvd niet wie het vraagt.");
}

static void reload_ended(void *ctx, const struct corv_reload_result *r)
{
    if (r->applied || r->findings.errors > 0)
        tell(ctx, r->applied ? 200 : 422, r);
    else
        refuse(ctx, 503, "admin.draining", "corvd stopt of herstart.");
}

void corv_reload_admin_body(struct corv_app *app, struct corv_http_request *r)
{
    struct corv_reload_who who;

    if (!who_asks(r, &who))
        return; /* answered */
    corv_rc rc = corv_reload(app, &who, reload_ended, r);

    if (rc == CORV_AGAIN)
        refuse(r, 409, "admin.reload-busy", "corvd is al aan het herladen. Vraag het zo nog eens.");
    else if (rc != CORV_OK)
        refuse(r, 503, "admin.draining", "corvd stopt of herstart.");
}
