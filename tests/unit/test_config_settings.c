/* SPDX-License-Identifier: EUPL-1.2 */
/* docs/settings.md and config/corvd.yaml.example say what settings.def says. Run from the root of
 * the project. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/settings.h"
#include "tests/unit/test_config_support.h"

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1u << 20);

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (1u << 20) - 1, f) > 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void test_document_is_the_table(void **state)
{
    struct corv_buf out;
    char *document = slurp("docs/settings.md");

    (void)state;
    corv_buf_init(&out, 1u << 20);
    corv_settings_print(&out);
    assert_false(out.failed);
    if (strcmp(document, out.p) != 0)
        fail_msg("docs/settings.md is old: cmake --build BUILD --target print-settings");
    corv_buf_free(&out);
    free(document);
}

static void test_rows(void **state)
{
    (void)state;
    assert_true(corv_settings_count > 60);
    for (unsigned i = 0; i < corv_settings_count; i++) {
        const struct corv_setting_row *row = &corv_settings[i];

        assert_true(row->max >= row->min);
        assert_null(strchr(row->text, '|')); /* would break the table */
        assert_int_equal(row->text[strlen(row->text) - 1], '.');
        if (row->type == CORV_SET_NUMBER || row->type == CORV_SET_BYTES)
            assert_true(row->max > 0);
        for (unsigned k = 0; k < i; k++)
            if (strcmp(row->place, corv_settings[k].place) == 0)
                assert_string_not_equal(row->key, corv_settings[k].key);
    }
}

/* Is there a line in the part of this place that sets the key, commented out or not? */
static bool mentions(const char *text, const struct corv_setting_row *row)
{
    const char *part = text;
    char word[80];
    size_t n = strcspn(row->place, "[");

    (void)snprintf(word, sizeof word, "\n%.*s:", (int)n, row->place);
    if (n)
        part = strstr(text, word);
    if (!part)
        return false;
    (void)snprintf(word, sizeof word, "%s: ", row->key);
    for (const char *at = strstr(part, word); at; at = strstr(at + 1, word))
        if (strchr(" \n{", at[-1]))
            return true;
    return false;
}

static void test_example_mentions_everything(void **state)
{
    char *text = slurp("config/corvd.yaml.example");

    (void)state;
    for (unsigned i = 0; i < corv_settings_count; i++)
        if (!mentions(text, &corv_settings[i]))
            fail_msg("the example lacks %s %s", corv_settings[i].place, corv_settings[i].key);
    free(text);
}

static void test_example_loads_without_findings(void **state)
{
    char *text = slurp("config/corvd.yaml.example");
    struct support_folder folder;
    struct corv_config *c = NULL;
    struct corv_findings f;

    (void)state;
    support_open(&folder);
    corv_findings_init(&f);
    corv_rc rc = corv_config_read(folder.file, corv_view_str(text), &c, &f);

    support_print(&f);
    assert_int_equal(rc, CORV_OK);
    assert_int_equal(f.count, 0);
    assert_int_equal(c->parties_count, 4);
    corv_config_free(c);
    corv_findings_free(&f);
    support_close(&folder);
    free(text);
}

/* What the example shows as "(standaard)" is what one gets without it. */
static void test_defaults_are_the_header(void **state)
{
    struct support_folder folder;
    struct corv_config *c = NULL;

    (void)state;
    support_open(&folder);
    c = support_load(&folder, SUPPORT_LISTEN);
    assert_int_equal(c->limits.body_bytes, 36700160);
    assert_int_equal(c->limits.total_body_bytes, 256u << 20);
    assert_int_equal(c->limits.header_bytes, 16384);
    assert_int_equal(c->limits.connections, 2000);
    assert_int_equal(c->limits.header_seconds, 10);
    assert_int_equal(c->limits.body_seconds, 120);
    assert_int_equal(c->limits.idle_seconds, 75);
    assert_int_equal(c->limits.handshake_seconds, 10);
    assert_int_equal(c->limits.pipeline, 1000);
    assert_int_equal(c->delivery.max_in_flight, 8);
    assert_int_equal(c->delivery.lease_seconds, 120);
    assert_int_equal(c->delivery.timeout_seconds, 60);
    assert_int_equal(c->delivery.retry_first_seconds, 5);
    assert_int_equal(c->delivery.retry_max_seconds, 3600);
    assert_int_equal(c->delivery.give_up_seconds, 51 * 3600);
    assert_string_equal(c->admin.address, "127.0.0.1");
    assert_int_equal(c->admin.port, 8444);
    assert_int_equal(c->listen.port, 8443);
    assert_null(c->admin.socket);
    corv_config_free(c);
    support_close(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document_is_the_table),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_example_mentions_everything),
        cmocka_unit_test(test_example_loads_without_findings),
        cmocka_unit_test(test_defaults_are_the_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
