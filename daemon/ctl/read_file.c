/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl/text.h"

#define PIECE 65536

static corv_rc read_all(int fd, size_t limit, struct corv_buf *out)
{
    char piece[PIECE];
    ssize_t n;

    while (out->n <= limit && (n = read(fd, piece, sizeof piece)) != 0) {
        size_t room = limit + 1 - out->n;
        corv_rc rc;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CORV_E_IO;
        rc = corv_buf_add(out, piece, (size_t)n < room ? (size_t)n : room);
        if (rc != CORV_OK)
            return rc;
    }
    return CORV_OK;
}

corv_rc corv_ctl_read_file(
    struct corv_ctl *ctl, const char *path, size_t limit, struct corv_buf *out)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    corv_rc rc = fd >= 0 ? read_all(fd, limit, out) : CORV_E_IO;
    int why = errno;

    if (fd >= 0 && !standard)
        (void)close(fd);
    if (rc == CORV_E_IO)
        (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.file",
            "%s is niet te lezen (%s). Controleer de naam en de rechten.", path,
            why == ENOENT    ? "bestaat niet"
            : why == EACCES  ? "geen rechten"
            : why == EISDIR  ? "het is een map"
            : why == ENOTDIR ? "bestaat niet"
                             : "leesfout");
    else if (rc != CORV_OK)
        (void)corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.memory", "Er is te weinig geheugen voor %s.", path);
    return rc;
}

void corv_ctl_invalid_lines(
    struct corv_ctl *ctl, const char *path, const struct corv_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct corv_finding *f = &findings->list[i];

        if (f->severity != CORV_SEV_ERROR)
            continue;
        corv_ctl_clean(&ctl->out, path);
        corv_ctl_printf(ctl, ": invalid %s %s %d:%d %s\n", corv_layer_name(f->layer), f->code,
            f->line, f->column, f->text);
    }
}
