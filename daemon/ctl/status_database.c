/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/status_database.h"

#include <inttypes.h>

#include "daemon/ctl/admin_ask.h"
#include "daemon/ctl/text.h"
#include "daemon/servers.h"
#include "queue/node.h"

#define LATE_SECONDS     300 /* a due delivery that nobody took for so long: no progress */
#define RETENTION_LATE_S 1800

/* Only who has several servers can lose something when one of them takes over. */
static void say_database(struct corv_ctl *ctl, struct corv_status *r)
{
    bool several = corv_servers_several(ctl->config);
    struct corv_house_info house;
    struct corv_fault fault = {0};

    if (corv_node_house(ctl->inspect, &house, &fault) != CORV_OK)
        corv_status_add(r, "database", "Database", CORV_STATUS_ATTENTION, "%s", fault.text);
    else if (several && !house.synchronous)
        corv_status_add(r, "database", "Database", CORV_STATUS_ATTENTION,
            "bereikbaar, maar wacht op geen standby: bij een fail-over kan een bevestigd bericht "
            "verloren gaan. Zet synchronous_standby_names (docs/operating.md)");
    else
        corv_status_add(r, "database", "Database", CORV_STATUS_WELL, "bereikbaar%s%s%s",
            house.synchronous ? ", standby synchroon" : "", house.moved[0] ? ", verhuisd op " : "",
            house.moved);
}

static void look_at_nodes(struct corv_ctl *ctl, struct corv_status *r)
{
    const struct corv_node_info *worst = NULL;
    struct corv_node_info *list = NULL;
    struct corv_fault fault = {0};
    unsigned running = 0;
    size_t count = 0;

    if (corv_node_list(ctl->inspect, &list, &count, &fault) != CORV_OK)
        return; /* the database line said so */
    for (size_t i = 0; i < count; i++) {
        bool silent = !list[i].stopped[0] && list[i].seen_seconds > CORV_NODE_SILENT_S;

        running += !list[i].stopped[0] && !silent;
        if (silent)
            worst = &list[i];
    }
    if (worst)
        corv_status_add(r, "nodes", "Nodes", CORV_STATUS_ATTENTION,
            "%u draaien; %s zwijgt zonder te zijn gestopt. Kijk met: corvctl node list", running,
            worst->name);
    else if (count > 1)
        corv_status_add(
            r, "nodes", "Nodes", CORV_STATUS_WELL, "%u van %zu draaien", running, count);
    corv_inspect_free(list);
}

static bool look_at_database(struct corv_ctl *ctl, struct corv_status *r)
{
    struct corv_fault fault = {0};

    if (corv_ctl_connect(ctl, &fault) == CORV_OK) {
        say_database(ctl, r);
        return true;
    }
    corv_status_add(r, "database", "Database", CORV_STATUS_BROKEN, "%s", fault.text);
    return false;
}

static void say_due(struct corv_status *r, const struct corv_inspect_lane *worst)
{
    char span[32];

    if (!worst || worst->oldest_due_seconds < 1) {
        corv_status_add(r, "progress", "Voortgang", CORV_STATUS_WELL, "er is niets te laat");
        return;
    }
    (void)corv_ctl_duration(worst->oldest_due_seconds, span, sizeof span);
    if (worst->oldest_due_seconds < LATE_SECONDS)
        corv_status_add(r, "progress", "Voortgang", CORV_STATUS_WELL,
            "oudste bezorging aan de beurt: %s (%s)", span, worst->party);
    else
        corv_status_add(r, "progress", "Voortgang", CORV_STATUS_ATTENTION,
            "een bezorging aan %s is %s te laat. Kijk met: corvctl queue", worst->party, span);
}

/* Whom to call is what somebody wants to read first. */
static void say_waiting(struct corv_status *r, uint64_t waiting,
    const struct corv_inspect_lane *first, unsigned failing)
{
    if (failing == 0)
        corv_status_add(r, "waiting", "Wachtend", CORV_STATUS_WELL, "%" PRIu64, waiting);
    else if (failing == 1)
        corv_status_add(r, "waiting", "Wachtend", CORV_STATUS_ATTENTION,
            "%" PRIu64 "; aan %s mislukte de laatste poging (%s). Kijk met: corvctl queue", waiting,
            first->party, first->last_code);
    else
        corv_status_add(r, "waiting", "Wachtend", CORV_STATUS_ATTENTION,
            "%" PRIu64 "; bij %u ontvangers mislukte de laatste poging. Kijk met: corvctl queue",
            waiting, failing);
}

