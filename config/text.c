/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/text.h"

#include <arpa/inet.h>
#include <string.h>

#define NAME_MAX_CHARS 40

bool corv_text_is_null(const char *text)
{
    return !text || text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

bool corv_text_is_name(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n > 0 && n <= NAME_MAX_CHARS && text[n] == '\0';
}

bool corv_text_is_digits(const char *text, unsigned count)
{
    return strlen(text) == count && strspn(text, "0123456789") == count;
}

bool corv_text_is_ip(const char *text)
{
    unsigned char any[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, any) == 1 || inet_pton(AF_INET6, text, any) == 1;
}

bool corv_text_is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Reads digits; *end is what follows. */
static corv_rc digits(const char *text, uint64_t *out, const char **end)
{
    uint64_t v = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t d = (uint64_t)(*p - '0');

        if (v > (UINT64_MAX - d) / 10)
            return CORV_E_LIMIT;
        v = v * 10 + d;
    }
    *out = v;
    *end = p;
    return p == text ? CORV_E_INVALID : CORV_OK;
}

corv_rc corv_text_number(const char *text, uint64_t *out)
{
    const char *end = NULL;
    corv_rc rc = digits(text, out, &end);

    return rc == CORV_OK && *end ? CORV_E_INVALID : rc;
}

corv_rc corv_text_bytes(const char *text, uint64_t *out)
{
    static const struct {
        const char *name;
        unsigned shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
    const char *end = NULL;
    corv_rc rc = digits(text, out, &end);

    if (rc != CORV_OK)
        return rc;
    end += strspn(end, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        if (*out > UINT64_MAX >> units[i].shift)
            return CORV_E_LIMIT;
        *out <<= units[i].shift;
        return CORV_OK;
    }
    return CORV_E_INVALID;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

corv_rc corv_text_day(const char *text, int *day)
{
    static const char shape[] = "dddd-dd-dd";
    int part[3] = {0};
    int at = 0;

    if (strlen(text) != sizeof shape - 1)
        return CORV_E_INVALID;
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return CORV_E_INVALID;
        if (shape[i] == '-')
            at++;
        else
            part[at] = part[at] * 10 + (text[i] - '0');
    }
    if (part[0] < 1900 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
        part[2] > days_in(part[0], part[1]))
        return CORV_E_INVALID;
    *day = part[0] * 10000 + part[1] * 100 + part[2];
    return CORV_OK;
}

/* Levenshtein distance; words longer than a name are never near. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_CHARS + 1];
    size_t na = strnlen(a, NAME_MAX_CHARS + 1);
    size_t nb = strnlen(b, NAME_MAX_CHARS + 1);

    if (na > NAME_MAX_CHARS || nb > NAME_MAX_CHARS)
        return NAME_MAX_CHARS;
    for (unsigned j = 0; j <= nb; j++)
        row[j] = j;
    for (unsigned i = 1; i <= na; i++) {
        unsigned corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = corner + (a[i - 1] != b[j - 1]);

            corner = row[j];
            row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            if (change < row[j])
                row[j] = change;
        }
    }
    return row[nb];
}

const char *corv_text_nearest(const char *word, const char *const *names, unsigned count)
{
    const char *best = NULL;
    size_t n = strnlen(word, NAME_MAX_CHARS + 1);
    unsigned least = n <= 4 ? 2 : 3; /* one letter wrong in a short word, two in a long one */

    for (unsigned i = 0; i < count; i++) {
        unsigned d = distance(word, names[i]);

        if (d < least && d < strlen(names[i])) {
            least = d;
            best = names[i];
        }
    }
    return best;
}
