/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/depth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t position(const struct corv_depth *d, const char *party)
{
    size_t lo = 0;
    size_t hi = d->count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (strcmp(d->lanes[mid].party, party) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct corv_depth_lane *lane_of(struct corv_depth *d, const char *party)
{
    size_t at = position(d, party);
    struct corv_depth_lane *grown;

    if (at < d->count && strcmp(d->lanes[at].party, party) == 0)
        return &d->lanes[at];
    grown = realloc(d->lanes, (d->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    memmove(grown + at + 1, grown + at, (d->count - at) * sizeof *grown);
    grown[at] = (struct corv_depth_lane){.waiting = 0};
    (void)snprintf(grown[at].party, sizeof grown[at].party, "%s", party);
    d->lanes = grown;
    d->count++;
    return &grown[at];
}

/* A party of which nothing is left goes. */
static void tidy(struct corv_depth *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->count; i++)
        if (d->lanes[i].waiting || d->lanes[i].held || d->lanes[i].dead)
            d->lanes[n++] = d->lanes[i];
    d->count = n;
    d->counted = d->backlog_came && d->aside_came;
}

corv_rc corv_depth_backlog(struct corv_depth *d, const struct corv_backlog *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!lane_of(d, b[i].party))
            return CORV_E_NOMEM;
    for (size_t i = 0; i < d->count; i++)
        d->lanes[i].waiting = d->lanes[i].due = 0, d->lanes[i].oldest_due_us = 0;
    d->waiting = 0;
    for (size_t i = 0; i < count; i++) {
        struct corv_depth_lane *l = lane_of(d, b[i].party);

        l->waiting = b[i].waiting;
        l->due = b[i].due;
        l->oldest_due_us = b[i].oldest_due_us;
        d->waiting += b[i].waiting;
    }
    d->waiting -= d->leased < d->waiting ? d->leased : d->waiting;
    d->backlog_came = true;
    tidy(d);
    return CORV_OK;
}

corv_rc corv_depth_aside(
    struct corv_depth *d, const struct corv_aside *a, size_t count, uint64_t leased)
{
    for (size_t i = 0; i < count; i++)
        if (!lane_of(d, a[i].party))
            return CORV_E_NOMEM;
    for (size_t i = 0; i < d->count; i++)
        d->lanes[i].held = d->lanes[i].dead = 0;
    d->held = d->dead = 0;
    d->leased = leased;
    for (size_t i = 0; i < count; i++) {
        struct corv_depth_lane *l = lane_of(d, a[i].party);

        if (a[i].state == CORV_DELIVERY_HELD)
            l->held = a[i].n, d->held += a[i].n;
        else
            l->dead = a[i].n, d->dead += a[i].n;
    }
    d->aside_came = true;
    tidy(d);
    return CORV_OK;
}

const struct corv_depth_lane *corv_depth_of(const struct corv_depth *d, const char *party)
{
    size_t at = d ? position(d, party) : 0;

    return d && at < d->count && strcmp(d->lanes[at].party, party) == 0 ? &d->lanes[at] : NULL;
}

int64_t corv_depth_due_us(const struct corv_depth_lane *l, int64_t now_us)
{
    return l->oldest_due_us && now_us > l->oldest_due_us ? now_us - l->oldest_due_us : 0;
}

void corv_depth_clear(struct corv_depth *d)
{
    free(d->lanes);
    *d = (struct corv_depth){.count = 0};
}
