/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/loop/http_turn.h"

#define BACKLOG          512
#define ACCEPTS_PER_TURN 64  /* then others get their turn; the rest waits in the kernel */
#define ACCEPT_PAUSE_MS  100 /* after EMFILE: a listener that cannot accept must not spin */
#define LINGER_MS        2000
#define NEWCOMER_MS      2000 /* at the end: from the connection to the head of its request */
#define SILENT_MS        1000 /* then one makes room for somebody new, when all places are taken */
#define SILENT_TRIES     64   /* for one that may go */
#define LOG_LINES        10   /* per second about clients; a scanner must not fill the disk */

/* ---- the clock -------------------------------------------------------------------------------*/

static uint64_t phase_ms(const struct corv_http_server *s, enum corv_http_phase phase)
{
    switch (phase) {
    case CORV_HTTP_HANDSHAKE:
        return s->limits.handshake_ms;
    case CORV_HTTP_IDLE:
        return s->limits.idle_ms;
    case CORV_HTTP_HEADER:
        return s->limits.header_ms;
    case CORV_HTTP_BODYING:
    case CORV_HTTP_SKIP:
    case CORV_HTTP_DRAIN:
        return s->limits.body_ms;
    case CORV_HTTP_WRITING:
        return s->limits.write_ms;
    case CORV_HTTP_LINGER:
        return LINGER_MS;
    default:
        return 0; /* no limit */
    }
}

static void clock_ticked(uv_timer_t *timer);

static void arm_for(struct corv_http_server *s, uint64_t at)
{
    uint64_t now = uv_now(s->loop);

    if (at >= s->armed_for || uv_is_closing((uv_handle_t *)&s->clock))
        return;
    s->armed_for = at;
    (void)uv_timer_start(&s->clock, clock_ticked, at > now ? at - now : 0, 0);
}

/* A connection just entered the phase. */
void corv__http_clock_arm(struct corv_http_server *s, enum corv_http_phase phase)
{
    uint64_t ms = phase_ms(s, phase);

    if (ms > 0)
        arm_for(s, uv_now(s->loop) + ms);
}

static void clock_ticked(uv_timer_t *timer)
{
    struct corv_http_server *s = timer->data;
    uint64_t now = uv_now(s->loop);

    s->armed_for = UINT64_MAX;
    for (int i = 0; i < CORV_HTTP_PHASES; i++) {
        uint64_t ms = phase_ms(s, (enum corv_http_phase)i);

        while (ms > 0 && !corv_list_empty(&s->phases[i])) {
            struct corv_http_conn *c =
                CORV_LIST_ITEM(s->phases[i].next, struct corv_http_conn, node);

            if (c->since + ms > now) {
                arm_for(s, c->since + ms);
                break;
            }
            corv__http_conn_expire(c); /* leaves the phase, or begins it anew */
        }
    }
}

bool corv__http_may_log(struct corv_http_server *s, enum corv_http_log whose, unsigned *dropped)
{
    struct corv_http_log_room *log = &s->log[whose];
    uint64_t second = uv_now(s->loop) / 1000;

    if (second != log->window) {
        log->window = second;
        log->lines = 0;
    }
    if (++log->lines > LOG_LINES) {
        log->dropped++;
        return false;
    }
    *dropped = log->dropped;
    log->dropped = 0;
    return true;
}

/* ---- accepting -------------------------------------------------------------------------------*/

static void peer_text(int fd, const struct sockaddr_storage *a, char out[CORV_HTTP_PEER])
{
    char ip[INET6_ADDRSTRLEN] = "";

    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;

        (void)inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
        (void)snprintf(out, CORV_HTTP_PEER, "%s:%u", ip, ntohs(v4->sin_port));
    } else if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;

        (void)inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
        (void)snprintf(out, CORV_HTTP_PEER, "[%s]:%u", ip, ntohs(v6->sin6_port));
    } else {
        struct ucred who = {0};
        socklen_t size = sizeof who;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0)
            (void)snprintf(out, CORV_HTTP_PEER, "unix:%u", (unsigned)who.uid);
        else
            (void)snprintf(out, CORV_HTTP_PEER, "unix");
    }
}

static void turn_away(struct corv_http_server *s, int fd, const char *peer)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nServer: corvd\r\n"
                               "Retry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    unsigned dropped = 0;

    s->stats.refused_busy++;
    if (corv__http_may_log(s, CORV_HTTP_LOG_SERVER, &dropped))
        CORV_LOG(WARNING, "http.full", NULL, CORV_F(WHAT, s->name),
            CORV_F(PEER, corv__http_peer_for_log(peer)), CORV_N(COUNT, s->stats.connections_now));
    if (!s->tls)
        (void)!send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

