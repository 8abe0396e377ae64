/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "queue/vault.h"
#include "tests/support/test_folder.h"

#define HOUR_US         INT64_C(3600000000)
#define OVERHEAD        95
#define OVERHEAD_PACKED 99
/* long enough to be packed */
#define VERSE "<JZ:vtoDi01><JZ:stuurgegevens><StUF:berichtcode>Di01</StUF:berichtcode>"
#define LONG  VERSE VERSE VERSE VERSE

static char base[TEST_FOLDER];
static char dir[80];
static struct corv_vault *vault;
static struct corv_id id;

static int up(void **state)
{
    (void)state;
    (void)test_folder_new(base, "vault");
    (void)snprintf(dir, sizeof dir, "%s/keys", base);
    assert_int_equal(corv_vault_open(dir, &vault, NULL), CORV_OK);
    assert_int_equal(corv_id_new(&id), CORV_OK);
    return 0;
}

static int down(void **state)
{
    (void)state;
    corv_vault_close(vault);
    corv_clock_shift_us(0);
    test_folder_remove(base);
    return 0;
}

static struct corv_view seal(const char *text, size_t n)
{
    char *p = NULL;
    size_t size = 0;

    assert_int_equal(corv_vault_seal(vault, &id, corv_view_of(text, n), &p, &size), CORV_OK);
    assert_int_equal(corv_vault_size_of(corv_view_of(p, size)), n);
    if (memcmp(p, "CV2", 3) == 0)
        assert_true(size < n - n / 8 + OVERHEAD_PACKED);
    else
        assert_int_equal(size, n + OVERHEAD);
    return corv_view_of(p, size);
}

static void free_view(struct corv_view v)
{
    free((void *)(uintptr_t)v.p);
}

static corv_rc opens(struct corv_vault *v, struct corv_view sealed, const char *expected)
{
    char *p = NULL;
    size_t n = 0;
    corv_rc rc = corv_vault_open_sealed(v, &id, sealed, &p, &n);

    if (rc == CORV_OK) {
        assert_int_equal(n, strlen(expected));
        assert_string_equal(p, expected);
    } else {
        assert_null(p);
        assert_int_equal(n, 0);
    }
    free(p);
    return rc;
}

static int files_in_vault(const char *begin)
{
    DIR *d = opendir(dir);
    int n = 0;

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        n += e->d_name[0] != '.' && strncmp(e->d_name, begin, strlen(begin)) == 0;
    (void)closedir(d);
    return n;
}

static void key_path(char *out, size_t size)
{
    DIR *d = opendir(dir);

    out[0] = '\0';
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        if (strstr(e->d_name, ".key"))
            (void)snprintf(out, size, "%s/%s", dir, e->d_name);
    (void)closedir(d);
    assert_string_not_equal(out, "");
}

static void what_was_sealed_opens(void **state)
{
    struct corv_view a = seal("het bericht", 11);
    struct corv_view b = seal("het bericht", 11);
    struct corv_view none = seal("", 0);

    (void)state;
    assert_false(corv_view_eq(a, b)); /* a key and nonces of its own */
    assert_null(memmem(a.p, a.n, "bericht", 7));
    assert_int_equal(opens(vault, a, "het bericht"), CORV_OK);
    assert_int_equal(opens(vault, b, "het bericht"), CORV_OK);
    assert_int_equal(opens(vault, none, ""), CORV_OK);
    assert_int_equal(corv_vault_hour_of(a), (uint32_t)(corv_clock_us() / HOUR_US));
    free_view(a);
    free_view(b);
    free_view(none);
}

static void a_big_message_comes_back_byte_for_byte(void **state)
{
    size_t n = 5 << 20;
    char *text = malloc(n);
    char *out = NULL;
    size_t size = 0;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(i * 31 + (i >> 9));
    struct corv_view sealed = seal(text, n);

    assert_int_equal(corv_vault_open_sealed(vault, &id, sealed, &out, &size), CORV_OK);
    assert_int_equal(size, n);
    assert_memory_equal(out, text, n);
    free(out);
    free(text);
    free_view(sealed);
}

