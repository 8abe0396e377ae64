/* SPDX-License-Identifier: EUPL-1.2 */
/* libcurl's multi interface on the host's watches and timer. Two traps are kept out here: a watch
 * is stopped before libcurl closes its socket, and no handle is added or removed from inside one of
 * libcurl's callbacks (they only start or stop watches and timers). */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/https/client.h"

#define TLS_ALERT   21 /* types of record: RFC 8446, 5.1 */
#define TLS_DATA    23
#define GOODBYE_MAX 32 /* an encrypted alert is at most so long, an answer never so short */

/* ---- what libcurl asks -------------------------------------------------------------------- */

static void unwatch(struct https *a, curl_socket_t fd)
{
    if (fd < 0 || (size_t)fd >= a->sockets_cap)
        return;
    a->services->unwatch(a->sockets[fd].watch);
    a->sockets[fd].watch = NULL;
}

static struct https_socket *socket_of(struct https *a, curl_socket_t fd) /* NULL: no memory */
{
    size_t cap = a->sockets_cap ? a->sockets_cap : 64;
    struct https_socket *more;

    while (cap <= (size_t)fd)
        cap *= 2;
    if (cap == a->sockets_cap)
        return &a->sockets[fd];
    more = realloc(a->sockets, cap * sizeof *more);
    if (!more)
        return NULL;
    memset(more + a->sockets_cap, 0, (cap - a->sockets_cap) * sizeof *more);
    a->sockets = more;
    a->sockets_cap = cap;
    return &more[fd];
}

