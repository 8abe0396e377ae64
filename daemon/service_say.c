/* SPDX-License-Identifier: EUPL-1.2 */
/* As sd_notify(3), but it never waits: the loop must not stand still because the manager does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/service.h"

static bool name_manager(const char *path, struct sockaddr_un *a, socklen_t *size)
{
    size_t n = strlen(path);

    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (n == 0 || n >= sizeof a->sun_path)
        return false;
    memcpy(a->sun_path, path, n);
    if (path[0] == '@') /* an abstract name has no zero byte behind it */
        a->sun_path[0] = '\0';
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] == '@' ? 0 : 1));
    return true;
}

static bool send_to(const char *path, const char *text)
{
    struct sockaddr_un a;
    socklen_t size = 0;
    bool sent = false;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && name_manager(path, &a, &size))
        sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                   (const struct sockaddr *)(const void *)&a, size) >= 0;
    if (fd >= 0)
        (void)close(fd);
    return sent;
}

bool corv_service_say(const char *fmt, ...)
{
    const char *path = getenv("NOTIFY_SOCKET");
    char text[512];
    va_list ap;

    if (!path || !*path)
        return true; /* nobody listens, so nobody misses it */
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return send_to(path, text);
}
