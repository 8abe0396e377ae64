/* SPDX-License-Identifier: EUPL-1.2 */
/* The durable queue on PostgreSQL, asynchronous on the libuv loop.
 *
 * One writer connection takes everything that changes state - puts, settles, notes - and commits
 * what has come together in one transaction (group commit, synchronous_commit=on); a second
 * connection leases and reads. Both run libpq non-blocking in pipeline mode. What one item does
 * wrong (a duplicate, a value PostgreSQL refuses) never fails its neighbours: the batch is then
 * run again in halves until the guilty one is alone. When the connection breaks while COMMIT is
 * under way the outcome is unknown; the batch is run again after reconnecting, and since every item
 * is idempotent by id the answer is right either way.
 *
 * Every change appends its event to this node's hash chain in the same transaction (audit.h).
 *
 * Threads: loop thread only. Callbacks come on the loop thread, never from inside the call that
 * asked. Strings and views in a request are borrowed until its callback.
 * Errors: CORV_AGAIN when the backlog is full, and for puts, leases and backlogs when the queue is
 * not connected (answer 503). Settles, notes and release_own are taken while it is not connected
 * and wait up to wait_ms, since what they tell has happened already; a quarter of the backlog is
 * kept for them. CORV_E_INVALID: the request itself is wrong, our bug.
 * A database that went back in time (a backup was restored under a running corvd): stays not
 * connected, "database-went-back" in the log, until corvd is started again (queue/fence.h). Its
 * schema lacks a migration of ours: the same, "schema-older", or until another node migrates it.
 * Two processes with one node name: the second stays not connected and says why in the log.
 * Of several servers it works only on the primary; one of before a fail-over that came back is left
 * alone (queue/primary.h), and the reading connection must be at the same server as the writing
 * one. Tests: tests/unit/test_queue.c, test_queue_lease.c, test_queue_fault.c (a real PostgreSQL),
 * tests/fault; measured by tests/bench/bench_queue.c. */
#ifndef CORV_QUEUE_QUEUE_H
#define CORV_QUEUE_QUEUE_H

#include <uv.h>

#include "daemon/base/fault.h"
#include "queue/primary.h"
#include "queue/types.h"

struct corv_queue;

#define CORV_QUEUE_NO_STANDBY "no-standby" /* why a connection was dropped (queue/pg_sync.c) */

struct corv_queue_options {
    uv_loop_t *loop;
    const char *conninfo;        /* libpq; may name several servers */
    const char *at;              /* the one of them to migrate, queue/primary.h; NULL: conninfo */
    bool migrated;               /* that was done already */
    struct corv_primary primary; /* as remembered: a former one is refused */
    const char *state_dir;       /* where a newer one is remembered; NULL: nowhere */
    bool require_standby;        /* work only while a COMMIT waits for a standby */
    const char *node;            /* name of the audit chain and of the leases */
    unsigned batch_items;        /* in one transaction at most, default 256 */
    uint64_t batch_bytes;        /* of sealed payload in one transaction, default 32 MiB */
    unsigned backlog;            /* items waiting at most, default 4096: then CORV_AGAIN */
    unsigned wait_ms; /* an item not committed by then is answered UNAVAILABLE; default 15000 */
    unsigned lease_seconds;
    unsigned company_ms; /* a few confirmations wait so long for each other, and twice as long again
                          * for something to share a COMMIT with; default 0 */
    void (*on_connected)(void *ctx, bool connected); /* may be NULL */
    void *ctx;
};

/* Migrates the database (blocking, before the loop runs), takes this node's chain and starts
 * connecting. */
CORV_MUST_CHECK corv_rc corv_queue_open(
    const struct corv_queue_options *o, struct corv_queue **out, struct corv_fault *fault);
/* Finishes what is under way (at most limit_ms), then closes; on_closed is called on the loop. */
void corv_queue_close(
    struct corv_queue *q, unsigned limit_ms, void (*on_closed)(void *), void *ctx);
bool corv_queue_connected(const struct corv_queue *q);
/* Why not, as a code (an SQLSTATE, "schema-older", "connect", ...: corv_pg_state_text may know a
 * sentence for it); NULL: connected, or not known yet. Borrowed until the next turn of the loop. */
const char *corv_queue_trouble(const struct corv_queue *q);
/* The server it writes on, or wrote on last: a connection string for that one (it may hold a
 * password), borrowed until the next turn of the loop; the same for people; and which one it is. */
