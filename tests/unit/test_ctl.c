/* SPDX-License-Identifier: EUPL-1.2 */
/* corvctl's command line, without a daemon or a database: those are in tests/path/test_c03_ctl.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl/ctl.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"

#define WORDS_MAX 12

static char said[65536];       /* stdout */
static char complained[65536]; /* stderr */

static void read_back(FILE *f, char *out, size_t size)
{
    rewind(f);
    out[fread(out, 1, size - 1, f)] = '\0';
    (void)fclose(f);
}

/* Runs corvctl with these words as main would, and keeps what it wrote. */
static int run(const char *const *words)
{
    char *argv[WORDS_MAX + 2] = {strdup("corvctl")};
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    int kept[2] = {dup(1), dup(2)};
    int argc = 1;
    int code;

    while (words[argc - 1]) {
        argv[argc] = strdup(words[argc - 1]);
        argc++;
    }
    char *owned[WORDS_MAX + 2];

    memcpy(owned, argv, sizeof owned); /* the program moves them about */
    (void)fflush(stdout);
    (void)dup2(fileno(out), 1);
    (void)dup2(fileno(err), 2);
    code = corv_ctl_main(argc, argv);
    (void)fflush(stdout);
    (void)fflush(stderr);
    (void)dup2(kept[0], 1);
    (void)dup2(kept[1], 2);
    (void)close(kept[0]);
    (void)close(kept[1]);
    for (int i = 0; i < argc; i++)
        free(owned[i]);
    read_back(out, said, sizeof said);
    read_back(err, complained, sizeof complained);
    return code;
}
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static json_t *said_json(void)
{
    json_t *value = json_loads(said, JSON_DECODE_ANY, NULL);

    if (!value)
        fail_msg("no JSON: %s", said);
    return value;
}

