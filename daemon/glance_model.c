/* SPDX-License-Identifier: EUPL-1.2 */
/* What is told, part by part; what needs a look is judged here, as "corvctl status" does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/parties.h"
#include "daemon/alarms.h"
#include "daemon/base/clock.h"
#include "daemon/certs.h"
#include "daemon/expiry.h"
#include "daemon/glance.h"
#include "daemon/lane.h"
#include "queue/queue.h"
#include "schemas/judge.h"
#include "schemas/kind.h"

#define FORMAT       1
#define LATE_SECONDS 300 /* as in ctl/verb_status.c */

struct model {
    struct corv_app *app;
    json_t *database; /* borrowed; NULL: not seen */
    json_t *root;     /* borrowed */
    json_t *look;     /* borrowed: what needs a look */
    int64_t now_us;
    bool broken;
};

static const char *text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

static void look(struct model *m, const char *what, json_int_t count)
{
    (void)json_array_append_new(m->look, json_pack("{s:s, s:I}", "what", what, "count", count));
}

/* ---- receivers ----------------------------------------------------------------------------- */

static const json_t *waits_for(const struct model *m, const char *party)
{
    const json_t *lanes = json_object_get(m->database, "lanes");
    const json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane) if (strcmp(text(lane, "party"), party) == 0) return lane;
    return NULL;
}

static double late_seconds(const struct model *m, const json_t *waits)
{
    double first = json_number_value(json_object_get(waits, "first"));
    double late = (double)m->now_us / 1e6 - first;

    return waits && json_integer_value(json_object_get(waits, "due")) > 0 && late > 0 ? late : 0;
}

static json_t *lane_json(const struct model *m, const char *party, const json_t *waits)
{
    const struct corv_party *known = corv_party_by_id(m->app->config, party);

    return json_pack("{s:s, s:s, s:I, s:I, s:f}", "party", party, "name", known ? known->name : "",
        "waiting", json_integer_value(json_object_get(waits, "waiting")), "due",
        json_integer_value(json_object_get(waits, "due")), "late_seconds", late_seconds(m, waits));
}

static json_t *lane_here(const struct model *m, size_t i)
{
    struct corv_lane_info info;
    int64_t now = corv_clock_mono_us();
    json_t *lane;

    corv_lane_info_get(m->app->lanes, i, &info);
    lane = lane_json(m, info.party, waits_for(m, info.party));
    (void)json_object_set_new(lane, "state",
        json_string(info.paused_until_us > now ? "paused"
                    : info.failures            ? "failing"
                                               : "ok"));
    (void)json_object_set_new(lane, "in_flight", json_integer(info.in_flight));
    (void)json_object_set_new(lane, "window", json_integer(info.window));
    (void)json_object_set_new(lane, "failures", json_integer(info.failures));
    return lane;
}

static bool has_lane(const struct model *m, const char *party)
{
    for (size_t i = 0; i < corv_lanes_count(m->app->lanes); i++)
        if (strcmp(corv_lane_party(m->app->lanes, i), party) == 0)
            return true;
    return false;
}

static json_t *lanes_json(const struct model *m)
{
    json_t *list = json_array();
    const json_t *lanes = json_object_get(m->database, "lanes");
    const json_t *lane;
    size_t i;

    for (i = 0; i < corv_lanes_count(m->app->lanes); i++)
        (void)json_array_append_new(list, lane_here(m, i));
    json_array_foreach(lanes, i, lane)
    {
        const char *party = text(lane, "party");
        json_t *stray = has_lane(m, party) ? NULL : lane_json(m, party, lane);

        if (!stray)
            continue;
        (void)json_object_set_new(stray, "state", json_string("unknown"));
        (void)json_array_append_new(list, stray);
    }
    return list;
}

/* ---- the queue as a whole -------------------------------------------------------------------- */

static void add_queue(struct model *m, const json_t *lanes)
{
    json_int_t waiting = 0;
    json_int_t failing = 0;
    json_int_t held = json_integer_value(json_object_get(m->database, "held"));
    json_int_t dead = json_integer_value(json_object_get(m->database, "dead"));
    double late = 0;
    const json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        double here = json_number_value(json_object_get(lane, "late_seconds"));

        waiting += json_integer_value(json_object_get(lane, "waiting"));
        failing += json_integer_value(json_object_get(lane, "failures")) > 0;
        late = here > late ? here : late;
    }
    (void)json_object_set_new(m->root, "queue",
        json_pack("{s:b, s:I, s:I, s:I, s:I, s:f, s:I}", "seen", m->database != NULL, "waiting",
            waiting, "in_flight", (json_int_t)corv_lanes_in_flight(m->app->lanes), "held", held,
            "dead", dead, "late_seconds", late, "counted_to", (json_int_t)CORV_BACKLOG_COUNTED));
    if (late >= LATE_SECONDS)
        look(m, "late", (json_int_t)late);
    if (failing)
        look(m, "failing", failing);
    if (held)
        look(m, "held", held);
    if (dead)
        look(m, "dead", dead);
}

