/* SPDX-License-Identifier: EUPL-1.2 */
/* The way out: one file per message in the folder of the party's address. Its name is the number of
 * the message, so that a repeat is the same file and no name tells anything of the case. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/dropdir/internal.h"

#define ID_MAX 40u

struct job {
    struct dropdir *dropdir;
    uint64_t op;
    struct corv_text payload; /* borrowed until complete */
    char folder[PATH_MAX];
    char name[ID_MAX + 8];
    int trouble;
};

static const struct outcome_row {
    int trouble; /* 0 in the last row: anything else */
    const char *code;
    const char *text;
} rows[] = {
    {ENOSPC, "dropdir.full", "De schijf van de map van de partij is vol."},
    {EDQUOT, "dropdir.full", "De ruimte voor de map van de partij is op."},
    {ENOENT, "dropdir.folder", "De map van de partij is er niet."},
    {ENOTDIR, "dropdir.folder", "Het adres van de partij is geen map."},
    {EACCES, "dropdir.denied", "corvd mag niet schrijven in de map van de partij."},
    {EPERM, "dropdir.denied", "corvd mag niet schrijven in de map van de partij."},
    {EROFS, "dropdir.denied", "De map van de partij is alleen te lezen."},
    {0, "dropdir.failed", "Schrijven in de map van de partij mislukte."},
};

static void tell(struct corv_outcome *o, int trouble)
{
    const struct outcome_row *row = rows;

    while (row->trouble != 0 && row->trouble != trouble)
        row++;
    o->cls = CORV_LATER;
    o->code = row->code;
    o->text = row->text;
}

static void write_run(void *ctx)
{
    struct job *j = ctx;
    int dir = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int aside = -1;

    j->trouble = dir < 0 ? errno : 0;
    if (j->trouble == 0 && mkdirat(dir, "tmp", 0770) != 0 && errno != EEXIST)
        j->trouble = errno;
    if (j->trouble == 0) {
        aside = openat(dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        j->trouble = aside < 0 ? errno : 0;
    }
    if (j->trouble == 0)
        j->trouble = dropdir_put(aside, j->name, dir, j->name, j->payload.p, j->payload.n);
    if (aside >= 0)
        (void)close(aside);
    if (dir >= 0)
        (void)close(dir);
}

static void written(void *ctx)
{
    struct job *j = ctx;
    struct dropdir *d = j->dropdir;
    struct corv_outcome o = {.size = sizeof o,
        .cls = CORV_DELIVERED,
        .code = "dropdir.written",
        .text = "Het bericht staat in de map van de partij."};

    if (j->trouble != 0)
        tell(&o, j->trouble);
    d->services->complete(d->host, j->op, &o);
    free(j);
}

static bool name_is_plain(const char *id)
{
    size_t n = strlen(id);

    return n > 0 && n <= ID_MAX && strspn(id, "0123456789abcdefABCDEF-") == n;
}

static int no(struct corv_outcome *o, const char *code, const char *text)
{
    o->cls = CORV_LATER;
    o->code = code;
    o->text = text;
    return CORV_DONE;
}

int dropdir_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct dropdir *d = instance;
    const struct corv_services *s = d->services;
    const char *folder = s->address(m);
    const char *id = s->message_id(m);
    struct job *j;

    if (folder[0] != '/' || strlen(folder) >= PATH_MAX || !name_is_plain(id))
        return no(outcome, "dropdir.address", "Het adres van de partij is geen volledig pad.");
    j = d->stopped ? NULL : calloc(1, sizeof *j);
    if (!j)
        return no(outcome, "dropdir.busy", "De adapter stopt of heeft geen geheugen.");
    j->dropdir = d;
    j->op = op;
    j->payload = s->payload(m);
    (void)snprintf(j->folder, sizeof j->folder, "%s", folder);
    (void)snprintf(j->name, sizeof j->name, "%s.xml", id);
    if (s->work(d->host, write_run, written, j) == 0)
        return CORV_PENDING;
    free(j);
    return no(outcome, "dropdir.busy", "Er wachten te veel bestanden om te worden geschreven.");
}
