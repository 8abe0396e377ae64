/* SPDX-License-Identifier: EUPL-1.2 */
/* Everything the child says. It may be hostile: a frame that does not fit ends it, a number that is
 * not ours is nobody's, and it costs us a bounded part of a turn. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/process/internal.h"

#define TURN_BYTES  (1u << 20)
#define TURN_FRAMES 256u

/* ---- the way out --------------------------------------------------------------------------- */

static bool hear_outcome(struct process *p, struct wire_in *in)
{
    struct corv_outcome o = {.size = sizeof o};
    uint64_t op = wire_get_u64(in);

    o.cls = wire_get_u32(in);
    o.code = wire_get_text(in);
    o.text = wire_get_text(in);
    o.retry_after_seconds = wire_get_u32(in);
    o.status = wire_get_u32(in);
    o.receipt = wire_get_bytes(in);
    if (!wire_got_all(in))
        return false;
    struct job *j = process_job_find(p, op);

    if (!j || j->state != JOB_INSIDE) { /* cancelled before, or never given */
        p->s->count(p->host, "strays", 1);
        return true;
    }
    process_job_end(p, j, &o);
    process_jobs_pump(p);
    return true;
}

/* ---- the way in ---------------------------------------------------------------------------- */

static struct offer *offer_room(struct process *p)
{
    for (size_t i = 0; i < WIRE_OFFERS_MAX; i++)
        if (p->offers[i].ours == 0)
            return &p->offers[i];
    return NULL;
}

static void offer(struct process *p, uint64_t number, struct corv_incoming *in)
{
    const char *sender = p->s->setting(p->host, "process.sender");
    struct offer *o = offer_room(p);

    if (sender) {
        in->party = sender;
        in->oin = NULL;
    }
    uint64_t ours = o && !p->stopping ? p->s->offer(p->host, in) : 0;

    if (ours && !in->no_answer)
        *o = (struct offer){.ours = ours, .childs = number, .child = p->child};
    if (ours)
        return;
    p->refused_room = true;
    (void)process_say_unavailable(p, number);
}

static bool hear_offer(struct process *p, struct wire_in *in)
{
    struct corv_incoming i = {.size = sizeof i};
    uint64_t number = wire_get_u64(in);

    i.no_answer = wire_get_u32(in);
    i.content_type = wire_get_text(in);
    i.oin = wire_get_text(in);
    i.party = wire_get_text(in);
    i.peer = wire_get_text(in);
    i.bytes = wire_get_bytes(in);
    /* What breaks the contract was refused by the host in the child already. */
    if (!wire_got_all(in) || (i.oin != NULL) == (i.party != NULL) ||
        (i.oin && strspn(i.oin, "0123456789") != 20))
        return false;
    offer(p, number, &i);
    return true;
}

/* ---- the rest ------------------------------------------------------------------------------ */

static bool hear_ready(struct process *p, struct wire_in *in)
{
    uint32_t version = wire_get_u32(in);

    if (!wire_got_all(in) || version != WIRE_VERSION)
        return false;
    if (p->state != CHILD_STARTING)
        return p->state == CHILD_LEAVING;
    process_child_move(p, CHILD_RUNNING);
    p->heard_us = p->s->now_us(p->host);
    if (p->renew)
        (void)process_say_settings(p);
    p->renew = false;
    process_jobs_pump(p);
    return true;
}

static bool hear_failed(struct process *p, struct wire_in *in)
{
    const char *code = wire_get_text(in);
    const char *text = wire_get_text(in);

    if (!wire_got_all(in) || !code || !text || p->failed || p->state == CHILD_RUNNING)
        return false; /* once, and instead of starting: else it fills our log */
    p->failed = true;
    p->s->log(p->host, CORV_ALOG_ERROR, code, text);
    p->s->count(p->host, "refused_starts", 1);
    return true;
}

/* A child that talks without end must not fill our log. */
static bool note_allowed(struct process *p)
{
    int64_t second = p->s->now_us(p->host) / 1000000;

    if (second != p->notes_second) {
        p->notes_second = second;
        p->notes = 0;
    }
    return p->notes++ < NOTES_A_SECOND;
}

