/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/admin_guess.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/tree.h"
#include "daemon/base/buf.h"

#define FILE_MAX (1u << 20) /* beyond it admin is not looked for */
#define PACKAGED "/run/corvd/admin.sock"

static void slurp(const char *path, struct corv_buf *bytes)
{
    char piece[16384];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
        if (corv_buf_add(bytes, piece, (size_t)n) != CORV_OK)
            break;
    if (fd >= 0)
        (void)close(fd);
}

static const char *text_at(const struct corv_tree *admin, const char *key)
{
    const struct corv_tree *at = corv_tree_get(admin, key);

    return at ? at->text : NULL;
}

void corv_ctl_admin_guess(const char *path, struct corv_arena *a, struct corv_config *c)
{
    const struct corv_tree *root = NULL;
    const struct corv_tree *admin = NULL;
    struct corv_findings findings;
    struct corv_buf bytes;
    const char *port;

    corv_findings_init(&findings);
    corv_buf_init(&bytes, FILE_MAX);
    slurp(path, &bytes);
    if (corv_tree_read(a, corv_buf_view(&bytes), &root, &findings) == CORV_OK)
        admin = corv_tree_get(root, "admin");
    port = text_at(admin, "port");
    c->admin.socket = text_at(admin, "socket");
    c->admin.address = text_at(admin, "address");
    if (!c->admin.address)
        c->admin.address = "127.0.0.1";
    c->admin.port = port ? (unsigned)strtoul(port, NULL, 10) : 0;
    if (c->admin.port > 65535)
        c->admin.port = 0;
    if (!c->admin.socket && c->admin.port == 0)
        c->admin.socket = PACKAGED;
    corv_buf_free(&bytes);
    corv_findings_free(&findings);
}
