/* SPDX-License-Identifier: EUPL-1.2 */
/* Wakes the loop from another thread. What uv_async_t is for, without its waiting: the loop that
 * finds a sender of libuv 1.44 between its two steps turns round until that one has taken the
 * second, up to a thousand times, and a sender that stands back (pool.c) does not get to it.
 * Threads: ring from any, also from several at once; everything else on the loop thread.
 * Test: tests/unit/test_bell.c */
#ifndef CORV_LOOP_BELL_H
#define CORV_LOOP_BELL_H

#include <uv.h>

#include "daemon/base/rc.h"

struct corv_bell;

/* heard is called on the loop, once or more after each ring; rings that come together are heard
 * once. Keeps the loop alive until corv_bell_unref. CORV_E_NOMEM, CORV_E_IO: no descriptor. */
CORV_MUST_CHECK corv_rc corv_bell_new(
    uv_loop_t *loop, void (*heard)(void *ctx), void *ctx, struct corv_bell **out);
void corv_bell_ring(struct corv_bell *b);
void corv_bell_ref(struct corv_bell *b);   /* keeps the loop alive */
void corv_bell_unref(struct corv_bell *b); /* does not */
/* Nobody rings any more. heard is not called again; gone (or NULL) is, when it was freed. */
void corv_bell_close(struct corv_bell *b, void (*gone)(void *ctx));

#endif
