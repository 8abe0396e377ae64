/* SPDX-License-Identifier: EUPL-1.2 */
/* The line cutter of tests/support/pg_proxy.h as a program, for tests that are no C:
 *     fault_proxy DIR-OF-THE-SERVER'S-SOCKET
 * The first line out is the folder to connect to. Each line in is an order, answered by how often
 * the line was cut so far: pass, before-commit, after-commit, after-lease; the end of the input is
 * the end. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pg_proxy.h"

static void order(struct pg_proxy *p, const char *word)
{
    static const char *const words[] = {[PG_PROXY_PASS] = "pass",
        [PG_PROXY_CUT_BEFORE_COMMIT] = "before-commit",
        [PG_PROXY_CUT_AFTER_COMMIT] = "after-commit",
        [PG_PROXY_CUT_AFTER_LEASE] = "after-lease"};

    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i]) == 0)
            pg_proxy_mode(p, (enum pg_proxy_mode)i);
}

int main(int argc, char **argv)
{
    struct pg_proxy *p;
    char line[64];

    if (argc != 2)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN); /* the server dies now and then */
    p = pg_proxy_new(argv[1]);
    (void)printf("%s\n", pg_proxy_dir(p));
    (void)fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        order(p, line);
        (void)printf("%u\n", pg_proxy_cuts(p));
        (void)fflush(stdout);
    }
    pg_proxy_free(p);
    return 0;
}
