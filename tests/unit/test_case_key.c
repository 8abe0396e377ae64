/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <string.h>

#include "daemon/case_key.h"

#define VT   "00000099000000000001"
#define GI   "00000099000000000002"
#define RAAD "00000002003214436001"

static const struct corv_digest secret = {{7}};
static const struct corv_digest other_secret = {{8}};
static char one[CORV_DIGEST_TEXT];
static char two[CORV_DIGEST_TEXT];

/* The parties are on the plan when they are known; the envelope says the same. */
static const char *key(char *out, const struct corv_digest *with, enum corv_kind opened_by,
    enum corv_kind kind, const char *from, const char *to, const char *number, bool known)
{
    char numbers[64];
    char zender[24];
    char ontvanger[24];
    const struct corv_party filer = {.oin = zender};
    const struct corv_party recipient = {.oin = ontvanger};
    const struct corv_envelope e = {.kind = kind,
        .case_kind = opened_by,
        .zaak_indiener = number ? numbers : NULL,
        .zender.organisatie = zender,
        .ontvanger.organisatie = ontvanger};
    const struct corv_plan plan = {
        .filer = known ? &filer : NULL, .recipient = known ? &recipient : NULL};

    (void)strncpy(numbers, number ? number : "", sizeof numbers - 1);
    numbers[sizeof numbers - 1] = '\0';
    memcpy(zender, from, strlen(from) + 1);
    memcpy(ontvanger, to, strlen(to) + 1);
    assert_int_equal(corv_case_key(with, &e, &plan, out), CORV_OK);
    return out;
}

static const char *vto(char *out, const char *filer, const char *number)
{
    return key(out, &secret, CORV_KIND_VTO, CORV_KIND_VTO, filer, RAAD, number, true);
}

static const char *notificatie(char *out, const char *filer, const char *number)
{
    return key(out, &secret, CORV_KIND_VTO, CORV_KIND_NOTIFICATIE, RAAD, filer, number, true);
}

static void request_and_answer_meet(void **state)
{
    (void)state;
    assert_int_equal(strlen(vto(one, VT, "2026-17")), 64);
    assert_string_equal(one, notificatie(two, VT, "2026-17"));
    assert_string_equal(one, notificatie(two, VT, "\n  2026-17\t"));
    /* an ontvanger that was not looked up is what the message says */
    assert_string_equal(
        one, key(two, &secret, CORV_KIND_VTO, CORV_KIND_NOTIFICATIE, RAAD, VT, "2026-17", false));
}

static void nothing_else_does(void **state)
{
    (void)state;
    (void)vto(one, VT, "2026-17");
    assert_string_not_equal(one, vto(two, GI, "2026-17")); /* everybody counts from 1 */
    assert_string_not_equal(one, notificatie(two, GI, "2026-17"));
    assert_string_not_equal(one, vto(two, VT, "2026-18"));
    assert_string_not_equal(one, vto(two, VT, "2026-1 7"));
    assert_string_not_equal(one, key(two, &secret, CORV_KIND_VCOB, CORV_KIND_VCOB, VT, RAAD,
                                     "2026-17", true)); /* another register of the same filer */
    assert_string_not_equal(one, key(two, &other_secret, CORV_KIND_VTO, CORV_KIND_VTO, VT, RAAD,
                                     "2026-17", true)); /* nobody can try numbers elsewhere */
}

static void no_number_is_no_case(void **state)
{
    (void)state;
    assert_string_equal(vto(one, VT, NULL), "");
    assert_string_equal(vto(one, VT, " \n"), "");
    assert_string_equal(
        key(one, &secret, CORV_KIND_VTO, CORV_KIND_NOTIFICATIE, RAAD, " ", "1", false), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_and_answer_meet),
        cmocka_unit_test(nothing_else_does),
        cmocka_unit_test(no_number_is_no_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
