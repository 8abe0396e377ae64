/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of daemon/host share and nobody else sees.
 * Owner: corv_hosts owns everything below it until corv_hosts_close has called back.
 * Thread: the loop thread, except what is marked "mutex" (struct corv_hosts.mutex). */
#ifndef CORV_HOST_INTERNAL_H
#define CORV_HOST_INTERNAL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "daemon/base/list.h"
#include "daemon/host/host.h"

#define HOST_SLOW_US        50000 /* a call longer than this is named */
#define HOST_GRACE_MS       1000u /* from cancel until we go on without the adapter */
#define HOST_SILENT_MAX     64u   /* messages an adapter may sit on before it gets no more */
#define HOST_RECEIPT_MAX    8192u
#define HOST_RETRY_MAX      86400u
#define HOST_SLOT_BITS      20u
#define HOST_SLOTS_MAX      (1u << HOST_SLOT_BITS)
#define HOST_ID_SIZE        41 /* with the zero byte */
#define HOST_CLOSE_GRACE_MS 500u
#define HOST_WORKS_MAX      64u /* of one adapter, waiting or running */
#define HOST_WORKS_RUNNING  2u
#define HOST_LISTEN_END_MS  5000u

/* A loaded plug-in or a built-in; stays in the process for ever. */
struct library {
    struct corv_list node;
    char *path; /* owned; as configured */
    dev_t dev;  /* 0 for a built-in */
    ino_t ino;
    const struct corv_adapter *api;
};

struct setting {
    char *key;
    char *value;
};
struct settings {
    struct settings *older; /* kept: the adapter may hold on to a value it once asked for */
    unsigned count;
    unsigned given; /* of count: those of the configuration; the rest was offered */
    struct setting *list;
};

struct corv_host {
    struct corv_list node;  /* in corv_hosts.hosts */
    struct corv_hosts *all; /* NULL during corv_hosts_check: no loop, no I/O */
    char name[HOST_ID_SIZE];
    char *library;                  /* owned; as configured */
    const struct corv_adapter *api; /* borrowed from the library */
    void *instance;
    struct settings *settings;
    struct corv_list watches;
    struct corv_list timers;
    struct corv_list listeners;
    atomic_bool wake_wanted;
    bool wants_room; /* an offer was turned away */
    struct corv_list works_waiting;
    unsigned works; /* waiting and running */
    unsigned works_running;
    struct corv_buf said; /* the last stuf_answer */
    bool started;
    bool dead; /* could not be made or started: waits for closing and is not found by name */
    struct corv_host_stats stats; /* late, twice, silent: mutex; the rest: loop */
    struct corv_host_count counts[CORV_HOST_COUNTS_MAX]; /* the adapter's own */
    unsigned counts_used;
};

struct offer {             /* a message the daemon has not answered yet */
    struct corv_list node; /* in corv_hosts.offers */
    struct corv_host *host;
    uint64_t number;
    bool quiet;  /* nobody wants the answer */
    bool inside; /* the call of offer is still on */
    bool over;   /* answered while inside: not now */
};

enum op_state {
    OP_FREE,
    OP_RUNNING,   /* the adapter has it */
    OP_CANCELLED, /* it was asked to give the message back */
    OP_ENDED,     /* its answer is in, the loop will tell */
    OP_SILENT,    /* told without an answer; the adapter may still be reading */
    OP_STATES,
};

struct corv_outgoing {
    struct corv_outgoing_spec spec;
    const struct corv_hosts *all; /* for the thread check of the accessors */
};

struct op {
    uint64_t number;     /* serial << HOST_SLOT_BITS | slot; mutex */
    enum op_state state; /* mutex */
    uint32_t slot;
    struct corv_hosts *all;
    struct corv_host *host;
    struct corv_outgoing message;
    corv_host_done done;
    void *ctx;
    const char *instead; /* code that replaces the adapter's answer, or NULL */
    bool told;           /* done was called */
    int64_t began_us;
    struct corv_host_outcome outcome; /* mutex until OP_ENDED */
    char *receipt;                    /* owned; mutex until OP_ENDED */
    uv_timer_t timer;
    struct corv_list node; /* in all->ended or all->idle */
};

enum hosts_phase { HOSTS_OPEN, HOSTS_DRAINING, HOSTS_CANCELLING, HOSTS_STOPPED, HOSTS_CLOSED };

