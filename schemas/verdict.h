/* SPDX-License-Identifier: EUPL-1.2 */
/* Bytes in, verdict and envelope out: the whole of layers well-formed, security, schema (and
 * later rule) in one call. This is the narrow interface behind which the reader may one day move
 * to a process of its own. Runs on a worker thread; the set is shared read-only by all workers.
 * Cost is bounded by the limits whatever the bytes are. Test: tests/unit/test_verdict.c,
 * tests/path/test_corpus.py; fuzzer: tests/fuzz/fuzz_xml.c */
#ifndef CORV_SCHEMAS_VERDICT_H
#define CORV_SCHEMAS_VERDICT_H

#include "daemon/base/fault.h"
#include "daemon/base/finding.h"
#include "schemas/envelope.h"

struct corv_schemas; /* compiled schemas, immutable */

/* Call once on the main thread before any worker starts: initialises libxml2 and its schema
 * types (php-src 20150 and rust-libxml 159 are the crashes when one does not). */
void corv_schemas_init(void);
/* Compiles the project's own schemas from memory; touches neither files nor network. */
CORV_MUST_CHECK corv_rc corv_schemas_new(struct corv_schemas **out, struct corv_fault *fault);
void corv_schemas_free(struct corv_schemas *s); /* accepts NULL; no worker may use it any more */

struct corv_read_limits {
    size_t bytes;           /* whole body */
    unsigned depth;         /* nesting of elements */
    unsigned nodes;         /* elements, attributes, texts, comments, CDATA sections together */
    unsigned attributes;    /* on one element, namespace declarations included */
    size_t attribute_bytes; /* one attribute value */
    size_t text_bytes;      /* one text value that is not an attachment */
    size_t text_total;      /* all those text values together; all tags likewise */
    size_t comment_bytes;   /* one comment */
};
extern const struct corv_read_limits corv_read_limits_default;

struct corv_judge; /* judge.h */

/* What the message is judged by. */
struct corv_verdict_input {
    struct corv_view bytes;
    const struct corv_read_limits *limits; /* NULL: the default ones */
    const char *party;                     /* id of the sending party, NULL when unknown */
    int day;                               /* YYYYMMDD in the Dutch calendar */
};

struct corv_verdict {
    bool valid;                     /* no finding of severity error */
    enum corv_kind kind;            /* as far as it could be seen */
    struct corv_findings findings;  /* owned; warnings may be present when valid */
    struct corv_envelope *envelope; /* owned; only when the schema layer passed */
    char schema_set[48];            /* name of the set that judged; "" when none was asked */
    char rule_pack[16];             /* version of the rules; "" when none */
};

/* The whole verdict: schema set and rules as they are in force for this party and day. Always fills
 * v, errors as below. */
CORV_MUST_CHECK corv_rc corv_verdict_by(
    const struct corv_judge *j, const struct corv_verdict_input *in, struct corv_verdict *v);
/* Schema only, by one set. Always fills v (free with corv_verdict_free). CORV_OK: v->valid tells.
 * An error return means that no verdict could be reached (memory): answer 503, never a yes or a no.
 */
CORV_MUST_CHECK corv_rc corv_verdict_of(const struct corv_schemas *s, struct corv_view bytes,
    const struct corv_read_limits *limits, struct corv_verdict *v);
void corv_verdict_free(struct corv_verdict *v);

#endif
