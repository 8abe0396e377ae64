/* SPDX-License-Identifier: EUPL-1.2 */
/* Does a call touch the outside world? It is made in a child where opening, looking at and
 * connecting to anything is caught. Linux only. Test: tests/abi/conform.py */
#ifndef CORV_CONFORM_QUIET_H
#define CORV_CONFORM_QUIET_H

struct quiet {
    int result;  /* of the call; -1: it did not come back */
    long caught; /* the first system call that went outside; -1: none */
    long took_us;
};

/* False: cannot be judged here. */
_Bool quiet_call(int (*call)(void *ctx), void *ctx, struct quiet *out);

#endif
