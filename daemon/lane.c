/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#define PRIORITIES  2 /* spoed and normal */
#define IDLE_FACTOR 4 /* so many times memory, for lanes that have nothing under way */

struct lane {
    char party[64];
    struct corv_list ready[PRIORITIES];
    unsigned ready_count;
    unsigned reserved;
    unsigned in_flight;
    unsigned window; /* in flight at most now: 1 .. window_max */
    unsigned window_max;
    unsigned failures; /* of the partner, in a row */
    uint64_t memory;   /* its part of the memory of all lanes */
    int64_t paused_until_us;
    bool backlog;
    uint64_t attempts[CORV_LANE_CLASSES];
    unsigned refused; /* in a row */
    char code[48];
};

struct corv_lanes {
    struct corv_lanes_options o;
    struct lane **lanes; /* owned, sorted by party */
    size_t count;
    uint64_t memory;
};

corv_rc corv_lanes_new(const struct corv_lanes_options *o, struct corv_lanes **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return CORV_E_NOMEM;
    (*out)->o = *o;
    return CORV_OK;
}

void corv_lanes_free(struct corv_lanes *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++)
        free(l->lanes[i]);
    free(l->lanes);
    free(l);
}

static size_t position(const struct corv_lanes *l, const char *party)
{
    size_t lo = 0;
    size_t hi = l->count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (strcmp(l->lanes[mid]->party, party) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct lane *find(const struct corv_lanes *l, const char *party)
{
    size_t i = position(l, party);

    return i < l->count && strcmp(l->lanes[i]->party, party) == 0 ? l->lanes[i] : NULL;
}

corv_rc corv_lane_add(struct corv_lanes *l, const char *party, unsigned in_flight)
{
    struct lane *lane = find(l, party);
    unsigned window = in_flight ? in_flight : l->o.in_flight;

    if (lane) {
        lane->window_max = window;
        if (lane->window > window)
            lane->window = window; /* what is under way ends as it began */
        return CORV_OK;
    }
    if (strlen(party) >= sizeof lane->party)
        return CORV_E_LIMIT;

    struct lane **grown = realloc(l->lanes, (l->count + 1) * sizeof(struct lane *));

    if (!grown)
        return CORV_E_NOMEM;
    l->lanes = grown;
    lane = calloc(1, sizeof *lane);
    if (!lane)
        return CORV_E_NOMEM;
    memcpy(lane->party, party, strlen(party) + 1);
    for (int p = 0; p < PRIORITIES; p++)
        corv_list_init(&lane->ready[p]);
    lane->window = lane->window_max = window;

    size_t at = position(l, party);

    memmove(grown + at + 1, grown + at, (l->count - at) * sizeof *grown);
    grown[at] = lane;
    l->count++;
    return CORV_OK;
}

void corv_lanes_set(
    struct corv_lanes *l, unsigned in_flight, unsigned retry_first_s, unsigned retry_max_s)
{
    l->o.in_flight = in_flight;
    l->o.retry_first_s = retry_first_s;
    l->o.retry_max_s = retry_max_s;
}

static bool paused(const struct lane *lane, int64_t now_us)
{
    return lane->paused_until_us > now_us;
}

static void hold(struct corv_lanes *l, struct lane *lane, uint64_t bytes)
{
    lane->memory += bytes;
    l->memory += bytes;
}

static void give_back(struct corv_lanes *l, struct lane *lane, uint64_t bytes)
{
    lane->memory -= bytes;
    l->memory -= bytes;
}

/* More than half is for one lane only as long as it is a single message: a partner that takes all
 * day over large ones must leave room for the others. */
static bool has_its_share(const struct corv_lanes *l, const struct lane *lane, uint64_t bytes)
{
    return lane->memory > 0 && lane->memory + bytes > l->o.memory / 2;
}

bool corv_lane_reserve(struct corv_lanes *l, const char *party, int priority, uint64_t bytes)
{
    struct lane *lane = find(l, party);
    bool spoed = priority == 0;
    unsigned most = spoed ? 2 * l->o.ready_max : l->o.ready_max;

    if (!lane || (lane->backlog && !spoed) || lane->failures > 0 ||
        paused(lane, corv_clock_mono_us()))
        return false;
    if (lane->ready_count + lane->reserved >= most || l->memory + bytes > l->o.memory ||
        has_its_share(l, lane, bytes))
        return false;
    lane->reserved++;
    hold(l, lane, bytes);
    return true;
}

void corv_lane_expect(struct corv_lanes *l, const char *party, uint64_t bytes)
{
    struct lane *lane = find(l, party);

    if (!lane)
        return;
    lane->reserved++;
    hold(l, lane, bytes);
}

void corv_lane_unreserve(struct corv_lanes *l, const char *party, uint64_t bytes)
{
    struct lane *lane = find(l, party);

    if (!lane)
        return;
    lane->reserved--;
    give_back(l, lane, bytes);
}

static struct corv_lane_job *pop(struct lane *lane)
{
    for (int p = 0; p < PRIORITIES; p++) {
        struct corv_list *node = corv_list_pop(&lane->ready[p]);

        if (node) {
            lane->ready_count--;
            return CORV_LIST_ITEM(node, struct corv_lane_job, node);
        }
    }
    return NULL;
}

static void let_go(struct corv_lanes *l, struct lane *lane, struct corv_lane_job *job)
{
    give_back(l, lane, job->bytes);
    l->o.expire(l->o.ctx, &job->node);
}

/* What waits through a pause longer than its lease is given out anew anyway; until then it would
 * keep memory from the other lanes. */
static void let_go_old(struct corv_lanes *l, struct lane *lane, int64_t now_us)
{
    for (int p = 0; p < PRIORITIES; p++)
        CORV_LIST_EACH(node, &lane->ready[p])
        {
            struct corv_lane_job *job = CORV_LIST_ITEM(node, struct corv_lane_job, node);

            if (job->lease_until_us > now_us)
                continue;
            corv_list_del(node);
            lane->ready_count--;
            let_go(l, lane, job);
        }
}

static void pump(struct corv_lanes *l, struct lane *lane, int64_t now_us)
{
    while (lane->in_flight < lane->window && !paused(lane, now_us)) {
        struct corv_lane_job *job = pop(lane);

        if (!job)
            return;
        if (job->lease_until_us <= now_us) {
            let_go(l, lane, job);
            continue;
        }
        lane->in_flight++;
        l->o.start(l->o.ctx, &job->node);
    }
}

corv_rc corv_lane_push(
    struct corv_lanes *l, const char *party, struct corv_lane_job *job, bool reserved)
{
    struct lane *lane = find(l, party);

    if (!lane)
        return CORV_E_NOTFOUND;
    if (reserved)
        lane->reserved--;
    else
        hold(l, lane, job->bytes);
    corv_list_init(&job->node);
    corv_list_add(&lane->ready[job->priority > 0 ? 1 : 0], &job->node);
    lane->ready_count++;
    pump(l, lane, corv_clock_mono_us());
    return CORV_OK;
}

/* Doubling with full jitter on the upper half, so that many lanes do not knock together. */
static int64_t back_off_us(const struct corv_lanes *l, unsigned failures)
{
    uint64_t s = l->o.retry_first_s;
    uint16_t dice = 0;

    for (unsigned i = 1; i < failures && s < l->o.retry_max_s; i++)
        s *= 2;
    if (s > l->o.retry_max_s)
        s = l->o.retry_max_s;
    if (getrandom(&dice, sizeof dice, 0) != (ssize_t)sizeof dice)
        dice = 0; /* no jitter, no harm */
    return (int64_t)(s * 500000 + s * 500000 * dice / 65535);
}

static void pause_lane(struct corv_lanes *l, struct lane *lane, unsigned pause_s, int64_t now_us)
{
    if (paused(lane, now_us))
        return; /* began before the pause: the same outage, not a new one */
    lane->failures++;
    lane->window = 1; /* one probe at a time until the partner answers */
    lane->paused_until_us =
        now_us + (pause_s ? (int64_t)pause_s * 1000000 : back_off_us(l, lane->failures));
    if (lane->failures == 1)
        CORV_LOG(WARNING, "lane.paused", NULL, CORV_F(TO, lane->party),
            CORV_N(MS, (lane->paused_until_us - now_us) / 1000));
}

static void open_lane(struct lane *lane)
{
    if (lane->failures > 0)
        CORV_LOG(INFO, "lane.open", NULL, CORV_F(TO, lane->party));
    lane->failures = 0;
    lane->paused_until_us = 0;
    if (lane->window < lane->window_max)
        lane->window++;
}

void corv_lane_ended(struct corv_lanes *l, const char *party, struct corv_lane_job *job,
    enum corv_lane_end how, unsigned pause_s, int64_t now_us)
{
    struct lane *lane = find(l, party);

    if (!lane)
        return;
    lane->in_flight--;
    give_back(l, lane, job->bytes);
    if (how == CORV_LANE_PARTNER)
        pause_lane(l, lane, pause_s, now_us);
    else
        open_lane(lane);
    pump(l, lane, now_us);
}

unsigned corv_lane_room(struct corv_lanes *l, size_t i, int64_t now_us)
{
    const struct lane *lane = l->lanes[i];
    unsigned taken = lane->in_flight + lane->ready_count + lane->reserved;
    /* A partner that was away gets one probe; else a little more than the window, so that the
     * lane does not run dry between two leases. */
    unsigned want = lane->failures > 0 ? 1 : lane->window * 2;

    if (paused(lane, now_us) || taken >= want)
        return 0;
    if (l->memory >= l->o.memory) /* held by others: one at a time is always possible */
        return taken == 0 && l->memory < IDLE_FACTOR * l->o.memory ? 1 : 0;
    return has_its_share(l, lane, 0) ? 0 : want - taken;
}

bool corv_lane_runs_dry(struct corv_lanes *l, const char *party, int64_t now_us)
{
    const struct lane *lane = find(l, party);

    return lane && lane->backlog && !lane->failures && !paused(lane, now_us) &&
           lane->in_flight + lane->ready_count + lane->reserved <= lane->window;
}

const char *corv_lane_party(const struct corv_lanes *l, size_t i)
{
    return l->lanes[i]->party;
}

size_t corv_lanes_count(const struct corv_lanes *l)
{
    return l->count;
}

void corv_lane_set_backlog(struct corv_lanes *l, const char *party, bool more)
{
    struct lane *lane = find(l, party);

    if (lane)
        lane->backlog = more;
}

void corv_lanes_tick(struct corv_lanes *l, int64_t now_us)
{
    for (size_t i = 0; i < l->count; i++) {
        if (paused(l->lanes[i], now_us))
            let_go_old(l, l->lanes[i], now_us);
        pump(l, l->lanes[i], now_us);
    }
}

void corv_lanes_drop_ready(struct corv_lanes *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct corv_lane_job *job;

        while ((job = pop(l->lanes[i])))
            let_go(l, l->lanes[i], job);
    }
}

const char *corv_lane_class_name(unsigned cls)
{
    static const char *const names[] = {"delivered", "later", "timeout", "refused", "unreadable"};

    return names[cls];
}

void corv_lane_count(
    struct corv_lanes *l, const char *party, enum corv_lane_class cls, const char *code)
{
    struct lane *lane = find(l, party);

    if (!lane)
        return;
    lane->attempts[cls]++;
    if (cls == CORV_LANE_REFUSED || cls == CORV_LANE_UNREADABLE)
        lane->refused++;
    else if (cls == CORV_LANE_DELIVERED)
        lane->refused = 0;
    if (cls != CORV_LANE_DELIVERED)
        (void)snprintf(lane->code, sizeof lane->code, "%s", code);
}

void corv_lane_info_get(const struct corv_lanes *l, size_t i, struct corv_lane_info *out)
{
    const struct lane *lane = l->lanes[i];

    *out = (struct corv_lane_info){.party = lane->party,
        .attempts = lane->attempts,
        .code = lane->code,
        .refused = lane->refused,
        .in_flight = lane->in_flight,
        .window = lane->window,
        .ready = lane->ready_count,
        .failures = lane->failures,
        .paused_until_us = lane->paused_until_us};
}

unsigned corv_lanes_in_flight(const struct corv_lanes *l)
{
    unsigned n = 0;

    for (size_t i = 0; i < l->count; i++)
        n += l->lanes[i]->in_flight;
    return n;
}

uint64_t corv_lanes_memory(const struct corv_lanes *l)
{
    return l->memory;
}
