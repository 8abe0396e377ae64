/* SPDX-License-Identifier: EUPL-1.2 */
/* Settings and life of an instance of the adapter "dropdir". */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/dropdir/internal.h"

static const struct corv_adapter_setting settings[] = {
    {"in", "path", "", "de map waar de applicatie berichten neerzet (*.xml)"},
    {"sender", "string", "", "de partij die achter deze map zit; verplicht bij in"},
    {"poll_ms", "integer", "1000", "zo vaak wordt in de map gekeken, in milliseconden"},
    {"at_once", "integer", "4", "zoveel bestanden tegelijk onderweg"},
    {"max_bytes", "integer", "36700160", "een groter bestand wordt geweigerd zonder te lezen"},
    {"keep_hours", "integer", "24",
        "zo lang blijft een verwerkt bericht in done en refused; 0: weg zodra er een antwoord is"},
    {"answer_days", "integer", "30", "zo lang blijven de antwoorden daar staan"},
    {NULL, NULL, NULL, NULL},
};

static const struct {
    const char *key;
    long least;
    long most;
} numbers[] = {
    {"poll_ms", 50, 3600000},
    {"at_once", 1, DROPDIR_FILES_MAX},
    {"max_bytes", 1, 999999999},
    {"keep_hours", 0, DROPDIR_LAWFUL_HOURS},
    {"answer_days", 1, 184},
};

#define NUMBERS (sizeof numbers / sizeof numbers[0])

static bool read_numbers(const struct corv_services *s, struct corv_host *host, long value[NUMBERS],
    char *why, size_t why_size)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        const char *text = s->setting(host, numbers[i].key); /* the host saw that it is a number */

        value[i] = text ? strtol(text, NULL, 10) : -1;
        if (value[i] >= numbers[i].least && value[i] <= numbers[i].most)
            continue;
        (void)snprintf(why, why_size, "%s moet tussen %ld en %ld liggen.", numbers[i].key,
            numbers[i].least, numbers[i].most);
        return false;
    }
    return true;
}

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    long value[NUMBERS];
    const char *in = s->setting(host, "in");
    const char *sender = s->setting(host, "sender");

    if (!read_numbers(s, host, value, why, why_size))
        return 1;
    if (in && in[0] != '/')
        (void)snprintf(why, why_size, "in moet een volledig pad zijn.");
    else if (in && strlen(in) >= PATH_MAX - 2 * DROPDIR_NAME_MAX)
        (void)snprintf(why, why_size, "het pad van in is te lang.");
    else if (in && !sender)
        (void)snprintf(why, why_size, "bij in hoort sender: wie zet daar berichten neer?");
    else if (!in && sender)
        (void)snprintf(why, why_size, "bij sender hoort in: in welke map?");
    else
        return 0;
    return 1;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

static void destroy(void *instance)
{
    struct dropdir *d = instance;

    if (!d)
        return;
    dropdir_items_drop(d);
    d->services->timer_free(d->timer);
    close_fd(d->lock_fd);
    close_fd(d->refused_fd);
    close_fd(d->done_fd);
    close_fd(d->work_fd);
    close_fd(d->in_fd);
    free(d);
}

static void tick(void *ctx)
{
    struct dropdir *d = ctx;

    if (d->draining)
        return;
    dropdir_items_move_on(d);
    dropdir_scan(d);
    dropdir_sweep(d);
    d->services->timer_start(d->timer, d->poll_ms);
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct dropdir *d = calloc(1, sizeof *d);
    long value[NUMBERS];

    (void)snprintf(why, why_size, "geen geheugen.");
    if (!d)
        return NULL;
    d->services = s;
    d->host = host;
    d->in_fd = d->work_fd = d->done_fd = d->refused_fd = d->lock_fd = -1;
    TAILQ_INIT(&d->items);
    d->in = s->setting(host, "in");
    d->sender = s->setting(host, "sender");
    d->timer = s->timer(host, tick, d);
    if (!d->timer || !read_numbers(s, host, value, why, why_size)) {
        destroy(d);
        return NULL;
    }
    d->poll_ms = (uint64_t)value[0];
    d->at_once = (unsigned)value[1];
    d->max_bytes = (size_t)value[2];
    d->keep_hours = (int)value[3];
    d->answer_days = (int)value[4];
    return d;
}

/* ---- start and end -------------------------------------------------------------------------- */

static int open_folder(int at, const char *name)
{
    if (mkdirat(at, name, 0770) != 0 && errno != EEXIST)
        return -1;
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Two corvds on one folder would offer each file twice. */
static bool lock(struct dropdir *d)
{
    d->lock_fd = openat(d->work_fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return d->lock_fd >= 0 && flock(d->lock_fd, LOCK_EX | LOCK_NB) == 0;
}

static int start(void *instance)
{
    struct dropdir *d = instance;
    const struct corv_services *s = d->services;

    if (!d->in)
        return 0;
    d->in_fd = open(d->in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->in_fd >= 0) {
        d->work_fd = open_folder(d->in_fd, "work");
        d->done_fd = open_folder(d->in_fd, "done");
        d->refused_fd = open_folder(d->in_fd, "refused");
    }
    if (d->in_fd < 0 || d->work_fd < 0 || d->done_fd < 0 || d->refused_fd < 0) {
        s->log(d->host, CORV_ALOG_ERROR, "dropdir.folder",
            "de map van in, of work, done of refused daarin, is er niet of niet te openen");
        return 1;
    }
    if (!lock(d)) {
        s->log(d->host, CORV_ALOG_ERROR, "dropdir.in-use",
            "een andere corvd of adapter gebruikt deze map al");
        return 1;
    }
    d->leftovers = true;
    s->timer_start(d->timer, 1);
    return 0;
}

static void on_wake(void *instance)
{
    struct dropdir *d = instance;

    if (!d->draining)
        dropdir_items_woken(d);
}

static void drain(void *instance)
{
    struct dropdir *d = instance;

    d->draining = true;
    d->services->timer_stop(d->timer);
}

static void stop(void *instance)
{
    struct dropdir *d = instance;

    drain(d);
    d->stopped = true;
}

static void cancel(void *instance, uint64_t op)
{
    (void)instance, (void)op; /* a write ends soon by itself, and then it is complete */
}

const struct corv_adapter *corv_dropdir_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {
        .abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND | CORV_ADAPTER_INBOUND,
        .name = "dropdir",
        .version = CORV_VERSION,
        .settings = settings,
        .check = check,
        .create = create,
        .start = start,
        .deliver = dropdir_deliver,
        .cancel = cancel,
        .on_wake = on_wake,
        .drain = drain,
        .stop = stop,
        .destroy = destroy,
        .answered = dropdir_answered,
    };

    return host_major == CORV_ADAPTER_ABI_MAJOR && host_minor >= 1 ? &adapter : NULL;
}
