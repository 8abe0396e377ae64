/* SPDX-License-Identifier: EUPL-1.2 */
/* The daemon's side of the adapter ABI: makes adapter instances, hands them messages with a
 * deadline, takes their outcomes from any thread, and counts. Every operation ends exactly once.
 * Loop thread only, except inside the services marked otherwise. Test: tests/unit/test_host.c */
#ifndef CORV_HOST_HOST_H
#define CORV_HOST_HOST_H

#include <uv.h>

#include "adapters/corv_adapter.h"
#include "daemon/base/buf.h"
#include "daemon/base/fault.h"
#include "daemon/base/finding.h"
#include "daemon/base/view.h"
#include "daemon/loop/http_server.h"

struct corv_hosts;

struct corv_host_setting {
    const char *key;
    const char *value;
};
struct corv_host_entry { /* one instance wanted */
    const char *name;    /* as in the configuration */
    const char *library; /* "builtin:https", "builtin:loopback" or a path */
    const struct corv_host_setting *settings;
    unsigned settings_count;
    /* What the adapter gets when it knows the key and settings does not say it; value may be NULL.
     */
    const struct corv_host_setting *offered;
    unsigned offered_count;
};

#define CORV_HOST_SETTINGS_MAX 256
struct corv_config;
/* The entry of adapters[i], with the files of the delivery section offered. Borrows from c and from
 * room, which belongs to the caller. */
struct corv_host_entry_room {
    struct corv_host_setting settings[CORV_HOST_SETTINGS_MAX];
    struct corv_host_setting offered[3];
};
void corv_host_entry_of(const struct corv_config *c, unsigned i, struct corv_host_entry_room *room,
    struct corv_host_entry *e);

CORV_MUST_CHECK corv_rc corv_hosts_new(uv_loop_t *loop, struct corv_hosts **out);
/* Loads, checks, creates and starts one; each failure is a sentence with path and expected value.
 */
CORV_MUST_CHECK corv_rc corv_hosts_add(
    struct corv_hosts *h, const struct corv_host_entry *e, struct corv_fault *f);
/* Gives the instance e->name new settings (certificate roll-over, reload). When the adapter says no
 * it goes on with the old ones and f says why; CORV_E_STATE: it never takes new ones. */
CORV_MUST_CHECK corv_rc corv_hosts_reconfigure(
    struct corv_hosts *h, const struct corv_host_entry *e, struct corv_fault *f);
/* The library of the instance of that name, as configured; NULL when there is none. Borrowed. */
const char *corv_hosts_library(const struct corv_hosts *h, const char *name);
/* Settings only: what `corvctl config check` asks of each adapter. */
CORV_MUST_CHECK corv_rc corv_hosts_check(const struct corv_host_entry *e, struct corv_fault *f);
/* The descriptor of e->library after the loader's checks; calls nothing of it but its entry. */
CORV_MUST_CHECK corv_rc corv_hosts_describe(
    const struct corv_host_entry *e, const struct corv_adapter **api, struct corv_fault *f);
/* The same check, to be called again and alone: no file is touched but by the adapter. */
CORV_MUST_CHECK corv_rc corv_hosts_check_keep(
    const struct corv_host_entry *e, struct corv_host **out, struct corv_fault *f);
CORV_MUST_CHECK corv_rc corv_hosts_check_again(struct corv_host *host, struct corv_fault *f);
void corv_hosts_check_free(struct corv_host *host); /* accepts NULL */
/* Drains (limit_ms), stops and destroys all; cb on the loop. */
void corv_hosts_close(struct corv_hosts *h, unsigned limit_ms, void (*cb)(void *), void *ctx);

/* What is handed to an adapter. Without release all of it is borrowed until done was called. An
 * adapter that stays silent after its deadline may still be reading then: give release, and keep
 * the memory until it was called (once, after done, with the same ctx; nearly always in the same
 * turn, in the worst case when the hosts are closed). */
