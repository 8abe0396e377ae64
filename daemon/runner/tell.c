/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/runner/tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <uv.h>

static struct {
    uv_mutex_t mutex;
    int fd;
} line = {.fd = -1};

static void note(enum corv_log_level level, const char *event, const struct corv_log_field *f);

void corv_tell_start(int fd)
{
    line.fd = fd;
    if (uv_mutex_init(&line.mutex) == 0)
        corv_log_set_tap(note);
}

void corv_tell(struct wire_out *o)
{
    size_t sent = 0;

    if (!wire_end(o, 0))
        return; /* no memory: the operation ends at its deadline */
    uv_mutex_lock(&line.mutex);
    while (sent < o->n) {
        ssize_t n = send(line.fd, o->p + sent, o->n - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            break;
        sent += n > 0 ? (size_t)n : 0;
    }
    uv_mutex_unlock(&line.mutex);
    wire_out_free(o);
}

void corv_tell_number(enum wire_type type, uint32_t number)
{
    struct wire_out o;

    wire_begin(&o, type);
    wire_put_u32(&o, number);
    corv_tell(&o);
}

static void tell_two(enum wire_type type, const char *code, const char *text)
{
    struct wire_out o;

    wire_begin(&o, type);
    wire_put_text(&o, code);
    wire_put_text(&o, text);
    corv_tell(&o);
}

void corv_tell_failed(const char *code, const char *text)
{
    tell_two(WIRE_FAILED, code, text);
}

void corv_tell_outcome(uint64_t op, const struct corv_host_outcome *outcome)
{
    struct wire_out o;

    wire_begin(&o, WIRE_OUTCOME);
    wire_put_u64(&o, op);
    wire_put_u32(&o, outcome->cls);
    wire_put_text(&o, outcome->code);
    wire_put_text(&o, outcome->text);
    wire_put_u32(&o, outcome->retry_after_seconds);
    wire_put_u32(&o, outcome->status);
    wire_put_bytes(&o, (struct corv_text){outcome->receipt.p, outcome->receipt.n});
    corv_tell(&o);
}

void corv_tell_offer(uint64_t offer, const struct corv_host_incoming *in)
{
    struct wire_out o;

    wire_begin(&o, WIRE_OFFER);
    wire_put_u64(&o, offer);
    wire_put_u32(&o, 0); /* the host here wants to hear of all of them */
    wire_put_text(&o, in->content_type);
    wire_put_text(&o, in->oin);
    wire_put_text(&o, in->party);
    wire_put_text(&o, in->peer);
    wire_put_bytes(&o, (struct corv_text){in->bytes.p, in->bytes.n});
    corv_tell(&o);
}

void corv_tell_reconfigured(uint32_t verdict, const char *why)
{
    struct wire_out o;

    wire_begin(&o, WIRE_RECONFIGURED);
    wire_put_u32(&o, verdict);
    wire_put_text(&o, why);
    corv_tell(&o);
}

void corv_tell_count(const char *what, uint64_t n)
{
    struct wire_out o;

    wire_begin(&o, WIRE_COUNT);
    wire_put_text(&o, what);
    wire_put_u64(&o, n);
    corv_tell(&o);
}

/* ---- the log ------------------------------------------------------------------------------- */

/* A line of the adapter goes as it is; one of the host here as its event, with its fields. */
static void note(enum corv_log_level level, const char *event, const struct corv_log_field *f)
{
    bool own = strcmp(event, "adapter.note") == 0;
    const char *code = event;
    char text[256] = "";
    size_t n = 0;
    struct wire_out o;

    for (; f->type != CORV_LF_END && n < sizeof text; f++) {
        if (f->type == CORV_LF_ADAPTER)
            continue;
        if (own && f->type == CORV_LF_CODE)
            code = f->s;
        else if (f->s)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", f->s);
        else
            n += (size_t)snprintf(
                text + n, sizeof text - n, "%s%lld", n ? " " : "", (long long)f->i);
    }
    wire_begin(&o, WIRE_NOTE);
    wire_put_u32(&o, level);
    wire_put_text(&o, code ? code : event);
    wire_put_text(&o, text);
    corv_tell(&o);
}
