/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_machine.h"

#include <stdint.h>
#include <stdlib.h>

#include "schemas/rule_name.h"

#define CODE_MOST    ((size_t)8 << 20)  /* bytes of all expressions of a pack */
#define SCRATCH_MOST ((size_t)16 << 20) /* bytes while one message is judged */

/* ---- the code ---------------------------------------------------------------------------------
 */

static corv_rc compile(struct corv_rule_code *code, const char *text, const char *where,
    const struct corv_rule_expr **out, struct corv_fault *fault)
{
    const char *at = NULL;
    corv_rc rc = CORV_OK;

    if (text)
        rc = corv_rule_expr_read(text, &code->room, &code->names, out, &at);
    if (rc == CORV_E_INVALID)
        return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "rules.pack",
            "%s: no expression that a rule can use, from here on: %.120s", where, at);
    return rc;
}

static corv_rc compile_nodes(struct corv_rule_code *code, const char *text, const char *where,
    const struct corv_rule_expr **out, struct corv_fault *fault)
{
    corv_rc rc = compile(code, text, where, out, fault);

    if (rc == CORV_OK && *out && (*out)->type != CORV_RULE_NODES)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "rules.pack",
            "%s: no nodes: %.120s", where, text);
    return rc;
}

static corv_rc compile_each(struct corv_rule_code *code, const struct corv_rule *rule, size_t e,
    struct corv_rule_each_code *into, struct corv_fault *fault)
{
    corv_rc rc = compile_nodes(code, rule->each[e].select, rule->id, &into->select, fault);

    into->rule = rule;
    into->nth = e + 1;
    if (rc == CORV_OK)
        rc = compile(code, rule->each[e].test, rule->id, &into->test, fault);
    if (rc == CORV_OK)
        rc = compile_nodes(code, rule->each[e].at, rule->id, &into->at, fault);
    return rc;
}

/* Which eachs belong to a kind is known here, and not looked for per message. */
static corv_rc make_plans(struct corv_rule_code *code, size_t eachs)
{
    const struct corv_rule_each_code **next;

    code->planned = calloc(eachs * CORV_KIND_COUNT + 1, sizeof(struct corv_rule_each_code *));
    if (!code->planned)
        return CORV_E_NOMEM;
    next = code->planned;
    for (int kind = 0; kind < CORV_KIND_COUNT; kind++) {
        struct corv_rule_plan *plan = &code->plans[kind];
        const struct corv_rule_each_code *each = code->eachs;

        plan->list = next;
        for (size_t r = 0; r < code->pack->rules_count; r++) {
            const struct corv_rule *rule = &code->pack->rules[r];

            for (size_t e = 0; e < rule->each_count; e++, each++)
                if ((rule->kinds & rule->each[e].kinds) >> kind & 1)
                    plan->list[plan->count++] = each;
        }
        next += plan->count;
    }
    return CORV_OK;
}

static corv_rc compile_rules(struct corv_rule_code *code, struct corv_fault *fault)
{
    const struct corv_rule_pack *pack = code->pack;
    size_t count = 0, at = 0;
    corv_rc rc = CORV_OK;

    for (size_t r = 0; r < pack->rules_count; r++)
        count += pack->rules[r].each_count;
    code->eachs = calloc(count + 1, sizeof *code->eachs);
    if (!code->eachs)
        return CORV_E_NOMEM;
    for (size_t r = 0; r < pack->rules_count; r++)
        for (size_t e = 0; e < pack->rules[r].each_count && rc == CORV_OK; e++, at++)
            rc = compile_each(code, &pack->rules[r], e, &code->eachs[at], fault);
    return rc == CORV_OK ? make_plans(code, count) : rc;
}

static corv_rc compile_lets(struct corv_rule_code *code, struct corv_fault *fault)
{
    const struct corv_rule_pack *pack = code->pack;
    corv_rc rc = CORV_OK;

    code->lets = calloc(pack->lets_count + 1, sizeof *code->lets);
    if (!code->lets)
        return CORV_E_NOMEM;
    for (size_t i = 0; i < pack->lets_count && rc == CORV_OK; i++) {
        const struct corv_rule_let *let = &pack->lets[i];

        rc = compile_nodes(code, let->select, let->name, &code->lets[i].select, fault);
        code->lets[i].slot = corv_rule_slot(&code->names, corv_view_str(let->name));
        if (code->lets[i].slot == SIZE_MAX)
            rc = CORV_E_NOMEM;
    }
    return rc;
}

corv_rc corv_rule_code_new(
    const struct corv_rule_pack *pack, struct corv_rule_code **out, struct corv_fault *fault)
{
    struct corv_rule_code *code = calloc(1, sizeof *code);
    corv_rc rc;

    *out = NULL;
    if (!code)
        return CORV_E_NOMEM;
    code->pack = code->names.pack = pack;
    corv_room_init(&code->room, CODE_MOST);
    rc = compile_lets(code, fault);
    if (rc == CORV_OK)
        rc = compile_rules(code, fault);
    if (rc == CORV_OK)
        *out = code;
    else
        corv_rule_code_free(code);
    return rc;
}

void corv_rule_code_free(struct corv_rule_code *code)
{
    if (!code)
        return;
    corv_room_free(&code->room);
    free(code->names.list);
    free(code->lets);
    free(code->eachs);
    free(code->planned);
    free(code);
}

/* ---- the machine ------------------------------------------------------------------------------
 */

