/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/support/pg_proxy.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "daemon/base/list.h"

#define SOCKET_NAME ".s.PGSQL.5432"

struct pg_proxy {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t end;
    char dir[64];
    char path[96];
    char server[128];
    uv_pipe_t listener;
    atomic_int mode;
    atomic_uint cuts;
    struct corv_list lines;
};

struct line {
    struct corv_list node;
    struct pg_proxy *p;
    uv_pipe_t client;
    uv_pipe_t server;
    uv_connect_t connect;
    bool mute; /* COMMIT is under way: nothing more goes back */
    bool cut;
    unsigned open;
};

__attribute__((noreturn)) static void die(const char *what)
{
    (void)fprintf(stderr, "pg_proxy: %s\n", what);
    exit(1);
}

static void end_closed(uv_handle_t *h)
{
    struct line *l = h->data;

    if (--l->open == 0)
        free(l);
}

static void cut(struct line *l)
{
    if (l->cut)
        return;
    l->cut = true;
    corv_list_del(&l->node);
    uv_close((uv_handle_t *)&l->client, end_closed);
    uv_close((uv_handle_t *)&l->server, end_closed);
}

static void buffer(uv_handle_t *h, size_t hint, uv_buf_t *buf)
{
    (void)h;
    buf->base = malloc(hint);
    buf->len = buf->base ? hint : 0;
}

struct sending {
    uv_write_t req;
    char *bytes;
};

static void sent(uv_write_t *req, int status)
{
    struct sending *s = req->data;

    (void)status;
    free(s->bytes);
    free(s);
}

static void pass_on(uv_pipe_t *to, char *bytes, size_t n)
{
    struct sending *s = calloc(1, sizeof *s);
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)n);

    if (!s)
        die("no memory");
    s->bytes = bytes;
    s->req.data = s;
    if (uv_write(&s->req, (uv_stream_t *)to, &buf, 1, sent) != 0) {
        free(bytes);
        free(s);
    }
}

/* A Bind message of the statement it is about: an empty portal name, then the statement's. */
static bool asks(const char *bytes, size_t n, int mode)
{
    static const char commit[] = "\0corv_commit";
    static const char lease[] = "\0corv_lease";

    if (mode == PG_PROXY_CUT_AFTER_LEASE)
        return memmem(bytes, n, lease, sizeof lease) != NULL;
    return mode != PG_PROXY_PASS && memmem(bytes, n, commit, sizeof commit) != NULL;
}

/* The server has done it: COMMIT's own tag, or ready for the next question, in no transaction. */
static bool done(const char *bytes, size_t n, int mode)
{
    static const char commit[] = "COMMIT";
    static const char ready[] = {'Z', 0, 0, 0, 5, 'I'};

    if (mode == PG_PROXY_CUT_AFTER_LEASE)
        return memmem(bytes, n, ready, sizeof ready) != NULL;
    return memmem(bytes, n, commit, sizeof commit) != NULL;
}

static void from_client(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct line *l = s->data;
    struct pg_proxy *p = l->p;
    int mode = atomic_load(&p->mode);
    bool now = n > 0 && asks(buf->base, (size_t)n, mode);

    if (n <= 0 || (now && mode == PG_PROXY_CUT_BEFORE_COMMIT)) {
        free(buf->base);
        if (n != 0)
            cut(l);
        if (now) {
            atomic_store(&p->mode, PG_PROXY_PASS);
            atomic_fetch_add(&p->cuts, 1);
        }
        return;
    }
    if (now)
        l->mute = true;
    pass_on(&l->server, buf->base, (size_t)n);
}

static void from_server(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct line *l = s->data;
    struct pg_proxy *p = l->p;

    if (n > 0 && !l->mute) {
        pass_on(&l->client, buf->base, (size_t)n);
        return;
    }
    if (n > 0 && done(buf->base, (size_t)n, atomic_load(&p->mode))) {
        atomic_store(&p->mode, PG_PROXY_PASS);
        atomic_fetch_add(&p->cuts, 1);
        cut(l);
    }
    free(buf->base);
    if (n < 0)
        cut(l);
}

static void connected(uv_connect_t *req, int status)
{
    struct line *l = req->data;

    if (status != 0 || l->cut) {
        cut(l);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&l->client, buffer, from_client);
    (void)uv_read_start((uv_stream_t *)&l->server, buffer, from_server);
}

static void on_client(uv_stream_t *listener, int status)
{
    struct pg_proxy *p = listener->data;
    struct line *l = calloc(1, sizeof *l);

    if (status != 0 || !l)
        die("no client");
    l->p = p;
    l->open = 2;
    (void)uv_pipe_init(&p->loop, &l->client, 0);
    (void)uv_pipe_init(&p->loop, &l->server, 0);
    l->client.data = l->server.data = l->connect.data = l;
    corv_list_add(&p->lines, &l->node);
    if (uv_accept(listener, (uv_stream_t *)&l->client) != 0)
        die("accept");
    uv_pipe_connect(&l->connect, &l->server, p->server, connected);
}

static void on_end(uv_async_t *h)
{
    struct pg_proxy *p = h->data;

    CORV_LIST_EACH(node, &p->lines)
    cut(CORV_LIST_ITEM(node, struct line, node));
    uv_close((uv_handle_t *)&p->listener, NULL);
    uv_close((uv_handle_t *)&p->end, NULL);
}

static void run(void *ctx)
{
    struct pg_proxy *p = ctx;

    (void)uv_run(&p->loop, UV_RUN_DEFAULT);
}

struct pg_proxy *pg_proxy_new(const char *server_dir)
{
    struct pg_proxy *p = calloc(1, sizeof *p);

    if (!p || uv_loop_init(&p->loop) != 0)
        die("no memory");
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/corv-test-proxy-XXXXXX");
    if (!mkdtemp(p->dir))
        die("no folder under /tmp");
    (void)snprintf(p->path, sizeof p->path, "%s/" SOCKET_NAME, p->dir);
    (void)snprintf(p->server, sizeof p->server, "%s/" SOCKET_NAME, server_dir);
    corv_list_init(&p->lines);
    (void)uv_pipe_init(&p->loop, &p->listener, 0);
    (void)uv_async_init(&p->loop, &p->end, on_end);
    p->listener.data = p->end.data = p;
    if (uv_pipe_bind(&p->listener, p->path) != 0 ||
        uv_listen((uv_stream_t *)&p->listener, 8, on_client) != 0)
        die("cannot listen");
    if (uv_thread_create(&p->thread, run, p) != 0)
        die("no thread");
    return p;
}

const char *pg_proxy_dir(const struct pg_proxy *p)
{
    return p->dir;
}

void pg_proxy_mode(struct pg_proxy *p, enum pg_proxy_mode mode)
{
    atomic_store(&p->mode, (int)mode);
}

unsigned pg_proxy_cuts(struct pg_proxy *p)
{
    return atomic_load(&p->cuts);
}

void pg_proxy_free(struct pg_proxy *p)
{
    if (!p)
        return;
    (void)uv_async_send(&p->end);
    (void)uv_thread_join(&p->thread);
    if (uv_loop_close(&p->loop) != 0)
        die("a handle was left behind");
    (void)unlink(p->path);
    (void)rmdir(p->dir);
    free(p);
}
