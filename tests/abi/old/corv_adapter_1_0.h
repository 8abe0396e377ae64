/* SPDX-License-Identifier: EUPL-1.2 */
/* Kept as it was released: tests/abi/minor_0.c is built with it.
 * corv_adapter.h - the whole contract between corvd and a partner adapter. ABI 1.0.
 *
 * Changes:  1.0  first version.
 *
 * An adapter is a shared object (or a built-in) that exports one function, corv_adapter_entry.
 * It includes this header and its own libraries, nothing else of corvd.
 *
 * Threads   Every call into the adapter happens on corvd's loop thread and must not block.
 *           From any other thread only services->complete and services->wake may be called.
 *           After destroy returned no thread of the adapter may call anything any more.
 * Memory    Who allocates frees. What is passed in is borrowed until the call returns, except
 *           the message of deliver: it stays valid until complete was called for its operation.
 * Time      Every operation has a deadline (cancel). corvd measures each call and names the slow
 *           adapter in log and metric. An adapter that leaves too many cancelled operations
 *           without an answer gets no new ones until it has answered.
 * Growth    A minor version only adds at the end; check `size` before reading a later field.
 * Honesty   An adapter inside the daemon can crash it. Code one trusts less belongs behind the
 *           process adapter.
 * Test: adapters are driven by tests/unit/test_host.c and tests/abi. */
#ifndef CORV_ADAPTER_H
#define CORV_ADAPTER_H

#include <stddef.h>
#include <stdint.h>

#define CORV_ADAPTER_ABI_MAJOR 1u
#define CORV_ADAPTER_ABI_MINOR 0u

struct corv_text { /* borrowed bytes, not zero-terminated */
    const char *p;
    size_t n;
};

/* ---- what the daemon gives --------------------------------------------------------------- */

struct corv_host;     /* the daemon's side of one adapter instance; opaque */
struct corv_outgoing; /* one message on its way out; opaque, read through the services */
struct corv_watch;    /* a watched descriptor; opaque */
struct corv_timer;    /* opaque */

enum corv_outcome_class {
    CORV_DELIVERED = 1,  /* the partner has taken it over */
    CORV_LATER = 2,      /* try again; retry_after_seconds may say when */
    CORV_REFUSED = 3,    /* the partner says never */
    CORV_UNREADABLE = 4, /* this message cannot be handled by this adapter: set it aside */
};

struct corv_outcome {
    uint32_t size;                /* sizeof(struct corv_outcome) as the adapter knew it */
    uint32_t cls;                 /* enum corv_outcome_class; it alone decides what happens next */
    const char *code;             /* stable, [a-z0-9.-]{1,40}: "http.503", "connect.timeout" */
    const char *text;             /* one short sentence in our own words; never message content */
    uint32_t retry_after_seconds; /* 0: corvd decides */
    uint32_t status;              /* protocol status such as HTTP's, 0 when none */
    struct corv_text receipt;     /* the peer's proof, kept for the audit trail; may be empty */
    uint64_t spare[4];            /* zero */
};

#define CORV_WATCH_READ  1u
#define CORV_WATCH_WRITE 2u
typedef void (*corv_watch_cb)(void *ctx, int fd, unsigned events);
typedef void (*corv_timer_cb)(void *ctx);

enum corv_adapter_log { CORV_ALOG_ERROR, CORV_ALOG_WARNING, CORV_ALOG_INFO, CORV_ALOG_DEBUG };

