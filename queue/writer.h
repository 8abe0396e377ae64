/* SPDX-License-Identifier: EUPL-1.2 */
/* The inside of the queue, for queue/ only: items, the batch under way, and the rows it writes.
 *
 * A batch is one transaction in at most three steps:
 *   ASK     BEGIN; claim the references (put.c), move the deliveries (settle.c)
 *   LOOK    only when a reference was taken: by whom, and with which content
 *   WRITE   messages, payloads, deliveries, audit lines, the chain's head, COMMIT
 * What the steps find is kept in each item's fate; nothing is answered before COMMIT came back.
 * A straight batch (writer_straight.c) is all three in one turn: what nearly always holds is taken
 * to hold - these references are new, these deliveries still open - and when it does not the
 * transaction stops, and the same items go step by step.
 * When PostgreSQL refuses a batch of more than one item its items become suspects, and are run
 * again in halves until the guilty one is alone. Loop thread only.
 * Test: tests/unit/test_queue.c */
#ifndef CORV_QUEUE_WRITER_H
#define CORV_QUEUE_WRITER_H

#include "daemon/base/list.h"
#include "queue/audit.h"
#include "queue/pg_conn.h"
#include "queue/queue.h"

enum corv_item_kind {
    CORV_ITEM_PUT,
    CORV_ITEM_SETTLE,
    CORV_ITEM_NOTE,
    CORV_ITEM_RELEASE,
    CORV_ITEM_GIVE_BACK
};

enum corv_fate {
    CORV_FATE_OPEN,     /* not known yet */
    CORV_FATE_APPLIED,  /* this transaction did it */
    CORV_FATE_BEFORE,   /* nothing to do: done by an earlier COMMIT, or overtaken */
    CORV_FATE_REPEAT,   /* put: same reference, same content */
    CORV_FATE_CONFLICT, /* put: same reference, other content */
    CORV_FATE_REJECTED, /* PostgreSQL refuses it, even alone */
    CORV_FATE_LOST,     /* not committed as far as we know */
};

struct corv_item {
    struct corv_list node; /* in pending or suspects; in none while in the batch */
    enum corv_item_kind kind;
    int64_t asked_us; /* monotonic */
    uint64_t key;     /* items of the same key never share a transaction; 0: no such need */
    size_t bytes;     /* of sealed payload */
    bool suspect;
    bool answered; /* its time was up while it was in the batch: what it points to is gone */
    enum corv_fate fate;
    int64_t ahead_us;     /* settle: of the wall clock, when it was asked */
    bool ahead;           /* give back: what a clock that was ahead put off */
    bool more;            /* give back: and there is more of it */
    struct corv_id first; /* put: the stored message */
    char filer[64];       /* put: party that an answer turned out to be for; "": not known */
    bool case_unknown;    /* put: it names a case that nothing here opened */
    struct corv_id own[CORV_PUT_MESSAGES_MAX]; /* put: what it brings, for give_back.c */
    unsigned own_count;
    bool in_doubt; /* put: a COMMIT of it was under way when the connection broke */
    bool orphan;   /* put: told as not committed, and perhaps it was */
    union {
        struct corv_put put;
        struct corv_settle settle;
        struct {
            const struct corv_queue_event *event; /* release: NULL */
            corv_done_cb cb;
            void *ctx;
        } note;
        int64_t lost_until_us; /* give back: the end of a lost lease; 0: what own names */
    };
};

enum corv_step { CORV_IDLE, CORV_ASK, CORV_LOOK, CORV_WRITE, CORV_UNDO };

struct corv_asked { /* a result the batch waits for */
    struct corv_queue *q;
    void (*found)(struct corv_queue *q, const PGresult *r);
};
#define CORV_ASKED_MAX 6

