/* SPDX-License-Identifier: EUPL-1.2 */
/* The folders and settings of the private PostgreSQL (embedded_pg.h):
 *     STATE/postgres/data        the cluster, of the owner (0700)
 *     STATE/postgres/data.new    a cluster being made; renamed when it is whole
 *     STATE/postgres/socket      0700; or a short folder named in STATE/postgres/socket_dir
 *     STATE/postgres/log         the server's own log, a week of it
 *     STATE/postgres/start.log   what initdb and postgres said before their log was open
 *     STATE/postgres/…conf     written at every start, so that a newer corvd's settings apply
 * Plain values; no thread but the one that starts. Test: tests/unit/test_embedded_pg.c */
#ifndef CORV_QUEUE_EMBEDDED_HOME_H
#define CORV_QUEUE_EMBEDDED_HOME_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/base/fault.h"

#define CORV_PG_PATH   600 /* longer state folders are refused */
#define CORV_PG_USER   "corv"
#define CORV_PG_NAME   "corv"
#define CORV_PG_GROUPS 32

/* Who the server runs as: ourselves, or user postgres when we are root. */
struct corv_pg_owner {
    bool other; /* we are root: become uid/gid in the child */
    uid_t uid;
    gid_t gid;
    gid_t groups[CORV_PG_GROUPS];
    int groups_count;
};

struct corv_pg_home {
    struct corv_pg_owner owner;
    char root[CORV_PG_PATH]; /* STATE/postgres, absolute */
    char data[CORV_PG_PATH + 16];
    char fresh[CORV_PG_PATH + 16];
    char log[CORV_PG_PATH + 16];
    char start_log[CORV_PG_PATH + 16];
    char conf[CORV_PG_PATH + 32];
    char hba[CORV_PG_PATH + 32];
    char socket[CORV_PG_PATH + 16];
};

/* Finds the owner, makes the folders and the settings. */
CORV_MUST_CHECK corv_rc corv_pg_home_make(
    const char *state_dir, struct corv_pg_home *h, struct corv_fault *fault);
/* A folder of the owner, 0700; fine when it is there already. */
CORV_MUST_CHECK corv_rc corv_pg_home_folder(
    const struct corv_pg_home *h, const char *path, struct corv_fault *fault);
void corv_pg_home_remove_tree(const char *path);
/* libpq connection string for a socket folder. Returns out. */
char *corv_pg_home_conninfo(const char *socket, const char *database, char *out, size_t size);
/* The socket folder a server of this state folder uses. Makes nothing. */
void corv_pg_home_socket_of(const char *state_dir, char out[CORV_PG_PATH + 16]);
/* Fills fault for an errno on a path: disk full and missing rights have sentences of their own. */
corv_rc corv_pg_home_fault(int error, const char *path, struct corv_fault *fault);

#endif