static void help_names_every_verb_within_80_columns(void **state)
{
    char *rest = NULL;

    (void)state;
    assert_int_equal(RUN("help"), CORV_CTL_YES);
    for (const struct corv_ctl_verb *v = corv_ctl_verbs; v->name; v++)
        assert_non_null(strstr(said, v->name));
    for (char *line = strtok_r(said, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        assert_true(corv_ctl_width(line) <= CORV_CTL_COLUMNS);
}

static void help_explains_each_verb(void **state)
{
    (void)state;
    for (const struct corv_ctl_verb *v = corv_ctl_verbs; v->name; v++) {
        char first[32] = "";
        const char *space = strchr(v->name, ' ');
        size_t n = space ? (size_t)(space - v->name) : strlen(v->name);

        memcpy(first, v->name, n);
        if (space)
            assert_int_equal(RUN("help", first, space + 1), CORV_CTL_YES);
        else
            assert_int_equal(RUN("help", first), CORV_CTL_YES);
        assert_non_null(strstr(said, v->help));
        assert_string_equal(complained, "");
    }
    assert_int_equal(RUN("message", "show", "--help"), CORV_CTL_YES);
    assert_non_null(strstr(said, "message show"));
}

static void wrong_words_are_told_on_stderr(void **state)
{
    (void)state;
    assert_int_equal(RUN("onzin"), CORV_CTL_ERROR);
    assert_string_equal(said, "");
    assert_non_null(strstr(complained, "corvctl help"));
    assert_int_equal(RUN("message", "show"), CORV_CTL_ERROR);
    assert_non_null(strstr(complained, "help message show"));
    assert_int_equal(RUN("message", "show", "a", "b"), CORV_CTL_ERROR);
    assert_non_null(strstr(complained, "te veel"));
    assert_int_equal(RUN("message", "list", "--onzin"), CORV_CTL_ERROR);
    assert_non_null(strstr(complained, "--onzin"));
    assert_int_equal(RUN("message", "list", "--limit"), CORV_CTL_ERROR);
    assert_non_null(strstr(complained, "waarde"));
    assert_int_equal(RUN("message", "list", "--limit=veel"), CORV_CTL_ERROR);
    assert_int_equal(RUN("message", "list", "--limit", "-1"), CORV_CTL_ERROR);
    assert_int_equal(RUN("message", "list", "--state", "onzin"), CORV_CTL_ERROR);
    assert_int_equal(RUN("help", "onzin"), CORV_CTL_ERROR);
}

static void options_may_stand_anywhere(void **state)
{
    json_t *value;

    (void)state;
    assert_int_equal(RUN("version", "--json"), CORV_CTL_YES);
    value = said_json();
    assert_string_equal(json_string_value(json_object_get(value, "version")), CORV_VERSION);
    json_decref(value);
    assert_int_equal(RUN("--json", "--config=/nowhere", "version"), CORV_CTL_YES);
    assert_int_equal(RUN("--version"), CORV_CTL_YES);
    assert_string_equal(said, "corvctl " CORV_VERSION "\n");
    /* behind -- a word is a word */
    assert_int_equal(RUN("validate", "--", "--json"), CORV_CTL_ERROR);
    assert_non_null(strstr(complained, "--json is niet te lezen"));
}

static void an_error_with_json_is_json(void **state)
{
    json_t *value;

    (void)state;
    assert_int_equal(RUN("--config", "/nowhere.yaml", "--json", "queue"), CORV_CTL_ERROR);
    value = said_json();
    assert_string_equal(json_string_value(json_object_get(json_object_get(value, "error"), "code")),
        "ctl.config-missing");
    json_decref(value);
    assert_non_null(strstr(complained, "--config"));
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    (void)fclose(f);
}

static void validate_has_a_line_per_file_and_finding(void **state)
{
    char path[] = "/tmp/corv-ctl-XXXXXX";
    char expected[128];
    json_t *value;

    (void)state;
    (void)close(mkstemp(path));
    write_text(path, "<geen-xml>");
    assert_int_equal(RUN("validate", path), CORV_CTL_NO);
    (void)snprintf(expected, sizeof expected, "%s: invalid well-formed ", path);
    assert_int_equal(strncmp(said, expected, strlen(expected)), 0);
    assert_string_equal(complained, "");
    assert_int_equal(RUN("validate", path, "/nowhere.xml"), CORV_CTL_ERROR); /* and both told */
    assert_int_equal(strncmp(said, expected, strlen(expected)), 0);
    assert_non_null(strstr(complained, "/nowhere.xml"));
    assert_int_equal(RUN("validate", "--json", path), CORV_CTL_NO);
    value = said_json();
    assert_true(json_is_false(json_object_get(json_array_get(value, 0), "valid")));
    json_decref(value);
    (void)unlink(path);
}

static void a_broken_configuration_is_shown_with_lines(void **state)
{
    char path[] = "/tmp/corv-ctl-XXXXXX";
    char place[64];
    json_t *value;

    (void)state;
    (void)close(mkstemp(path));
    write_text(path, "node: a\noin: \"12\"\nonzin: 1\n");
    assert_int_equal(RUN("--config", path, "config", "check"), CORV_CTL_NO);
    (void)snprintf(place, sizeof place, "%s:2: fout config.bad-oin", path);
    assert_non_null(strstr(said, place));
    assert_int_equal(RUN("--config", path, "--json", "config", "check"), CORV_CTL_NO);
    value = said_json();
    assert_true(json_array_size(json_object_get(value, "findings")) > 1);
    json_decref(value);
    assert_int_equal(RUN("--config", path, "queue"), CORV_CTL_ERROR);
    assert_non_null(strstr(complained, "config check"));
    (void)unlink(path);
}

static void json_replaces_what_is_no_utf8(void **state)
{
    json_t *text = corv_ctl_json_text("a\xFFz");

    (void)state;
    assert_string_equal(json_string_value(text), "a?z");
    json_decref(text);
    text = corv_ctl_json_text("");
    assert_true(json_is_null(text));
    json_decref(text);
}

static void json_of_a_delivery_and_an_event_is_whole(void **state)
{
    struct corv_inspect_delivery d = {.message = "x", .no = 2, .state = "dead"};
    struct corv_inspect_event e = {.event = "delivery.later", .detail = "{\"attempt\":3}"};
    json_t *one = corv_ctl_json_delivery(&d);
    json_t *two = corv_ctl_json_event(&e);
    struct corv_inspect_message m = {.id = "x", .confirmed = 4};
    json_t *three = corv_ctl_json_message(&m);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(one, "no")), 2);
    assert_true(json_is_null(json_object_get(one, "due")));
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(two, "detail"), "attempt")), 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(three, "deliveries"), "confirmed")), 4);
    json_decref(one);
    json_decref(two);
    json_decref(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_names_every_verb_within_80_columns),
        cmocka_unit_test(help_explains_each_verb),
        cmocka_unit_test(wrong_words_are_told_on_stderr),
        cmocka_unit_test(options_may_stand_anywhere),
        cmocka_unit_test(an_error_with_json_is_json),
        cmocka_unit_test(validate_has_a_line_per_file_and_finding),
        cmocka_unit_test(a_broken_configuration_is_shown_with_lines),
        cmocka_unit_test(json_replaces_what_is_no_utf8),
        cmocka_unit_test(json_of_a_delivery_and_an_event_is_whole),
    };

    (void)unsetenv("CORV_CONFIG");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