static void collect(struct https *a)
{
    CURLMsg *message;
    int left = 0;

    while ((message = curl_multi_info_read(a->multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        struct https_transfer *x = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&x);
        https_transfer_ended(x, result); /* message is not valid after this */
    }
}

static void socket_ready(void *ctx, int fd, unsigned events)
{
    struct https *a = ctx;
    int mask = 0;
    int running = 0;

    if (!a->sockets[fd].asked) { /* the party ends a kept connection, or speaks out of turn: */
        unwatch(a, fd);          /* both are seen when it is to be used again */
        return;
    }
    if (events & CORV_WATCH_READ)
        mask |= CURL_CSELECT_IN;
    if (events & CORV_WATCH_WRITE)
        mask |= CURL_CSELECT_OUT;
    (void)curl_multi_socket_action(a->multi, fd, mask, &running);
    collect(a);
}

static void timer_over(void *ctx)
{
    struct https *a = ctx;
    int running = 0;

    (void)curl_multi_socket_action(a->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(a);
}

/* A transfer is over. What it waited for last is what the next one on this connection waits for
 * first: watching on saves six calls of the kernel. But no watch may outlive its socket, and while
 * a connection is being made libcurl closes it without our callback. */
static void rest(struct https *a, curl_socket_t fd, struct https_socket *s)
{
    s->asked = false;
    if (s->port == 0 || s->events != CORV_WATCH_READ)
        unwatch(a, fd);
}

static void begin_watch(struct https *a, curl_socket_t fd, unsigned events)
{
    struct https_socket *s = &a->sockets[fd];

    s->asked = true;
    if (s->watch && s->port > 0 && s->events == events)
        return;
    s->events = events;
    if (s->watch)
        a->services->rewatch(s->watch, events);
    else
        s->watch = a->services->watch(a->host, fd, events, socket_ready, a);
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *ignored)
{
    struct https *a = user;
    struct https_socket *s = socket_of(a, fd);
    unsigned events = 0;

    (void)easy, (void)ignored;
    /* Without a watch this transfer runs into its deadline; the others go on. */
    if (!s)
        return 0;
    if (what == CURL_POLL_REMOVE) {
        rest(a, fd, s);
        return 0;
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= CORV_WATCH_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= CORV_WATCH_WRITE;
    begin_watch(a, fd, events);
    return 0;
}

static int timer_wanted(CURLM *multi, long ms, void *user)
{
    struct https *a = user;

    (void)multi;
    if (ms < 0)
        a->services->timer_stop(a->timer);
    else
        a->services->timer_start(a->timer, (uint64_t)ms); /* 0 too: never from inside */
    return 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
curl_socket_t https_open_socket(void *instance, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct https *a = instance;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    struct https_socket *s = fd < 0 ? NULL : socket_of(a, fd);

    (void)purpose;
    /* While it connects libcurl closes a socket without our callback, and when the next one gets
     * the same number and is asked the same, without a word: then it is for us to begin anew. */
    if (s && s->watch)
        a->services->rewatch(s->watch, s->events);
    if (s)
        s->port = 0;
    return fd;
}

int https_close_socket(void *instance, curl_socket_t fd)
{
    struct https *a = instance;

    unwatch(a, fd);
    if (fd >= 0 && (size_t)fd < a->sockets_cap)
        a->sockets[fd] = (struct https_socket){0};
    return close(fd);
}

/* ---- connections that are used again ------------------------------------------------------- */

void https_keep(struct https *a, CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct https_socket *s;
    long port = 0;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd < 0 ||
        curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) != CURLE_OK)
        return;
    s = socket_of(a, fd);
    if (s)
        s->port = (int)port;
    else /* not known to us it is not used again: libcurl finds it dead */
        (void)shutdown(fd, SHUT_RDWR);
}

/* A party that closes an idle connection says goodbye in a TLS record of its own (in TLS 1.3 only
 * its length tells): that is no answer, and libcurl sees to it. */
static bool holds_answer(int fd)
{
    unsigned char head[5];
    ssize_t n = recv(fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);

    if (n <= 0 || head[0] == TLS_ALERT)
        return false;
    return n < (ssize_t)sizeof head || head[0] != TLS_DATA ||
           ((unsigned)head[3] << 8 | head[4]) > GOODBYE_MAX;
}

bool https_out_of_step(struct https *a, int port_here)
{
    bool pending = false;

    /* Two connections to different parties may have the same port: a busy one waits for its own. */
    for (size_t fd = 0; fd < a->sockets_cap; fd++)
        if (a->sockets[fd].port == port_here && !a->sockets[fd].asked)
            pending = pending || holds_answer((int)fd);
    return pending;
}

/* ---- life --------------------------------------------------------------------------------- */

bool https_multi_open(struct https *a)
{
    a->multi = curl_multi_init();
    a->timer = a->services->timer(a->host, timer_over, a);
    a->sweep = a->services->timer(a->host, https_sweep, a);
    if (!a->multi || !a->timer || !a->sweep)
        return false;
    return curl_multi_setopt(a->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted) == CURLM_OK &&
           curl_multi_setopt(a->multi, CURLMOPT_SOCKETDATA, a) == CURLM_OK &&
           curl_multi_setopt(a->multi, CURLMOPT_TIMERFUNCTION, timer_wanted) == CURLM_OK &&
           curl_multi_setopt(a->multi, CURLMOPT_TIMERDATA, a) == CURLM_OK &&
           curl_multi_setopt(a->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(a->multi, CURLMOPT_MAXCONNECTS, a->limits.connections) == CURLM_OK &&
           curl_multi_setopt(a->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, a->limits.connections) ==
               CURLM_OK;
}

void https_multi_close(struct https *a)
{
    https_spare_free(a);
    (void)curl_multi_cleanup(a->multi); /* closes the kept connections: our callbacks still work */
    a->multi = NULL;
    for (unsigned i = 0; i < HTTPS_SHARES; i++) {
        (void)curl_share_cleanup(a->shares[i]);
        a->shares[i] = NULL;
    }
    a->services->timer_free(a->timer);
    a->services->timer_free(a->sweep);
    a->timer = a->sweep = NULL;
    free(a->sockets);
    a->sockets = NULL;
    a->sockets_cap = 0;
}