/* ---- certificates, schemas and rules ----------------------------------------------------------
 */

static void add_certificates(struct model *m)
{
    json_t *list = json_array();
    json_int_t near = 0;
    struct corv_expiry_seen seen;

    for (unsigned i = 0; corv_expiry_get(m->app, i, &seen); i++) {
        const char *state = seen.days < 0 ? "over" : seen.act ? "near" : "ok";

        near += seen.days < 0 || seen.act;
        m->broken = m->broken || seen.days < 0;
        (void)json_array_append_new(list,
            json_pack("{s:s, s:i, s:s}", "what", seen.what, "days", seen.days, "state", state));
    }
    (void)json_object_set_new(m->root, "certificates", list);
    if (near)
        look(m, "certificate", near);
}

/* Set names with the kinds they judge today, for a sender without a rule of its own. */
static json_t *sets_json(const struct corv_app *app, int day)
{
    json_t *sets = json_object();

    for (unsigned k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++) {
        const char *name = corv_judge_set_name(app->judge, (enum corv_kind)k, NULL, day);
        json_t *kinds = name && *name ? json_object_get(sets, name) : NULL;

        if (!name || !*name)
            continue;
        if (!kinds) {
            kinds = json_array();
            (void)json_object_set_new(sets, name, kinds);
        }
        (void)json_array_append_new(kinds, json_string(corv_kind_name((enum corv_kind)k)));
    }
    return sets;
}

/* ---- incidents -------------------------------------------------------------------------------
 */

static json_t *incident_json(const json_t *i)
{
    json_t *one = json_object();
    static const char *const shown[] = {"key", "cause", "subject", "severity", "code", "value",
        "times", "since", "last", "text", "advice"};

    for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++)
        (void)json_object_set(one, shown[k], json_object_get(i, shown[k]));
    return one;
}

static void add_incidents(struct model *m)
{
    char *said = corv_alarms_json(m->app);
    json_t *root = said ? json_loads(said, 0, NULL) : NULL;
    json_t *list = json_array();
    const json_t *i;
    size_t n;

    json_array_foreach(json_object_get(root, "incidents"), n, i)(void)
        json_array_append_new(list, incident_json(i));
    if (json_array_size(list) > 0)
        look(m, "incident", (json_int_t)json_array_size(list));
    (void)json_object_set_new(m->root, "incidents", list);
    json_decref(root);
    free(said);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static void add_self(struct model *m)
{
    struct corv_app *app = m->app;
    bool database = app->open && app->queue && corv_queue_connected(app->queue);
    char at[CORV_TIME_TEXT];

    m->broken = m->broken || !database;
    (void)json_object_update_new(
        m->root, json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:{s:o, s:s, s:s}}", "format", FORMAT,
                     "at", corv_clock_text(m->now_us, at), "version", CORV_VERSION, "node",
                     app->config->node, "database", database, "draining", app->draining, "in_force",
                     "schemas", sets_json(app, corv_clock_day(m->now_us)), "rules",
                     corv_judge_pack_version(app->judge), "configuration", app->config->digest));
    if (!database)
        look(m, "database", 1);
    else if (!m->database)
        look(m, "unseen", 1);
    if (app->draining)
        look(m, "draining", 1);
}

static void add_list(struct model *m, const char *name, const char *from)
{
    json_t *list = json_object_get(m->database, from);

    (void)json_object_set_new(
        m->root, name, json_is_array(list) ? json_incref(list) : json_array());
}

json_t *corv_glance_model(struct corv_app *app, json_t *database)
{
    struct model m = {.app = app,
        .database = database,
        .root = json_object(),
        .look = json_array(),
        .now_us = corv_clock_us()};
    json_t *lanes = lanes_json(&m);

    add_self(&m);
    add_queue(&m, lanes);
    (void)json_object_set_new(m.root, "lanes", lanes);
    add_list(&m, "dead", "deads");
    add_list(&m, "held", "holds");
    add_list(&m, "messages", "messages");
    add_certificates(&m);
    add_incidents(&m);
    (void)json_object_set_new(m.root, "verdict",
        json_string(m.broken                      ? "broken"
                    : json_array_size(m.look) > 0 ? "attention"
                                                  : "ok"));
    (void)json_object_set_new(m.root, "look", m.look);
    json_decref(database);
    return m.root;
}