const char *corv_queue_place(const struct corv_queue *q);
const char *corv_queue_place_text(const struct corv_queue *q, char *out, size_t size);
struct corv_primary corv_queue_primary(const struct corv_queue *q);
/* A COMMIT waits for a standby, as last seen. */
bool corv_queue_synchronous(const struct corv_queue *q);
/* Shows that this node lives, and looks at the standby again. Every 10 seconds. */
CORV_MUST_CHECK corv_rc corv_queue_pulse(struct corv_queue *q);
/* The end of this node's audit chain, as last committed. False: never connected yet. */
bool corv_queue_head(
    const struct corv_queue *q, int32_t *chain, int64_t *seq, struct corv_digest *hash);

/* ---- put: take a message in -------------------------------------------------------------- */

enum corv_put_result {
    CORV_PUT_STORED,      /* committed just now */
    CORV_PUT_REPEAT,      /* same reference, same content: answer as before, with first id */
    CORV_PUT_CONFLICT,    /* same reference, other content (StUF016); committed as an event */
    CORV_PUT_UNAVAILABLE, /* not committed as far as we know: 503, the sender repeats */
    CORV_PUT_REJECTED,    /* PostgreSQL refuses this very item: our bug, 500 */
};
struct corv_put_answer {
    enum corv_put_result result;
    struct corv_id first; /* the number of the stored message (for REPEAT: the earlier one) */
    bool case_unknown;    /* STORED: case_kind was given, and no such message has its zaak_key */
};
typedef void (*corv_put_cb)(void *ctx, const struct corv_put_answer *answer);

#define CORV_PUT_MESSAGES_MAX 4
struct corv_put {
    struct corv_digest dedup_key; /* over organisatie, applicatie, administratie, reference */
    struct corv_digest content;   /* digest of the payload */
    const struct corv_queue_message *messages; /* [0] is the received one, others derived from it */
    unsigned messages_count;
    const struct corv_queue_event *events; /* appended when stored */
    unsigned events_count;
    const struct corv_queue_event *on_repeat;   /* appended instead when it is a repeat */
    const struct corv_queue_event *on_conflict; /* … or a conflict */
    /* Id of the party that answers, or NULL. The held delivery 1 of messages[0] then goes to
     * whoever sent the message of its crossref, when that party got it and there is one
     * (correlate.c). */
    const char *answer_of;
    /* Kind of message that opens the case of messages[0].zaak_key, or NULL: messages[0] answers
     * none. Is there no such message, then that is an audit line and told; it is stored all the
     * same. */
    const char *case_kind;
    corv_put_cb cb;
    void *ctx;
};
/* priority: CORV_PRIORITY_SPOED or _NORMAL. A put answered UNAVAILABLE may still have been stored
 * (its COMMIT was under way): its repeat gets REPEAT, and the leases of lease_now are given back
 * as soon as the database answers, so that its deliveries are due at once (give_back.c). */
CORV_MUST_CHECK corv_rc corv_queue_put(struct corv_queue *q, const struct corv_put *put);

/* ---- note: an event alone (a refusal, a start, an operator's action) --------------------- */

typedef void (*corv_done_cb)(void *ctx, bool committed);
CORV_MUST_CHECK corv_rc corv_queue_note(
    struct corv_queue *q, const struct corv_queue_event *event, corv_done_cb cb, void *ctx);

/* ---- lease: take due deliveries ----------------------------------------------------------- */

struct corv_lease_lane {
    const char *party;
    unsigned room; /* how many this lane can take now */
};
/* leased: array of count deliveries; the array and its items are the receiver's
 * (corv_leased_free each, then free). failed: nothing could be asked (not connected). */
typedef void (*corv_lease_cb)(void *ctx, struct corv_leased **leased, size_t count, bool failed);
/* For every lane its due deliveries, spoed first, then oldest; FOR UPDATE SKIP LOCKED; the lease
 * lasts lease_seconds and attempts is counted up in the same statement. bytes bounds the sealed
 * payload returned (at least one delivery comes). */
CORV_MUST_CHECK corv_rc corv_queue_lease(struct corv_queue *q, const struct corv_lease_lane *lanes,
    unsigned count, uint64_t bytes, corv_lease_cb cb, void *ctx);
/* Parties that have waiting deliveries, with the age of the oldest due one: for lanes, metrics
 * and readiness. Counts stop at CORV_BACKLOG_COUNTED, so that asking stays cheap
 * beside a mountain; the two times are exact. */
