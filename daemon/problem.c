/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/problem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define PROBLEM_TYPE "application/problem+json"

static const char *title(int status)
{
    switch (status) {
    case 400:
        return "Dit is geen leesbaar XML-bericht";
    case 403:
        return "Niet toegestaan";
    case 404:
        return "Niet gevonden";
    case 405:
        return "Deze methode kan hier niet";
    case 409:
        return "Dit referentienummer is al gebruikt";
    case 413:
        return "Het bericht is te groot";
    case 415:
        return "Deze vorm kan corvd niet lezen";
    case 422:
        return "Het bericht is niet geldig";
    case 503:
        return "Nu niet beschikbaar";
    default:
        return "Er ging iets mis";
    }
}

static json_t *start(int status, const char *code)
{
    return json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title(status),
        "status", status, "code", code);
}

static void send_problem(struct corv_http_request *r, int status, json_t *root, const char *headers)
{
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    corv_http_reply(r, status, text ? PROBLEM_TYPE : NULL, headers, corv_view_str(text), false);
    free(text);
    json_decref(root);
}

void corv_problem_reply(struct corv_http_request *r, int status, const char *code, const char *text)
{
    json_t *root = start(status, code);

    if (root)
        (void)json_object_set_new(root, "detail", json_string(text));
    send_problem(r, status, root, NULL);
}

void corv_problem_reply_allow(struct corv_http_request *r, const char *methods)
{
    char headers[64];

    (void)snprintf(headers, sizeof headers, "Allow: %s\r\n", methods);
    send_problem(r, 405, start(405, "http.method"), headers);
}

void corv_problem_reply_later(
    struct corv_http_request *r, unsigned retry_after_seconds, const char *code, const char *text)
{
    char headers[64];
    json_t *root = start(503, code);

    (void)snprintf(headers, sizeof headers, "Retry-After: %u\r\n", retry_after_seconds);
    if (root)
        (void)json_object_set_new(root, "detail", json_string(text));
    send_problem(r, 503, root, headers);
}

static void add_findings(json_t *list, const struct corv_findings *f)
{
    for (size_t i = 0; f && i < f->count; i++) {
        const struct corv_finding *one = &f->list[i];
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "layer", corv_layer_name(one->layer),
            "severity", corv_severity_name(one->severity), "code", one->code, "text", one->text,
            "who", corv_actor_name(one->actor));

        if (!o)
            continue;
        if (one->line > 0)
            (void)json_object_set_new(o, "line", json_integer(one->line));
        if (one->column > 0)
            (void)json_object_set_new(o, "column", json_integer(one->column));
        if (one->path[0])
            (void)json_object_set_new(o, "path", json_string(one->path));
        if (one->article[0])
            (void)json_object_set_new(o, "article", json_string(one->article));
        (void)json_array_append_new(list, o);
    }
}

static const char *first_code(const struct corv_findings *a, const struct corv_findings *b)
{
    const struct corv_findings *lists[] = {a, b};

    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; lists[l] && i < lists[l]->count; i++)
            if (lists[l]->list[i].severity == CORV_SEV_ERROR)
                return lists[l]->list[i].code;
    return "message.invalid";
}

void corv_problem_reply_findings(struct corv_http_request *r, int status, const struct corv_id *id,
    const struct corv_findings *a, const struct corv_findings *b)
{
    char number[CORV_ID_TEXT];
    json_t *list = json_array();
    json_t *root = start(status, first_code(a, b));
    size_t dropped = (a ? a->dropped : 0) + (b ? b->dropped : 0);

    add_findings(list, a);
    add_findings(list, b);
    (void)json_object_set_new(root, "id", json_string(corv_id_text(id, number)));
    (void)json_object_set_new(root, "findings", list);
    if (dropped)
        (void)json_object_set_new(root, "notShown", json_integer((json_int_t)dropped));
    send_problem(r, status, root, NULL);
}
