/* SPDX-License-Identifier: EUPL-1.2 */
/* The answer to a client of the intake: JSON after COMMIT, application/problem+json for a no.
 * Loop thread only. Test: tests/path/test_a02_answers.py */
#ifndef CORV_DAEMON_ANSWER_HTTP_H
#define CORV_DAEMON_ANSWER_HTTP_H

#include "daemon/loop/http_server.h"
#include "daemon/message.h"

/* r waits until it was told. */
struct corv_answerer corv_answer_http(struct corv_http_request *r);

#endif
