/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/act_chain.h"
#include "queue/inspect_rows.h"
#include "queue/pg_sync.h"
#include "queue/pg_wait.h"

/* ---- coming and going ------------------------------------------------------------------------ */

static corv_rc other_keys(struct corv_keeper *k, const char *name, struct corv_fault *fault)
{
    if (strcmp(name, k->node) == 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "node.other-keys",
            "De map met sleutels (keys_dir) is een andere dan de vorige keer. Is het "
            "bestandssysteem "
            "wel gekoppeld? Is de oude map voorgoed weg: corvctl node forget %.48s",
            name);
    return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "node.other-keys",
        "Node %.48s gebruikt een andere map met sleutels: wat de een aanneemt kan de ander niet "
        "lezen. Laat keys_dir op elke node naar dezelfde, gedeelde map wijzen. Komt die node nooit "
        "terug: corvctl node forget %.48s",
        name, name);
}

/* $1 name, $2 keys, $3 apart */
static corv_rc look_for_other_keys(
    struct corv_keeper *k, const char *const *params, struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_inspect_query(k->i,
        "SELECT name FROM node WHERE keys <> $2 AND (name <> $1 OR $3::boolean)"
        " ORDER BY seen_at DESC LIMIT 1",
        3, params, &r, fault);

    if (rc == CORV_OK && PQntuples(r) > 0)
        rc = other_keys(k, PQgetvalue(r, 0, 0), fault);
    PQclear(r);
    return rc;
}

corv_rc corv_node_enter(struct corv_keeper *k, bool apart, struct corv_fault *fault)
{
    const char *asked[] = {k->node, corv_vault_house(k->vault), apart ? "t" : "f"};
    const char *params[] = {k->node, corv_vault_house(k->vault), CORV_VERSION};
    corv_rc rc = corv_pg_sync_exec(
        k->i->c, "BEGIN READ WRITE; SELECT pg_advisory_xact_lock(hashtext('corv.node'))", fault);

    if (rc == CORV_OK)
        rc = look_for_other_keys(k, asked, fault);
    if (rc == CORV_OK)
        rc = corv_inspect_query(k->i,
            "INSERT INTO node (name, keys, version, started_at, seen_at)"
            " VALUES ($1, $2, $3, now(), now()) ON CONFLICT (name) DO UPDATE SET keys = $2,"
            " version = $3, started_at = now(), seen_at = now(), stopped_at = NULL",
            3, params, NULL, fault);
    if (rc == CORV_OK)
        return corv_pg_sync_exec(k->i->c, "COMMIT", fault);
    PQclear(corv_pg_wait_exec(k->i->c, "ROLLBACK"));
    return rc;
}

corv_rc corv_node_leave(struct corv_keeper *k, struct corv_fault *fault)
{
    const char *params[] = {k->node};

    return corv_inspect_query(
        k->i, "UPDATE node SET stopped_at = now() WHERE name = $1", 1, params, NULL, fault);
}

/* ---- for people ------------------------------------------------------------------------------ */

static const struct corv_column node_columns[] = {
    CORV_COLUMN(TEXT, struct corv_node_info, name),
    CORV_COLUMN(TEXT, struct corv_node_info, keys),
    CORV_COLUMN(TEXT, struct corv_node_info, version),
    CORV_COLUMN(TEXT, struct corv_node_info, started),
    CORV_COLUMN(TEXT, struct corv_node_info, seen),
    CORV_COLUMN(TEXT, struct corv_node_info, stopped),
    CORV_COLUMN(DOUBLE, struct corv_node_info, seen_seconds),
    CORV_COLUMN(U64, struct corv_node_info, leased),
};
static const struct corv_table node_table = {
    node_columns, sizeof node_columns / sizeof node_columns[0], sizeof(struct corv_node_info)};

corv_rc corv_node_list(
    struct corv_inspect *i, struct corv_node_info **out, size_t *count, struct corv_fault *fault)
{
    return corv_inspect_select(i,
        "SELECT name, keys, version, " CORV_SQL_TIME("started_at") ", " CORV_SQL_TIME(
            "seen_at") ", " CORV_SQL_TIME("stopped_at") ","
                                                        " extract(epoch FROM now() - seen_at),"
                                                        " (SELECT count(*) FROM delivery WHERE "
                                                        "owner = n.name AND " CORV_SQL_LEASED ")"
                                                        " FROM node n ORDER BY name",
        0, NULL, &node_table, out, count, fault);
}

static const struct corv_column house_columns[] = {
    CORV_COLUMN(TEXT, struct corv_house_info, moved),
    CORV_COLUMN(I64, struct corv_house_info, timeline),
    CORV_COLUMN(BOOL, struct corv_house_info, synchronous),
};
static const struct corv_table house_table = {
    house_columns, sizeof house_columns / sizeof house_columns[0], sizeof(struct corv_house_info)};

corv_rc corv_node_house(
    struct corv_inspect *i, struct corv_house_info *out, struct corv_fault *fault)
{
    struct corv_house_info *rows = NULL;
    size_t count = 0;
    corv_rc rc = corv_inspect_select(i,
        "SELECT " CORV_SQL_TIME(
            "moved_at") ", coalesce(timeline, 0),"
                        " current_setting('synchronous_standby_names') <> '' FROM house",
        0, NULL, &house_table, &rows, &count, fault);

    *out = (struct corv_house_info){.timeline = 0};
    if (rc == CORV_OK && count > 0)
        *out = rows[0];
    corv_inspect_free(rows);
    return rc;
}

static corv_rc forget(struct corv_act *act, const char *name, const char *actor)
{
    char silent[16];
    const char *params[] = {name, silent};
    char detail[80];
    struct corv_queue_event e = {.event = "node.forgotten", .actor = actor, .detail = detail};
    PGresult *r = NULL;
    corv_rc rc;

    (void)snprintf(silent, sizeof silent, "%d", CORV_NODE_SILENT_S);
    rc = corv_inspect_query(act->i,
        "DELETE FROM node WHERE name = $1 AND (stopped_at IS NOT NULL"
        " OR seen_at < now() - $2::integer * interval '1 second') RETURNING name",
        2, params, &r, act->fault);
    if (rc == CORV_OK && PQntuples(r) == 0)
        rc = CORV_FAIL(act->fault, CORV_E_STATE, CORV_FAULT_SENDER, "node.alive",
            "Er is geen node %.48s, of hij draait nog. Kijk met: corvctl node list", name);
    PQclear(r);
    (void)snprintf(detail, sizeof detail, "{\"node\":\"%.48s\"}", name); /* it was in the table */
    return rc == CORV_OK ? corv_act_append(act, &e) : rc;
}

corv_rc corv_node_forget(
    struct corv_inspect *i, const char *name, const char *actor, struct corv_fault *fault)
{
    struct corv_act act;
    corv_rc rc = corv_act_begin(i, &act, fault);

    return rc == CORV_OK ? corv_act_end(&act, forget(&act, name, actor)) : rc;
}
