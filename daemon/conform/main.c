/* SPDX-License-Identifier: EUPL-1.2 */
/* corv-adapter-test: does this adapter keep the contract? The suite runs in a child, so that a
 * crash or an endless loop is a line of the report too. Test: tests/abi/conform.py */
#include <dlfcn.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/conform/suite.h"

#define EXIT_BROKEN 1
#define EXIT_USAGE  2
#define SECONDS     10
#define ROUNDS      20

static const char usage[] =
    "corv-adapter-test [OPTION...] FILE.so | builtin:NAME\n"
    "Tries the rules of corvd/corv_adapter.h on an adapter, a line per rule.\n"
    "  -s, --set KEY=VALUE   a setting, as in corvd.yaml; repeat it\n"
    "  -a, --address TEXT    the address of the party that messages go to\n"
    "  -d, --delivered       every message must be delivered, not just ended\n"
    "  -t, --seconds N       for one message (10)\n"
    "  -r, --rounds N        instances in the search for leaks (20)\n"
    "  -n, --name NAME       of the instance, when it is not the adapter's own\n"
    "Exit: 0 all rules kept, 1 a rule broken, 2 usage.\n";

static struct corv_host_setting settings[CORV_HOST_SETTINGS_MAX];

static bool take_setting(struct suite *s, char *text)
{
    char *is = strchr(text, '=');

    if (!is || is == text || s->entry.settings_count == CORV_HOST_SETTINGS_MAX)
        return false;
    *is = '\0';
    settings[s->entry.settings_count++] = (struct corv_host_setting){text, is + 1};
    s->entry.settings = settings;
    return true;
}

static bool take_number(const char *text, unsigned *out)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);

    *out = (unsigned)v;
    return *text && !*end && v > 0 && v <= 3600;
}

static bool read_options(int argc, char **argv, struct suite *s)
{
    static const struct option options[] = {{"set", required_argument, NULL, 's'},
        {"address", required_argument, NULL, 'a'}, {"delivered", no_argument, NULL, 'd'},
        {"seconds", required_argument, NULL, 't'}, {"rounds", required_argument, NULL, 'r'},
        {"name", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    bool good = true;
    int c;

    while (good && (c = getopt_long(argc, argv, "s:a:dt:r:n:", options, NULL)) != -1)
        switch (c) {
        case 's':
            good = take_setting(s, optarg);
            break;
        case 'a':
            s->address = optarg;
            break;
        case 'd':
            s->expect_delivered = true;
            break;
        case 't':
            good = take_number(optarg, &s->seconds);
            break;
        case 'r':
            good = take_number(optarg, &s->rounds);
            break;
        case 'n':
            s->entry.name = optarg;
            break;
        default:
            good = false;
        }
    if (good && optind + 1 == argc)
        s->entry.library = argv[optind];
    return good && s->entry.library;
}

/* The adapter's own name and entry, before the loader has its say: only to ask it by its name. */
static void look_inside(struct suite *s)
{
    static char name[41];
    char real[PATH_MAX];

    if (strncmp(s->entry.library, "builtin:", 8) == 0) {
        s->entry.name = s->entry.name ? s->entry.name : s->entry.library + 8;
        return;
    }
    if (realpath(s->entry.library, real))
        s->entry.library = strdup(real);
    void *handle = dlopen(s->entry.library, RTLD_NOW | RTLD_LOCAL);
    void *symbol = handle ? dlsym(handle, CORV_ADAPTER_ENTRY) : NULL;
    const struct corv_adapter *a = NULL;

    memcpy((void *)&s->entry_fn, (const void *)&symbol, sizeof symbol);
    if (s->entry_fn)
        a = s->entry_fn(CORV_ADAPTER_ABI_MAJOR, CORV_ADAPTER_ABI_MINOR);
    bool named = a && a->abi_major == CORV_ADAPTER_ABI_MAJOR &&
                 a->size >= offsetof(struct corv_adapter, version) && a->name;

    (void)snprintf(name, sizeof name, "%s", named ? a->name : "adapter");
    s->entry.name = s->entry.name ? s->entry.name : name;
}

static _Noreturn void run_suite(struct suite *s)
{
    look_inside(s);
    suite_run(s);
    exit(s->state->failed > 0);
}

static int sum_up(const struct suite *s, int status)
{
    struct suite_state *st = s->state;

    if (WIFSIGNALED(status)) {
        bool slow = WTERMSIG(status) == SIGALRM;

        (void)printf("FAIL  %-12s  %s (signal %d)\n                    to do: %s\n", st->rule,
            slow ? "does not come to an end" : "crashes", WTERMSIG(status),
            slow ? "no call may wait; see who holds the loop with gdb -p"
                 : "run it under gdb or a sanitizer; in corvd, only behind builtin:process");
        st->failed++;
    } else if (!st->finished || (WEXITSTATUS(status) != 0 && st->failed == 0)) {
        (void)printf(
            "FAIL  %-12s  the process ended with %d\n                    to do: an adapter "
            "never ends the process; a sanitizer says above what it found\n",
            st->rule, WEXITSTATUS(status));
        st->failed++;
    }
    (void)printf("%u rules kept, %u broken, %u not tried\n", st->passed, st->failed, st->skipped);
    return st->failed > 0 ? EXIT_BROKEN : 0;
}

int main(int argc, char **argv)
{
    struct suite s = {.address = "", .seconds = SECONDS, .rounds = ROUNDS};
    int status = 0;

    if (!read_options(argc, argv, &s)) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    s.state =
        mmap(NULL, sizeof *s.state, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.state == MAP_FAILED)
        return EXIT_USAGE;
    (void)snprintf(s.state->rule, sizeof s.state->rule, "load");
    pid_t pid = fork();

    if (pid == 0) {
        (void)signal(SIGPIPE, SIG_IGN);
        run_suite(&s);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return EXIT_USAGE;
    return sum_up(&s, status);
}