/* Of the first in this phase: one that was silent for long, and does not wait for us itself. */
static struct corv_http_conn *silent_one(struct corv_http_server *s, enum corv_http_phase phase)
{
    int tries = SILENT_TRIES;

    CORV_LIST_EACH(node, &s->phases[phase])
    {
        struct corv_http_conn *c = CORV_LIST_ITEM(node, struct corv_http_conn, node);

        if (tries-- == 0 || c->since + SILENT_MS > uv_now(s->loop))
            return NULL;
        if (!corv__http_conn_has_sent(c))
            return c;
    }
    return NULL;
}

/* Connections that cost nothing to make must not keep out those that have something to say: the one
 * that has been silent longest goes, first among those that have not shown a certificate. */
static bool make_room(struct corv_http_server *s)
{
    static const enum corv_http_phase silent[] = {CORV_HTTP_HANDSHAKE, CORV_HTTP_IDLE};

    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        struct corv_http_conn *c = silent_one(s, silent[i]);

        if (!c)
            continue;
        s->stats.refused_busy++;
        corv__http_conn_leave(c);
        return true;
    }
    return false;
}

static void may_accept(uv_poll_t *poll, int status, int events);

static void accept_again(uv_timer_t *timer)
{
    struct corv_http_server *s = timer->data;

    (void)uv_poll_start(&s->listener, UV_READABLE, may_accept);
}

static void pause_accepting(struct corv_http_server *s, int why)
{
    s->stats.accept_paused++;
    CORV_LOG(WARNING, "http.accept-paused", NULL, CORV_F(WHAT, s->name),
        CORV_F(REASON, uv_strerror(-why)), CORV_N(COUNT, s->stats.connections_now));
    (void)uv_poll_stop(&s->listener);
    (void)uv_timer_start(&s->retry, accept_again, ACCEPT_PAUSE_MS, 0);
}

/* false: nothing more to accept now. */
static bool accept_one(struct corv_http_server *s)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    char peer[CORV_HTTP_PEER];
    int fd = accept4(s->fd, (struct sockaddr *)(void *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return false;
    if (fd < 0 && (errno == ECONNABORTED || errno == EINTR || errno == EPROTO))
        return true; /* that one is gone; the next may be fine */
    if (fd < 0) {    /* EMFILE and whatever else would come back at once */
        pause_accepting(s, errno);
        return false;
    }
    peer_text(fd, &from, peer);
    if (s->stats.connections_now >= s->limits.connections && !make_room(s))
        turn_away(s, fd, peer);
    else
        corv__http_conn_new(s, fd, peer);
    return true;
}

static void may_accept(uv_poll_t *poll, int status, int events)
{
    struct corv_http_server *s = poll->data;

    (void)events;
    if (status < 0) {
        pause_accepting(s, -status);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && !corv__http_turn_is_long(s) && accept_one(s);)
        i++;
    s->deaf = corv__http_turn_is_long(s);
    if (!s->deaf)
        return;
    s->stats.accept_waited++;
    (void)uv_poll_stop(&s->listener);
}

void corv__http_server_listen(struct corv_http_server *s)
{
    s->deaf = false;
    if (!s->stopping)
        (void)uv_poll_start(&s->listener, UV_READABLE, may_accept);
}

/* ---- listening -------------------------------------------------------------------------------*/

static const char *why_not(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "een ander programma gebruikt dat adres al. Stop dat (ss -ltnp toont het) of kies "
               "een "
               "ander adres";
    case EADDRNOTAVAIL:
        return "deze machine heeft dat adres niet";
    case EACCES:
        return "corvd mag dat niet. Een poort onder 1024 vraagt CAP_NET_BIND_SERVICE, een socket "
               "schrijfrecht in zijn map";
    case ENOENT:
        return "de map van de socket is er niet";
    default:
        return uv_strerror(-error);
    }
}

static corv_rc listen_fault(const struct corv_http_server_options *o, struct corv_fault *f)
{
    const char *why = why_not(errno);
    const char *name = o->name ? o->name : "http";

    if (o->unix_path)
        return CORV_FAIL(f, CORV_E_IO, CORV_FAULT_SETTINGS, "http.listen",
            "%s kan niet luisteren op %s: %s.", name, o->unix_path, why);
    return CORV_FAIL(f, CORV_E_IO, CORV_FAULT_SETTINGS, "http.listen",
        "%s kan niet luisteren op adres %s, poort %u: %s.", name, o->address ? o->address : "-",
        o->port, why);
}

static bool make_address(
    const struct corv_http_server_options *o, struct sockaddr_storage *a, socklen_t *size)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)a;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)a;

    errno = EINVAL;
    if (!o->address || o->port > UINT16_MAX)
        return false;
    *size = sizeof *v4;
    if (uv_ip4_addr(o->address, (int)o->port, v4) == 0)
        return true;
    *size = sizeof *v6;
    return uv_ip6_addr(o->address, (int)o->port, v6) == 0;
}

