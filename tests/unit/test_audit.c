/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include "queue/audit.h"

/* The expected digests were computed by another program (hashlib and struct.pack). */
static struct corv_audit_line sample(void)
{
    struct corv_audit_line line = {.chain = 7,
        .seq = 1,
        .at_us = 1763799999123456,
        .event = {.event = "message.stored",
            .delivery = 2,
            .party = "raad",
            .actor = "node:a",
            .detail = "{\"n\":1}"}};

    for (int i = 0; i < 16; i++) {
        line.salt[i] = (uint8_t)i;
        line.event.message.b[i] = (uint8_t)(0x10 + i);
    }
    return line;
}

static void sums_equal_an_independent_program(void **state)
{
    struct corv_audit_line line = sample();
    struct corv_digest none = {{0}};
    struct corv_digest c;
    struct corv_digest h;
    char t[CORV_DIGEST_TEXT];

    (void)state;
    assert_int_equal(corv_audit_commitment(&line, &c), CORV_OK);
    assert_string_equal(corv_digest_text(&c, t),
        "751d2e15627b4317033b85d7bb981f9423c8721e4bbab6cfbde587b6287700c8");
    assert_int_equal(corv_audit_hash(&none, &line, &c, &h), CORV_OK);
    assert_string_equal(corv_digest_text(&h, t),
        "66dceb9bc6404e58f4fa16585bd108e075e2749b0acfc08784bccb46455bf8f0");
}

static void an_event_about_no_message_has_none(void **state)
{
    struct corv_audit_line line = sample();
    struct corv_digest c;
    char t[CORV_DIGEST_TEXT];

    (void)state;
    line.event = (struct corv_queue_event){.event = "node.started", .actor = "node:a"};
    assert_int_equal(corv_audit_commitment(&line, &c), CORV_OK);
    assert_string_equal(corv_digest_text(&c, t),
        "ff9e456c9ef387338d30dcdb6c5a4b926e2ebc957f8a8903cc1a778ed0d08877");
}

static void expect_other(const struct corv_audit_line *changed)
{
    struct corv_audit_line line = sample();
    struct corv_digest none = {{0}};
    struct corv_digest c;
    struct corv_digest a;
    struct corv_digest b;

    assert_int_equal(corv_audit_commitment(&line, &c), CORV_OK);
    assert_int_equal(corv_audit_hash(&none, &line, &c, &a), CORV_OK);
    assert_int_equal(corv_audit_commitment(changed, &c), CORV_OK);
    assert_int_equal(corv_audit_hash(&none, changed, &c, &b), CORV_OK);
    assert_memory_not_equal(a.b, b.b, sizeof a.b);
}

static void every_field_counts(void **state)
{
    struct corv_audit_line line;

    (void)state;
#define CHANGED(assignment)                                                                        \
    line = sample();                                                                               \
    assignment;                                                                                    \
    expect_other(&line)
    CHANGED(line.chain = 8);
    CHANGED(line.seq = 2);
    CHANGED(line.at_us++);
    CHANGED(line.salt[15] ^= 1);
    CHANGED(line.event.event = "message.store");
    CHANGED(line.event.message.b[0] ^= 1);
    CHANGED(line.event.delivery = 3);
    CHANGED(line.event.party = "raa");
    CHANGED(line.event.actor = "node:b");
    CHANGED(line.event.code = "x");
    CHANGED(line.event.detail = NULL);
    /* a text that moves to its neighbour */
    CHANGED((line.event.party = "raadn", line.event.actor = "ode:a"));
#undef CHANGED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_equal_an_independent_program),
        cmocka_unit_test(an_event_about_no_message_has_none),
        cmocka_unit_test(every_field_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
