/* SPDX-License-Identifier: EUPL-1.2 */
/* The HTTP client of the adapters, on libcurl's multi interface: posts one message per transfer and
 * tells what came back. "https" posts the bytes as they are; "dai" dresses them in SOAP and reads
 * the answer (struct https_kind is what differs). Owner: the adapter's instance holds one struct
 * https, as its first member. Thread: loop thread. Test: tests/unit/test_https_adapter.c,
 * tests/path/test_a08_dai.py */
#ifndef CORV_ADAPTERS_HTTPS_CLIENT_H
#define CORV_ADAPTERS_HTTPS_CLIENT_H

#include <curl/curl.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "adapters/https/https.h"

#define HTTPS_RECEIPT_MAX 8192u
#define HTTPS_BODY_MAX    (1u << 20) /* of an answer; then we hang up, the status counts */
#define HTTPS_HEAD_MAX    (64u << 10)
#define HTTPS_RETRY_MAX   86400
#define HTTPS_SPARE_MAX   64u /* transfers kept for the next message */
#define HTTPS_SHARES      64u /* each keeps 8 TLS sessions (fixed in libcurl), by party */
#define HTTPS_HEADER_MAX  512u
#define HTTPS_LINES_MAX   10u /* our header lines and those of the kind */

/* Certificate, key and trust as read at (re)configuration: a file that changes afterwards has no
 * effect on half of the connections. Certificate and key are kept read, because reading them from
 * PEM for each connection costs as much as the handshake. The bytes of ca end with the digest of
 * the certificate, in a line that is no PEM: libcurl compares them when it looks for a connection
 * or session to use again, and so finds none that was made with another certificate. Counted: each
 * transfer holds the one it was made with. */
struct https_tls {
    unsigned references;
    X509 *certificate;      /* owned; NULL: one-way */
    STACK_OF(X509) * chain; /* owned; what follows it in the file */
    EVP_PKEY *key;          /* owned */
    struct curl_blob ca;    /* owned */
};

struct https_limits {
    bool allow_plain;    /* http:// to a loopback address, for tests */
    bool plain_anywhere; /* and to any other */
    bool one_way;        /* no certificate of ours */
    size_t answer_bytes; /* kept of an answer */
    long connect_ms;
    long timeout_ms;
    long idle_seconds;
    long connections;
};

/* libcurl's handle and the memory around it, for one message after the other. What holds for all of
 * them is set in the handle once (https_request_settings); what is of one message is set before it
 * goes (https_request_options) and taken out after it (https_request_forget). Only a handle on
 * which all went well at the first try serves again: in any other there is something left of it. */
struct https_transfer {
    TAILQ_ENTRY(https_transfer) entry;
    uint64_t op;
    CURLU *url;           /* owned: the address, taken apart once */
    void *own;            /* of the kind */
    unsigned requests;    /* libcurl sends again when a kept connection turns out to be dead */
    unsigned lines_count; /* of the headers */
    bool repeat;          /* X-Corv-Repeat is among the headers */
    bool cancelled;
    bool well;        /* libcurl ended it without a complaint */
    bool cut;         /* we hung up on an endless answer */
    bool out_of_step; /* the connection held an answer before we asked */
    size_t head_bytes;
    size_t body_bytes;
    char *receipt; /* owned */
    size_t receipt_bytes;
    char code[12];               /* "http.503" */
    char error[CURL_ERROR_SIZE]; /* may hold text of the party: never leaves this adapter */
    /* What stands above is of one message, and zero before it; what stands below stays. */
    struct https *https;
    CURL *easy;            /* owned */
    struct https_tls *tls; /* NULL: plain */
    unsigned settings;     /* https->settings when it was made */
    struct curl_slist lines[HTTPS_LINES_MAX];
    char text[HTTPS_LINES_MAX][HTTPS_HEADER_MAX];
};
TAILQ_HEAD(https_transfers, https_transfer);

/* What differs between the adapters that use this client. */
struct https_kind {
    /* Adds the header lines that are its own (https_header). */
    bool (*headers)(struct https_transfer *x, const struct corv_outgoing *m);
    /* Says where the bytes of the request come from. */
    bool (*body)(struct https_transfer *x, const struct corv_outgoing *m);
    /* There is a whole answer: x->receipt and status. Fills the outcome. */
    void (*judge)(struct https_transfer *x, long status, struct corv_outcome *outcome);
    void (*end)(struct https_transfer *x); /* gives x->own back; or NULL */
};

struct https_socket {
    struct corv_watch *watch; /* NULL: not watched */
    unsigned events;          /* that it is watched for */
    bool asked;               /* libcurl wants to hear of it: a transfer is under way */
    /* Ours, of a connection on which a transfer ended well, or 0. Such a one our callback closes.
     */
    int port;
};