struct corv_batch {
    struct corv_item **items; /* owned array of batch_items; the items are owned too */
    unsigned count;
    struct corv_item **puts; /* owned arrays: the same items, in the order of their keys */
    unsigned puts_count;
    struct corv_item **settles;
    unsigned settles_count;
    uint64_t *keys;   /* owned: open-addressed set of the items' keys */
    size_t keys_size; /* a power of two */
    enum corv_step step;
    struct corv_asked asked[CORV_ASKED_MAX];
    unsigned awaited; /* results before the next step */
    bool straight;
    bool failed;
    bool synced; /* sync was sent */
    bool committed;
    char sqlstate[6]; /* of the first error */
    int64_t begun_us; /* monotonic */
    int64_t now_us;   /* wall clock: the time in every row it writes */
};

struct corv_chain { /* this node's, as last committed */
    int32_t chain;
    int64_t seq;
    struct corv_digest hash;
};

#define CORV_CLAIM_COLUMNS    3
#define CORV_MESSAGE_COLUMNS  21
#define CORV_DELIVERY_COLUMNS 11
#define CORV_AUDIT_COLUMNS    10
#define CORV_KEY_COLUMNS      9

struct corv_rows {                                  /* what WRITE sends */
    struct corv_pg_array claim[CORV_CLAIM_COLUMNS]; /* of a straight batch */
    struct corv_pg_array message[CORV_MESSAGE_COLUMNS];
    struct corv_pg_array payload[2];
    struct corv_pg_array delivery[CORV_DELIVERY_COLUMNS];
    struct corv_pg_array audit[CORV_AUDIT_COLUMNS];
    struct corv_pg_array key[CORV_KEY_COLUMNS]; /* scratch for ASK and LOOK */
    const struct corv_queue_message **big;      /* owned array: payloads that go without an array */
    unsigned big_count, big_size;
    struct corv_chain head; /* as it will be after this batch */
    corv_rc rc;             /* first failure */
};

struct corv_remember { /* remember.c's */
    uv_work_t work;
    struct corv_primary written; /* what state_dir says */
    struct corv_primary writing; /* the worker's while busy, as is rc */
    corv_rc rc;
    bool busy;
    bool wanted; /* the session that asked is still there */
};

struct corv_queue {
    struct corv_queue_options o; /* strings owned */
    char *actor;                 /* owned: "node:NAME" */
    char *chain_name;            /* owned */
    struct corv_pg *writer;
    struct corv_pg *reader;
    bool writer_up, reader_up;
    bool told_connected;
    struct corv_list pending;
    struct corv_list suspects;
    unsigned waiting; /* items in pending, suspects and the batch */
    unsigned suspect_limit;
    unsigned careful; /* so many batches to come go step by step */
    struct corv_batch batch;
    struct corv_chain chain;
    struct corv_primary primary; /* the newest we have seen */
    struct corv_remember remember;
    bool synchronous; /* a COMMIT waits for a standby */
    struct corv_rows rows;
    struct corv_list reads; /* lease.c, backlog.c: asked, not answered */
    unsigned reads_count;
    int64_t ahead_us;      /* of the wall clock over the one that never jumps; 0: not known yet */
    int64_t lease_lost_us; /* end of a lease whose answer never came; 0: none */
    struct corv_viewer *viewer; /* glance.c's; NULL: nobody looked yet */
    void (*hint)(void *ctx);
    void *hint_ctx;
    uv_timer_t kick;  /* next turn of the loop, or the end of waiting for company */
    uv_timer_t tick;  /* looks for items whose time is up */
    uv_timer_t limit; /* of closing */
    bool lonely;      /* kick waits for company */
    bool closing, closed_down;
    unsigned parts; /* handles and connections still to be closed */
    void (*on_closed)(void *ctx);
    void *closed_ctx;
    struct corv_queue_stats stats;
};

/* ---- writer_items.c ------------------------------------------------------------------------- */
/* A new item, to be filled and added. CORV_AGAIN when there is no room. */
CORV_MUST_CHECK corv_rc corv_writer_admit(
    struct corv_queue *q, enum corv_item_kind kind, struct corv_item **out);
void corv_writer_add(struct corv_queue *q, struct corv_item *item);
/* Milliseconds that what is pending can still wait for company; 0: go on. */
unsigned corv_batch_company_ms(const struct corv_queue *q);
void corv_writer_expire(struct corv_queue *q, bool all); /* answers what waited too long */
#ifdef CORV_CRASH_POINTS
/* Test builds only, and only when CORVD_PLANT=yes-before-commit orders it: the fault that
 * tests/fault must be able to see. Tells the senders of this batch that all is stored, before it
 * is. */
