/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/admin_ask.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (4u << 20) /* /metrics with hundreds of parties */
#define SECONDS    3

static int connect_unix(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof a.sun_path)
        return fd;
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static int connect_ip(const char *address, unsigned port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool six = inet_pton(AF_INET6, address, &v6.sin6_addr) == 1;
    int fd = -1;

    if (!six && inet_pton(AF_INET, address, &v4.sin_addr) != 1)
        return -1;
    fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (six ? connect(fd, (struct sockaddr *)&v6, sizeof v6)
                        : connect(fd, (struct sockaddr *)&v4, sizeof v4)) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static void read_answer(int fd, struct corv_buf *answer)
{
    char piece[4096];
    ssize_t n;

    while ((n = read(fd, piece, sizeof piece)) > 0)
        if (corv_buf_add(answer, piece, (size_t)n) != CORV_OK)
            return;
}

/* The body is what follows the empty line: the server closes after it, and it is not chunked. */
static int split(const struct corv_buf *answer, struct corv_buf *body)
{
    const char *p = answer->p ? strstr(answer->p, "\r\n\r\n") : NULL;

    if (!p || strncmp(answer->p, "HTTP/1.1 ", 9) != 0)
        return 0;
    (void)corv_buf_add_str(body, p + 4);
    return (int)strtol(answer->p + 9, NULL, 10);
}

int corv_ctl_admin_ask(const struct corv_config *c, const char *path, struct corv_buf *body)
{
    char request[256];

    (void)snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    return corv_ctl_admin_send(c, request, SECONDS, body);
}

int corv_ctl_admin_send(
    const struct corv_config *c, const char *request, unsigned seconds, struct corv_buf *body)
{
    const struct timeval limit = {.tv_sec = (time_t)seconds};
    struct corv_buf answer;
    int status = 0;
    int fd = c->admin.socket ? connect_unix(c->admin.socket)
                             : connect_ip(c->admin.address, c->admin.port);

    if (fd < 0)
        return 0;
    corv_buf_init(&answer, ANSWER_MAX);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
        read_answer(fd, &answer);
    status = split(&answer, body);
    (void)close(fd);
    corv_buf_free(&answer);
    return status;
}
