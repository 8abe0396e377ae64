/* SPDX-License-Identifier: EUPL-1.2 */
/* docs/rules.md is what the pack says, to the letter. With CORV_WRITE_DOCS set the page is
 * written anew instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "schemas/rule_doc.h"

#define PAGE "docs/rules.md"

static void the_page_equals_the_pack(void **state)
{
    struct corv_rule_pack *pack = NULL;
    struct corv_fault fault = {0};
    struct corv_buf want, have;
    char piece[4096];
    FILE *f;
    size_t n;

    (void)state;
    corv_buf_init(&want, 1 << 20);
    corv_buf_init(&have, 1 << 20);
    if (corv_rule_pack_read(corv_embedded_rules, &pack, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(corv_rule_doc(pack, &want), CORV_OK);
    if (getenv("CORV_WRITE_DOCS")) {
        f = fopen(PAGE, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(want.p, 1, want.n, f), want.n);
        assert_int_equal(fclose(f), 0);
    }
    f = fopen(PAGE, "r");
    assert_non_null(f);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        assert_int_equal(corv_buf_add(&have, piece, n), CORV_OK);
    (void)fclose(f);
    if (!corv_view_eq(corv_buf_view(&want), corv_buf_view(&have)))
        fail_msg("%s differs from the pack: run this test once with CORV_WRITE_DOCS=1 and look at "
                 "the difference",
            PAGE);
    corv_buf_free(&want);
    corv_buf_free(&have);
    corv_rule_pack_free(pack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_page_equals_the_pack)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
