/* SPDX-License-Identifier: EUPL-1.2 */
/* Everything that is said to the child: the fields of each frame in their order, and the queue in
 * front of a socket that takes what it can. A payload is not copied; it is borrowed until its
 * message is complete, and a message that is half written is not complete. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "adapters/process/internal.h"

/* ---- the queue ----------------------------------------------------------------------------- */

static void want_room(struct process *p, bool wanted)
{
    if (p->writable == wanted || !p->talk)
        return;
    p->writable = wanted;
    p->s->rewatch(p->talk, CORV_WATCH_READ | (wanted ? CORV_WATCH_WRITE : 0));
}

static void frame_free(struct process *p, struct frame *f)
{
    STAILQ_REMOVE(&p->out, f, frame, entry);
    if (!f->job) {
        wire_out_free(&f->bytes);
        p->unread--;
    }
    free(f);
}

static void frame_written(struct process *p, struct frame *f)
{
    struct job *j = f->job;

    frame_free(p, f);
    if (!j)
        return;
    j->state = JOB_INSIDE;
    wire_out_free(&j->head);
    if (!j->cancelled)
        return;
    (void)process_say_number(p, WIRE_CANCEL, j->op);
    process_job_later(p, j, "process.cancelled", "Het kindproces antwoordde niet op tijd.");
}