/* In its own place it is the same form: either way opens what the other sealed. */
static void in_its_own_place_too(void **state)
{
    (void)state;
    for (size_t n = 0; n < (3 << 20); n = n * 7 + 1) {
        char *p = malloc(n ? n : 1);
        char *text = malloc(n ? n : 1);
        char *out = NULL;
        size_t size = n;
        size_t opened = 0;

        for (size_t i = 0; i < n; i++)
            p[i] = text[i] = (char)(i * 31 + (i >> 9));
        assert_int_equal(corv_vault_seal_own(vault, &id, &p, &size), CORV_OK);
        assert_int_equal(size, n + OVERHEAD);
        assert_int_equal(
            corv_vault_open_sealed(vault, &id, corv_view_of(p, size), &out, &opened), CORV_OK);
        assert_int_equal(opened, n);
        assert_memory_equal(out, text, n);
        free(out);
        assert_int_equal(corv_vault_open_own(vault, &id, &p, &size), CORV_OK);
        assert_int_equal(size, n);
        assert_memory_equal(p, text, n);
        assert_int_equal(p[n], 0);
        free(p);
        free(text);
    }
}

static void in_its_own_place_a_change_is_noticed_and_nothing_is_left(void **state)
{
    struct corv_view sealed = seal("tien bytes", 10);
    size_t size = sealed.n;
    char *p = malloc(size);

    (void)state;
    memcpy(p, sealed.p, size);
    p[size - 17] ^= 1; /* the last byte of the text */
    assert_int_equal(corv_vault_open_own(vault, &id, &p, &size), CORV_E_INVALID);
    assert_null(memmem(p, size, "tien byte", 9));
    memcpy(p, sealed.p, size);
    p[3] ^= 1; /* another hour: its key was destroyed */
    assert_int_equal(corv_vault_open_own(vault, &id, &p, &size), CORV_E_NOTFOUND);
    p[3] ^= 1;
    assert_memory_equal(p, sealed.p, size); /* still sealed */
    size = 3;
    assert_int_equal(corv_vault_open_own(vault, &id, &p, &size), CORV_E_INVALID);
    free(p);
    free_view(sealed);
}

/* Whatever bit is changed in whatever part, it does not open. */
static void no_bit_may_change(const char *text)
{
    struct corv_view sealed = seal(text, strlen(text));
    char *p = (char *)(uintptr_t)sealed.p;

    for (size_t i = 0; i < sealed.n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            corv_rc rc;

            p[i] = (char)(p[i] ^ 1 << bit);
            rc = opens(vault, sealed, "");
            if (i >= 3 && i < 7)
                assert_int_equal(rc, CORV_E_NOTFOUND); /* another hour, of which no key exists */
            else
                assert_int_equal(rc, CORV_E_INVALID);
            p[i] = (char)(p[i] ^ 1 << bit);
        }
    }
    assert_int_equal(opens(vault, sealed, text), CORV_OK);
    free_view(sealed);
}

static void every_changed_bit_is_noticed(void **state)
{
    (void)state;
    no_bit_may_change("tien bytes");
    no_bit_may_change(LONG);
}

static void refuse_shorter_pieces(const char *text)
{
    struct corv_view sealed = seal(text, strlen(text));

    for (size_t n = 0; n < sealed.n; n++) {
        char *piece = malloc(n ? n : 1); /* of its own, so that ASan sees a read beyond */

        memcpy(piece, sealed.p, n);
        assert_int_equal(opens(vault, corv_view_of(piece, n), ""), CORV_E_INVALID);
        if (n < OVERHEAD)
            assert_int_equal(corv_vault_hour_of(corv_view_of(piece, n)), 0);
        free(piece);
    }
    free_view(sealed);
}

static void every_shorter_piece_is_refused(void **state)
{
    (void)state;
    refuse_shorter_pieces("tien bytes");
    refuse_shorter_pieces(LONG);
}

static void what_repeats_itself_takes_less_room(void **state)
{
    struct corv_view sealed = seal(LONG, strlen(LONG));
    char *p = malloc(sealed.n + 1);
    size_t size = sealed.n;

    (void)state;
    memcpy(p, sealed.p, sealed.n);
    assert_memory_equal(p, "CV2", 3);
    assert_true(sealed.n < strlen(VERSE) + 32 + OVERHEAD_PACKED);
    assert_null(memmem(p, size, "stuurgegevens", 13));
    assert_int_equal(opens(vault, sealed, LONG), CORV_OK);
    assert_int_equal(corv_vault_open_own(vault, &id, &p, &size), CORV_OK);
    assert_int_equal(size, strlen(LONG));
    assert_string_equal(p, LONG);
    free(p);
    free_view(sealed);
}