struct corv_outgoing_spec {
    struct corv_view payload;
    const char *message_id;
    const char *delivery_id;
    uint32_t attempt;
    const char *kind;
    const char *to_party;
    const char *to_oin;
    const char *from_oin;
    const char *address;
    const char *content_type;
    void (*release)(void *ctx); /* or NULL */
};
/* The outcome, copied and bounded; valid during the callback. */
struct corv_host_outcome {
    enum corv_outcome_class cls;
    char code[48];
    char text[200];
    uint32_t retry_after_seconds;
    uint32_t status;
    struct corv_view receipt; /* at most 8 KiB */
    int64_t took_us;
};
typedef void (*corv_host_done)(void *ctx, const struct corv_host_outcome *o);
/* Never calls done from inside. When timeout_ms is over the adapter is cancelled and the outcome
 * is CORV_LATER "deliver.timeout", whatever the adapter says later; done comes as soon as it gives
 * the message back, at most one second later. Unknown adapter name: CORV_E_NOTFOUND; while closing:
 * CORV_E_STATE; on any error done and release are not called. */
CORV_MUST_CHECK corv_rc corv_hosts_deliver(struct corv_hosts *h, const char *adapter,
    const struct corv_outgoing_spec *spec, unsigned timeout_ms, corv_host_done done, void *ctx);

/* Asks the adapter to give back what was delivered with this ctx, as if its deadline had passed. */
void corv_hosts_cancel(struct corv_hosts *h, const void *ctx);

/* ---- the way in ---------------------------------------------------------------------------- */

/* One message an adapter offers; valid during the call. Of oin and party exactly one is there. */
struct corv_host_incoming {
    const char *adapter;
    struct corv_view bytes;
    const char *content_type; /* or NULL */
    const char *oin;          /* as the transport proved it, or NULL */
    const char *party;        /* as the settings of the endpoint say, or NULL */
    const char *peer;         /* fit for the log */
};
/* True: taken, and corv_hosts_answer follows exactly once - in another turn; one that comes from
 * inside means "not now", like false. */
typedef bool (*corv_host_intake)(void *ctx, uint64_t offer, const struct corv_host_incoming *in);
/* Without it every offer hears "not now". */
void corv_hosts_on_offer(struct corv_hosts *h, corv_host_intake cb, void *ctx);
/* What an adapter gets to see: pub must be first; both lists may be NULL. */
struct corv_host_answer {
    struct corv_incoming_answer pub; /* size, findings and findings_more are filled in here */
    const struct corv_findings *lists[2];
};
/* Writes the StUF message that says the answer (or how->code, a NULL) into b, which it
 * initialises. Without it adapters get an empty text. */
typedef corv_rc (*corv_host_stuf)(void *ctx, const struct corv_host_answer *a,
    const struct corv_stuf_reply *how, struct corv_buf *b);
void corv_hosts_on_stuf(struct corv_hosts *h, corv_host_stuf cb, void *ctx);
/* An offer whose adapter is gone is normal; h may be NULL then. */
void corv_hosts_answer(struct corv_hosts *h, uint64_t offer, struct corv_host_answer *a);
/* There is room again: wakes the adapters that heard "not now". Accepts NULL. */
void corv_hosts_room(struct corv_hosts *h);
/* Who corvd is, for adapters that speak StUF themselves; copied. */
void corv_hosts_set_self(struct corv_hosts *h, const char *oin, const char *application);
/* For the listeners that adapters have and will open. */
void corv_hosts_set_limits(struct corv_hosts *h, const struct corv_http_limits *limits);

struct corv_host_stats {
    uint64_t delivered, later, refused, unreadable; /* outcomes; timeouts are in later too */
    uint64_t timeouts;                              /* deadline passed */
    uint64_t late;                                  /* answers after done was called */
    uint64_t twice; /* answers for an operation that is over, was never given or is another's */
    uint64_t calls, call_us; /* calls of the adapter and the time inside them */
    uint64_t call_us_max;    /* longest time inside one call of the adapter */
    uint64_t slow_calls;     /* longer than 50 ms */
    unsigned in_flight;      /* done not called yet */
    unsigned silent;         /* done was called but the adapter still holds the message */
    uint64_t offered;        /* messages taken in */
    uint64_t not_now;        /* offers turned away */
    unsigned offers;         /* not answered yet */
};
CORV_MUST_CHECK corv_rc corv_hosts_stats(
    const struct corv_hosts *h, const char *adapter, struct corv_host_stats *out);

/* What an adapter counts itself. */
#define CORV_HOST_COUNTS_MAX 16
struct corv_host_count {
    char what[32];
    uint64_t n;
};
/* The i-th running adapter: its name (borrowed), numbers and own counters; NULL after the last. */
const char *corv_hosts_at(const struct corv_hosts *h, unsigned i, struct corv_host_stats *stats,
    const struct corv_host_count **counts, unsigned *counts_used);

#endif
