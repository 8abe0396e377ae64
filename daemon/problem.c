/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/problem.h"

#include <stdio.h>

static void reply(
    struct corv_http_request *r, const struct corv_problem *problem, const char *headers)
{
    int status = corv_problem_status(problem);
    struct corv_buf b;

    corv_problem_write(&b, problem);
    if (!headers && status == 503)
        headers = CORV_RETRY_AFTER;
    corv_http_reply(
        r, status, b.failed ? NULL : CORV_PROBLEM_TYPE, headers, corv_buf_view(&b), false);
    corv_buf_free(&b);
}

void corv_problem_reply(struct corv_http_request *r, const char *code)
{
    reply(r, &(struct corv_problem){.code = code}, NULL);
}

void corv_problem_reply_allow(struct corv_http_request *r, const char *methods)
{
    char headers[64];

    (void)snprintf(headers, sizeof headers, "Allow: %s\r\n", methods);
    reply(r, &(struct corv_problem){.code = "http.method"}, headers);
}

void corv_problem_reply_findings(struct corv_http_request *r, const struct corv_id *id,
    const struct corv_findings *a, const struct corv_findings *b)
{
    char number[CORV_ID_TEXT];

    reply(r,
        &(struct corv_problem){
            .code = "message.internal", .id = corv_id_text(id, number), .a = a, .b = b},
        NULL);
}