/* A packed one that says it is not would be delivered as rubbish. */
static void one_form_does_not_open_as_the_other(void **state)
{
    struct corv_view sealed = seal(LONG, strlen(LONG));
    char *p = malloc(sealed.n);

    (void)state;
    memcpy(p, sealed.p, 7);
    p[2] = '1';
    memcpy(p + 7, sealed.p + 11, sealed.n - 11);
    assert_int_equal(opens(vault, corv_view_of(p, sealed.n - 4), ""), CORV_E_INVALID);
    memcpy(p, sealed.p, sealed.n);
    memset(p + 7, 0xff, 4); /* four gigabytes */
    assert_int_equal(corv_vault_hour_of(corv_view_of(p, sealed.n)), 0);
    assert_int_equal(corv_vault_size_of(corv_view_of(p, sealed.n)), 0);
    assert_int_equal(opens(vault, corv_view_of(p, sealed.n), ""), CORV_E_INVALID);
    free(p);
    free_view(sealed);
}

/* Around every bound, text that packs and text that does not. */
static void all_sizes_come_back(void **state)
{
    static const size_t around[] = {0, 1, 255, 256, 257, 6577, 262143, 262144, 262145};
    uint32_t dice = 1;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof around / sizeof around[0]; i++) {
        size_t n = around[i / 2];
        char *text = malloc(n + 1);

        for (size_t at = 0; at < n; at++) {
            dice = dice * 1664525 + 1013904223;
            text[at] = VERSE[at % strlen(VERSE)];
            if (i % 2 == 0)
                text[at] = (char)('a' + (dice >> 24) % 26);
        }
        text[n] = '\0';

        struct corv_view sealed = seal(text, n);
        bool packs = i % 2 && n >= 256 && n <= 262144;

        assert_memory_equal(sealed.p, packs ? "CV2" : "CV1", 3);
        assert_int_equal(opens(vault, sealed, text), CORV_OK);
        free(text);
        free_view(sealed);
    }
}

static void the_payload_of_one_message_does_not_open_as_another(void **state)
{
    struct corv_view sealed = seal("geheim", 6);
    struct corv_id mine = id;

    (void)state;
    assert_int_equal(corv_id_new(&id), CORV_OK);
    assert_int_equal(opens(vault, sealed, ""), CORV_E_INVALID);
    id = mine;
    assert_int_equal(opens(vault, sealed, "geheim"), CORV_OK);
    free_view(sealed);
}

static void a_new_process_opens_what_the_old_one_sealed(void **state)
{
    struct corv_view sealed = seal("geheim", 6);

    (void)state;
    corv_vault_close(vault);
    vault = NULL;
    assert_int_equal(corv_vault_open(dir, &vault, NULL), CORV_OK);
    assert_int_equal(opens(vault, sealed, "geheim"), CORV_OK);
    free_view(sealed);
}

static void each_hour_has_a_key_and_a_destroyed_one_is_gone_for_everyone(void **state)
{
    struct corv_vault *other = NULL;
    struct corv_view first = seal("eerste", 6);
    uint32_t hour = corv_vault_hour_of(first);

    (void)state;
    assert_int_equal(corv_vault_open(dir, &other, NULL), CORV_OK);
    assert_int_equal(opens(other, first, "eerste"), CORV_OK);
    assert_int_equal(corv_vault_destroy_hour(vault, hour), CORV_E_STATE); /* not over yet */
    corv_clock_shift_us(HOUR_US);
    struct corv_view second = seal("tweede", 6);

    assert_int_equal(corv_vault_hour_of(second), hour + 1);
    assert_int_equal(files_in_vault("2"), 2);
    assert_int_equal(opens(vault, first, "eerste"), CORV_OK);
    assert_int_equal(corv_vault_destroy_hour(vault, hour), CORV_OK);
    assert_int_equal(corv_vault_destroy_hour(vault, hour), CORV_OK); /* again: nothing to do */
    assert_int_equal(files_in_vault("2"), 1);
    assert_int_equal(opens(vault, first, ""), CORV_E_NOTFOUND);
    assert_int_equal(opens(other, first, ""), CORV_E_NOTFOUND); /* though it had it in memory */
    assert_int_equal(opens(vault, second, "tweede"), CORV_OK);
    corv_vault_close(other);
    free_view(first);
    free_view(second);
}

/* Somebody removed the key's file while corvd runs: what is sealed from now on must still open
 * after a restart, or an acknowledged message would be lost. */
static void a_key_whose_file_is_gone_seals_no_more(void **state)
{
    struct corv_view before = seal("voor", 4);
    char path[160];
    time_t hour = (time_t)corv_vault_hour_of(before) * 3600;
    struct tm tm = {0};
    char name[16];

    (void)state;
    (void)gmtime_r(&hour, &tm);
    (void)strftime(name, sizeof name, "%Y%m%d%H", &tm);
    (void)snprintf(path, sizeof path, "%s/%s.key", dir, name);
    assert_int_equal(unlink(path), 0);

    struct corv_view after = seal("na", 2);

    corv_vault_close(vault);
    vault = NULL;
    assert_int_equal(corv_vault_open(dir, &vault, NULL), CORV_OK);
    assert_int_equal(opens(vault, after, "na"), CORV_OK);
    free_view(before);
    free_view(after);
}

