/* SPDX-License-Identifier: EUPL-1.2 */
/* A throw-away PKI in a directory of its own, for test_tls.c and test_http_server*.c. */
#ifndef CORV_TEST_HTTP_SUPPORT_H
#define CORV_TEST_HTTP_SUPPORT_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OIN_RAAD "00000001000000001000"

static char pki_dir[] = "/tmp/corv-pki-XXXXXX";

static inline int pki_make(void **state)
{
    (void)state;
    if (!mkdtemp(pki_dir))
        return -1;

    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        execl("tests/support/pki.sh", "pki.sh", pki_dir, "raad=" OIN_RAAD, (char *)NULL);
        _exit(127);
    }
    return child < 0 || waitpid(child, &status, 0) != child || status != 0 ? -1 : 0;
}

static inline int pki_remove(void **state)
{
    DIR *d = opendir(pki_dir);
    char path[512];

    (void)state;
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        snprintf(path, sizeof path, "%s/%s", pki_dir, e->d_name);
        unlink(path); /* . and .. say no */
    }
    if (d)
        closedir(d);
    return rmdir(pki_dir);
}

/* The path of a file in the PKI; a ring of eight, so that a call may use several. */
static inline const char *pki(const char *name)
{
    static _Thread_local char ring[8][300];
    static _Thread_local unsigned at;
    char *path = ring[at++ % 8];

    snprintf(path, sizeof ring[0], "%s/%s", pki_dir, name);
    return path;
}

#endif
