/* SPDX-License-Identifier: EUPL-1.2 */
/* The language between corvd and an adapter in a child process: frames over a socket pair.
 * A frame is a head of 8 bytes - length of the body (u32, little endian), type (u8), three zero
 * bytes - and the body: numbers little endian, texts as u32 length with their zero byte and then
 * the bytes (length 0: absent), bytes as u32 length and the bytes. Each type has one direction and
 * a bound. The fields stand where a frame is written: say.c (corvd) and daemon/runner/tell.c
 * (child). Whoever reads does not trust: what does not fit ends the child.
 * Owner: a wire_out and a wire_reader own their bytes. Thread: the caller's. Test:
 * tests/unit/test_process_wire.c, tests/fuzz/fuzz_process.c */
#ifndef CORV_ADAPTERS_PROCESS_WIRE_H
#define CORV_ADAPTERS_PROCESS_WIRE_H

#include <stdbool.h>

#include "adapters/corv_adapter.h"

#define WIRE_VERSION      1u
#define WIRE_HEAD         8u
#define WIRE_SMALL        (256u << 10) /* bound of all that carries no message */
#define WIRE_MESSAGE      (72u << 20)  /* a message and what goes with it */
#define WIRE_SETTINGS_MAX 256u
#define WIRE_FINDINGS_MAX 200u
#define WIRE_OFFERS_MAX   64u /* of a child, without an answer yet */

enum wire_type {
    /* to the child */
    WIRE_HELLO = 1,       /* version, name, library, limits, settings */
    WIRE_DELIVER = 2,     /* op and the message */
    WIRE_CANCEL = 3,      /* op */
    WIRE_ANSWER = 4,      /* offer and what became of it */
    WIRE_ROOM = 5,        /* offers are welcome again */
    WIRE_RECONFIGURE = 6, /* settings */
    WIRE_STOP = 7,        /* milliseconds to finish in */
    WIRE_PING = 8,        /* number */
    /* from the child */
    WIRE_READY = 65,        /* version: the adapter has started */
    WIRE_FAILED = 66,       /* code, sentence: it has not; the child ends */
    WIRE_OUTCOME = 67,      /* op and its outcome */
    WIRE_OFFER = 68,        /* offer and the message */
    WIRE_NOTE = 69,         /* a line for the log */
    WIRE_RECONFIGURED = 70, /* verdict, sentence */
    WIRE_PONG = 71,         /* the number */
    WIRE_COUNT = 72,        /* a counter and how much */
};

/* Largest body of a frame of that type and direction; -1: there is no such frame. */
int64_t wire_bound(unsigned type, bool from_child);

/* ---- writing ------------------------------------------------------------------------------- */

struct wire_out {
    char *p; /* owned */
    size_t n;
    size_t cap;
    bool failed; /* no memory, or past the bound; sticks */
};

void wire_begin(struct wire_out *o, enum wire_type type);
void wire_put_u32(struct wire_out *o, uint32_t v);
void wire_put_u64(struct wire_out *o, uint64_t v);
void wire_put_text(struct wire_out *o, const char *s); /* NULL: absent */
void wire_put_bytes(struct wire_out *o, struct corv_text t);
/* Fills in the length; more bytes of the body follow elsewhere. False: failed, nothing is left. */
bool wire_end(struct wire_out *o, size_t more);
void wire_out_free(struct wire_out *o);

/* ---- reading fields ------------------------------------------------------------------------ */

struct wire_in { /* borrows the body */
    const char *p;
    size_t left;
    bool bad; /* sticks; all that is read then is 0, NULL or empty */
};

uint32_t wire_get_u32(struct wire_in *in);
uint64_t wire_get_u64(struct wire_in *in);
const char *wire_get_text(struct wire_in *in); /* NULL: absent */
struct corv_text wire_get_bytes(struct wire_in *in);
bool wire_got_all(const struct wire_in *in); /* nothing bad, nothing left */

/* ---- reading frames ------------------------------------------------------------------------ */

enum wire_result { WIRE_MORE, WIRE_FRAME, WIRE_BAD };

struct wire_reader {
    bool from_child;
    char head[WIRE_HEAD];
    size_t head_n;
    unsigned type;
    size_t size; /* of the body */
    char *body;  /* owned; grows with what comes in, not with what is claimed */
    size_t body_n;
    size_t body_cap;
};

/* Where the next bytes go and how many fit; NULL without memory. */
char *wire_want(struct wire_reader *r, size_t *room);
/* n of them came. WIRE_FRAME: type and body are whole, until wire_next. */
enum wire_result wire_got(struct wire_reader *r, size_t n);
struct wire_in wire_body(const struct wire_reader *r);
char *wire_take_body(struct wire_reader *r); /* the caller frees it */
void wire_next(struct wire_reader *r);
void wire_reader_free(struct wire_reader *r);

#endif
