/* SPDX-License-Identifier: EUPL-1.2 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/service.h"

/* The admin listener is for this machine only, whoever opened it. */
static bool is_local(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t size = sizeof a;

    if (getsockname(fd, (struct sockaddr *)(void *)&a, &size) != 0)
        return false;
    if (a.ss_family == AF_INET)
        return ntohl(((struct sockaddr_in *)(void *)&a)->sin_addr.s_addr) >> 24 == 127;
    if (a.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)(void *)&a)->sin6_addr);
    return a.ss_family == AF_UNIX;
}

static corv_rc take(struct corv_app *app, int fd, const char *name, struct corv_fault *fault)
{
    bool admin = strcmp(name, "admin") == 0;
    int *place = admin ? &app->admin_fd : &app->intake_fd;

    if (!admin && strcmp(name, "intake") != 0)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "service.socket-name",
            "systemd geeft een socket met een onbekende naam; FileDescriptorName is intake of "
            "admin.");
    if (*place > 0)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "service.socket-twice",
            "systemd geeft twee sockets met de naam %s; corvd heeft er een nodig.",
            admin ? "admin" : "intake");
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "service.socket-kind",
            "De socket %s van systemd luistert niet (ListenStream=).", admin ? "admin" : "intake");
    if (admin && !is_local(fd))
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "config.admin-open",
            "De socket admin van systemd is van buiten te bereiken; beheer mag alleen lokaal.");
    *place = fd;
    CORV_LOG(INFO, "service.socket", NULL, CORV_F(WHAT, admin ? "admin" : "intake"));
    return CORV_OK;
}

corv_rc corv_service_sockets(struct corv_app *app, struct corv_fault *fault)
{
    char **names = NULL;
    int count =
        sd_listen_fds_with_names(1, &names); /* close-on-exec is set, the environment clean */
    corv_rc rc = CORV_OK;

    for (int i = 0; i < count; i++) {
        if (rc == CORV_OK)
            rc = take(app, SD_LISTEN_FDS_START + i, names ? names[i] : "?", fault);
        if (names)
            free(names[i]);
    }
    free(names);
    return rc;
}
