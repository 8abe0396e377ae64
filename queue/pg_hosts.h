/* SPDX-License-Identifier: EUPL-1.2 */
/* The servers that a connection string names, one by one: every host and every address behind its
 * name is a place to try. libpq can go along a row of hosts itself, but then it resolves names
 * while everybody waits, knows no limit per host when it connects without blocking, and always ends
 * at the first one that is writable - also when that is a primary of before a fail-over. Without a
 * host in it (a default, an environment variable, a service file) there is one place, and libpq
 * finds it.
 *
 * Owner: corv_pg_hosts_new .. corv_pg_hosts_free; what is returned is borrowed until the next call.
 * Not locked. Errors: CORV_E_INVALID, libpq cannot read the string; CORV_E_LIMIT, more than
 * CORV_PG_HOSTS hosts. Test: tests/unit/test_pg_hosts.c */
#ifndef CORV_QUEUE_PG_HOSTS_H
#define CORV_QUEUE_PG_HOSTS_H

#include <netdb.h>
#include <stdbool.h>

#include "daemon/base/rc.h"

#define CORV_PG_HOSTS     16 /* in one connection string */
#define CORV_PG_ADDRESSES 8  /* behind one name: more are not tried */

struct corv_pg_hosts;

CORV_MUST_CHECK corv_rc corv_pg_hosts_new(const char *conninfo, struct corv_pg_hosts **out);
void corv_pg_hosts_free(struct corv_pg_hosts *h); /* accepts NULL */
unsigned corv_pg_hosts_count(const struct corv_pg_hosts *h);
/* Does it ask for a server that can write? */
bool corv_pg_hosts_wants_writable(const struct corv_pg_hosts *h);
unsigned corv_pg_hosts_timeout_s(const struct corv_pg_hosts *h); /* connect_timeout, 0: not said */

void corv_pg_hosts_rewind(struct corv_pg_hosts *h); /* to the first host; addresses are forgotten */
bool corv_pg_hosts_next(struct corv_pg_hosts *h); /* to the next place; false: that was the last */
/* The name that must be resolved before this place can be used, or NULL. */
const char *corv_pg_hosts_name(const struct corv_pg_hosts *h);
const char *corv_pg_hosts_port(const struct corv_pg_hosts *h); /* NULL: the usual one */
void corv_pg_hosts_resolved(struct corv_pg_hosts *h, const struct addrinfo *list);
/* This place as a connection string of its own. The caller's (free()); it may hold a password.
 * NULL: no memory. */
char *corv_pg_hosts_conninfo(const struct corv_pg_hosts *h);
/* "host:port" for people; of a socket its folder. */
const char *corv_pg_hosts_text(const struct corv_pg_hosts *h, char *out, size_t size);

#endif