static unsigned port_of(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
    if (a->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
    return 0;
}

static corv_rc listen_tcp(
    struct corv_http_server *s, const struct corv_http_server_options *o, struct corv_fault *f)
{
    struct sockaddr_storage a = {0};
    socklen_t size = 0;
    int on = 1;

    if (!make_address(o, &a, &size))
        return listen_fault(o, f);
    s->fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(s->fd, (struct sockaddr *)(void *)&a, size) != 0 || listen(s->fd, BACKLOG) != 0 ||
        getsockname(s->fd, (struct sockaddr *)(void *)&a, &size) != 0)
        return listen_fault(o, f);
    s->port = port_of(&a);
    return CORV_OK;
}

/* A socket file that nobody listens on is left over from a process that was killed. */
static void remove_stale(const struct sockaddr_un *a)
{
    struct stat st;
    int probe;

    if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return;
    probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return;
    if (connect(probe, (const struct sockaddr *)(const void *)a, sizeof *a) != 0 &&
        errno == ECONNREFUSED)
        (void)unlink(a->sun_path);
    (void)close(probe);
}

static corv_rc listen_unix(
    struct corv_http_server *s, const struct corv_http_server_options *o, struct corv_fault *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    errno = ENAMETOOLONG;
    if (strlen(o->unix_path) >= sizeof a.sun_path)
        return listen_fault(o, f);
    memcpy(a.sun_path, o->unix_path, strlen(o->unix_path));
    remove_stale(&a);
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)(void *)&a, sizeof a) != 0)
        return listen_fault(o, f);
    memcpy(s->unix_path, a.sun_path, sizeof s->unix_path);
    /* Before listen() nobody can come in, so there is no moment with the wrong mode. */
    if (chmod(s->unix_path, 0660) != 0 || listen(s->fd, BACKLOG) != 0)
        return listen_fault(o, f);
    return CORV_OK;
}

/* Its opener made the socket's file, and removes it. */
static corv_rc listen_given(
    struct corv_http_server *s, const struct corv_http_server_options *o, struct corv_fault *f)
{
    struct sockaddr_storage a = {0};
    socklen_t size = sizeof a;
    int flags = fcntl(o->listening, F_GETFL);

    s->fd = o->listening;
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        getsockname(s->fd, (struct sockaddr *)(void *)&a, &size) != 0)
        return listen_fault(o, f);
    s->port = port_of(&a);
    return CORV_OK;
}

static void open_handles(struct corv_http_server *s)
{
    (void)uv_poll_init(s->loop, &s->listener, s->fd);
    (void)uv_timer_init(s->loop, &s->clock);
    (void)uv_timer_init(s->loop, &s->retry);
    (void)uv_timer_init(s->loop, &s->closing);
    (void)uv_check_init(s->loop, &s->sweep);
    (void)uv_idle_init(s->loop, &s->awake);
    s->listener.data = s->clock.data = s->retry.data = s->closing.data = s->sweep.data = s;
    s->awake.data = s;
    s->handles = 6;
}

static void free_ended(struct corv_http_server *s)
{
    for (struct corv_list *node = corv_list_pop(&s->ended); node; node = corv_list_pop(&s->ended))
        corv__http_request_free(CORV_LIST_ITEM(node, struct corv_http_request, node));
}

static void turn_ended(uv_check_t *sweep)
{
    corv__http_turn_next(sweep->data);
    free_ended(sweep->data);
}

static struct corv_http_server *make(const struct corv_http_server_options *o)
{
    struct corv_http_server *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->loop = o->loop;
    s->limits = o->limits;
    s->handler = o->handler;
    s->tls = corv_tls_server_hold(o->tls);
    s->fd = -1;
    s->armed_for = UINT64_MAX;
    (void)snprintf(s->name, sizeof s->name, "%s", o->name ? o->name : "http");
    for (int i = 0; i < CORV_HTTP_PHASES; i++)
        corv_list_init(&s->phases[i]);
    corv_list_init(&s->line[0]);
    corv_list_init(&s->line[1]);
    corv_list_init(&s->ended);
    corv_list_init(&s->written);
    return s;
}

static void unmake(struct corv_http_server *s)
{
    if (s->fd >= 0)
        (void)close(s->fd);
    if (s->unix_path[0])
        (void)unlink(s->unix_path);
    corv_tls_server_free(s->tls);
    free(s);
}

/* libuv writes without MSG_NOSIGNAL: a client that leaves would end the process. */
static void ignore_sigpipe(void)
{
    struct sigaction now;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
}

