/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/ledger.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/wire.h"

void ledger_open(struct ledger *l, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat s;
    void *p;

    if (fd < 0 || fstat(fd, &s) != 0 || s.st_size < (off_t)sizeof *l->line)
        wire_die(path);
    p = mmap(NULL, (size_t)s.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        wire_die(path);
    close(fd);
    l->line = p;
    l->count = (size_t)s.st_size / sizeof *l->line;
}

void ledger_close(struct ledger *l)
{
    if (l->line)
        munmap(l->line, l->count * sizeof *l->line);
    l->line = NULL;
    l->count = 0;
}

struct ledger_line *ledger_line(const struct ledger *l, uint64_t number)
{
    return number < l->count ? &l->line[number] : NULL;
}

struct ledger_line *ledger_find(const struct ledger *l, const char *p)
{
    uint64_t number = 0;

    for (int i = REFERENCE - LEDGER_DIGITS; i < REFERENCE; i++) {
        if (p[i] < '0' || p[i] > '9')
            return NULL;
        number = number * 10 + (uint64_t)(p[i] - '0');
    }
    return ledger_line(l, number);
}