static void look_at_lanes(struct corv_ctl *ctl, struct corv_status *r)
{
    struct corv_inspect_lane *lanes = NULL;
    const struct corv_inspect_lane *worst = NULL;
    const struct corv_inspect_lane *first = NULL; /* that fails */
    struct corv_fault fault = {0};
    uint64_t waiting = 0;
    uint64_t held = 0;
    uint64_t dead = 0;
    unsigned failing = 0;
    size_t count = 0;

    if (corv_inspect_lanes(ctl->inspect, &lanes, &count, &fault) != CORV_OK) {
        corv_status_add(r, "queue", "Wachtrij", CORV_STATUS_BROKEN, "%s", fault.text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        waiting += lanes[i].waiting + lanes[i].leased;
        held += lanes[i].held;
        dead += lanes[i].dead;
        if (lanes[i].waiting > 0 && lanes[i].last_code[0] && failing++ == 0)
            first = &lanes[i];
        if (!worst || lanes[i].oldest_due_seconds > worst->oldest_due_seconds)
            worst = &lanes[i];
    }
    say_due(r, worst);
    say_waiting(r, waiting, first, failing);
    corv_status_add(r, "held", "Vastgehouden", held ? CORV_STATUS_ATTENTION : CORV_STATUS_WELL,
        held ? "%" PRIu64 ": beantwoord de vragen. Kijk met: corvctl message list --state held"
             : "%" PRIu64,
        held);
    corv_status_add(r, "dead", "Mislukt", dead ? CORV_STATUS_ATTENTION : CORV_STATUS_WELL,
        dead ? "%" PRIu64 ": kijk met: corvctl dead" : "%" PRIu64, dead);
    corv_inspect_free(lanes);
}

static void look_at_retention(struct corv_ctl *ctl, struct corv_status *r)
{
    const struct corv_config *c = ctl->config;
    struct corv_inspect_purge_state s;
    struct corv_fault fault = {0};
    double key_late = corv_ctl_metric(c, "key_late_seconds");
    double age = corv_ctl_metric(c, "retention_pass_age_seconds");

    if (corv_inspect_purge_state(ctl->inspect, c->retention.payload_hours,
            c->retention.traffic_days, &s, &fault) != CORV_OK)
        corv_status_add(r, "retention", "Vernietigen", CORV_STATUS_ATTENTION, "%s", fault.text);
    else if (s.late || s.months || key_late > 0)
        corv_status_add(r, "retention", "Vernietigen", CORV_STATUS_ATTENTION,
            "er is iets langer bewaard dan mag. Kijk met: corvctl purge status");
    else if (age > RETENTION_LATE_S)
        corv_status_add(r, "retention", "Vernietigen", CORV_STATUS_ATTENTION,
            "corvd kwam er %.0f minuten niet aan toe. Kijk in het logboek naar retention.failed",
            age / 60);
    else
        corv_status_add(r, "retention", "Vernietigen", CORV_STATUS_WELL,
            "op tijd; %" PRIu64 " berichten in 24 uur", s.destroyed_day);
}

static void look_at_today(struct corv_ctl *ctl, struct corv_status *r)
{
    struct corv_inspect_day *days = NULL;
    struct corv_fault fault = {0};
    size_t count = 0;
    uint64_t messages = 0;
    uint64_t confirmed = 0;

    if (corv_inspect_days(ctl->inspect, 1, &days, &count, &fault) != CORV_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        messages += days[i].messages;
        confirmed += days[i].confirmed;
    }
    corv_status_add(r, "today", "Vandaag", CORV_STATUS_WELL,
        "%" PRIu64 " berichten, %" PRIu64 " bezorgingen bevestigd", messages, confirmed);
    corv_inspect_free(days);
}

void corv_status_database(struct corv_ctl *ctl, struct corv_status *r)
{
    if (!look_at_database(ctl, r))
        return;
    look_at_nodes(ctl, r);
    look_at_lanes(ctl, r);
    look_at_retention(ctl, r);
    look_at_today(ctl, r);
}
