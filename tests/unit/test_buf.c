/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "daemon/base/buf.h"

static void grows_up_to_its_ceiling(void **state)
{
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 1000);
    for (int i = 0; i < 100; i++)
        assert_int_equal(corv_buf_add(&b, "0123456789", 10), CORV_OK);
    assert_int_equal(b.n, 1000);
    assert_int_equal(b.p[1000], '\0');
    assert_int_equal(corv_buf_add(&b, "x", 1), CORV_E_LIMIT);
    assert_true(b.failed);
    assert_int_equal(b.n, 0);
    corv_buf_free(&b);
}

static void stays_failed_until_reset(void **state)
{
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 4);
    assert_int_equal(corv_buf_add_str(&b, "12345"), CORV_E_LIMIT);
    assert_int_equal(corv_buf_add_str(&b, "1"), CORV_E_LIMIT);
    assert_null(corv_buf_take(&b, NULL));
    corv_buf_reset(&b);
    assert_int_equal(corv_buf_add_str(&b, "1"), CORV_OK);
    assert_int_equal(corv_buf_add_number(&b, 0), CORV_OK);
    assert_int_equal(corv_buf_add_number(&b, 90), CORV_OK);
    assert_string_equal(b.p, "1090");
    assert_int_equal(corv_buf_add_number(&b, SIZE_MAX), CORV_E_LIMIT);
    corv_buf_free(&b);
}

static void formats_long_text(void **state)
{
    struct corv_buf b;
    char big[2000];

    (void)state;
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    corv_buf_init(&b, 5000);
    assert_int_equal(corv_buf_addf(&b, "<%s>", big), CORV_OK);
    assert_int_equal(b.n, 2001);
    assert_int_equal(b.p[2000], '>');
    assert_int_equal(corv_buf_addf(&b, "%s%s", big, big), CORV_E_LIMIT);
    corv_buf_free(&b);
}

static void hands_over(void **state)
{
    struct corv_buf b;
    size_t n = 0;

    (void)state;
    corv_buf_init(&b, 100);
    assert_int_equal(corv_buf_add_str(&b, "bericht"), CORV_OK);
    char *p = corv_buf_take(&b, &n);
    assert_int_equal(n, 7);
    assert_string_equal(p, "bericht");
    assert_null(b.p);
    free(p);
    p = corv_buf_take(&b, &n); /* an empty one gives an empty string, not NULL */
    assert_non_null(p);
    assert_int_equal(n, 0);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_ceiling),
        cmocka_unit_test(stays_failed_until_reset),
        cmocka_unit_test(formats_long_text),
        cmocka_unit_test(hands_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
