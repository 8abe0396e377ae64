/* SPDX-License-Identifier: EUPL-1.2 */
/* corv_adapter.h - the whole contract between corvd and a partner adapter. ABI 1.2.
 *
 * Changes:  1.0  first version.
 *           1.1  the way in: offer and answered, work, listen_http.
 *           1.2  name, setting_at and the row "*", count, self.
 *
 * An adapter is a shared object (or a built-in) that exports one function, corv_adapter_entry.
 * It includes this header and its own libraries, nothing else of corvd.
 *
 * Threads   Every call into the adapter happens on corvd's loop thread and must not block;
 *           what takes time goes to services->work or to a thread of the adapter's own.
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
#define CORV_ADAPTER_ABI_MINOR 2u

struct corv_text { /* borrowed bytes, not zero-terminated */
    const char *p;
    size_t n;
};

/* ---- what the daemon gives --------------------------------------------------------------- */

struct corv_host;     /* the daemon's side of one adapter instance; opaque */
struct corv_outgoing; /* one message on its way out; opaque, read through the services */
struct corv_watch;    /* a watched descriptor; opaque */
struct corv_timer;    /* opaque */
struct corv_listener; /* 1.1: an HTTP endpoint; opaque */
struct corv_request;  /* 1.1: one HTTP request, the adapter's until it is replied to; opaque */

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

/* ---- the way in (1.1) --------------------------------------------------------------------- */

/* One message that came in. Who sends is either the OIN that the transport proved (a certificate)
 * or a party that the settings of this endpoint name; corvd checks that it may speak for the
 * zender in the message. Exactly one of the two is given. */
struct corv_incoming {
    uint32_t size;            /* sizeof(struct corv_incoming) as the adapter knew it */
    uint32_t no_answer;       /* 1: answered is not called for this one */
    struct corv_text bytes;   /* borrowed until offer returns; the daemon copies */
    const char *content_type; /* or NULL */
    const char *oin;          /* 20 digits, or NULL */
    const char *party;        /* id of a party, or NULL */
    const char *peer;         /* for the log: address and port, or a name of our own; never data */
    uint64_t spare[4];        /* zero */
};

enum corv_incoming_class {
    CORV_INCOMING_ACCEPTED = 1, /* it is ours: message, deliveries and audit line are committed */
    CORV_INCOMING_REPEAT = 2,   /* it was ours already, with this same content */
    CORV_INCOMING_CONFLICT = 3, /* its reference was used for other content (StUF016) */
    CORV_INCOMING_REFUSED = 4,  /* wrong; the findings tell what */
    CORV_INCOMING_UNAVAILABLE = 5, /* not now: the same message may be offered again */
};

struct corv_incoming_address {
    const char *organisatie;
    const char *applicatie;
    const char *administratie;
    const char *gebruiker;
};

/* Texts are never NULL; those that say no are the ones of docs/antwoorden.md and quote nothing.
 * Valid during the call of answered; made by corvd only. */
struct corv_incoming_answer {
    uint32_t size;   /* as corvd knows it; a later minor adds at the end */
    uint32_t cls;    /* enum corv_incoming_class */
    uint32_t status; /* what HTTP says: 202, 200, 409, 422, … */
    uint32_t retry_after_seconds;
    const char *message_id; /* UUID; of the first one for a repeat */
    int64_t stored_us;      /* when that one was taken in, wall clock; the same for each repeat */
    const char *code;       /* stable and dotted: "duplicate.other-content"; "" when accepted */
    const char *stuf_code;  /* "StUF055", at most 7 characters; "" when accepted */
    uint32_t server_fault;  /* 1: not the sender's (StUF: plek server) */
    uint32_t findings;      /* how many services->finding can give; warnings come with a yes too */
    uint32_t findings_more; /* found too, but not kept */
    uint32_t reserved;
    const char *title; /* what it comes down to, a sentence without its full stop */
    const char *text;  /* what is the matter */
    const char *next;  /* what the sender does */
    const char *kind;  /* "vtoDi01", "unknown" */
    /* From the message, when it passed the schema, else "". Not for logs. */
    struct corv_incoming_address zender;
    struct corv_incoming_address ontvanger;
    const char *referentienummer;
    const char *crossrefnummer;
    const char *tijdstip;
};

/* How an answer is said in StUF. */
struct corv_stuf_reply {
    uint32_t size; /* sizeof(struct corv_stuf_reply) as the adapter knew it */
    uint32_t reserved;
    const char *receipt;             /* the form of a yes: "Bv03" or "Bv04" */
    struct corv_incoming_address to; /* zender of the message; applicatie NULL: as corvd read it */
    const char *crossref;            /* its referentienummer; NULL: as corvd read it */
    const char *code;  /* without an answer: what to say, a code of docs/antwoorden.md */
    uint64_t spare[2]; /* zero */
};

struct corv_incoming_finding {
    const char *layer;    /* "well-formed", "security", "schema", "rule", "addressing" */
    const char *severity; /* "error", "warning" */
    const char *code;
    const char *path;    /* names of elements; may be "" */
    const char *text;    /* one sentence in plain Dutch, quoting nothing */
    const char *actor;   /* "behandelaar", "beheerder", "leverancier", "partner" */
    const char *article; /* source of a rule; may be "" */
    int32_t line;        /* 0 when unknown */
    int32_t column;
};

enum corv_tls_mode {
    CORV_TLS_NONE = 0,    /* plain HTTP */
    CORV_TLS_ONE_WAY = 1, /* we show a certificate */
    CORV_TLS_TWO_WAY = 2, /* and so must the client */
};

