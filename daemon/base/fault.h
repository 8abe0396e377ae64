/* SPDX-License-Identifier: EUPL-1.2 */
/* Why something failed: filled once, where it happened, carried by value, owns nothing.
 * The text is ours and bounded; it never quotes message content or a person's data. */
#ifndef CORV_BASE_FAULT_H
#define CORV_BASE_FAULT_H

#include "daemon/base/rc.h"

/* The class decides what happens next (docs/core-principles.md). */
enum corv_fault_class {
    CORV_FAULT_NONE = 0,
    CORV_FAULT_SENDER,   /* the sender must act: refuse and say why */
    CORV_FAULT_PEER,     /* the receiving side is away: later */
    CORV_FAULT_REFUSED,  /* the receiving side says never */
    CORV_FAULT_SETTINGS, /* our configuration: hold and alarm */
    CORV_FAULT_STORE,    /* our database or disk: stop taking, keep what we have */
    CORV_FAULT_BUG,      /* ours: set the message aside, go on */
};

struct corv_fault {
    enum corv_fault_class cls;
    char code[48];    /* dotted and stable: "config.unknown-role" */
    char text[240];   /* one sentence */
    const char *file; /* static, where it happened */
    int line;
};

/* Fills f when it is not NULL and still empty: the first cause wins. Returns rc. */
#define CORV_FAIL(f, rc, cls, code, ...)                                                           \
    corv_fault_set((f), (rc), (cls), (code), __FILE__, __LINE__, __VA_ARGS__)

corv_rc corv_fault_set(struct corv_fault *f, corv_rc rc, enum corv_fault_class cls,
    const char *code, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

const char *corv_fault_class_name(enum corv_fault_class cls); /* static */

#endif
