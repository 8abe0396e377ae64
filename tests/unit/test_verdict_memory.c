/* SPDX-License-Identifier: EUPL-1.2 */
/* Every allocation of libxml2 fails once: the answer is "no memory" or the right verdict, never
 * a wrong yes or no. libxml2 2.9.14 itself crashes on some of them, so the tries are made in a
 * child, and after a crash another one goes on behind it; crashes are counted and shown, they
 * are not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <fcntl.h>
#include <libxml/xmlmemory.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/verdict.h"
#include "test_verdict_messages.h"

/* The sanitizer must answer as malloc does, and a crash inside libxml2 needs no report. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:detect_leaks=0:handle_segv=0:log_path=/dev/null";
}

static struct corv_schemas *schemas;
static xmlMallocFunc ours;
static xmlReallocFunc our_realloc;
static xmlStrdupFunc our_strdup;
static xmlFreeFunc our_free;
static long left = -1; /* allocations until one fails; -1: none does */
static bool hit;

static bool fails_now(void)
{
    if (left < 0)
        return false;
    if (left-- > 0)
        return false;
    left = -1;
    hit = true;
    return true;
}

#define IMPOSSIBLE ((size_t)PTRDIFF_MAX - 4096)

static void *failing_malloc(size_t n)
{
    return ours(fails_now() ? IMPOSSIBLE : n);
}

static void *failing_realloc(void *p, size_t n)
{
    return our_realloc(p, fails_now() ? IMPOSSIBLE : n);
}

static char *failing_strdup(const char *s)
{
    return fails_now() ? ours(IMPOSSIBLE) : our_strdup(s);
}

enum outcome { NO_MEMORY, RIGHT, WRONG, NOT_REACHED };

static enum outcome judge(const char *text, long n, const char *expected)
{
    struct corv_verdict v;
    corv_rc rc;
    bool right;

    left = n;
    hit = false;
    rc = corv_verdict_of(schemas, corv_view_str(text), NULL, &v);
    left = -1;
    right = rc == CORV_OK && v.valid == !*expected &&
            (v.valid || (v.findings.count && strcmp(v.findings.list[0].code, expected) == 0));
    corv_verdict_free(&v);
    return !hit ? NOT_REACHED : rc == CORV_E_NOMEM ? NO_MEMORY : right ? RIGHT : WRONG;
}

struct tally {
    long n; /* the try that is being made */
    int count[4];
};

/* In a child: goes on until nothing fails any more. */
static void try_all(struct tally *t, const char *text, const char *code)
{
    static const int caught[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS}; /* by cmocka */
    int quiet = open("/dev/null", O_WRONLY);

    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        (void)signal(caught[i], SIG_DFL);
    if (quiet >= 0)
        (void)dup2(quiet, 2); /* libxml2 complains of each */
    for (; t->n < 5000 && !t->count[NOT_REACHED]; t->n++)
        t->count[judge(text, t->n, code)]++;
    _exit(0);
}

static int tries(struct tally *t, const char *text, const char *code)
{
    int crashed = 0;

    for (;;) {
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0)
            try_all(t, text, code);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return crashed;
        crashed++;
        t->n++;
        assert_true(crashed < 20);
    }
}

static void never_a_wrong_answer(void **state)
{
    static const struct {
        const char *text;
        const char *code; /* "" for valid */
    } rows[] = {
        {BV03, ""},
        {VTO("", "QUJD"), ""},
        {SOAP("", VTO("", "QU<!-- x -->JD")), ""},
        {VTO("", "QUJ"), "schema.base64"},
        {FO01("<StUF:x/>"), "schema.unexpected-element"},
        {"<a>", "well-formed.truncated"},
        {"<a><x:b/></a>", "well-formed.namespace"},
    };
    struct tally *t =
        mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(t, MAP_FAILED);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *t = (struct tally){0};

        int crashed = tries(t, rows[i].text, rows[i].code);

        (void)fprintf(stderr, "message %zu: %d no memory, %d right, %d wrong, %d crashed\n", i,
            t->count[NO_MEMORY], t->count[RIGHT], t->count[WRONG], crashed);
        assert_int_equal(t->count[WRONG], 0);
        assert_int_equal(t->count[NOT_REACHED], 1);
        assert_true(t->count[NO_MEMORY] > 10);
    }
    (void)munmap(t, sizeof *t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_a_wrong_answer),
    };
    struct corv_fault fault = {0};

    corv_schemas_init();
    if (corv_schemas_new(&schemas, &fault) != CORV_OK)
        return 1;
    (void)xmlMemGet(&our_free, &ours, &our_realloc, &our_strdup);
    (void)xmlMemSetup(our_free, failing_malloc, failing_realloc, failing_strdup);

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    corv_schemas_free(schemas);
    return failed;
}
