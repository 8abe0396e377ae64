/* SPDX-License-Identifier: EUPL-1.2 */
/* The verdict of one message, big or small, in the shapes an attachment comes in: time per MB must
 * be flat and memory must not grow with the attachment. Each measurement is a process of its own,
 * so that its peak is its own.
 *
 *   bench_big          the table; exit 1 when a bound is broken (a margin for a busy machine)
 *   bench_big --show   the table only */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/buf.h"
#include "schemas/verdict.h"
#include "tests/unit/test_verdict_messages.h"

#define MIB   ((size_t)1 << 20)
#define MOST  (35 * MIB)
#define TRIES 5

enum shape { LF, CRLF, FLAT, CDATA, COMMENTS, SHAPES };
static const char *const names[SHAPES] = {"LF", "CRLF", "flat", "CDATA", "comments"};

static const char line64[] = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2";

struct result {
    int64_t us;  /* best of TRIES */
    size_t peak; /* bytes above what the process had with the message in memory */
    bool valid;
};

static void piece(struct corv_buf *b, enum shape shape, size_t n)
{
    (void)corv_buf_add(b, line64, 64);
    if (shape == LF)
        (void)corv_buf_add_str(b, "\n");
    else if (shape == CRLF)
        (void)corv_buf_add_str(b, "\r\n");
    else if (shape == CDATA && n % 1024 == 0)
        (void)corv_buf_add_str(b, "]]><![CDATA[");
    else if (shape == COMMENTS && n % 1024 == 0)
        (void)corv_buf_add_str(b, "<!-- tussendoor -->");
}

static bool make(struct corv_buf *b, enum shape shape, size_t size)
{
    static const char text[] = VTO("", "@");
    const char *at = strchr(text, '@');
    size_t rest = strlen(at + 1);

    corv_buf_init(b, MOST);
    (void)corv_buf_add(b, text, (size_t)(at - text));
    if (shape == CDATA)
        (void)corv_buf_add_str(b, "<![CDATA[");
    for (size_t n = 1; b->n + rest + 128 < size; n++)
        piece(b, shape, n);
    if (shape == CDATA)
        (void)corv_buf_add_str(b, "]]>");
    (void)corv_buf_add(b, at + 1, rest);
    return !b->failed;
}

static size_t resident(void) /* peak */
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (size_t)u.ru_maxrss * 1024;
}

/* CPU time: the machine is shared. */
static int64_t cpu_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void measure(enum shape shape, size_t size, struct result *out)
{
    struct corv_schemas *schemas = NULL;
    struct corv_buf b;

    corv_schemas_init();
    if (corv_schemas_new(&schemas, NULL) != CORV_OK || !make(&b, shape, size))
        _exit(2);

    size_t before = resident();

    for (int i = 0; i < TRIES; i++) {
        struct corv_verdict v;
        int64_t began = cpu_us();

        if (corv_verdict_of(schemas, corv_buf_view(&b), NULL, &v) != CORV_OK)
            _exit(2);

        int64_t took = cpu_us() - began;

        if (i == 0 || took < out->us)
            out->us = took;
        out->valid = v.valid;
        corv_verdict_free(&v);
    }
    out->peak = resident() - before;
    _exit(0);
}

static bool run(enum shape shape, size_t size, struct result *out)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0)
        measure(shape, size, out);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && out->valid;
}

static double ms_per_mib(const struct result *r, size_t size)
{
    return (double)r->us / 1000 / ((double)size / (double)MIB);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {20 * 1024, MIB, 4 * MIB, 12 * MIB, MOST};
    bool judge = argc < 2 || strcmp(argv[1], "--show") != 0;
    struct result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool worse = false;
    bool good = shared != MAP_FAILED;

    (void)printf("%-9s %10s %10s %10s %12s\n", "shape", "bytes", "ms", "ms/MiB", "more KiB");
    for (int shape = 0; shape < SHAPES && good; shape++) {
        double middle = 0;

        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            *shared = (struct result){0};
            good = run((enum shape)shape, sizes[i], shared) && good;

            double cost = ms_per_mib(shared, sizes[i]);

            if (i == 1)
                middle = cost;
            (void)printf("%-9s %10zu %10.2f %10.2f %12zu\n", names[shape], sizes[i],
                (double)shared->us / 1000, cost, shared->peak / 1024);
            if (judge && i == 4 && (cost > 2 * middle || shared->peak > 8 * MIB)) {
                (void)printf("too much: more than twice the time per MiB, or 8 MiB of memory\n");
                worse = true;
            }
        }
    }
    return good && !worse ? 0 : 1;
}
