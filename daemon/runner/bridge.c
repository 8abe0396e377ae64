/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/runner/bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/runner/confine.h"
#include "daemon/runner/internal.h"
#include "daemon/runner/tell.h"

#define EXIT_FAILED 78 /* as sysexits: what was asked cannot be */

/* ---- leaving ------------------------------------------------------------------------------- */

static void poll_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void hosts_closed(void *ctx)
{
    struct bridge *b = ctx;

    b->hosts = NULL;
    uv_close((uv_handle_t *)&b->poll, poll_closed);
}

static void leave(struct bridge *b, uint32_t ms)
{
    if (b->leaving)
        return;
    b->leaving = true;
    corv_hosts_close(b->hosts, ms, hosts_closed, b);
}

/* The other end is closed: nobody waits for an outcome and nobody will answer an offer. */
static void corvd_gone(struct bridge *b)
{
    b->gone = true;
    (void)uv_poll_stop(&b->poll);
    leave(b, 0);
    if (!b->hosts)
        return;
    bridge_cancel_all(b);
    bridge_answer_all(b);
}

/* ---- frames -------------------------------------------------------------------------------- */

static bool room(struct bridge *b, struct wire_in *in)
{
    (void)wire_get_u32(in);
    b->room = true;
    corv_hosts_room(b->hosts);
    return wire_got_all(in);
}

static bool stop(struct bridge *b, struct wire_in *in)
{
    uint32_t ms = wire_get_u32(in);

    leave(b, ms);
    return wire_got_all(in);
}

static bool reconfigure(struct bridge *b, struct wire_in *in)
{
    struct bridge_settings settings;
    struct corv_fault f = {0};

    if (!bridge_settings_get(b, in, &settings))
        return false;
    corv_rc rc = corv_hosts_reconfigure(b->hosts, &settings.entry, &f);

    corv_tell_reconfigured(rc == CORV_OK ? 0 : rc == CORV_E_STATE ? 1 : 2, f.text);
    return true;
}

static void tell_counts(struct bridge *b)
{
    const struct corv_host_count *counts;
    struct corv_host_stats stats;
    unsigned used;

    if (!corv_hosts_at(b->hosts, 0, &stats, &counts, &used))
        return;
    for (unsigned i = 0; i < used; i++) {
        if (counts[i].n == b->counted[i])
            continue;
        corv_tell_count(counts[i].what, counts[i].n - b->counted[i]);
        b->counted[i] = counts[i].n;
    }
}

static bool ping(struct bridge *b, struct wire_in *in)
{
    uint32_t number = wire_get_u32(in);

    tell_counts(b);
    corv_tell_number(WIRE_PONG, number);
    return wire_got_all(in);
}

static bool take_frame(struct bridge *b)
{
    static bool (*const frames[])(struct bridge *, struct wire_in *) = {
        [WIRE_DELIVER] = bridge_deliver,
        [WIRE_CANCEL] = bridge_cancel,
        [WIRE_ANSWER] = bridge_answer,
        [WIRE_ROOM] = room,
        [WIRE_RECONFIGURE] = reconfigure,
        [WIRE_STOP] = stop,
        [WIRE_PING] = ping,
    };
    struct wire_in in = wire_body(&b->in);

    return b->in.type < sizeof frames / sizeof frames[0] && frames[b->in.type] &&
           frames[b->in.type](b, &in);
}

/* One read. False: what corvd says is not our language, or there is no memory for it. */
static bool read_some(struct bridge *b, int flags, bool *frame)
{
    size_t space = 0;
    char *to = wire_want(&b->in, &space);
    ssize_t n = to ? recv(b->fd, to, space, flags) : -1;

    *frame = false;
    if (n == 0)
        b->gone = true;
    if (n <= 0)
        return to && (n == 0 || errno == EAGAIN || errno == EINTR);
    enum wire_result r = wire_got(&b->in, (size_t)n);

    *frame = r == WIRE_FRAME;
    return r != WIRE_BAD;
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct bridge *b = poll->data;
    bool frame = false;
    bool good = status >= 0 && read_some(b, MSG_DONTWAIT, &frame);

    (void)events;
    if (good && frame) {
        good = take_frame(b);
        wire_next(&b->in);
    }
    if (!good || b->gone)
        corvd_gone(b);
}

/* ---- beginning ----------------------------------------------------------------------------- */

static corv_rc greet(struct bridge *b, struct bridge_settings *settings, struct corv_fault *f)
{
    struct corv_confinement c = {0};
    struct wire_in in = wire_body(&b->in);
    uint32_t version = wire_get_u32(&in);

    if (b->in.type != WIRE_HELLO || version != WIRE_VERSION)
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "process.version",
            "corvd spreekt versie %u met het kindproces; verwacht: %u. Herstart corvd na een "
            "nieuwe versie.",
            (unsigned)version, WIRE_VERSION);
    b->name = wire_get_text(&in);
    b->library = wire_get_text(&in);
    c.user = wire_get_text(&in);
    b->own_oin = wire_get_text(&in);
    b->own_application = wire_get_text(&in);
    c.memory_mb = wire_get_u32(&in);
    c.files = wire_get_u32(&in);
    if (!bridge_settings_get(b, &in, settings) || !b->name || !b->library || !b->own_oin ||
        !b->own_application)
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_BUG, "process.protocol",
            "Het eerste bericht van corvd is niet te lezen.");
    return corv_confine(&c, f);
}

static corv_rc raise_adapter(struct bridge *b, struct corv_fault *f)
{
    struct bridge_settings settings;
    corv_rc rc = greet(b, &settings, f);

    if (rc == CORV_OK)
        rc = corv_hosts_new(&b->loop, &b->hosts);
    if (rc != CORV_OK)
        return rc;
    bridge_incoming_start(b);
    return corv_hosts_add(b->hosts, &settings.entry, f);
}

static void adapter_closed(void *ctx)
{
    (void)ctx;
}

int corv_bridge_run(int fd)
{
    static struct bridge b;
    struct corv_fault f = {0};
    bool frame = false;
    int status = 0;

    b.fd = fd;
    corv_list_init(&b.carried);
    if (uv_loop_init(&b.loop) != 0)
        return EXIT_FAILED;
    while (!frame && !b.gone && read_some(&b, 0, &frame))
        ;
    if (!frame)
        return EXIT_FAILED;
    corv_rc rc = raise_adapter(&b, &f);

    b.hello = wire_take_body(&b.in);
    wire_next(&b.in);
    if (rc == CORV_OK && uv_poll_init(&b.loop, &b.poll, fd) == 0) {
        b.poll.data = &b;
        (void)uv_poll_start(&b.poll, UV_READABLE, readable);
        corv_tell_number(WIRE_READY, WIRE_VERSION);
    } else {
        corv_tell_failed(f.code[0] ? f.code : "process.memory", f.text);
        status = EXIT_FAILED;
        if (b.hosts)
            corv_hosts_close(b.hosts, 0, adapter_closed, NULL);
    }
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&b.loop);
    wire_reader_free(&b.in);
    free(b.hello);
    return status;
}