void corv_plant_early_yes(struct corv_queue *q);
#else
#define corv_plant_early_yes(q) ((void)0)
#endif
void corv_item_finish(struct corv_queue *q, struct corv_item *item); /* answers and frees */
void corv_batch_take(struct corv_queue *q); /* moves what fits from the lists into the batch */

/* ---- writer.c ------------------------------------------------------------------------------ */
CORV_MUST_CHECK corv_rc corv_writer_init(struct corv_queue *q);
void corv_writer_free(struct corv_queue *q);
void corv_writer_start(struct corv_queue *q); /* a batch, when it can */
void corv_writer_down(struct corv_queue *q);  /* the connection is gone */
/* For the steps: runs a statement whose results the batch must see before it goes on. */
CORV_MUST_CHECK corv_rc corv_batch_ask(struct corv_queue *q, const struct corv_pg_stmt *stmt,
    const struct corv_pg_params *p, void (*found)(struct corv_queue *q, const PGresult *r));
/* A statement that only has to succeed. */
CORV_MUST_CHECK corv_rc corv_batch_run(
    struct corv_queue *q, const struct corv_pg_stmt *stmt, const struct corv_pg_params *p);
void corv_batch_fail(struct corv_queue *q, const char *sqlstate);

/* ---- writer_straight.c --------------------------------------------------------------------- */
/* May the batch that was just taken be written in one turn? Call it once per batch. */
CORV_MUST_CHECK bool corv_straight_may(struct corv_queue *q);
/* Everything is taken to be as it mostly is; corv_rows_send makes PostgreSQL check it. */
void corv_straight_begin(struct corv_queue *q);
/* Something did not hold: the next batches go step by step, for repeats seldom come alone. */
void corv_straight_missed(struct corv_queue *q);

/* Division by zero, which our SQL does where the chain is not where this node left it: another
 * writer, or a database that went back. */
#define CORV_STATE_NOT_OURS "22012"

enum corv_sql_trouble {
    CORV_SQL_DATA,  /* a value: whoever brought it is guilty */
    CORV_SQL_AGAIN, /* bad luck: the same again may do */
    CORV_SQL_STORE, /* the database cannot, now */
};
enum corv_sql_trouble corv_sql_trouble(const char *sqlstate);

/* ---- writer_rows.c --------------------------------------------------------------------------- */
CORV_MUST_CHECK corv_rc corv_rows_init(struct corv_rows *rows, uint64_t batch_bytes);
void corv_rows_free(struct corv_rows *rows);
void corv_rows_begin(struct corv_queue *q);
/* to: the party of its held deliveries after all, or NULL. */
void corv_rows_message(struct corv_queue *q, const struct corv_queue_message *m, const char *to);
void corv_rows_event(struct corv_queue *q, const struct corv_queue_event *e);
/* touch: something must be written, so that COMMIT waits for what an earlier COMMIT left. */
CORV_MUST_CHECK corv_rc corv_rows_send(struct corv_queue *q, bool touch);
struct corv_pg_array *corv_rows_key(struct corv_queue *q, int col, enum corv_pg_type type);

/* ---- put.c, settle.c, note.c, give_back.c: their part of a batch
 * -----------------------------------
 */
bool corv_message_good(const struct corv_queue_message *m);
/* The batch's references, in the order in which every node claims them. */
void corv_put_claim(struct corv_queue *q, struct corv_pg_array *key, struct corv_pg_array *content,
    struct corv_pg_array *id);
