/* SPDX-License-Identifier: EUPL-1.2 */
/* Stands between a queue and its PostgreSQL and cuts the line at the worst moment. Has a
 * loop in a thread of its own; clients come to its own unix socket. */
#ifndef CORV_TESTS_SUPPORT_PG_PROXY_H
#define CORV_TESTS_SUPPORT_PG_PROXY_H

enum pg_proxy_mode {
    PG_PROXY_PASS,
    PG_PROXY_CUT_BEFORE_COMMIT, /* the server never sees the COMMIT */
    PG_PROXY_CUT_AFTER_COMMIT,  /* the server committed, the client never hears it */
    PG_PROXY_CUT_AFTER_LEASE,   /* the server gave deliveries out, and nobody hears which */
};

struct pg_proxy;

/* server_dir: folder of the real socket. */
struct pg_proxy *pg_proxy_new(const char *server_dir);
const char *pg_proxy_dir(const struct pg_proxy *p); /* to be the host= of a connection string */
/* Holds for the next COMMIT (or lease), then passes again. */
void pg_proxy_mode(struct pg_proxy *p, enum pg_proxy_mode mode);
unsigned pg_proxy_cuts(struct pg_proxy *p);
void pg_proxy_free(struct pg_proxy *p); /* closes all lines and waits */

#endif