static ssize_t write_some(const struct process *p, const struct frame *f)
{
    struct corv_text payload = f->job ? f->job->payload : (struct corv_text){"", 0};
    size_t head = f->written < f->bytes.n ? f->bytes.n - f->written : 0;
    size_t body = f->written < f->bytes.n ? 0 : f->written - f->bytes.n;
    struct iovec parts[] = {
        {f->bytes.p + (f->bytes.n - head), head},
        {(void *)(uintptr_t)(payload.p + body), payload.n - body},
    };
    const struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

    return sendmsg(p->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void process_flush(struct process *p)
{
    struct frame *f;

    while (p->state != CHILD_DYING && (f = STAILQ_FIRST(&p->out)) != NULL) {
        ssize_t n = write_some(p, f);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) /* a child that is gone is found out by its end */
            break;
        f->written += (size_t)n;
        if (f->job)
            f->job->state = JOB_WRITING;
        if (f->written == f->bytes.n + (f->job ? f->job->payload.n : 0))
            frame_written(p, f);
    }
    want_room(p, p->state != CHILD_DYING && !STAILQ_EMPTY(&p->out));
}

void process_forget_frames(struct process *p)
{
    struct frame *f;

    while ((f = STAILQ_FIRST(&p->out)) != NULL)
        frame_free(p, f);
}

/* Takes bytes unless they are a job's. A child that makes us answer and does not read fills our
 * memory: that one is killed. */
static bool queue(struct process *p, struct wire_out *bytes, struct job *j)
{
    bool failed = bytes->failed;
    bool deaf = !j && p->unread == UNREAD_MAX;
    struct frame *f = failed || deaf ? NULL : calloc(1, sizeof *f);

    if (!f) {
        if (!j)
            wire_out_free(bytes);
        process_child_kill(p, deaf ? "process.deaf" : "process.memory");
        return false;
    }
    f->bytes = *bytes;
    f->job = j;
    p->unread += j == NULL;
    STAILQ_INSERT_TAIL(&p->out, f, entry);
    process_flush(p);
    return true;
}

static bool end_and_queue(struct process *p, struct wire_out *o)
{
    (void)wire_end(o, 0);
    return queue(p, o, NULL);
}

/* ---- a message ----------------------------------------------------------------------------- */

bool process_job_write(struct process *p, struct job *j, const struct corv_outgoing *m)
{
    struct wire_out *o = &j->head;

    j->payload = p->s->payload(m);
    (void)snprintf(j->delivery, sizeof j->delivery, "%s", p->s->delivery_id(m));
    wire_begin(o, WIRE_DELIVER);
    wire_put_u64(o, j->op);
    wire_put_u32(o, p->s->attempt(m));
    wire_put_text(o, p->s->message_id(m));
    wire_put_text(o, p->s->delivery_id(m));
    wire_put_text(o, p->s->kind(m));
    wire_put_text(o, p->s->to_party(m));
    wire_put_text(o, p->s->to_oin(m));
    wire_put_text(o, p->s->from_oin(m));
    wire_put_text(o, p->s->address(m));
    wire_put_text(o, p->s->content_type(m));
    wire_put_u32(o, (uint32_t)j->payload.n);
    return j->payload.n <= WIRE_MESSAGE && wire_end(o, j->payload.n);
}

void process_say_job(struct process *p, struct job *j)
{
    (void)queue(p, &j->head, j);
}

void process_unsay_job(struct process *p, const struct job *j)
{
    struct frame *f;

    STAILQ_FOREACH(f, &p->out, entry)
    if (f->job == j)
        break;
    if (f)
        frame_free(p, f);
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void put_number(struct wire_out *o, const struct process *p, const char *key)
{
    wire_put_u32(o, process_number(p, key));
}

static void put_settings(struct wire_out *o, const struct process *p)
{
    const char *key;
    const char *value;
    uint32_t n = 0;

    for (uint32_t i = 0; p->s->setting_at(p->host, i, &key) || key; i++)
        n += strncmp(key, "process.", 8) != 0;
    wire_put_u32(o, n);
    for (uint32_t i = 0; (value = p->s->setting_at(p->host, i, &key)) != NULL || key; i++) {
        if (strncmp(key, "process.", 8) == 0)
            continue;
        wire_put_text(o, key);
        wire_put_text(o, value ? value : "");
    }
}

bool process_say_hello(struct process *p)
{
    const char *user = p->s->setting(p->host, "process.user");
    const struct corv_incoming_address self = p->s->self(p->host);
    struct wire_out o;

    wire_begin(&o, WIRE_HELLO);
    wire_put_u32(&o, WIRE_VERSION);
    wire_put_text(&o, p->s->name(p->host));
    wire_put_text(&o, p->s->setting(p->host, "process.library"));
    wire_put_text(&o, user);
    wire_put_text(&o, self.organisatie);
    wire_put_text(&o, self.applicatie);
    put_number(&o, p, "process.memory_mb");
    put_number(&o, p, "process.files");
    put_settings(&o, p);
    return end_and_queue(p, &o);
}

bool process_say_settings(struct process *p)
{
    struct wire_out o;

    wire_begin(&o, WIRE_RECONFIGURE);
    put_settings(&o, p);
    p->asked++;
    return end_and_queue(p, &o);
}

bool process_say_number(struct process *p, enum wire_type type, uint64_t number)
{
    struct wire_out o;

    wire_begin(&o, type);
    if (type == WIRE_CANCEL)
        wire_put_u64(&o, number);
    else
        wire_put_u32(&o, (uint32_t)number);
    return end_and_queue(p, &o);
}

static void put_address(struct wire_out *o, const struct corv_incoming_address *a)
{
    wire_put_text(o, a->organisatie);
    wire_put_text(o, a->applicatie);
    wire_put_text(o, a->administratie);
    wire_put_text(o, a->gebruiker);
}

static void put_finding(struct wire_out *o, const struct corv_incoming_finding *f)
{
    wire_put_text(o, f->layer);
    wire_put_text(o, f->severity);
    wire_put_text(o, f->code);
    wire_put_text(o, f->path);
    wire_put_text(o, f->text);
    wire_put_text(o, f->actor);
    wire_put_text(o, f->article);
    wire_put_u32(o, (uint32_t)f->line);
    wire_put_u32(o, (uint32_t)f->column);
}

/* closed: offers are not welcome until WIRE_ROOM. */
static void put_answer(
    struct wire_out *out, uint64_t offer, bool closed, const struct corv_incoming_answer *a)
{
    struct wire_out o;

    wire_begin(&o, WIRE_ANSWER);
    wire_put_u64(&o, offer);
    wire_put_u32(&o, closed);
    wire_put_u32(&o, a->cls);
    wire_put_u32(&o, a->status);
    wire_put_u32(&o, a->retry_after_seconds);
    wire_put_text(&o, a->message_id);
    wire_put_u64(&o, (uint64_t)a->stored_us);
    wire_put_text(&o, a->code);
    wire_put_text(&o, a->stuf_code);
    wire_put_u32(&o, a->server_fault);
    wire_put_text(&o, a->title);
    wire_put_text(&o, a->text);
    wire_put_text(&o, a->next);
    wire_put_text(&o, a->kind);
    put_address(&o, &a->zender);
    put_address(&o, &a->ontvanger);
    wire_put_text(&o, a->referentienummer);
    wire_put_text(&o, a->crossrefnummer);
    wire_put_text(&o, a->tijdstip);
    *out = o;
}

bool process_say_answer(struct process *p, uint64_t offer, const struct corv_incoming_answer *a)
{
    uint32_t findings = a->findings < WIRE_FINDINGS_MAX ? a->findings : WIRE_FINDINGS_MAX;
    struct corv_incoming_finding f;
    struct wire_out o;

    put_answer(&o, offer, false, a);
    wire_put_u32(&o, a->findings_more + (a->findings - findings));
    wire_put_u32(&o, findings);
    for (uint32_t i = 0; i < findings; i++) {
        (void)p->s->finding(a, i, &f);
        put_finding(&o, &f);
    }
    return end_and_queue(p, &o);
}

/* An offer that was not taken: the child's adapter hears "not now" as an answer. */
bool process_say_unavailable(struct process *p, uint64_t offer)
{
    static const struct corv_incoming_answer not_now = {.cls = CORV_INCOMING_UNAVAILABLE,
        .status = 503,
        .retry_after_seconds = 5,
        .message_id = "",
        .code = "receive.busy",
        .stuf_code = "StUF058",
        .server_fault = 1,
        .title = "Nu even niet",
        .text = "corvd neemt nu geen berichten aan.",
        .next = "Bied het bericht later opnieuw aan.",
        .kind = "unknown"};
    struct wire_out o;

    put_answer(&o, offer, true, &not_now);
    wire_put_u32(&o, 0);
    wire_put_u32(&o, 0);
    return end_and_queue(p, &o);
}