CORV_MUST_CHECK corv_rc corv_put_ask(struct corv_queue *q);
CORV_MUST_CHECK corv_rc corv_put_look(struct corv_queue *q);
struct corv_item *corv_put_find(struct corv_queue *q, const PGresult *r, int row);
/* correlate.c: ask nothing when there is nothing to find */
bool corv_correlate_wants(const struct corv_put *p); /* does it ask anything? */
CORV_MUST_CHECK corv_rc corv_correlate_ask(struct corv_queue *q);
CORV_MUST_CHECK corv_rc corv_correlate_look(struct corv_queue *q);
void corv_correlate_write(struct corv_queue *q, const struct corv_item *item);
void corv_put_write(struct corv_queue *q, struct corv_item *item);
void corv_put_answer(struct corv_item *item);
bool corv_settle_ends(const struct corv_settle *s); /* confirmed or dropped: the row goes */
CORV_MUST_CHECK corv_rc corv_settle_ask(struct corv_queue *q);
CORV_MUST_CHECK corv_rc corv_settle_straight(struct corv_queue *q); /* nothing when none ends */
void corv_settle_write(struct corv_queue *q, struct corv_item *item);
CORV_MUST_CHECK corv_rc corv_release_ask(struct corv_queue *q);
CORV_MUST_CHECK corv_rc corv_give_back_ask(struct corv_queue *q);
/* True: the item lives on, to give back what a put nobody waits for may have stored, or more. */
bool corv_give_back_goes_on(struct corv_queue *q, struct corv_item *item);
void corv_give_back_lost(struct corv_queue *q, int64_t until_us); /* 0: nothing */
/* Of the wall clock over the one that never jumps. */
int64_t corv_wall_ahead_us(void);
void corv_queue_watch_clock(struct corv_queue *q);

/* ---- lease.c, backlog.c: the reading connection
 * -------------------------------------------------- */
struct corv_read { /* a question; embedded in the asker's own struct as its first member */
    struct corv_list node;
    struct corv_queue *q;
    bool failed;
    void (*found)(struct corv_read *r, const PGresult *res); /* sets failed when it cannot */
    void (*answer)(struct corv_read *r);                     /* calls back and frees */
};
/* Takes r over when CORV_OK. */
CORV_MUST_CHECK corv_rc corv_read_ask(struct corv_queue *q, struct corv_read *r,
    const struct corv_pg_stmt *stmt, const struct corv_pg_params *p);
void corv_reads_fail(struct corv_queue *q);

/* ---- queue.c
 * --------------------------------------------------------------------------------------- */
void corv_queue_kick(struct corv_queue *q);
void corv_queue_place_writer(struct corv_queue *q); /* goes on with the writer's session */
/* A connection that counts as a part of the queue; what o leaves 0 of its times is filled in. When
 * it was closed: corv_queue_part_gone. */
CORV_MUST_CHECK corv_rc corv_queue_connect(
    struct corv_queue *q, struct corv_pg_options *o, const char *what, struct corv_pg **out);
void corv_queue_add_timer(struct corv_queue *q, uv_timer_t *t); /* a part as well */
void corv_queue_part_gone(void *q);

/* ---- remember.c
 * ------------------------------------------------------------------------------------ */
bool corv_remember_knows(const struct corv_queue *q); /* state_dir names q->primary, or need not */
/* Writes it, and then goes on with the writer's session, or drops it. */
void corv_remember_primary(struct corv_queue *q);
void corv_remember_forget(struct corv_queue *q); /* the session that asked is gone */

/* ---- glance.c
 * -------------------------------------------------------------------------------------- */
void corv_viewer_close(struct corv_queue *q); /* the question under way is answered */

/* ---- statements, each beside the code that runs it
 * ------------------------------------------------- */
extern const struct corv_pg_stmt corv_sql_begin, corv_sql_commit, corv_sql_rollback;
extern const struct corv_pg_stmt corv_sql_claim, corv_sql_look, corv_sql_about, corv_sql_case;
extern const struct corv_pg_stmt corv_sql_lock, corv_sql_end, corv_sql_end_all, corv_sql_move,
    corv_sql_release, corv_sql_from_ahead, corv_sql_give_back;
extern const struct corv_pg_stmt corv_sql_store, corv_sql_big, corv_sql_audit;
extern const struct corv_pg_stmt corv_sql_lease, corv_sql_piece, corv_sql_backlog, corv_sql_aside,
    corv_sql_partitions, corv_sql_pulse;

#endif
