/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/buf.h"
#include "daemon/base/clock.h"

#define LINE_MAX_BYTES 4096

static atomic_int level_limit = CORV_LOG_INFO;
static atomic_int out_fd = STDERR_FILENO;
static _Atomic(corv_log_tap) out_tap;
static atomic_ullong censored;

static const struct {
    const char *name;
    const char *alphabet; /* NULL: a number */
    size_t max;
} types[CORV_LF_TYPES] = {
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
    [CORV_LF_PARTY] = {"party", LOWER DIGIT "-", 64},
    [CORV_LF_TO] = {"to", LOWER DIGIT "-", 64},
    [CORV_LF_ROUTE] = {"route", LOWER DIGIT "-", 64},
    [CORV_LF_ADAPTER] = {"adapter", LOWER UPPER DIGIT "._-", 64},
    [CORV_LF_KIND] = {"kind", LOWER UPPER DIGIT, 40},
    [CORV_LF_STATE] = {"state", LOWER "-", 24},
    [CORV_LF_CODE] = {"code", LOWER UPPER DIGIT ".-", 48},
    [CORV_LF_WHAT] = {"what", LOWER UPPER DIGIT "._:/@+-", 200},
    [CORV_LF_PEER] = {"peer", "abcdefABCDEF" DIGIT ".:[]%", 64},
    [CORV_LF_OIN] = {"oin", DIGIT, 20},
    [CORV_LF_REASON] = {"reason", LOWER UPPER DIGIT " ._:;,/@+-'()\"=%#[]<>!?*$", 300},
    [CORV_LF_ID2] = {"ref", "abcdef" DIGIT "-", 36},
    [CORV_LF_DIGEST] = {"digest", "abcdef" DIGIT, 64},
    [CORV_LF_COUNT] = {"count", NULL, 0},
    [CORV_LF_BYTES] = {"bytes", NULL, 0},
    [CORV_LF_MS] = {"ms", NULL, 0},
    [CORV_LF_US] = {"us", NULL, 0},
    [CORV_LF_STATUS] = {"status", NULL, 0},
    [CORV_LF_ATTEMPT] = {"attempt", NULL, 0},
    [CORV_LF_PID] = {"pid", NULL, 0},
    [CORV_LF_LINE] = {"line", NULL, 0},
};

/* The journal takes the priority of a line from its first characters (sd-daemon(3)); anybody else
 * would see them, so only when our stderr is the journal's socket, as JOURNAL_STREAM tells. */
static const char *const priorities[] = {"<3>", "<4>", "<6>", "<7>"};
static atomic_bool to_journal;

void corv_log_find_journal(void)
{
    const char *said = getenv("JOURNAL_STREAM");
    char mine[64] = "";
    struct stat st;

    if (said && fstat(STDERR_FILENO, &st) == 0)
        (void)snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    atomic_store(&to_journal, said && strcmp(said, mine) == 0);
}

static const char *const level_names[] = {"error", "warning", "info", "debug"};

corv_rc corv_log_level_read(const char *text, enum corv_log_level *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum corv_log_level)i;
            return CORV_OK;
        }
    return CORV_E_INVALID;
}

void corv_log_set_level(enum corv_log_level level)
{
    atomic_store(&level_limit, (int)level);
}

void corv_log_set_fd(int fd)
{
    atomic_store(&out_fd, fd);
}

uint64_t corv_log_censored(void)
{
    return atomic_load(&censored);
}

/* A Dutch sentence of ours may hold an accent: one of the letters U+00C0 to U+00FF. */
static size_t accent(const struct corv_log_field *f, const char *at)
{
    return f->type == CORV_LF_REASON && (unsigned char)at[0] == 0xc3 &&
                   ((unsigned char)at[1] & 0xc0) == 0x80
               ? 2
               : 0;
}

static bool fits(const struct corv_log_field *f)
{
    const char *p = f->s;

    for (size_t n = 1; n > 0; p += n) {
        n = strspn(p, types[f->type].alphabet);
        if (n == 0)
            n = accent(f, p);
    }
    return *p == '\0' && (size_t)(p - f->s) <= types[f->type].max;
}

static void add_text(struct corv_buf *b, const char *s)
{
    (void)corv_buf_add_str(b, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            (void)corv_buf_add_str(b, "\\");
        (void)corv_buf_add(b, s, 1);
    }
    (void)corv_buf_add_str(b, "\"");
}

static void add_field(struct corv_buf *b, const struct corv_log_field *f)
{
    (void)corv_buf_addf(b, ",\"%s\":", types[f->type].name);
    if (!types[f->type].alphabet) {
        (void)corv_buf_addf(b, "%lld", (long long)f->i);
    } else if (f->s && fits(f)) {
        add_text(b, f->s);
    } else {
        if (f->s)
            atomic_fetch_add(&censored, 1);
        add_text(b, f->s ? "?" : "-");
    }
}

static void write_all(const char *p, size_t n)
{
    int fd = atomic_load(&out_fd);

    while (n > 0) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return; /* a full or closed log never stops the daemon */
        p += w;
        n -= (size_t)w;
    }
}

void corv_log_set_tap(corv_log_tap tap)
{
    atomic_store(&out_tap, tap);
}

void corv_log_write(enum corv_log_level level, const char *event, const struct corv_id *id,
    const struct corv_log_field *fields)
{
    char when[CORV_TIME_TEXT];
    char number[CORV_ID_TEXT] = "-";
    struct corv_buf b;

    if ((int)level > atomic_load_explicit(&level_limit, memory_order_relaxed))
        return;
    corv_log_tap tap = atomic_load(&out_tap);

    if (tap) {
        tap(level, event, fields);
        return;
    }
    corv_buf_init(&b, LINE_MAX_BYTES);
    if (id)
        (void)corv_id_text(id, number);
    if (atomic_load_explicit(&to_journal, memory_order_relaxed))
        (void)corv_buf_add_str(&b, priorities[level]);
    (void)corv_buf_addf(&b, "{\"id\":\"%s\",\"event\":\"%s\",\"level\":\"%s\",\"time\":\"%s\"",
        number, event, level_names[level], corv_clock_text(corv_clock_us(), when));
    for (; fields->type != CORV_LF_END; fields++)
        add_field(&b, fields);
    if (corv_buf_add_str(&b, "}\n") == CORV_OK)
        write_all(b.p, b.n);
    corv_buf_free(&b);
}
