/* SPDX-License-Identifier: EUPL-1.2 */
/* Crashes - at every n-th message of a process (setting every), or as the address says:
 *   segfault, abort   dies of a signal          exit    ends as if all were well
 *   hang              never returns             keep    answers after cancel only
 *   twice             answers twice             files   counts the descriptors it can open
 *   fork-ANY          begins a process of its own that never ends, and then as ANY; its number is
 *                     written as "started NUMBER" in the setting file
 * What it delivered it writes as "DELIVERY ATTEMPT" in the setting file, before it says so.
 * For the adapter process: inside the daemon the first message would be the daemon's last. */
#include "tests/abi/plugin.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

struct crashes {
    struct plugin plugin;
    unsigned long every;
    unsigned long seen;
    int fd;
};

static void die(void)
{
    (void)signal(SIGSEGV, SIG_DFL); /* past a sanitizer */
    (void)raise(SIGSEGV);
}

static void write_down(const struct crashes *c, const struct corv_outgoing *m)
{
    const struct corv_services *s = c->plugin.s;
    char line[96];
    int n = snprintf(line, sizeof line, "%.40s %u\n", s->delivery_id(m), (unsigned)s->attempt(m));

    if (c->fd >= 0 && (write(c->fd, line, (size_t)n) != n || fdatasync(c->fd) != 0))
        abort();
}

static void start_one(const struct crashes *c)
{
    char line[32];
    pid_t pid = fork();

    if (pid == 0)
        for (;;)
            (void)pause();
    int n = snprintf(line, sizeof line, "started %d\n", (int)pid);

    if (c->fd >= 0 && write(c->fd, line, (size_t)n) != n)
        abort();
}

static int open_many(void)
{
    int n = 0;

    while (n < 1000 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        n++;
    return n;
}

static int deliver_or_die(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct crashes *c = instance;
    const char *how = c->plugin.s->address(m);

    if (strncmp(how, "fork-", 5) == 0) {
        start_one(c);
        how += 5;
    }
    if (strcmp(how, "segfault") == 0)
        die();
    if (strcmp(how, "abort") == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        abort();
    }
    if (strcmp(how, "exit") == 0)
        _exit(0);
    while (strcmp(how, "hang") == 0)
        (void)pause();
    if (strcmp(how, "keep") == 0)
        return plugin_keep(instance, op, m, outcome);
    write_down(c, m);
    if (c->every && ++c->seen % c->every == 0)
        die(); /* the partner has it, and nobody knows */
    *outcome = plugin_delivered;
    outcome->receipt = c->plugin.s->payload(m);
    int files = strcmp(how, "files") == 0 ? open_many() : 0;

    if (files > 0) /* of 32 that it may have, and next to what the runner needs */
        outcome->code = files > 12 && files < 32 ? "abi.few-files" : "abi.other-files";
    if (strcmp(how, "twice") == 0)
        c->plugin.s->complete(c->plugin.host, op, outcome);
    c->plugin.s->count(c->plugin.host, "delivered", 1);
    return CORV_DONE;
}

static void give_back(void *instance, uint64_t op)
{
    struct plugin *p = instance;
    const struct corv_outcome o = {.size = sizeof o, .cls = CORV_LATER, .code = "abi.cancelled"};

    p->s->complete(p->host, op, &o);
}

static void *create_file(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct crashes *c = calloc(1, sizeof *c);
    const char *file = s->setting(host, "file");

    (void)snprintf(why, why_size, "geen geheugen.");
    if (!c)
        return NULL;
    c->plugin = (struct plugin){.s = s, .host = host};
    c->every = strtoul(s->setting(host, "every"), NULL, 10);
    c->fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    return c;
}

static int check_secret(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    const char *secret = s->setting(host, "secret");

    (void)snprintf(why, why_size, "het geheim is verkeerd.");
    return secret && strcmp(secret, "goed") != 0;
}

static void destroy_file(void *instance)
{
    struct crashes *c = instance;

    if (c->fd >= 0)
        (void)close(c->fd);
    free(c);
}

static const struct corv_adapter_setting settings[] = {
    {"every", "integer", "0", "het hoeveelste bericht van een proces fout gaat"},
    {"file", "path", "", "wat bezorgd is"},
    {"secret", "secret", "", "moet goed zijn"},
    {NULL, NULL, NULL, NULL},
};

PLUGIN("crashes", (a.settings = settings, a.check = check_secret, a.create = create_file,
                      a.deliver = deliver_or_die, a.cancel = give_back, a.destroy = destroy_file))