corv_rc corv_http_server_new(
    const struct corv_http_server_options *o, struct corv_http_server **out, struct corv_fault *f)
{
    struct corv_http_server *s = make(o);

    *out = NULL;
    if (!s)
        return CORV_E_NOMEM;

    corv_rc rc = o->listening > 0 ? listen_given(s, o, f)
                 : o->unix_path   ? listen_unix(s, o, f)
                                  : listen_tcp(s, o, f);

    if (rc != CORV_OK) {
        unmake(s);
        return rc;
    }
    ignore_sigpipe();
    open_handles(s);
    (void)uv_poll_start(&s->listener, UV_READABLE, may_accept);
    (void)uv_check_start(&s->sweep, turn_ended);
    *out = s;
    return CORV_OK;
}

unsigned corv_http_server_port(const struct corv_http_server *s)
{
    return s->port;
}

void corv_http_server_set_tls(struct corv_http_server *s, struct corv_tls_server *tls)
{
    struct corv_tls_server *old = s->tls;

    s->tls = corv_tls_server_hold(tls);
    corv_tls_server_free(old);
}

void corv_http_server_set_limits(struct corv_http_server *s, const struct corv_http_limits *limits)
{
    s->limits = *limits;
    if (!s->stopping) /* a shorter limit may end sooner than the clock was set for */
        arm_for(s, uv_now(s->loop));
}

void corv_http_server_stats(const struct corv_http_server *s, struct corv_http_stats *out)
{
    *out = s->stats;
}

/* ---- closing ---------------------------------------------------------------------------------*/

void corv__http_server_release(struct corv_http_server *s)
{
    free_ended(s);
    if (s->finished && s->requests == 0)
        unmake(s);
}

static void handle_closed(uv_handle_t *handle)
{
    struct corv_http_server *s = handle->data;

    if (handle == (uv_handle_t *)&s->listener) {
        (void)close(s->fd);
        s->fd = -1;
    }
    if (--s->handles > 0)
        return;
    if (s->unix_path[0])
        (void)unlink(s->unix_path);
    s->unix_path[0] = '\0';
    s->finished = true;
    if (s->on_closed)
        s->on_closed(s->on_closed_ctx);
    corv__http_server_release(s);
}

static void all_left(struct corv_http_server *s)
{
    uv_close((uv_handle_t *)&s->clock, handle_closed);
    uv_close((uv_handle_t *)&s->retry, handle_closed);
    uv_close((uv_handle_t *)&s->closing, handle_closed);
    uv_close((uv_handle_t *)&s->sweep, handle_closed);
    uv_close((uv_handle_t *)&s->awake, handle_closed);
}

void corv__http_server_left(struct corv_http_server *s)
{
    if (--s->stats.connections_now == 0 && s->stopping)
        all_left(s);
}

static void each_in(struct corv_http_server *s, enum corv_http_phase phase,
    bool (*pick)(const struct corv_http_conn *), void (*act)(struct corv_http_conn *))
{
    CORV_LIST_EACH(node, &s->phases[phase])
    {
        struct corv_http_conn *c = CORV_LIST_ITEM(node, struct corv_http_conn, node);

        if (!pick || pick(c))
            act(c);
    }
}

/* Whoever was let in just now is about to ask something: it gets its answer, if it is quick. */
static void grant_newcomers(struct corv_http_server *s, unsigned limit_ms)
{
    unsigned grace = limit_ms < NEWCOMER_MS ? limit_ms : NEWCOMER_MS;

    if (s->limits.handshake_ms > grace)
        s->limits.handshake_ms = grace;
    if (s->limits.header_ms > grace)
        s->limits.header_ms = grace;
    arm_for(s, uv_now(s->loop));
}

static void limit_reached(uv_timer_t *timer)
{
    struct corv_http_server *s = timer->data;

    for (int i = 0; i < CORV_HTTP_CLOSING; i++)
        each_in(s, (enum corv_http_phase)i, NULL, corv__http_conn_drop);
}

void corv_http_server_close(
    struct corv_http_server *s, unsigned limit_ms, void (*on_closed)(void *), void *ctx)
{
    if (s->stopping)
        return;
    s->stopping = true;
    s->on_closed = on_closed;
    s->on_closed_ctx = ctx;
    (void)uv_timer_stop(&s->retry);
    uv_close((uv_handle_t *)&s->listener, handle_closed);
    each_in(s, CORV_HTTP_IDLE, NULL, corv__http_conn_leave);
    grant_newcomers(s, limit_ms);
    if (limit_ms == 0)
        limit_reached(&s->closing);
    else
        (void)uv_timer_start(&s->closing, limit_reached, limit_ms, 0);
    if (s->stats.connections_now == 0)
        all_left(s);
}
