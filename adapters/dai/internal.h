/* SPDX-License-Identifier: EUPL-1.2 */
/* Shared by the files of adapters/dai only. */
#ifndef CORV_ADAPTERS_DAI_INTERNAL_H
#define CORV_ADAPTERS_DAI_INTERNAL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "adapters/dai/dai.h"
#include "adapters/dai/soap.h"
#include "adapters/https/client.h"

#define DAI_ANSWER_BYTES (64u << 10) /* read of an application's answer */

struct dai_in; /* one request */
TAILQ_HEAD(dai_ins, dai_in);
struct dai_out; /* one message on its way out */
TAILQ_HEAD(dai_outs, dai_out);

struct dai {
    struct https client; /* first: https_kind finds us by it */
    const struct corv_services *services;
    struct corv_host *host;
    /* in */
    struct corv_listener *listener; /* NULL: nothing comes in */
    const char *path;
    const char *sender; /* NULL: the certificate tells */
    size_t max_bytes;
    struct dai_ins ins;
    /* out */
    bool wrapped; /* form dai, else plain StUF */
    enum dai_dots dots;
    const char *service;  /* eb:Service in wsa:Action; may be "" */
    struct dai_outs outs; /* being prepared */
    bool draining;
    bool stopped;
};

/* inbound.c */
void dai_request_head(void *ctx, struct corv_request *r);
void dai_request(void *ctx, struct corv_request *r);
void dai_answered(void *instance, uint64_t op, const struct corv_incoming_answer *answer);
void dai_in_stop(struct dai *d); /* what waits for an answer gets a 503 */

/* outbound.c */
extern const struct https_kind dai_kind;
int dai_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome);
void dai_cancel(void *instance, uint64_t op);

#endif
