/* SPDX-License-Identifier: EUPL-1.2 */
/* Answers that say no: application/problem+json (RFC 9457), filled from daemon/base/answer.def,
 * with all findings at once. 503 carries Retry-After. Loop thread only. Test:
 * tests/path/test_a02_answers.py, tests/path/test_a06_decisions.py */
#ifndef CORV_DAEMON_PROBLEM_H
#define CORV_DAEMON_PROBLEM_H

#include "daemon/base/answer.h"
#include "daemon/base/id.h"
#include "daemon/loop/http_server.h"

void corv_problem_reply(struct corv_http_request *r, const char *code);          /* of answer.def */
void corv_problem_reply_allow(struct corv_http_request *r, const char *methods); /* 405 */
/* All findings of both lists; at least one is an error. */
void corv_problem_reply_findings(struct corv_http_request *r, const struct corv_id *id,
    const struct corv_findings *a, const struct corv_findings *b);

#endif
