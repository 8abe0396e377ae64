/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/digest.h"
#include "daemon/base/embedded.h"
#include "daemon/base/fault.h"
#include "daemon/base/finding.h"
#include "daemon/base/id.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/base/random.h"
#include "daemon/base/replace.h"

static void ids_sort_by_time(void **state)
{
    struct corv_id a;
    struct corv_id b;
    struct corv_id back;
    char text[CORV_ID_TEXT];

    (void)state;
    assert_int_equal(corv_id_new(&a), CORV_OK);
    corv_clock_shift_us(5000);
    assert_int_equal(corv_id_new(&b), CORV_OK);
    corv_clock_shift_us(0);
    assert_true(memcmp(a.b, b.b, 16) < 0);
    assert_int_equal(corv_id_ms(&b) / 60000, corv_clock_us() / 1000 / 60000);
    assert_int_equal(strlen(corv_id_text(&a, text)), 36);
    assert_int_equal(text[14], '7');
    assert_int_equal(corv_id_read(text, &back), CORV_OK);
    assert_true(corv_id_eq(&a, &back));
    text[8] = 'x';
    assert_int_equal(corv_id_read(text, &back), CORV_E_INVALID);
    assert_int_equal(corv_id_read("", &back), CORV_E_INVALID);
}

static void days_are_dutch(void **state)
{
    static const struct {
        int64_t unix_s;
        int day;
        const char *why;
    } rows[] = {
        {1767221999, 20251231, "one second before the Dutch new year"},
        {1767222000, 20260101, "winter time is UTC+1"},
        {1782856799, 20260630, "one second before July in summer time"},
        {1782856800, 20260701, "summer time is UTC+2"},
        {1774745999, 20260329, "just before the clock goes forward"},
        {1774746000, 20260329, "just after"},
        {1792889999, 20261025, "just before it goes back"},
        {1792890000, 20261025, "just after"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int day = corv_clock_day(rows[i].unix_s * 1000000);

        if (day != rows[i].day)
            fail_msg("%s: %d, wanted %d", rows[i].why, day, rows[i].day);
        assert_int_equal(corv_clock_day(rows[i].unix_s * 1000000), rows[i].day);
    }
}

static void times_are_texts(void **state)
{
    char text[CORV_TIME_TEXT];
    char stuf[15];

    (void)state;
    assert_string_equal(corv_clock_text(1767221999123456, text), "2025-12-31T22:59:59.123456Z");
    assert_string_equal(corv_clock_text(1767221999000009, text), "2025-12-31T22:59:59.000009Z");
    assert_string_equal(corv_clock_text(1767222000000009, text), "2025-12-31T23:00:00.000009Z");
    assert_string_equal(corv_clock_text(0, text), "1970-01-01T00:00:00.000000Z");
    assert_string_equal(corv_clock_stuf(1767222000000000, stuf), "20260101000000");
}

static void digests_of_fields_differ(void **state)
{
    struct corv_view a[] = {{"ab", 2}, {"c", 1}};
    struct corv_view b[] = {{"a", 1}, {"bc", 2}};
    struct corv_digest da;
    struct corv_digest db;
    char text[CORV_DIGEST_TEXT];

    (void)state;
    assert_int_equal(corv_digest_of(a, 2, &da), CORV_OK);
    assert_string_equal(corv_digest_text(&da, text),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(corv_digest_of(b, 2, &db), CORV_OK);
    assert_memory_equal(da.b, db.b, CORV_DIGEST);
    assert_int_equal(corv_digest_fields(a, 2, &da), CORV_OK);
    assert_int_equal(corv_digest_fields(b, 2, &db), CORV_OK);
    assert_memory_not_equal(da.b, db.b, CORV_DIGEST);
}

/* Small parts are gathered before they are summed, large ones are not: the sum is one of the bytes.
 */
static void a_digest_does_not_depend_on_the_parts(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 503, 504, 505, 511, 512, 513, 2000};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    static char bytes[3 * (8 + 2000)];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 % 251);
    for (size_t i = 0; i < (size_t)SIZES * SIZES * SIZES; i++) {
        size_t n[] = {sizes[i % SIZES], sizes[i / SIZES % SIZES], sizes[i / SIZES / SIZES]};
        static char framed[sizeof bytes];
        struct corv_view parts[3];
        struct corv_digest cut;
        struct corv_digest whole;
        size_t at = 0;
        size_t to = 0;

        for (int p = 0; p < 3; p++) {
            parts[p] = (struct corv_view){bytes + at, n[p]};
            memset(framed + to, 0, 6);
            framed[to + 6] = (char)(n[p] >> 8);
            framed[to + 7] = (char)n[p];
            memcpy(framed + to + 8, bytes + at, n[p]);
            to += 8 + n[p];
            at += n[p];
        }
        assert_int_equal(corv_digest_of(parts, 3, &cut), CORV_OK);
        assert_int_equal(corv_digest_of(&(struct corv_view){bytes, at}, 1, &whole), CORV_OK);
        assert_memory_equal(cut.b, whole.b, CORV_DIGEST);
        assert_int_equal(corv_digest_fields(parts, 3, &cut), CORV_OK);
        assert_int_equal(corv_digest_of(&(struct corv_view){framed, to}, 1, &whole), CORV_OK);
        assert_memory_equal(cut.b, whole.b, CORV_DIGEST);
    }
}

