/* SPDX-License-Identifier: EUPL-1.2 */
/* A growing buffer that is born with its ceiling. An append that would pass the ceiling, or
 * for which there is no memory, frees the content, marks the buffer failed and says so; every
 * later append fails too, so a writer may check once, at the end.
 * Owner: whoever declared it; free with corv_buf_free (which accepts a zeroed one).
 * Thread: one at a time. Test: tests/unit/test_buf.c */
#ifndef CORV_BASE_BUF_H
#define CORV_BASE_BUF_H

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

struct corv_buf {
    char *p;  /* owned; always followed by a zero byte when not NULL */
    size_t n; /* bytes used */
    size_t cap;
    size_t ceiling; /* bytes, never passed */
    bool failed;
};

void corv_buf_init(struct corv_buf *b, size_t ceiling);
void corv_buf_free(struct corv_buf *b);
void corv_buf_reset(struct corv_buf *b); /* empty again, memory kept */
/* Room for at least total bytes, to save growth steps. */
corv_rc corv_buf_reserve(struct corv_buf *b, size_t total);
corv_rc corv_buf_add(struct corv_buf *b, const void *p, size_t n);
corv_rc corv_buf_add_str(struct corv_buf *b, const char *s);
corv_rc corv_buf_add_number(struct corv_buf *b, size_t n); /* in decimal digits */
corv_rc corv_buf_addf(struct corv_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct corv_view corv_buf_view(const struct corv_buf *b); /* borrowed until the next change */
/* Hands over the bytes (free with free()) and leaves the buffer empty. NULL when failed. */
char *corv_buf_take(struct corv_buf *b, size_t *n);

#endif