struct corv_services {
    uint32_t size;
    /* Any thread. Ends operation op; exactly once per deliver that returned CORV_PENDING. A
     * second or late one is counted and ignored. The outcome is copied. */
    void (*complete)(struct corv_host *host, uint64_t op, const struct corv_outcome *outcome);
    /* Any thread. on_wake of the adapter is called on the loop thread soon. */
    void (*wake)(struct corv_host *host);
    /* Loop thread from here on. */
    void (*log)(struct corv_host *host, int level, const char *code, const char *text);
    int64_t (*now_us)(struct corv_host *host); /* wall clock, tests may shift it */
    /* Watches fd for CORV_WATCH_*; call again with other events to change; returns NULL without
     * memory. Stop the watch before the descriptor is closed. */
    struct corv_watch *(*watch)(
        struct corv_host *host, int fd, unsigned events, corv_watch_cb cb, void *ctx);
    void (*rewatch)(struct corv_watch *w, unsigned events);
    void (*unwatch)(struct corv_watch *w); /* accepts NULL */
    struct corv_timer *(*timer)(struct corv_host *host, corv_timer_cb cb, void *ctx);
    void (*timer_start)(struct corv_timer *t, uint64_t ms); /* one shot; replaces a running one */
    void (*timer_stop)(struct corv_timer *t);
    void (*timer_free)(struct corv_timer *t); /* accepts NULL */
    /* A setting of this instance, or else the preset of the table; NULL when both are absent or
     * empty. Valid for the life of the instance. */
    const char *(*setting)(struct corv_host *host, const char *key);
    /* The message: borrowed until the operation is complete. */
    struct corv_text (*payload)(const struct corv_outgoing *m);
    const char *(*message_id)(const struct corv_outgoing *m);  /* UUID text */
    const char *(*delivery_id)(const struct corv_outgoing *m); /* stays the same over attempts */
    uint32_t (*attempt)(const struct corv_outgoing *m);     /* 1 = first; more = maybe a repeat */
    const char *(*kind)(const struct corv_outgoing *m);     /* "vtoDi01" */
    const char *(*to_party)(const struct corv_outgoing *m); /* id of the receiving party */
    const char *(*to_oin)(const struct corv_outgoing *m);
    const char *(*from_oin)(const struct corv_outgoing *m);
    const char *(*address)(const struct corv_outgoing *m); /* looked up now, not when routed */
    const char *(*content_type)(const struct corv_outgoing *m);
};

/* ---- what the adapter gives -------------------------------------------------------------- */

#define CORV_ADAPTER_OUTBOUND 1u
#define CORV_ADAPTER_INBOUND  2u

struct corv_adapter_setting { /* the table ends with key NULL */
    const char *key;
    const char *type;   /* "string", "integer", "boolean", "path", "secret" */
    const char *preset; /* default as text; NULL = required */
    const char *explanation;
};

enum corv_deliver_result {
    CORV_DONE = 1,    /* *outcome is filled */
    CORV_PENDING = 2, /* complete will be called exactly once */
};

struct corv_adapter {
    uint32_t abi_major; /* these two fields never move */
    uint32_t size;      /* sizeof(struct corv_adapter) as the adapter knew it */
    uint32_t abi_minor;
    uint32_t kind;       /* CORV_ADAPTER_* */
    const char *name;    /* [a-z0-9-]{1,40} */
    const char *version; /* for people */
    const struct corv_adapter_setting *settings;

    /* Settings only, no I/O. Writes a sentence into why (why_size bytes) and returns non-zero
     * when they cannot work. Also behind `corvctl config check`. */
    int (*check)(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size);
    /* Makes an instance; NULL and a sentence when it cannot. */
    void *(*create)(
        const struct corv_services *s, struct corv_host *host, char *why, size_t why_size);
    int (*start)(void *instance); /* non-zero: failed; may open connections or listeners */
    /* Outbound: hands over one message. See enum corv_deliver_result. */
    int (*deliver)(
        void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome);
    void (*cancel)(void *instance, uint64_t op); /* deadline or shutdown; complete it soon */
    void (*on_wake)(void *instance);             /* may be NULL */
    /* Takes the new settings whole and returns 0, or stays as it was. May be NULL. */
    int (*reconfigure)(void *instance, char *why, size_t why_size);
    void (*drain)(void *instance); /* take no more, finish what runs; may be NULL */
    void (*stop)(void *instance);  /* close everything; complete what is left as CORV_LATER */
    void (*destroy)(void *instance);
};

/* The one exported function. Returns the constant descriptor, or NULL when the adapter cannot
 * work with a host of that version. */
typedef const struct corv_adapter *(*corv_adapter_entry_fn)(
    uint32_t host_major, uint32_t host_minor);
#define CORV_ADAPTER_ENTRY  "corv_adapter_entry"
#define CORV_ADAPTER_EXPORT __attribute__((visibility("default")))

#endif