struct https {
    const struct https_kind *kind;
    const struct corv_services *services;
    struct corv_host *host;
    CURLM *multi;
    CURLSH *shares[HTTPS_SHARES];                  /* made on first use */
    struct https_transfer *spare[HTTPS_SPARE_MAX]; /* owned */
    unsigned spare_count;
    unsigned settings;            /* how often limits and files were renewed */
    struct corv_timer *timer;     /* libcurl's own timeout */
    struct corv_timer *sweep;     /* removes what was cancelled, outside libcurl's callbacks */
    struct https_socket *sockets; /* owned; by descriptor */
    size_t sockets_cap;
    struct https_transfers transfers;
    struct https_tls *tls;
    struct https_limits limits;
    bool draining;
    bool global; /* curl_global_init was done */
};

/* client.c */
/* Opens the client in zeroed memory; false and a sentence when it cannot. Close it in any case. */
bool https_open(struct https *a, const struct https_kind *kind, const struct corv_services *s,
    struct corv_host *host, const struct https_limits *limits, char *why, size_t why_size);
/* New limits and files, or false, a sentence, and everything as it was. */
bool https_renew(struct https *a, const struct https_limits *limits, char *why, size_t why_size);
void https_stop(struct https *a); /* completes what is left as CORV_LATER */
void https_close(struct https *a);
/* A number among the settings, within bounds. */
bool https_number(const struct corv_services *s, struct corv_host *host, const char *key,
    long least, long most, long *out);
bool https_is_true(const struct corv_services *s, struct corv_host *host, const char *key);

/* files.c */
/* Reads and checks the files named in the settings: three, or only ca with one_way. NULL and a
 * sentence when they will not do; when plain is allowed and no file is named: NULL and an empty
 * sentence. */
struct https_tls *https_tls_read(const struct corv_services *s, struct corv_host *host,
    bool one_way, char *why, size_t why_size);
struct https_tls *https_tls_hold(struct https_tls *t); /* accepts NULL */
void https_tls_free(struct https_tls *t);              /* gives one reference back */
/* CURLOPT_SSL_CTX_FUNCTION: gives a new connection our certificate and key. */
CURLcode https_tls_use(CURL *easy, void *ssl_ctx, void *tls);

/* multi.c: libcurl on the services */
bool https_multi_open(struct https *a);
void https_multi_close(struct https *a);
/* CURLOPT_OPENSOCKETFUNCTION: one that no program we start gets. */
curl_socket_t https_open_socket(void *instance, curlsocktype purpose, struct curl_sockaddr *to);
int https_close_socket(void *instance, curl_socket_t fd); /* CURLOPT_CLOSESOCKETFUNCTION */
/* The connection of this transfer, which ended well, is kept for the next request. */
void https_keep(struct https *a, CURL *easy);
/* About to send a request from this port of ours: whether there is an answer already. A party that
 * answers twice would else confirm the next message before it has seen it. What comes when the
 * request is under way already cannot be told from its answer: HTTP/1.1 has nothing to tell them
 * apart by. */
bool https_out_of_step(struct https *a, int port_here);

/* transfer.c */
/* Starts a transfer for op; own is the kind's. NULL, or the code of why not: own is then still the
 * caller's. */
const char *https_begin(struct https *a, uint64_t op, const struct corv_outgoing *m, void *own);
int https_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome);
void https_cancel(void *instance, uint64_t op);
void https_sweep(void *instance);
void https_spare_free(struct https *a); /* those that wait for a message */
void https_transfer_end(struct https_transfer *x, const struct corv_outcome *outcome);
void https_transfer_ended(struct https_transfer *x, CURLcode result); /* libcurl says so */

/* request.c: everything about one request that is set before it goes */
/* false: it would not be one header line. */
bool https_header(struct https_transfer *x, const char *name, const char *value);
bool https_request_headers(struct https_transfer *x, const struct corv_outgoing *m);
CURLSH *https_share_of(struct https *a, unsigned share); /* NULL: without memory */
/* NULL when good, else the code of what is wrong with it. url: the caller's, also when it is not
 * good; may be NULL then. share: by party. */
const char *https_address_check(
    const struct https *a, const char *address, CURLU **url, unsigned *share);
bool https_request_settings(struct https_transfer *x);
bool https_request_options(struct https_transfer *x, const struct corv_outgoing *m, CURLSH *share);
bool https_request_forget(struct https_transfer *x);

/* outcome.c */
void https_outcome_of(struct https_transfer *x, CURLcode result, struct corv_outcome *outcome);
void https_outcome_unsent(struct corv_outcome *outcome, const char *code);
/* As the status alone says. */
void https_outcome_status(struct https_transfer *x, long status, struct corv_outcome *outcome);

#endif