struct corv_http_endpoint {
    uint32_t size;           /* sizeof(struct corv_http_endpoint) as the adapter knew it */
    uint32_t tls;            /* enum corv_tls_mode */
    const char *address;     /* numeric, v4 or v6 */
    uint32_t port;           /* 0: chosen by the kernel */
    uint32_t reserved;       /* 0 */
    const char *certificate; /* PEM with its chain; with one-way and two-way TLS */
    const char *key;         /* PEM */
    const char *client_ca;   /* PEM; with two-way TLS */
    const char *client_crl;  /* PEM, or NULL */
    void *ctx;
    /* The headers are there and the body is not: a reply now saves reading it. May be NULL. */
    void (*on_head)(void *ctx, struct corv_request *r);
    /* The request is complete. It stays the adapter's until reply; a client that left is no
     * reason not to reply. Every bound (size, time, connections) is the daemon's own. */
    void (*on_request)(void *ctx, struct corv_request *r);
    uint64_t spare[4]; /* zero */
};

struct corv_reply {
    uint32_t size; /* sizeof(struct corv_reply) as the adapter knew it */
    uint32_t status;
    const char *content_type; /* NULL: no body */
    const char *headers;      /* further lines, each "Name: value\r\n", or NULL */
    struct corv_text body;    /* copied */
    uint64_t spare[2];        /* zero */
};

typedef void (*corv_work_cb)(void *ctx);

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

    /* ---- 1.1: check size before using these ---- */

    /* Offers a message that is complete. A number: answered follows, once, in a later turn of the
     * loop. 0: not now - stop reading; on_wake is called when it makes sense to try again. */
    uint64_t (*offer)(struct corv_host *host, const struct corv_incoming *in);
    /* The i-th finding of an answer, i < findings. Returns 0, or 1 when there is none. */
    int (*finding)(
        const struct corv_incoming_answer *a, uint32_t i, struct corv_incoming_finding *out);
    /* The StUF message that says what an answer says: the receipt, or a Fo03; without an answer (a
     * NULL) the Fo03 of how->code, for what never became an offer. The same answer always gives
     * the same bytes. Valid until the next call; empty when StUF cannot say it. */
    struct corv_text (*stuf_answer)(struct corv_host *host, const struct corv_incoming_answer *a,
        const struct corv_stuf_reply *how);
    /* Work that blocks or takes long: run on another thread, where no service may be called, then
     * after on the loop thread. Both always come, also while closing: destroy waits for them.
     * Non-zero: too much is waiting already, nothing was taken. */
    int (*work)(struct corv_host *host, corv_work_cb run, corv_work_cb after, void *ctx);
    /* An HTTP/1.1 endpoint; e is copied. NULL and a sentence in why when it cannot be. */
    struct corv_listener *(*listen_http)(
        struct corv_host *host, const struct corv_http_endpoint *e, char *why, size_t why_size);
    uint32_t (*listen_port)(const struct corv_listener *l);
    /* New connections use the certificate files of e from now on; its other fields do not count.
     * Non-zero and a sentence: the old ones stay in use. */
    int (*listen_renew)(
        struct corv_listener *l, const struct corv_http_endpoint *e, char *why, size_t why_size);
    /* Takes no more requests; l is gone for the adapter. Its requests must still be replied to. */
    void (*listen_close)(struct corv_listener *l); /* accepts NULL */
    struct corv_text (*request_method)(const struct corv_request *r);
    struct corv_text (*request_path)(const struct corv_request *r); /* without query */
    /* Value of a header, the name without regard to case; empty when absent. */
    struct corv_text (*request_header)(const struct corv_request *r, const char *name);
    struct corv_text (*request_body)(const struct corv_request *r); /* valid until reply */
    const char *(*request_oin)(const struct corv_request *r);       /* of the certificate, or "" */
    const char *(*request_peer)(const struct corv_request *r);      /* address and port */
    /* Ends the request, exactly once. */
    void (*reply)(struct corv_request *r, const struct corv_reply *answer);

    /* ---- 1.2: check size before using these ---- */

    /* Of this instance, as in the configuration. */
    const char *(*name)(struct corv_host *host);
    /* The value of the i-th setting that the configuration gives, and its key; NULL after the last
     * one. For an adapter that takes settings it does not know, see struct corv_adapter_setting. */
    const char *(*setting_at)(struct corv_host *host, uint32_t i, const char **key);
    /* Adds n to a counter of this instance: corvd_adapter_counted_total{adapter,what} of /metrics.
     * what is [a-z_]{1,30}; of the first 16 names an instance uses, others are left out. */
    void (*count)(struct corv_host *host, const char *what, uint64_t n);
    /* Who corvd is in StUF: organisatie and applicatie of what it says itself. */
    struct corv_incoming_address (*self)(struct corv_host *host);
};

/* ---- what the adapter gives -------------------------------------------------------------- */

#define CORV_ADAPTER_OUTBOUND 1u
#define CORV_ADAPTER_INBOUND  2u

/* The table ends with key NULL. A row with key "*" (1.2) takes every key that has no row. */
struct corv_adapter_setting {
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

    /* 1.1. Inbound: what became of an offer - only now may the peer hear yes. Not called any more
     * once stop was. */
    void (*answered)(void *instance, uint64_t op, const struct corv_incoming_answer *answer);
};

/* The one exported function. Returns the constant descriptor, or NULL when the adapter cannot
 * work with a host of that version. */
typedef const struct corv_adapter *(*corv_adapter_entry_fn)(
    uint32_t host_major, uint32_t host_minor);
#define CORV_ADAPTER_ENTRY  "corv_adapter_entry"
#define CORV_ADAPTER_EXPORT __attribute__((visibility("default")))

#endif
