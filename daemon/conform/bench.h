/* SPDX-License-Identifier: EUPL-1.2 */
/* One adapter on a host of its own, on a loop of its own: messages go in, outcomes come out, and
 * what the host says about broken rules is remembered. One thread. Test: tests/abi/conform.py */
#ifndef CORV_CONFORM_BENCH_H
#define CORV_CONFORM_BENCH_H

#include "daemon/host/host.h"

#define BENCH_MESSAGES_MAX 64u
#define BENCH_EVENTS_MAX   32u

struct bench_message { /* what the adapter borrows lives until it is released */
    struct bench *bench;
    char delivery[48];
    unsigned dones; /* how often its outcome came */
    unsigned releases;
    struct corv_host_outcome outcome; /* of the first time; without the receipt */
};

struct bench {
    uv_loop_t loop;
    struct corv_hosts *hosts;            /* NULL: closed */
    const struct corv_host_entry *entry; /* borrowed */
    const char *address;
    struct bench_message messages[BENCH_MESSAGES_MAX];
    unsigned sent;
    unsigned dones;
    unsigned releases;
    unsigned offers;
    struct corv_host_stats stats; /* of the adapter, just before it was closed */
};

/* Loads, checks, creates and starts. On an error b is closed again. */
CORV_MUST_CHECK corv_rc bench_open(
    struct bench *b, const struct corv_host_entry *e, const char *address, struct corv_fault *f);
/* Hands over one more message; number: its delivery. */
void bench_send(struct bench *b, unsigned number, uint32_t attempt, struct corv_view payload,
    unsigned timeout_ms);
/* Until what was sent has its outcome and was given back, or the time is over (false). */
bool bench_wait(struct bench *b, unsigned ms);
void bench_turn(struct bench *b, unsigned ms);        /* lets the loop go round */
bool bench_close(struct bench *b, unsigned limit_ms); /* false: it took more than 5 s longer */
struct corv_host_stats bench_stats(const struct bench *b);

/* What the log said since bench_listen: how often this event, and its first detail. */
void bench_listen(void);
unsigned bench_heard(const char *event, const char **detail);

#endif
