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
    if (fd < 0 || (size_t)fd >= a->watches_cap)
        return;
    a->services->unwatch(a->watches[fd]);
    a->watches[fd] = NULL;
}

static bool room_for(struct https *a, curl_socket_t fd)
{
    size_t cap = a->watches_cap ? a->watches_cap : 64;
    struct corv_watch **more;

    while (cap <= (size_t)fd)
        cap *= 2;
    if (cap == a->watches_cap)
        return true;
    more = realloc(a->watches, cap * sizeof(struct corv_watch *));
    if (!more)
        return false;
    for (size_t i = a->watches_cap; i < cap; i++)
        more[i] = NULL;
    a->watches = more;
    a->watches_cap = cap;
    return true;
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

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *user, void *ignored)
{
    struct https *a = user;
    unsigned events = 0;

    (void)easy, (void)ignored;
    if (what == CURL_POLL_REMOVE) {
        unwatch(a, fd);
        return 0;
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= CORV_WATCH_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= CORV_WATCH_WRITE;
    /* Without a watch this transfer runs into its deadline; the others go on. */
    if (!room_for(a, fd))
        return 0;
    if (a->watches[fd])
        a->services->rewatch(a->watches[fd], events);
    else
        a->watches[fd] = a->services->watch(a->host, fd, events, socket_ready, a);
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
curl_socket_t https_open_socket(void *nothing, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)nothing, (void)purpose;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

int https_close_socket(void *instance, curl_socket_t fd)
{
    struct https *a = instance;

    unwatch(a, fd);
    if (fd >= 0 && (size_t)fd < a->kept_cap)
        a->kept[fd] = 0;
    return close(fd);
}

/* ---- connections that are used again ------------------------------------------------------- */

void https_keep(struct https *a, CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    long port = 0;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd < 0 ||
        curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) != CURLE_OK)
        return;
    if ((size_t)fd >= a->kept_cap) {
        size_t cap = (size_t)fd * 2 + 64;
        int *more = realloc(a->kept, cap * sizeof *more);

        if (!more) /* unwatched it is not used again: libcurl finds it dead */
        {
            (void)shutdown(fd, SHUT_RDWR);
            return;
        }
        memset(more + a->kept_cap, 0, (cap - a->kept_cap) * sizeof *more);
        a->kept = more;
        a->kept_cap = cap;
    }
    a->kept[fd] = (int)port;
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

    for (size_t fd = 0; fd < a->kept_cap; fd++) {
        if (a->kept[fd] != port_here)
            continue;
        a->kept[fd] = 0; /* in use until it is kept again */
        pending = pending || holds_answer((int)fd);
    }
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
    while (a->spare_count > 0)
        curl_easy_cleanup(a->spare[--a->spare_count]);
    (void)curl_multi_cleanup(a->multi); /* closes the kept connections: our callbacks still work */
    a->multi = NULL;
    for (unsigned i = 0; i < HTTPS_SHARES; i++) {
        (void)curl_share_cleanup(a->shares[i]);
        a->shares[i] = NULL;
    }
    a->services->timer_free(a->timer);
    a->services->timer_free(a->sweep);
    a->timer = a->sweep = NULL;
    free(a->kept);
    a->kept = NULL;
    a->kept_cap = 0;
    free(a->watches);
    a->watches = NULL;
    a->watches_cap = 0;
}