static void a_destroyed_key_is_overwritten(void **state)
{
    struct corv_view sealed = seal("eerste", 6);
    char path[400];
    char byte = 1;
    int fd;

    (void)state;
    key_path(path, sizeof path);
    fd = open(path, O_RDONLY); /* keeps the file alive after the unlink */
    corv_clock_shift_us(HOUR_US);
    assert_int_equal(corv_vault_destroy_hour(vault, corv_vault_hour_of(sealed)), CORV_OK);
    for (int i = 0; read(fd, &byte, 1) == 1; i++)
        assert_int_equal(byte, 0);
    (void)close(fd);
    free_view(sealed);
}

static void more_hours_than_the_cache_holds(void **state)
{
    struct corv_view sealed[150];

    (void)state;
    for (int i = 0; i < 150; i++) {
        corv_clock_shift_us(i * HOUR_US);
        sealed[i] = seal("uur", 3);
    }
    for (int i = 149; i >= 0; i--) {
        assert_int_equal(opens(vault, sealed[i], "uur"), CORV_OK);
        free_view(sealed[i]);
    }
}

static void files_are_private_and_a_loose_one_is_closed(void **state)
{
    struct corv_view sealed = seal("geheim", 6);
    char path[400];
    struct stat st;

    (void)state;
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    key_path(path, sizeof path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(files_in_vault("new-"), 0);
    assert_int_equal(chmod(path, 0644), 0);
    corv_vault_close(vault);
    assert_int_equal(corv_vault_open(dir, &vault, NULL), CORV_OK);
    assert_int_equal(opens(vault, sealed, "geheim"), CORV_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    free_view(sealed);
}

static void a_folder_others_can_enter_is_refused(void **state)
{
    struct corv_vault *other = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_equal(chmod(dir, 0750), 0);
    assert_int_equal(corv_vault_open(dir, &other, &fault), CORV_E_STATE);
    assert_string_equal(fault.code, "vault.rights");
    assert_non_null(strstr(fault.text, "chmod 700"));
    fault = (struct corv_fault){0};
    assert_int_equal(corv_vault_open("/nowhere/keys", &other, &fault), CORV_E_IO);
    assert_string_equal(fault.code, "vault.folder");
}

static void a_damaged_key_file_is_not_taken_for_a_key(void **state)
{
    struct corv_view sealed = seal("geheim", 6);
    char path[400];
    char *p = NULL;
    size_t n = 0;
    int fd;

    (void)state;
    key_path(path, sizeof path);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "x", 1, 7), 1);
    corv_vault_close(vault);
    assert_int_equal(corv_vault_open(dir, &vault, NULL), CORV_OK);
    assert_int_equal(opens(vault, sealed, ""), CORV_E_IO);
    assert_int_equal(corv_vault_seal(vault, &id, corv_view_str("x"), &p, &n), CORV_E_IO);
    assert_int_equal(ftruncate(fd, 3), 0);
    assert_int_equal(opens(vault, sealed, ""), CORV_E_IO);
    (void)close(fd);
    free_view(sealed);
}

static void a_full_disk_is_an_error_and_leaves_nothing(void **state)
{
    struct rlimit kept;
    struct rlimit none;
    char *p = NULL;
    size_t n = 0;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    none = kept;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    corv_rc rc = corv_vault_seal(vault, &id, corv_view_str("x"), &p, &n);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    assert_int_equal(rc, CORV_E_IO);
    assert_null(p);
    assert_int_equal(files_in_vault(""), 1); /* its identity */
    free_view(seal("en weer verder", 14));
}

