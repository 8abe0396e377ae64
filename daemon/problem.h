/* SPDX-License-Identifier: EUPL-1.2 */
/* Answers that say no: application/problem+json (RFC 9457) with all findings at once, in plain
 * Dutch, by whom to act, quoting nothing. Loop thread only. Test: tests/path/test_a02_answers.py */
#ifndef CORV_DAEMON_PROBLEM_H
#define CORV_DAEMON_PROBLEM_H

#include "daemon/base/finding.h"
#include "daemon/base/id.h"
#include "daemon/loop/http_server.h"

void corv_problem_reply(
    struct corv_http_request *r, int status, const char *code, const char *text);
void corv_problem_reply_allow(struct corv_http_request *r, const char *methods); /* 405 */
void corv_problem_reply_later(struct corv_http_request *r, unsigned retry_after_seconds,
    const char *code, const char *text); /* 503 */
/* All findings of both lists; either may be NULL. */
void corv_problem_reply_findings(struct corv_http_request *r, int status, const struct corv_id *id,
    const struct corv_findings *a, const struct corv_findings *b);

#endif
