/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/bell.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct corv_bell {
    uv_poll_t poll;
    int fd; /* owned */
    void (*heard)(void *ctx);
    void *ctx;
    void (*gone)(void *ctx);
};

static void hear(uv_poll_t *poll, int status, int events)
{
    struct corv_bell *b = poll->data;
    eventfd_t rings;

    (void)status, (void)events;
    (void)eventfd_read(b->fd, &rings); /* first: who rings from here on is heard next time */
    b->heard(b->ctx);
}

corv_rc corv_bell_new(uv_loop_t *loop, void (*heard)(void *ctx), void *ctx, struct corv_bell **out)
{
    struct corv_bell *b = calloc(1, sizeof *b);

    *out = NULL;
    if (!b)
        return CORV_E_NOMEM;
    b->heard = heard;
    b->ctx = ctx;
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0 || uv_poll_init(loop, &b->poll, b->fd) != 0) {
        if (b->fd >= 0)
            (void)close(b->fd);
        free(b);
        return CORV_E_IO;
    }
    b->poll.data = b;
    (void)uv_poll_start(&b->poll, UV_READABLE, hear); /* fails for a closing one only */
    *out = b;
    return CORV_OK;
}

void corv_bell_ring(struct corv_bell *b)
{
    (void)eventfd_write(b->fd, 1); /* full is as good as rung */
}

void corv_bell_ref(struct corv_bell *b)
{
    uv_ref((uv_handle_t *)&b->poll);
}

void corv_bell_unref(struct corv_bell *b)
{
    uv_unref((uv_handle_t *)&b->poll);
}

static void closed(uv_handle_t *handle)
{
    struct corv_bell *b = handle->data;
    void (*gone)(void *ctx) = b->gone;
    void *ctx = b->ctx;

    (void)close(b->fd);
    free(b);
    if (gone)
        gone(ctx);
}

void corv_bell_close(struct corv_bell *b, void (*gone)(void *ctx))
{
    if (!b)
        return;
    b->gone = gone;
    uv_close((uv_handle_t *)&b->poll, closed);
}