static void a_folder_that_vanished_is_an_error(void **state)
{
    char *p = NULL;
    size_t n = 0;

    char house[128];

    (void)state;
    (void)snprintf(house, sizeof house, "%s/house", dir);
    assert_int_equal(unlink(house), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(corv_vault_seal(vault, &id, corv_view_str("x"), &p, &n), CORV_E_IO);
}

static void old_leftovers_are_removed_and_young_ones_kept(void **state)
{
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    char path[400];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/new-0001", dir);
    (void)close(open(path, O_CREAT | O_WRONLY, 0600));
    (void)snprintf(path, sizeof path, "%s/new-0002", dir);
    (void)close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    corv_vault_close(vault);
    assert_int_equal(corv_vault_open(dir, &vault, NULL), CORV_OK);
    assert_int_equal(files_in_vault("new-"), 1);
}

/* Two processes that come to the same new hour at the same moment must end with one key. */
static void processes_that_race_for_a_key_agree(void **state)
{
    char byte = 0;

    (void)state;
    for (int round = 1; round <= 20; round++) {
        char *sealed[4] = {0};
        char text[4][OVERHEAD + 2];
        int result[4][2];
        int gate[2];
        pid_t pids[4];

        corv_clock_shift_us(round * HOUR_US);
        assert_int_equal(pipe(gate), 0);
        for (int i = 0; i < 4; i++) {
            assert_int_equal(pipe(result[i]), 0);
            pids[i] = fork();
            if (pids[i] == 0) {
                struct corv_vault *mine = NULL;
                size_t n = 0;

                (void)close(gate[1]);
                if (corv_vault_open(dir, &mine, NULL) != CORV_OK || read(gate[0], &byte, 1) != 0 ||
                    corv_vault_seal(mine, &id, corv_view_str("ja"), &sealed[i], &n) != CORV_OK ||
                    write(result[i][1], sealed[i], n) != (ssize_t)n)
                    _exit(1);
                _exit(0);
            }
        }
        (void)close(gate[0]);
        (void)close(gate[1]); /* go */
        for (int i = 0; i < 4; i++) {
            int status = 0;

            assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
            assert_int_equal(status, 0);
            assert_int_equal(read(result[i][0], text[i], sizeof text[i]), OVERHEAD + 2);
            assert_int_equal(opens(vault, corv_view_of(text[i], OVERHEAD + 2), "ja"), CORV_OK);
            (void)close(result[i][0]);
            (void)close(result[i][1]);
        }
        assert_int_equal(files_in_vault("2"), round);
    }
}

static void *worker(void *ctx)
{
    size_t *failures = ctx;

    for (int i = 0; i < 300; i++) {
        char *sealed = NULL;
        char *plain = NULL;
        size_t n = 0;
        size_t m = 0;

        if (corv_vault_seal(vault, &id, corv_view_str("samen"), &sealed, &n) != CORV_OK ||
            corv_vault_open_sealed(vault, &id, corv_view_of(sealed, n), &plain, &m) != CORV_OK ||
            m != 5 || memcmp(plain, "samen", 5) != 0)
            ++*failures;
        free(sealed);
        free(plain);
    }
    return NULL;
}

static void workers_seal_and_open_at_once(void **state)
{
    pthread_t threads[4];
    size_t failures[4] = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker, &failures[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(failures[i], 0);
    }
    assert_int_equal(files_in_vault("2"), 1);
}

static void prints_what_sealing_costs(void **state)
{
    static char text[6144];
    int64_t begin = corv_clock_mono_us();

    (void)state;
    for (int i = 0; i < 2000; i++)
        free_view(seal(text, sizeof text));
    print_message("6 KB sealed in %.1f us\n", (double)(corv_clock_mono_us() - begin) / 2000);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        CASE(what_was_sealed_opens),
        CASE(a_big_message_comes_back_byte_for_byte),
        CASE(in_its_own_place_too),
        CASE(in_its_own_place_a_change_is_noticed_and_nothing_is_left),
        CASE(every_changed_bit_is_noticed),
        CASE(every_shorter_piece_is_refused),
        CASE(what_repeats_itself_takes_less_room),
        CASE(one_form_does_not_open_as_the_other),
        CASE(all_sizes_come_back),
        CASE(the_payload_of_one_message_does_not_open_as_another),
        CASE(a_new_process_opens_what_the_old_one_sealed),
        CASE(each_hour_has_a_key_and_a_destroyed_one_is_gone_for_everyone),
        CASE(a_key_whose_file_is_gone_seals_no_more),
        CASE(a_destroyed_key_is_overwritten),
        CASE(more_hours_than_the_cache_holds),
        CASE(files_are_private_and_a_loose_one_is_closed),
        CASE(a_folder_others_can_enter_is_refused),
        CASE(a_damaged_key_file_is_not_taken_for_a_key),
        CASE(a_full_disk_is_an_error_and_leaves_nothing),
        CASE(a_folder_that_vanished_is_an_error),
        CASE(old_leftovers_are_removed_and_young_ones_kept),
        CASE(processes_that_race_for_a_key_agree),
        CASE(workers_seal_and_open_at_once),
        CASE(prints_what_sealing_costs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
