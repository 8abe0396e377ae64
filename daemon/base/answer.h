/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of answers (answer.def) and the body of application/problem+json (RFC 9457), which the
 * HTTP server and the steps both write with corv_problem_write, so that a sender reads one form.
 * Nothing here quotes a value of a message. Static data; any thread.
 * Test: tests/unit/test_answer.c, tests/path/test_a06_decisions.py; manual: docs/antwoorden.md */
#ifndef CORV_BASE_ANSWER_H
#define CORV_BASE_ANSWER_H

#include "daemon/base/buf.h"
#include "daemon/base/finding.h"

enum corv_answer_name {
#define CORV_ANSWER(name, situation, status, stuf, plek, way, next, title) CORV_ANSWER_##name,
#define CORV_CODE(code, answer, who, text)
#include "daemon/base/answer.def"
#undef CORV_ANSWER
#undef CORV_CODE
    CORV_ANSWERS
};

enum corv_way { CORV_WAY_ALL, CORV_WAY_HTTP, CORV_WAY_LATER, CORV_WAY_NONE };

enum corv_next {
    CORV_NEXT_NOTHING,
    CORV_NEXT_REPAIR,
    CORV_NEXT_ARRANGE,
    CORV_NEXT_REPEAT,
    CORV_NEXT_RENUMBER,
    CORV_NEXT_REPORT,
    CORV_NEXT_REQUEST,
    CORV_NEXT_CONTACT,
    CORV_NEXT_AGAIN,
    CORV_NEXT_COUNT
};

struct corv_answer { /* a row of the decision table */
    const char *name;
    const char *situation; /* Dutch, for the manual */
    int status;            /* HTTP; 0: never over HTTP */
    const char *stuf;      /* at most 7 characters; "" when no StUF message answers it */
    const char *plek;      /* "client" or "server" */
    enum corv_way way;
    enum corv_next next;
    const char *title; /* Dutch, a sentence without its full stop */
};

struct corv_code { /* a stable code */
    const char *code;
    enum corv_answer_name answer;
    enum corv_actor who;
    const char *text; /* Dutch, one or two sentences */
};

const struct corv_answer *corv_answer_get(enum corv_answer_name name);
const char *corv_next_text(enum corv_next next); /* Dutch, a sentence: what the sender does */
/* Never NULL: "rule.x" is found as "rule.*", and a code that nobody knows as "message.internal". */
const struct corv_code *corv_code_find(const char *code);
const struct corv_code *corv_code_at(size_t i); /* NULL after the last */

/* The error that decides the answer to both lists (either may be NULL): that of the first row in
 * answer.def, and of those the first found. NULL: there is no error. */
const struct corv_finding *corv_findings_decisive(
    const struct corv_findings *a, const struct corv_findings *b);

#define CORV_PROBLEM_TYPE "application/problem+json"
#define CORV_RETRY_AFTER  "Retry-After: 5\r\n" /* of every 503 */

struct corv_problem {
    const char *code;                  /* of answer.def; with findings: of the decisive one */
    const char *id;                    /* message number, or NULL */
    const struct corv_findings *a, *b; /* or NULL */
};
/* Initialises b and writes one JSON object. b->failed: no memory. */
void corv_problem_write(struct corv_buf *b, const struct corv_problem *p);
/* Both lists as one JSON array; either may be NULL. Adds to b. */
void corv_findings_write(
    struct corv_buf *b, const struct corv_findings *x, const struct corv_findings *y);
int corv_problem_status(const struct corv_problem *p);

#endif
