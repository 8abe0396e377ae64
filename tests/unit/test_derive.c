/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libxml/parser.h>
#include <string.h>

#include "daemon/base/embedded.h"
#include "daemon/derive.h"
#include "daemon/journey.h"

static void escapes_everything_xml_minds(void **state)
{
    struct corv_buf b;
    const char text[] = "a<b>&\"c\" \x01 \xff caf\xc3\xa9 \xed";

    (void)state;
    corv_buf_init(&b, 1000);
    assert_int_equal(corv_xml_escape(&b, corv_view_of(text, sizeof text - 1)), CORV_OK);
    assert_string_equal(
        b.p, "a&lt;b&gt;&amp;&quot;c&quot; \xef\xbf\xbd \xef\xbf\xbd caf\xc3\xa9 \xef\xbf\xbd");
    corv_buf_free(&b);
}

static void well_formed(const struct corv_buf *b, const char *root)
{
    xmlDocPtr doc = xmlReadMemory(b->p, (int)b->n, NULL, NULL, XML_PARSE_NONET);

    assert_non_null(doc);
    assert_string_equal((const char *)xmlDocGetRootElement(doc)->name, root);
    xmlFreeDoc(doc);
}

static void a_notice_tells_nothing_of_the_child(void **state)
{
    struct corv_id id = {{1}};
    struct corv_notice n = {.kind = "vtoDi01",
        .reference = "REF<1>",
        .filer_oin = "00000099999000106000",
        .filer_name = "Veilig Thuis & Co",
        .received_us = 1767222000000000,
        .original = &id};
    struct corv_buf b;

    (void)state;
    assert_int_equal(corv_derive_notice(&n, &b), CORV_OK);
    well_formed(&b, "kennisgeving");
    assert_non_null(strstr(b.p, "<referentie>REF&lt;1&gt;</referentie>"));
    assert_non_null(strstr(b.p, "<naam>Veilig Thuis &amp; Co</naam>"));
    assert_non_null(strstr(b.p, "2025-12-31T23:00:00.000000Z"));
    corv_buf_free(&b);
}

static void the_journey_allows_its_table_only(void **state)
{
    struct corv_journey j;

    (void)state;
    assert_true(corv_step_may_move(CORV_STEP_RECEIVED, CORV_STEP_EXAMINED));
    assert_false(corv_step_may_move(CORV_STEP_RECEIVED, CORV_STEP_ACKNOWLEDGED));
    assert_false(corv_step_may_move(CORV_STEP_STORING, CORV_STEP_ACKNOWLEDGED));
    corv_journey_begin(&j);
    corv_journey_move(&j, NULL, CORV_STEP_EXAMINED);
    assert_int_equal(j.step, CORV_STEP_EXAMINED);
    assert_string_equal(corv_step_name(j.step), "examined");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_everything_xml_minds),
        cmocka_unit_test(a_notice_tells_nothing_of_the_child),
        cmocka_unit_test(the_journey_allows_its_table_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
