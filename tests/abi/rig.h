/* SPDX-License-Identifier: EUPL-1.2 */
/* A loop with hosts on it, for the tests of the host and of adapters: deliver, wait with a
 * deadline, look at the outcome and at what was logged. Included by one test program at a time. */
#ifndef TESTS_ABI_RIG_H
#define TESTS_ABI_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/host/host.h"

struct rig {
    uv_loop_t loop;
    struct corv_hosts *hosts;
    bool closed;
    int log_fd;
};

struct result {
    size_t receipt_bytes;
    struct corv_host_outcome outcome; /* of the last done; the receipt is below */
    unsigned dones;
    unsigned releases;
    bool inside; /* the test is inside corv_hosts_deliver */
    char receipt[8193];
};

static inline void rig_open(struct rig *rig)
{
    *rig = (struct rig){.log_fd = memfd_create("log", MFD_CLOEXEC)};
    assert_true(rig->log_fd >= 0);
    corv_log_set_fd(rig->log_fd);
    assert_int_equal(uv_loop_init(&rig->loop), 0);
    assert_int_equal(corv_hosts_new(&rig->loop, &rig->hosts), CORV_OK);
}

static inline void rig_closed(void *ctx)
{
    ((struct rig *)ctx)->closed = true;
}

static inline void rig_tick(uv_timer_t *timer)
{
    (void)timer; /* only wakes uv_run */
}

static inline void rig_timer_closed(uv_handle_t *handle)
{
    *(bool *)handle->data = true;
}

/* Runs the loop until *what reaches least or the time is over; false when it was over. */
static inline bool rig_until(struct rig *rig, const unsigned *what, unsigned least, int ms)
{
    int64_t end = corv_clock_mono_us() + (int64_t)ms * 1000;
    bool gone = false;
    uv_timer_t timer;

    assert_int_equal(uv_timer_init(&rig->loop, &timer), 0);
    timer.data = &gone;
    (void)uv_timer_start(&timer, rig_tick, 20, 20);
    while (*what < least && corv_clock_mono_us() < end)
        (void)uv_run(&rig->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, rig_timer_closed);
    while (!gone)
        (void)uv_run(&rig->loop, UV_RUN_NOWAIT);
    return *what >= least;
}

/* Lets the loop turn for a while, for "nothing happens" and for what has no result to wait on. */
static inline void rig_turn(struct rig *rig, int ms)
{
    unsigned never = 0;

    (void)rig_until(rig, &never, 1, ms);
}

static inline void rig_close(struct rig *rig, unsigned limit_ms)
{
    if (rig->hosts)
        corv_hosts_close(rig->hosts, limit_ms, rig_closed, rig);
    (void)uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_true(rig->closed);
    assert_int_equal(uv_loop_close(&rig->loop), 0); /* no handle was left */
    corv_log_set_fd(STDERR_FILENO);
    (void)close(rig->log_fd);
}

static inline bool rig_logged(const struct rig *rig, const char *a, const char *b)
{
    static char text[1 << 20];
    ssize_t n = pread(rig->log_fd, text, sizeof text - 1, 0);
    char *line;
    char *rest = text;

    text[n > 0 ? n : 0] = '\0';
    while ((line = strsep(&rest, "\n")) != NULL)
        if (strstr(line, a) && strstr(line, b))
            return true;
    return false;
}

static inline bool rig_logged_anywhere(const struct rig *rig, const char *a)
{
    return rig_logged(rig, a, "");
}

static inline corv_rc rig_add(struct rig *rig, const char *name, const char *library,
    const struct corv_host_setting *settings, unsigned count, struct corv_fault *fault)
{
    const struct corv_host_entry e = {
        .name = name, .library = library, .settings = settings, .settings_count = count};

    *fault = (struct corv_fault){0};
    return corv_hosts_add(rig->hosts, &e, fault);
}

static inline void rig_done(void *ctx, const struct corv_host_outcome *o)
{
    struct result *r = ctx;

    assert_false(r->inside);
    assert_int_equal(r->releases, r->dones); /* done before release */
    r->dones++;
    r->outcome = *o;
    assert_true(o->receipt.n <= 8192);
    r->receipt_bytes = o->receipt.n;
    if (o->receipt.n)
        memcpy(r->receipt, o->receipt.p, o->receipt.n);
    r->receipt[o->receipt.n] = '\0';
}

static inline void rig_release(void *ctx)
{
    struct result *r = ctx;

    r->releases++;
}

static inline struct corv_outgoing_spec rig_spec(const char *address, struct corv_view payload)
{
    return (struct corv_outgoing_spec){.payload = payload,
        .message_id = "0190b4a2-0000-7000-8000-000000000001",
        .delivery_id = "0190b4a2-0000-7000-8000-000000000002",
        .attempt = 1,
        .kind = "vtoDi01",
        .to_party = "raad",
        .to_oin = "00000001821002193000",
        .from_oin = "00000001803210830000",
        .address = address,
        .content_type = "application/xml",
        .release = rig_release};
}

static inline corv_rc rig_send(struct rig *rig, const char *adapter,
    const struct corv_outgoing_spec *spec, unsigned timeout_ms, struct result *r)
{
    r->inside = true;
    corv_rc rc = corv_hosts_deliver(rig->hosts, adapter, spec, timeout_ms, rig_done, r);

    r->inside = false;
    return rc;
}

/* One message, waited for. */
static inline void rig_deliver(
    struct rig *rig, const char *adapter, const char *address, struct result *r)
{
    const struct corv_outgoing_spec spec = rig_spec(address, corv_view_str("<bericht/>"));
    unsigned least = r->dones + 1;

    assert_int_equal(rig_send(rig, adapter, &spec, 20000, r), CORV_OK);
    assert_true(rig_until(rig, &r->dones, least, 30000));
}

#ifdef CORV_ABI_DIR
/* Puts a plug-in where and how an administrator would: our own folder, mode 0755. Once: writing
 * over a file that is loaded would pull the code from under our feet. */
static inline char *rig_place(const char *dir, const char *name, char out[128])
{
    char from[512];
    char bytes[65536];
    size_t n;

    (void)snprintf(from, sizeof from, "%s/%s.so", CORV_ABI_DIR, name);
    (void)snprintf(out, 128, "%s/%s.so", dir, name);
    if (access(out, F_OK) == 0)
        return out;
    FILE *in = fopen(from, "rb");
    FILE *copy = fopen(out, "wb");

    assert_non_null(in);
    assert_non_null(copy);
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, copy), n);
    (void)fclose(in);
    assert_int_equal(fclose(copy), 0);
    assert_int_equal(chmod(out, 0755), 0);
    return out;
}
#endif

static inline struct corv_host_stats rig_stats(struct rig *rig, const char *adapter)
{
    struct corv_host_stats stats = {0};

    assert_int_equal(corv_hosts_stats(rig->hosts, adapter, &stats), CORV_OK);
    return stats;
}

#endif
