/* SPDX-License-Identifier: EUPL-1.2 */
/* The small pieces by themselves, and that a verdict keeps none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/xmlmemory.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/judge.h"
#include "schemas/verdict.h"
#include "schemas/xml_pool.h"

#include "test_rule_messages.h"

static void gives_only_while_it_is_open(void **state)
{
    char *p;

    (void)state;
    assert_null(corv_xml_pool_take(10));
    corv_xml_pool_open();
    p = corv_xml_pool_take(10);
    assert_non_null(p);
    assert_true(corv_xml_pool_has(p));
    assert_false(corv_xml_pool_has(&p));
    assert_false(corv_xml_pool_has(NULL));
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_null(corv_xml_pool_take(641));
    assert_null(corv_xml_pool_take(SIZE_MAX));
    corv_xml_pool_close();
    assert_null(corv_xml_pool_take(10));
    corv_xml_pool_give(p); /* any time */
    corv_xml_pool_open();
    assert_ptr_equal(corv_xml_pool_take(16), p); /* the last of its size is the first again */
    corv_xml_pool_give(p);
    corv_xml_pool_close();
}

static void grows_and_shrinks_where_it_fits(void **state)
{
    char *p, *q;

    (void)state;
    corv_xml_pool_open();
    p = xmlMalloc(3);
    memcpy(p, "ab", 3);
    q = xmlRealloc(p, 16);
    assert_ptr_equal(q, p);
    memcpy(q, "abcdefghijklmno", 16);
    q = xmlRealloc(q, 17);
    assert_ptr_not_equal(q, p);
    assert_string_equal(q, "abcdefghijklmno");
    q = xmlRealloc(q, 100000); /* out of here */
    assert_false(corv_xml_pool_has(q));
    assert_string_equal(q, "abcdefghijklmno");
    q = xmlRealloc(q, 8);
    assert_memory_equal(q, "abcdefgh", 8);
    xmlFree(q);
    xmlFree(xmlMalloc(0));
    corv_xml_pool_close();
}

static void has_an_end(void **state)
{
    static void *all[4000];
    size_t n = 0;

    (void)state;
    corv_xml_pool_open();
    while (n < 4000 && (all[n] = corv_xml_pool_take(600)))
        memset(all[n++], 'x', 600);
    assert_in_range(n, 1500, 1800); /* 1 MiB */
    while (n)
        corv_xml_pool_give(all[--n]);
    assert_non_null(corv_xml_pool_take(600));
    corv_xml_pool_close();
}

static void *give_elsewhere(void *p)
{
    xmlFree(p);
    corv_xml_pool_open();
    xmlFree(corv_xml_pool_take(40));
    corv_xml_pool_close();
    return NULL;
}

static void another_thread_may_give_back(void **state)
{
    pthread_t t;
    void *p;

    (void)state;
    corv_xml_pool_open();
    p = corv_xml_pool_take(40);
    assert_int_equal(pthread_create(&t, NULL, give_elsewhere, p), 0);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_ptr_not_equal(corv_xml_pool_take(40), p); /* lost, not given out twice */
    corv_xml_pool_close();
}

static const char nonsense[] = "<JZ:vtoDi01 xmlns:JZ=\"" CORV_NS_JZ "\"><b/></JZ:vtoDi01>";

static void judge_all(const struct corv_judge *judge)
{
    static const char *const messages[] = {
        VTO, NOTIFICATIE, VT_MELDING, BV03, FO01, "<a><x:b/></a>", nonsense, "<a>"};

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct corv_verdict v;
        struct corv_verdict_input in = {
            .bytes = corv_view_str(messages[i]), .party = "x", .day = 20260615};

        assert_int_equal(corv_verdict_by(judge, &in, &v), CORV_OK);
        corv_verdict_free(&v);
    }
}

static void *a_verdict_keeps_nothing(void *arg)
{
    size_t used;

    judge_all(arg);
    used = corv_xml_pool_used();
    assert_in_range(used, 1000, (size_t)1 << 20);
    for (int i = 0; i < 20; i++)
        judge_all(arg);
    assert_int_equal(corv_xml_pool_used(), used);
    return NULL;
}

static void verdicts_keep_nothing(void **state)
{
    struct corv_judge_options o = {0};
    struct corv_judge *judge;
    struct corv_fault fault = {0};
    pthread_t t[3];

    (void)state;
    if (corv_judge_new(&o, &judge, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&t[i], NULL, a_verdict_keeps_nothing, judge), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(t[i], NULL), 0);
    corv_judge_free(judge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_only_while_it_is_open),
        cmocka_unit_test(grows_and_shrinks_where_it_fits),
        cmocka_unit_test(another_thread_may_give_back),
        cmocka_unit_test(has_an_end),
        cmocka_unit_test(verdicts_keep_nothing),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
