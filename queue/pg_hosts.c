/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_hosts.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/buf.h"

#define CONNINFO_MAX 65536

struct place {
    char *host;     /* as typed, "" when not said; owned, like the others */
    char *hostaddr; /* as typed */
    char *port;
};

struct corv_pg_hosts {
    PQconninfoOption *options; /* owned */
    struct place places[CORV_PG_HOSTS];
    unsigned count;
    unsigned at;
    char addresses[CORV_PG_ADDRESSES][INET6_ADDRSTRLEN];
    unsigned addresses_count; /* of the name at `at`; 0: not resolved */
    unsigned address;
};

static const char *value_of(const struct corv_pg_hosts *h, const char *key)
{
    for (const PQconninfoOption *o = h->options; o->keyword; o++)
        if (strcmp(o->keyword, key) == 0)
            return o->val && *o->val ? o->val : NULL;
    return NULL;
}

static unsigned parts(const char *list)
{
    unsigned n = list ? 1 : 0;

    for (; list && *list; list++)
        n += *list == ',';
    return n;
}

/* The i-th part of a row with commas; a single port is for all hosts. */
static char *part(const char *list, unsigned i)
{
    for (; list && i > 0; i--) {
        list = strchr(list, ',');
        if (list)
            list++;
    }
    return list ? strndup(list, strcspn(list, ",")) : strdup("");
}

static corv_rc split(struct corv_pg_hosts *h)
{
    const char *host = value_of(h, "host");
    const char *hostaddr = value_of(h, "hostaddr");
    const char *port = value_of(h, "port");
    unsigned count = parts(host ? host : hostaddr);

    if (count > CORV_PG_HOSTS)
        return CORV_E_LIMIT;
    h->count = count ? count : 1;
    for (unsigned i = 0; i < h->count; i++) {
        struct place *p = &h->places[i];

        p->host = part(host, i);
        p->hostaddr = part(hostaddr, i);
        p->port = part(port, parts(port) == 1 ? 0 : i);
        if (!p->host || !p->hostaddr || !p->port)
            return CORV_E_NOMEM;
    }
    return CORV_OK;
}

corv_rc corv_pg_hosts_new(const char *conninfo, struct corv_pg_hosts **out)
{
    struct corv_pg_hosts *h = calloc(1, sizeof *h);
    corv_rc rc = CORV_E_NOMEM;

    *out = NULL;
    if (!h)
        return rc;
    h->options = PQconninfoParse(conninfo, NULL);
    rc = h->options ? split(h) : CORV_E_INVALID;
    if (rc != CORV_OK) {
        corv_pg_hosts_free(h);
        return rc;
    }
    *out = h;
    return CORV_OK;
}

void corv_pg_hosts_free(struct corv_pg_hosts *h)
{
    if (!h)
        return;
    for (unsigned i = 0; i < h->count; i++) {
        free(h->places[i].host);
        free(h->places[i].hostaddr);
        free(h->places[i].port);
    }
    PQconninfoFree(h->options);
    free(h);
}

unsigned corv_pg_hosts_count(const struct corv_pg_hosts *h)
{
    return h->count;
}

bool corv_pg_hosts_wants_writable(const struct corv_pg_hosts *h)
{
    const char *wants = value_of(h, "target_session_attrs");

    return wants && (strcmp(wants, "read-write") == 0 || strcmp(wants, "primary") == 0);
}

unsigned corv_pg_hosts_timeout_s(const struct corv_pg_hosts *h)
{
    const char *s = value_of(h, "connect_timeout");
    long n = s ? strtol(s, NULL, 10) : 0;

    return n > 0 && n < 3600 ? (unsigned)n : 0;
}

/* ---- going along them ----------------------------------------------------------------------- */

void corv_pg_hosts_rewind(struct corv_pg_hosts *h)
{
    h->at = h->address = h->addresses_count = 0;
}

bool corv_pg_hosts_next(struct corv_pg_hosts *h)
{
    if (h->address + 1 < h->addresses_count) {
        h->address++;
        return true;
    }
    if (h->at + 1 == h->count)
        return false;
    h->at++;
    h->address = h->addresses_count = 0;
    return true;
}

static bool is_address(const char *s)
{
    unsigned char any[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, s, any) == 1 || inet_pton(AF_INET6, s, any) == 1;
}

const char *corv_pg_hosts_name(const struct corv_pg_hosts *h)
{
    const struct place *p = &h->places[h->at];
    bool named = *p->host && *p->host != '/' && *p->host != '@' && !is_address(p->host);

    return named && !*p->hostaddr && h->addresses_count == 0 ? p->host : NULL;
}

const char *corv_pg_hosts_port(const struct corv_pg_hosts *h)
{
    const char *port = h->places[h->at].port;

    return *port ? port : NULL;
}

void corv_pg_hosts_resolved(struct corv_pg_hosts *h, const struct addrinfo *list)
{
    h->address = h->addresses_count = 0;
    for (; list && h->addresses_count < CORV_PG_ADDRESSES; list = list->ai_next)
        if (getnameinfo(list->ai_addr, list->ai_addrlen, h->addresses[h->addresses_count],
                sizeof h->addresses[0], NULL, 0, NI_NUMERICHOST) == 0)
            h->addresses_count++;
}

/* ---- this one -------------------------------------------------------------------------------- */

static void add(struct corv_buf *b, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    (void)corv_buf_addf(b, "%s%s='", b->n > 0 ? " " : "", key);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            (void)corv_buf_add(b, "\\", 1);
        (void)corv_buf_add(b, value, 1);
    }
    (void)corv_buf_add(b, "'", 1);
}

static bool is_place(const char *key)
{
    return strcmp(key, "host") == 0 || strcmp(key, "hostaddr") == 0 || strcmp(key, "port") == 0;
}

char *corv_pg_hosts_conninfo(const struct corv_pg_hosts *h)
{
    const struct place *p = &h->places[h->at];
    struct corv_buf b;
    size_t n;

    corv_buf_init(&b, CONNINFO_MAX);
    for (const PQconninfoOption *o = h->options; o->keyword; o++)
        if (!is_place(o->keyword) && strcmp(o->keyword, "client_encoding") != 0)
            add(&b, o->keyword, o->val);
    add(&b, "host", p->host);
    add(&b, "hostaddr", h->addresses_count > 0 ? h->addresses[h->address] : p->hostaddr);
    add(&b, "port", p->port);
    add(&b, "client_encoding", "UTF8"); /* so that it is never empty */
    return corv_buf_take(&b, &n);
}

const char *corv_pg_hosts_text(const struct corv_pg_hosts *h, char *out, size_t size)
{
    const struct place *p = &h->places[h->at];
    const char *host = *p->host ? p->host : *p->hostaddr ? p->hostaddr : "standaard";

    if (*host == '/' || !*p->port)
        (void)snprintf(out, size, "%s", host);
    else
        (void)snprintf(out, size, "%s:%s", host, p->port);
    return out;
}
