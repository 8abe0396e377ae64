/* SPDX-License-Identifier: EUPL-1.2 */
/* A queue on a loop of its own with everything a test of it needs: messages made by number, answers
 * counted, the loop run until something is true, and the audit chains walked afterwards.
 * What cannot go on prints why and ends the program. Single thread. */
#ifndef CORV_TESTS_SUPPORT_QUEUE_KIT_H
#define CORV_TESTS_SUPPORT_QUEUE_KIT_H

#include <uv.h>

#include "queue/queue.h"

struct kit {
    uv_loop_t loop;
    struct corv_queue *q;
    bool connected;
    unsigned answered; /* callbacks of puts, settles and notes so far */
    unsigned committed;
    struct corv_leased **leased; /* of the last lease */
    size_t leased_count;
    struct corv_backlog lanes[8];
    size_t lanes_count;
    bool read_failed;
    unsigned reads; /* callbacks of leases and backlogs so far */
    unsigned hints;
    bool closed;
};

/* o: node, conninfo and what differs from the defaults; loop and callbacks are filled in. Waits
 * until connected when wait. */
void kit_open(struct kit *k, struct corv_queue_options o, bool wait);
void kit_open_as(struct kit *k, const char *node); /* on db of test_db.h, all default; waits */
void kit_close(struct kit *k);
/* Verifies the trail, then as db_down: the tear-down of a test that has closed its kits. */
int kit_db_down(void **state);

typedef bool (*kit_cond)(void *ctx);
/* Runs the loop until true; ends the program after 60 s. */
void kit_until(struct kit *k, kit_cond cond, void *ctx, const char *what);
void kit_until_answered(struct kit *k, unsigned answered);
void kit_until_connected(struct kit *k, bool connected);
void kit_run_ms(struct kit *k, unsigned ms); /* the loop, whatever happens */

struct kit_put { /* one put and all it points to; stays in place until answered */
    struct kit *k;
    struct corv_put put;
    struct corv_queue_message message;
    struct corv_queue_delivery delivery[2];
    struct corv_queue_event stored, repeat, conflict;
    char referentie[32];
    char *sealed; /* owned, of sealed_size */
    size_t sealed_size;
    bool answered;
    struct corv_put_answer answer;
    int64_t asked_us, answered_us;
};
/* Same reference: same dedup key. Same content: same digest. One delivery to "raad". */
void kit_put_make(struct kit *k, struct kit_put *p, unsigned reference, unsigned content);
void kit_put_make_bare(struct kit *k, struct kit_put *p, unsigned reference, unsigned content);
void kit_put_size(struct kit_put *p, size_t sealed);
void kit_put_ask(struct kit_put *p); /* CORV_OK is expected */
void kit_put_free(struct kit_put *p);
void kit_puts_free(struct kit_put *p, size_t count); /* and empties them for the next test */

struct kit_settle {
    struct kit *k;
    struct corv_settle s;
    struct corv_queue_event event;
    bool answered;
    bool committed;
};
void kit_settle_make(struct kit *k, struct kit_settle *s, const struct corv_id *message, int no,
    int attempt, enum corv_delivery_state state);
void kit_settle_ask(struct kit_settle *s);

/* Takes up to room for party; k->leased holds them until the next lease or kit_close. */
size_t kit_lease(struct kit *k, const char *party, unsigned room, uint64_t bytes);
void kit_backlog(struct kit *k);

/* Recomputes every chain from the table: sequence without gaps, hashes, heads. Ends the program at
 * the first difference; returns the number of lines. */
unsigned kit_verify_audit(const char *conninfo);

#endif
