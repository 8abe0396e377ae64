/* SPDX-License-Identifier: EUPL-1.2 */
/* corv-adapter-run: the child of the adapter "process". corvd starts it with a socket as descriptor
 * 3; nobody else needs to. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "daemon/runner/bridge.h"
#include "daemon/runner/confine.h"
#include "daemon/runner/tell.h"

#define LINE_FD    3
#define EXIT_USAGE 64
#define EXIT_NOT   78

static bool is_line(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

int main(void)
{
    struct corv_fault f = {0};

    if (!is_line(LINE_FD)) {
        (void)fprintf(stderr,
            "corv-adapter-run %s is started by corvd, for the adapter builtin:process.\n"
            "To try an adapter by hand: corv-adapter-test FILE.so\n",
            CORV_VERSION);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)fcntl(LINE_FD, F_SETFD, FD_CLOEXEC);
    corv_tell_start(LINE_FD);
    if (corv_confine_first(&f) != CORV_OK) {
        corv_tell_failed(f.code, f.text);
        return EXIT_NOT;
    }
    return corv_bridge_run(LINE_FD);
}
