/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct corv_share_row {
    char party[64];
    unsigned now; /* never 0 */
    uint64_t bytes;
};

static struct corv_share_row *find(const struct corv_shares *s, const char *party)
{
    for (unsigned i = 0; i < s->count; i++)
        if (strcmp(s->rows[i].party, party) == 0)
            return &s->rows[i];
    return NULL;
}

unsigned corv_share_now(const struct corv_shares *s, const char *party)
{
    const struct corv_share_row *row = find(s, party);

    return row ? row->now : 0;
}

corv_rc corv_share_take(struct corv_shares *s, const char *party)
{
    struct corv_share_row *row = find(s, party);

    if (row) {
        row->now++;
        return CORV_OK;
    }
    if (s->count == s->room) {
        unsigned room = s->room ? s->room * 2 : 16;
        struct corv_share_row *rows = realloc(s->rows, room * sizeof *rows);

        if (!rows)
            return CORV_E_NOMEM;
        s->rows = rows;
        s->room = room;
    }
    row = &s->rows[s->count++];
    (void)snprintf(row->party, sizeof row->party, "%s", party);
    row->now = 1;
    row->bytes = 0;
    return CORV_OK;
}

void corv_share_give(struct corv_shares *s, const char *party, uint64_t bytes)
{
    struct corv_share_row *row = find(s, party);

    if (!row)
        return;
    row->bytes -= bytes;
    if (--row->now == 0)
        *row = s->rows[--s->count];
}

uint64_t corv_share_bytes(const struct corv_shares *s, const char *party)
{
    const struct corv_share_row *row = find(s, party);

    return row ? row->bytes : 0;
}

void corv_share_add_bytes(struct corv_shares *s, const char *party, uint64_t bytes)
{
    struct corv_share_row *row = find(s, party);

    if (row)
        row->bytes += bytes;
}

void corv_shares_free(struct corv_shares *s)
{
    free(s->rows);
    *s = (struct corv_shares){0};
}