#define CORV_BACKLOG_COUNTED 10000
struct corv_backlog {
    char party[64];
    uint64_t waiting;
    uint64_t due;
    int64_t oldest_due_us; /* wall clock, 0 when none is due */
    int64_t next_due_us;   /* 0 when none waits */
};
typedef void (*corv_backlog_cb)(void *ctx, const struct corv_backlog *b, size_t count, bool failed);
CORV_MUST_CHECK corv_rc corv_queue_backlog(struct corv_queue *q, corv_backlog_cb cb, void *ctx);
/* What waits for a human: held and dead deliveries per party ("" while in doubt), and how many are
 * leased now. Counts stop at CORV_BACKLOG_COUNTED per state. */
struct corv_aside {
    char party[64];
    enum corv_delivery_state state; /* HELD or DEAD */
    uint64_t n;
};
typedef void (*corv_aside_cb)(
    void *ctx, const struct corv_aside *a, size_t count, uint64_t leased, bool failed);
CORV_MUST_CHECK corv_rc corv_queue_aside(struct corv_queue *q, corv_aside_cb cb, void *ctx);
/* For people who look (daemon/glance.c): what waits per party, is held and dead, and the newest
 * messages with their deliveries and events, as one JSON object of one moment
 * (docs/status-json.md); no content, no reference, no text from outside. Runs on a connection of
 * its own, is answered within 3 s, and costs the same beside a mountain. json: borrowed; n == 0:
 * could not be asked. CORV_AGAIN: not connected, or a question is under way already. */
#define CORV_GLANCE_ROWS 20
typedef void (*corv_glance_cb)(void *ctx, struct corv_view json);
CORV_MUST_CHECK corv_rc corv_queue_glance(struct corv_queue *q, corv_glance_cb cb, void *ctx);
/* Makes the partitions of the coming days; cheap when they are there. Errors are logged. */
CORV_MUST_CHECK corv_rc corv_queue_ensure_partitions(struct corv_queue *q);

/* ---- settle: what became of a leased delivery --------------------------------------------
 * CONFIRMED counts while the delivery is open, whoever holds it: the receiver has it. The other
 * states count only for the lease they were reached on (this node, this attempt). What does not
 * count is committed as nothing - no event, no fault - and told as committed; stats.overtaken
 * counts it. HELD takes code and text as held_code and held_question. code, text and receipt may
 * hold anything (they come from outside); the event's fields must be UTF-8. */

struct corv_settle {
    struct corv_id message;
    int no;
    int attempt;
    enum corv_delivery_state state; /* CONFIRMED, WAITING (later), DEAD, HELD */
    int64_t due_us;                 /* for WAITING: next attempt */
    const char *code;               /* outcome's code */
    const char *text;               /* outcome's sentence, "" when confirmed */
    int status;                     /* protocol status, 0 none */
    struct corv_view receipt;
    const struct corv_queue_event *event;
    const struct corv_queue_message
        *fault; /* a message to store in the same COMMIT (Fo01), or NULL; not lease_now, since it
                   may not have counted: the hint comes when its deliveries can be leased */
    corv_done_cb cb;
    void *ctx;
};
CORV_MUST_CHECK corv_rc corv_queue_settle(struct corv_queue *q, const struct corv_settle *s);

/* Gives back the leases this node held before it died (call once, before the first lease; the
 * caller guarantees that no other process runs under the same node name). */
CORV_MUST_CHECK corv_rc corv_queue_release_own(struct corv_queue *q, corv_done_cb cb, void *ctx);
/* What a clock that was ahead put off is due so much sooner (call once, at the start; a clock that
 * goes back later is seen here). Nobody need wait for it. */
void corv_queue_bring_back(struct corv_queue *q);

/* Called when another node or an operator says that something may be due (LISTEN corv_due), and
 * when a fault was stored with a settle. Only a hint; polling is the truth. */
void corv_queue_on_hint(struct corv_queue *q, void (*hint)(void *ctx), void *ctx);

struct corv_queue_stats { /* since start */
    uint64_t commits;
    uint64_t items;
    uint64_t item_by_item;   /* batches that had to be run again in smaller parts */
    uint64_t second_looks;   /* straight batches that had to be run again step by step */
    uint64_t reconnects;     /* sessions lost */
    uint64_t commit_us;      /* sum of those below */
    uint64_t commit_us_last; /* from BEGIN to the answer of COMMIT */
    uint64_t overtaken; /* settles that changed nothing: done before, or the lease had moved on */
    uint64_t backlog;   /* items waiting or under way now */
};
void corv_queue_stats_get(const struct corv_queue *q, struct corv_queue_stats *out);

#endif
