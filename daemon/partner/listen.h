/* SPDX-License-Identifier: EUPL-1.2 */
/* The receivers: one HTTPS listener, a path per party (/raad, /aice, /politie for https, /gemeente
 * for dai). A message that is expected gets the answer its expectation prescribes for that attempt
 * and is compared with what was sent; any other message gets a plain yes and is remembered as a
 * stranger. Loop thread. Test: tests/path/test_a12_chain.py */
#ifndef CORV_PARTNER_LISTEN_H
#define CORV_PARTNER_LISTEN_H

#include "daemon/partner/message.h"
#include "daemon/partner/partner.h"

enum partner_reply {
    PARTNER_YES,
    PARTNER_NEVER,   /* no answer at all */
    PARTNER_OTHER,   /* a receipt for another message */
    PARTNER_REFUSE,  /* no, for good */
    PARTNER_HANG_UP, /* the connection breaks */
};
struct partner_turn {
    enum partner_reply how;
    unsigned after_ms;
};

#define PARTNER_TURNS    3
#define PARTNER_ARRIVALS 16 /* kept; more are counted */

struct partner_arrival {
    const struct partner_party *at;
    int64_t at_us;
    bool identical;
    bool linked;      /* it names the message or case that it is about */
    bool repeat;      /* X-Corv-Repeat */
    bool same_number; /* X-Corv-Delivery is that of the first attempt */
};

/* What came back about a message from corvd itself: a Fo01. */
struct partner_complaint {
    const struct partner_party *at; /* NULL: nothing came */
    char code[12];
    char reference[PARTNER_NUMBER]; /* its own */
};

struct partner_expect {
    struct corv_list node;
    char reference[PARTNER_NUMBER];
    const struct partner_party *to;
    struct corv_view element; /* borrowed: what must arrive, byte for byte */
    const char *link_name;    /* "crossRefnummer", "zaaknummer" or NULL; borrowed */
    const char *link_value;
    struct partner_turn turns[PARTNER_TURNS];
    unsigned turns_count; /* later attempts get a yes */
    char delivery[64];    /* X-Corv-Delivery of the first attempt */
    struct partner_arrival arrivals[PARTNER_ARRIVALS];
    unsigned arrivals_count; /* may pass PARTNER_ARRIVALS */
    unsigned answered;       /* attempts that got their yes or no */
    struct partner_complaint complaint;
};

/* A message nobody expects; in play mode all are. */
struct partner_stranger {
    const struct partner_party *at;
    char kind[64];
    char reference[PARTNER_NUMBER];
    char from_oin[24];
    char from_application[64];
    size_t bytes;
};

struct partner_listener;
/* Opens p->listener. told: hears of each stranger; or NULL. */
CORV_MUST_CHECK corv_rc partner_listen(
    struct partner *p, void (*told)(void *ctx, const struct partner_stranger *s), void *ctx);
void partner_listener_free(struct partner *p); /* accepts none */
void partner_expect(struct partner *p, struct partner_expect *e);
/* Forgets all that was expected, and lets go of what waits for an answer. */
void partner_expect_nothing(struct partner *p);
/* How many strangers came since the last call; the last one is described. */
unsigned partner_strangers(struct partner *p, struct partner_stranger *last);

#endif