struct corv_hosts {
    uv_loop_t *loop; /* borrowed */
    uv_thread_t thread;
    uv_async_t async;
    uv_timer_t timer; /* the steps of closing */
    uv_mutex_t mutex;
    struct op **ops; /* by slot; mutex */
    uint32_t ops_count;
    uint32_t ops_cap;
    uint64_t serial;
    struct corv_list idle;  /* operations to use again; mutex */
    struct corv_list ended; /* mutex */
    struct corv_list hosts;
    struct corv_list libraries;
    struct corv_list offers;
    corv_host_intake intake; /* NULL: nothing is taken */
    void *intake_ctx;
    corv_host_stuf stuf;
    void *stuf_ctx;
    char oin[24]; /* who we are; "": not said */
    char application[64];
    struct corv_http_limits limits; /* of every listener */
    unsigned in_flight;             /* done not called yet, all hosts */
    unsigned works;                 /* all hosts */
    unsigned handles;               /* uv handles that are not closed yet */
    bool in_timer;                  /* a timer of an adapter is being called */
    enum hosts_phase phase;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* load.c */
CORV_MUST_CHECK corv_rc corv__library_get(struct corv_list *libraries,
    const struct corv_host_entry *e, const struct corv_adapter **api, struct corv_fault *f);
void corv__libraries_forget(struct corv_list *libraries); /* frees our notes, unloads nothing */
/* What can be said of a descriptor without calling it; path and name are for the sentence. */
CORV_MUST_CHECK corv_rc corv__descriptor_check(
    const struct corv_adapter *a, const char *path, struct corv_fault *f);

/* settings.c */
CORV_MUST_CHECK corv_rc corv__settings_new(const struct corv_host_entry *e,
    const struct corv_adapter *api, struct settings **out, struct corv_fault *f);
void corv__settings_free(struct settings *s); /* with its older ones; accepts NULL */
const char *corv__settings_get(
    const struct settings *s, const struct corv_adapter *api, const char *key);
const char *corv__settings_at(const struct settings *s, uint32_t i, const char **key);

/* outcome.c: any thread. Copies, bounds and cleans; receipt is owned by the caller. */
void corv__outcome_take_over(
    const struct corv_outcome *in, struct corv_host_outcome *out, char **receipt);
void corv__outcome_set(
    struct corv_host_outcome *out, enum corv_outcome_class cls, const char *code, const char *text);
void corv__text_clean(
    const char *in, char *out, size_t size); /* UTF-8 without control characters */
void corv__text_plain(const char *in, char *out, size_t size); /* for the log: ASCII */

/* ops.c */
CORV_MUST_CHECK corv_rc corv__op_new(struct corv_host *host, struct op **out);
void corv__op_hand_over(struct op *op, unsigned timeout_ms);
/* Any thread: the service of that name. */
void corv__op_complete(struct corv_host *host, uint64_t number, const struct corv_outcome *outcome);
void corv__ops_tell(struct corv_hosts *h);       /* calls done for all that ended */
void corv__ops_cancel_all(struct corv_hosts *h); /* on close */
void corv__ops_give_up(struct corv_hosts *h, struct corv_host *host); /* after stop */
void corv__ops_release(struct corv_hosts *h, struct corv_host *host); /* after destroy */
void corv__ops_free(struct corv_hosts *h);

/* offers.c */
uint64_t corv__offer(struct corv_host *host, const struct corv_incoming *in);
int corv__finding(
    const struct corv_incoming_answer *a, uint32_t i, struct corv_incoming_finding *out);
struct corv_text corv__stuf_answer(struct corv_host *host, const struct corv_incoming_answer *a,
    const struct corv_stuf_reply *how);
void corv__offers_forget(struct corv_hosts *h, struct corv_host *host); /* after stop */

/* work.c */
int corv__work(struct corv_host *host, corv_work_cb run, corv_work_cb after, void *ctx);

/* listen.c: the services of those names */
struct corv_listener *corv__listen(
    struct corv_host *host, const struct corv_http_endpoint *e, char *why, size_t why_size);
uint32_t corv__listen_port(const struct corv_listener *l);
int corv__listen_renew(
    struct corv_listener *l, const struct corv_http_endpoint *e, char *why, size_t why_size);
void corv__listen_close(struct corv_listener *l);
struct corv_text corv__request_method(const struct corv_request *r);
struct corv_text corv__request_path(const struct corv_request *r);
struct corv_text corv__request_header(const struct corv_request *r, const char *name);
struct corv_text corv__request_body(const struct corv_request *r);
const char *corv__request_oin(const struct corv_request *r);
const char *corv__request_peer(const struct corv_request *r);
void corv__reply(struct corv_request *r, const struct corv_reply *answer);
void corv__listeners_limit(struct corv_host *host);     /* as all->limits says now */
unsigned corv__listeners_close(struct corv_host *host); /* what was forgotten; how many */

/* services.c */
extern const struct corv_services corv__services;
bool corv__on_loop(
    const struct corv_host *host, const char *what); /* false: wrong thread, logged */
void corv__leftovers_close(struct corv_host *host);
int64_t corv__call_begin(void);
void corv__call_end(struct corv_host *host, const char *what, int64_t began);

/* hosts.c */
void corv__handle_opened(struct corv_hosts *h);
void corv__handle_closed(struct corv_hosts *h); /* the last one ends corv_hosts_close */
void corv__host_free(struct corv_host *host);
/* close.c: something ended; nothing may be in flight any more */
void corv__hosts_idle(struct corv_hosts *h);
bool corv__hosts_busy(const struct corv_hosts *h);

#endif