static void random_bytes_are_given_once(void **state)
{
    static unsigned char got[200][16];
    unsigned char large[257];

    (void)state;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(corv_random(got[i], sizeof got[i]), CORV_OK);
        for (int before = 0; before < i; before++)
            assert_memory_not_equal(got[i], got[before], sizeof got[i]);
        assert_int_equal(corv_random(large, 1 + (size_t)i % 256), CORV_OK);
    }
    assert_int_equal(corv_random(large, sizeof large), CORV_E_LIMIT);
}

static void a_digest_says_which_files_a_binary_carries(void **state)
{
    static const unsigned char text[] = "abc";
    struct corv_embedded files[] = {{"a", text, 3}, {"b", text, 2}, {NULL, NULL, 0}};
    char one[CORV_DIGEST_TEXT];
    char other[CORV_DIGEST_TEXT];

    (void)state;
    assert_int_equal(corv_embedded_digest(files, one), CORV_OK);
    assert_int_equal(corv_embedded_digest(files, other), CORV_OK);
    assert_string_equal(one, other);
    files[1].size = 3;
    assert_int_equal(corv_embedded_digest(files, other), CORV_OK);
    assert_string_not_equal(one, other);
    files[1].size = 2;
    files[1].name = "c";
    assert_int_equal(corv_embedded_digest(files, other), CORV_OK);
    assert_string_not_equal(one, other);
}

static void the_first_cause_wins(void **state)
{
    struct corv_fault f = {0};

    (void)state;
    assert_int_equal(CORV_FAIL(&f, CORV_E_IO, CORV_FAULT_STORE, "a.b", "first %d", 1), CORV_E_IO);
    (void)CORV_FAIL(&f, CORV_E_IO, CORV_FAULT_BUG, "c.d", "second");
    assert_string_equal(f.code, "a.b");
    assert_string_equal(f.text, "first 1");
    assert_int_equal(f.cls, CORV_FAULT_STORE);
}

static void findings_are_bounded_and_counted(void **state)
{
    struct corv_findings f;

    (void)state;
    corv_findings_init(&f);
    for (int i = 0; i < 250; i++)
        corv_findings_addf(
            &f, CORV_LAYER_SCHEMA, CORV_ACT_LEVERANCIER, "schema.pattern", i, "/a", "nummer %d", i);
    assert_int_equal(f.count, CORV_FINDINGS_MAX);
    assert_int_equal(f.dropped, 150);
    assert_int_equal(f.errors, 250);
    assert_string_equal(f.list[99].text, "nummer 99");
    corv_findings_free(&f);
}

struct thing {
    int n;
    struct corv_list node;
};

static void lists_can_lose_their_current_node(void **state)
{
    struct corv_list head;
    struct thing things[5];
    int sum = 0;

    (void)state;
    corv_list_init(&head);
    for (int i = 0; i < 5; i++) {
        things[i].n = i;
        corv_list_add(&head, &things[i].node);
    }
    CORV_LIST_EACH(node, &head)
    if (CORV_LIST_ITEM(node, struct thing, node)->n % 2)
        corv_list_del(node);
    CORV_LIST_EACH(node, &head)
    sum += CORV_LIST_ITEM(node, struct thing, node)->n;
    assert_int_equal(sum, 0 + 2 + 4);
    assert_ptr_equal(CORV_LIST_ITEM(corv_list_pop(&head), struct thing, node), &things[0]);
}

static size_t logged(char *out, size_t size, const char *party, const char *reason)
{
    int fd[2];
    struct corv_id id;

    assert_int_equal(pipe(fd), 0);
    corv_log_set_fd(fd[1]);
    assert_int_equal(corv_id_new(&id), CORV_OK);
    CORV_LOG(WARNING, "test.event", &id, CORV_F(PARTY, party), CORV_F(REASON, reason),
        CORV_N(BYTES, 42));
    corv_log_set_fd(2);
    (void)close(fd[1]);
    ssize_t n = read(fd[0], out, size - 1);
    (void)close(fd[0]);
    assert_true(n > 0);
    out[n] = '\0';
    return (size_t)n;
}