static bool hear_note(struct process *p, struct wire_in *in)
{
    uint32_t level = wire_get_u32(in);
    const char *code = wire_get_text(in);
    const char *text = wire_get_text(in);

    if (!wire_got_all(in) || !code || level > CORV_ALOG_DEBUG)
        return false;
    if (note_allowed(p))
        p->s->log(p->host, (int)level, code, text ? text : "");
    else
        p->s->count(p->host, "notes_dropped", 1);
    return true;
}

/* 0: taken. 1: it never takes new ones, so another child gets them. 2: no, and the old ones stay in
 * use until this child ends. Unasked it would be a new child at once, again and again. */
static bool hear_reconfigured(struct process *p, struct wire_in *in)
{
    uint32_t verdict = wire_get_u32(in);
    const char *why = wire_get_text(in);

    if (!wire_got_all(in) || verdict > 2 || p->asked == 0)
        return false;
    p->asked--;
    if (verdict == 2)
        p->s->log(p->host, CORV_ALOG_ERROR, "process.settings", why ? why : "");
    if (verdict != 1 || p->state != CHILD_RUNNING)
        return true;
    p->renew = true;
    process_child_leave(p, RENEW_MS);
    return true;
}

/* The number cannot be guessed, so it has read what it was told. */
static bool hear_pong(struct process *p, struct wire_in *in)
{
    uint32_t number = wire_get_u32(in);

    if (!wire_got_all(in))
        return false;
    if (number != p->ping || p->ponged)
        return true;
    p->ponged = true;
    p->heard_us = p->s->now_us(p->host);
    return true;
}

static bool hear_count(struct process *p, struct wire_in *in)
{
    const char *what = wire_get_text(in);
    uint64_t n = wire_get_u64(in);

    size_t length = what ? strlen(what) : 0;

    if (!wire_got_all(in) || length == 0 || length > 30 ||
        strspn(what, "abcdefghijklmnopqrstuvwxyz_") != length)
        return false;
    p->s->count(p->host, what, n);
    return true;
}

static bool hear_frame(struct process *p)
{
    static const struct {
        bool (*hear)(struct process *p, struct wire_in *in);
        bool early; /* also before the adapter has started */
    } frames[] = {
        [WIRE_READY] = {hear_ready, true},
        [WIRE_FAILED] = {hear_failed, true},
        [WIRE_OUTCOME] = {hear_outcome, false},
        [WIRE_OFFER] = {hear_offer, false},
        [WIRE_NOTE] = {hear_note, true},
        [WIRE_RECONFIGURED] = {hear_reconfigured, false},
        [WIRE_PONG] = {hear_pong, false},
        [WIRE_COUNT] = {hear_count, true},
    };
    struct wire_in in = wire_body(&p->in);
    bool early = p->state == CHILD_STARTING;

    /* A type without a row has no bound either, and did not get here. */
    return p->in.type < sizeof frames / sizeof frames[0] && frames[p->in.type].hear &&
           (!early || frames[p->in.type].early) && frames[p->in.type].hear(p, &in);
}

/* One read; false: nothing more now. */
static bool hear_some(struct process *p, size_t *bytes, unsigned *frames)
{
    size_t room = 0;
    char *to = wire_want(&p->in, &room);
    ssize_t n = to ? recv(p->fd, to, room, MSG_DONTWAIT) : -1;

    if (n == 0 || (n < 0 && to && errno != EAGAIN && errno != EINTR)) {
        p->s->unwatch(p->talk); /* its end comes by the other watch - or its pulse stops */
        p->talk = NULL;
        return false;
    }
    if (n < 0 && to)
        return errno == EINTR;
    enum wire_result r = to ? wire_got(&p->in, (size_t)n) : WIRE_BAD;

    if (r == WIRE_FRAME) {
        (*frames)++;
        r = hear_frame(p) ? WIRE_MORE : WIRE_BAD;
        if (r == WIRE_MORE)
            wire_next(&p->in);
    }
    if (r == WIRE_BAD)
        process_child_kill(p, to ? "process.protocol" : "process.memory");
    *bytes += n > 0 ? (size_t)n : 0;
    return p->talk != NULL;
}

void process_hear(struct process *p)
{
    size_t bytes = 0;
    unsigned frames = 0;

    while (p->talk && bytes < TURN_BYTES && frames < TURN_FRAMES && hear_some(p, &bytes, &frames))
        ;
}