corv_rc corv_rule_machine_new(const struct corv_rule_code *code, struct corv_rule_machine **out)
{
    struct corv_rule_machine *m = calloc(1, sizeof *m);

    *out = m;
    if (!m)
        return CORV_E_NOMEM;
    m->code = code;
    corv_room_init(&m->run.room, SCRATCH_MOST);
    m->run.variables = calloc(code->names.count + 1, sizeof *m->run.variables);
    m->parts = calloc(code->pack->rules_count + 1, sizeof *m->parts);
    m->run.names = calloc(1, sizeof *m->run.names);
    if (m->run.variables && m->parts && m->run.names)
        return CORV_OK;
    corv_rule_machine_free(m);
    *out = NULL;
    return CORV_E_NOMEM;
}

void corv_rule_machine_free(struct corv_rule_machine *m)
{
    if (!m)
        return;
    corv_room_free(&m->run.room);
    free(m->run.variables);
    free(m->run.names);
    free(m->parts);
    free(m);
}

corv_rc corv_rule_machine_nodes(struct corv_rule_machine *m,
    const struct corv_rule_expr *expression, const xmlNode *from, struct corv_rule_nodes *out)
{
    struct corv_rule_place *place = corv_rule_take(&m->run, sizeof *place); /* as long as out */
    struct corv_rule_value v;

    *out = (struct corv_rule_nodes){0};
    if (!place)
        return m->run.rc;
    *place = (struct corv_rule_place){from, 1, 1};
    m->run.scene.current = from;
    corv_rule_eval(&m->run, expression, place, &v);
    *out = v.nodes;
    return m->run.rc;
}

corv_rc corv_rule_machine_test(struct corv_rule_machine *m, const struct corv_rule_expr *expression,
    const xmlNode *node, bool *holds)
{
    const struct corv_rule_place place = {node, 1, 1};
    struct corv_room_mark mark = corv_room_mark(&m->run.room);
    struct corv_rule_value v;

    m->run.scene.current = node;
    corv_rule_eval(&m->run, expression, &place, &v);
    *holds = corv_rule_to_bool(&v);
    corv_room_back(&m->run.room, mark);
    return m->run.rc;
}

corv_rc corv_rule_machine_begin(struct corv_rule_machine *m, xmlNodePtr message,
    enum corv_kind kind, const struct corv_rule_scene *scene, size_t budget)
{
    const struct corv_rule_code *code = m->code;
    corv_rc rc = CORV_OK;

    m->run.rc = CORV_OK;
    m->run.steps = budget ? budget : SIZE_MAX;
    m->run.scene = *scene;
    m->run.scene.pack = code->pack;
    if (!corv_rule_deep_find(&code->names.deep, message, &m->run))
        return m->run.rc;
    for (size_t i = 0; i < code->names.count; i++)
        m->run.variables[i] = (struct corv_rule_nodes){0};
    for (size_t i = 0; i < code->pack->lets_count && rc == CORV_OK; i++) {
        struct corv_rule_nodes *slot = &m->run.variables[code->lets[i].slot];

        if ((code->pack->lets[i].kinds >> kind & 1) && !slot->list)
            rc = corv_rule_machine_nodes(m, code->lets[i].select, message, slot);
    }
    m->begun = corv_room_mark(&m->run.room);
    return rc;
}

void corv_rule_machine_forget(struct corv_rule_machine *m)
{
    corv_room_back(&m->run.room, m->begun);
}

void corv_rule_machine_end(struct corv_rule_machine *m)
{
    corv_room_back(&m->run.room, (struct corv_room_mark){0});
    m->begun = (struct corv_room_mark){0};
    m->run.scene = (struct corv_rule_scene){0};
    m->run.message = NULL;
    corv_rule_names_forget(m->run.names);
}

static corv_rc rehearse_each(
    struct corv_rule_machine *m, const struct corv_rule_each_code *code, const xmlNode *root)
{
    struct corv_rule_nodes nodes;
    bool holds;
    corv_rc rc = corv_rule_machine_nodes(m, code->select, root, &nodes);

    if (rc == CORV_OK)
        rc = corv_rule_machine_test(m, code->test, root, &holds);
    if (rc == CORV_OK && code->at)
        rc = corv_rule_machine_nodes(m, code->at, root, &nodes);
    corv_rule_machine_forget(m);
    return rc;
}

static corv_rc rehearse_kind(
    struct corv_rule_machine *m, xmlNodePtr root, enum corv_kind kind, struct corv_fault *fault)
{
    const struct corv_rule_plan *plan = &m->code->plans[kind];
    struct corv_rule_scene scene = {.today = 20260101};
    corv_rc rc = corv_rule_machine_begin(m, root, kind, &scene, 0);

    if (rc != CORV_OK)
        return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "rules.pack",
            "a let of kind %s cannot be evaluated", corv_kind_name(kind));
    for (size_t i = 0; i < plan->count; i++) {
        rc = rehearse_each(m, plan->list[i], root);
        if (rc != CORV_OK)
            return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "rules.pack",
                "%s: each %zu cannot be evaluated", plan->list[i]->rule->id, plan->list[i]->nth);
    }
    return CORV_OK;
}

corv_rc corv_rule_machine_rehearse(struct corv_rule_machine *m, struct corv_fault *fault)
{
    xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST "leeg", NULL) : NULL;
    corv_rc rc = root ? CORV_OK : CORV_E_NOMEM;

    if (root)
        (void)xmlDocSetRootElement(doc, root);
    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_KENNISGEVING && rc == CORV_OK; k++) {
        rc = rehearse_kind(m, root, (enum corv_kind)k, fault);
        corv_rule_machine_end(m);
    }
    xmlFreeDoc(doc);
    return rc;
}