static void log_lines_only_let_their_alphabet_through(void **state)
{
    char line[4096];
    uint64_t before = corv_log_censored();

    (void)state;
    (void)logged(line, sizeof line, "lelystad", "het bestand \"x\" is er niet");
    assert_non_null(strstr(line, "\"party\":\"lelystad\""));
    assert_non_null(strstr(line, "\"reason\":\"het bestand \\\"x\\\" is er niet\""));
    assert_non_null(strstr(line, "\"bytes\":42}\n"));
    assert_memory_equal(line, "{\"id\":\"", 7);
    assert_int_equal(corv_log_censored(), before);

    (void)logged(line, sizeof line, "lelystad", "niet ge\xc3\xafmporteerd: \xc3\xa9\xc3\xa9n");
    assert_non_null(strstr(line, "\"niet ge\xc3\xafmporteerd: \xc3\xa9\xc3\xa9n\""));
    assert_int_equal(corv_log_censored(), before);
    (void)logged(line, sizeof line, "l\xc3\xa9", "\xc3(\xa9\xc2\x9b");
    assert_non_null(strstr(line, "\"party\":\"?\",\"reason\":\"?\""));
    before = corv_log_censored();

    (void)logged(line, sizeof line, "Jan Jansen", "a\nb");
    assert_null(strstr(line, "Jan"));
    assert_non_null(strstr(line, "\"party\":\"?\",\"reason\":\"?\""));
    assert_int_equal(corv_log_censored(), before + 2);
}

static void the_journal_hears_the_priority_and_nobody_else(void **state)
{
    char line[4096];
    char stream[64];
    struct stat st;

    (void)state;
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    corv_log_find_journal();
    (void)logged(line, sizeof line, "lelystad", "x");
    assert_memory_equal(line, "<4>{", 4);
    assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0); /* inherited: not our stderr */
    corv_log_find_journal();
    (void)logged(line, sizeof line, "lelystad", "x");
    assert_memory_equal(line, "{\"id\"", 5);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    corv_log_find_journal();
}

static void assert_file(const char *path, const char *text, mode_t mode)
{
    char got[64] = "";
    struct stat st;
    FILE *f = fopen(path, "re");

    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    (void)fclose(f);
    assert_string_equal(got, text);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 07777, mode);
}

static void a_file_is_replaced_whole_and_no_link_is_followed(void **state)
{
    char dir[] = "/tmp/corv-base-XXXXXX", path[64], aside[64], other[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/file", dir);
    (void)snprintf(aside, sizeof aside, "%s/file.new", dir);
    (void)snprintf(other, sizeof other, "%s/other", dir);
    assert_int_equal(corv_file_replace(dir, "other", corv_view_str("kept"), 0600), CORV_OK);
    /* both names led elsewhere, by somebody who may write here */
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(symlink(other, aside), 0);
    assert_int_equal(corv_file_replace(dir, "file", corv_view_str("one"), 0640), CORV_OK);
    assert_file(path, "one", 0640);
    assert_file(other, "kept", 0600);
    assert_int_equal(corv_file_replace(dir, "file", corv_view_str(""), 0600), CORV_OK);
    assert_file(path, "", 0600);
    assert_int_equal(access(aside, F_OK), -1);
    /* what cannot be done leaves what there was, and nothing beside it */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(corv_file_replace(dir, "file", corv_view_str("two"), 0600), CORV_E_IO);
    assert_int_equal(access(aside, F_OK), -1);
    assert_int_equal(corv_file_replace("/nowhere", "file", corv_view_str("x"), 0600), CORV_E_IO);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(rmdir(dir), 0);
}

static void log_levels_hold_back(void **state)
{
    enum corv_log_level level;

    (void)state;
    assert_int_equal(corv_log_level_read("debug", &level), CORV_OK);
    assert_int_equal(level, CORV_LOG_DEBUG);
    assert_int_equal(corv_log_level_read("loud", &level), CORV_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_sort_by_time),
        cmocka_unit_test(days_are_dutch),
        cmocka_unit_test(times_are_texts),
        cmocka_unit_test(digests_of_fields_differ),
        cmocka_unit_test(a_digest_does_not_depend_on_the_parts),
        cmocka_unit_test(random_bytes_are_given_once),
        cmocka_unit_test(a_digest_says_which_files_a_binary_carries),
        cmocka_unit_test(the_first_cause_wins),
        cmocka_unit_test(findings_are_bounded_and_counted),
        cmocka_unit_test(lists_can_lose_their_current_node),
        cmocka_unit_test(log_lines_only_let_their_alphabet_through),
        cmocka_unit_test(the_journal_hears_the_priority_and_nobody_else),
        cmocka_unit_test(a_file_is_replaced_whole_and_no_link_is_followed),
        cmocka_unit_test(log_levels_hold_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
