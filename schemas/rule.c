/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "schemas/reader.h"
#include "schemas/rule_lint.h"
#include "schemas/rule_machine.h"
#include "schemas/xml_path.h"

struct corv_rules {
    struct corv_rule_pack *pack; /* owned */
    struct corv_rule_code *code; /* owned */
    pthread_mutex_t lock;        /* guards idle */
    struct corv_rule_machine *idle;
};

static const struct {
    const char *ns;
    const char *prefix;
} attribute_prefixes[] = {
    {CORV_NS_STUF, "StUF"}, {CORV_NS_XSI, "xsi"}, {"http://www.w3.org/2005/05/xmlmime", "xmime"}};

/* Most patterns are the id of one rule, and fnmatch is slow. */
static bool named(const char *pattern, const char *id)
{
    return strpbrk(pattern, "*?[\\") ? fnmatch(pattern, id, 0) == 0 : strcmp(pattern, id) == 0;
}

enum corv_rule_mode corv_rule_mode_of(const struct corv_rule *rule,
    const struct corv_rule_setting *settings, size_t count, const char *party, int day)
{
    enum corv_rule_mode mode = day >= rule->from ? rule->mode : CORV_RULE_OFF;

    for (size_t i = 0; i < count; i++) {
        const struct corv_rule_setting *s = &settings[i];

        if (day < s->from || (s->party && (!party || strcmp(s->party, party) != 0)))
            continue;
        if (named(s->rule, rule->id))
            mode = s->mode;
    }
    return mode;
}

/* A machine of its own for this thread: from the pool, or a new one when all are at work. */
static corv_rc borrow(const struct corv_rules *rules, struct corv_rule_machine **out)
{
    struct corv_rules *r = (struct corv_rules *)rules; /* the pool behind the lock changes */

    (void)pthread_mutex_lock(&r->lock);
    *out = r->idle;
    if (r->idle)
        r->idle = r->idle->next;
    (void)pthread_mutex_unlock(&r->lock);
    return *out ? CORV_OK : corv_rule_machine_new(r->code, out);
}

static void give_back(const struct corv_rules *rules, struct corv_rule_machine *m)
{
    struct corv_rules *r = (struct corv_rules *)rules;

    corv_rule_machine_end(m);
    (void)pthread_mutex_lock(&r->lock);
    m->next = r->idle;
    r->idle = m;
    (void)pthread_mutex_unlock(&r->lock);
}

struct run {
    const struct corv_rule_input *in;
    const struct corv_rule_plan *plan;
    struct corv_rule_machine *m;
    struct corv_findings *findings;
    unsigned said; /* findings of the rule that speaks now */
};

static void set_place(struct corv_finding *f, const xmlNode *node)
{
    char name[CORV_NAME_TEXT];
    const char *attribute = NULL;

    if (node->type == XML_ATTRIBUTE_NODE) {
        const char *prefix = "";

        for (size_t i = 0; i < 3; i++)
            if (node->ns && strcmp((const char *)node->ns->href, attribute_prefixes[i].ns) == 0)
                prefix = attribute_prefixes[i].prefix;
        (void)snprintf(
            name, sizeof name, "%s%s%.40s", prefix, *prefix ? ":" : "", (const char *)node->name);
        attribute = name;
        node = node->parent;
    }
    corv_node_path(node, attribute, f->path, sizeof f->path);
    f->line = node ? corv_node_line(node) : 0;
}

static void report(
    struct run *run, const struct corv_rule *rule, enum corv_severity severity, const xmlNode *node)
{
    struct corv_finding f = {
        .layer = CORV_LAYER_RULE, .severity = severity, .actor = rule->who, .column = 0};

    (void)snprintf(f.code, sizeof f.code, "%s", rule->code);
    (void)snprintf(f.text, sizeof f.text, "%s", rule->text);
    (void)snprintf(f.article, sizeof f.article, "%s", rule->article);
    set_place(&f, node);
    corv_findings_add(run->findings, &f);
}

/* The node the finding points at: the first one the at expression finds, else the node. */
static corv_rc place_of(struct run *run, const struct corv_rule_each_code *code,
    const xmlNode *node, const xmlNode **place)
{
    struct corv_rule_nodes found = {0};
    corv_rc rc = CORV_OK;

    *place = node;
    if (code->at)
        rc = corv_rule_machine_nodes(run->m, code->at, node, &found);
    if (rc == CORV_OK && found.count > 0)
        *place = found.list[0];
    return rc;
}

static corv_rc apply_each(
    struct run *run, const struct corv_rule_each_code *code, enum corv_severity severity)
{
    struct corv_rule_nodes nodes = {0};
    corv_rc rc = corv_rule_machine_nodes(run->m, code->select, run->in->message, &nodes);

    for (size_t i = 0; rc == CORV_OK && i < nodes.count && run->said < CORV_RULE_FINDINGS; i++) {
        const xmlNode *place = NULL;
        bool holds = true;

        rc = corv_rule_machine_test(run->m, code->test, nodes.list[i], &holds);
        if (rc == CORV_OK && !holds)
            rc = place_of(run, code, nodes.list[i], &place);
        if (rc == CORV_OK && !holds) {
            report(run, code->rule, severity, place);
            run->said++;
        }
    }
    corv_rule_machine_forget(run->m);
    return rc;
}

static enum corv_rule_part *part_of(const struct run *run, const struct corv_rule *rule)
{
    return &run->m->parts[rule - run->m->code->pack->rules];
}

/* Gives each rule of the plan its part; settings and days are looked at once. */
static void give_parts(struct run *run)
{
    const struct corv_rule_input *in = run->in;

    for (size_t i = 0; i < run->plan->count; i++) {
        const struct corv_rule *rule = run->plan->list[i]->rule;
        enum corv_rule_mode mode =
            corv_rule_mode_of(rule, in->settings, in->settings_count, in->party, in->today);
        bool refuses = mode == CORV_RULE_ENFORCE && rule->severity == CORV_SEV_ERROR;

        *part_of(run, rule) = mode == CORV_RULE_OFF ? CORV_RULE_SILENT
                              : refuses             ? CORV_RULE_REFUSES
                                                    : CORV_RULE_WARNS;
    }
}

/* The rules that have this part. */
static corv_rc apply_all(struct run *run, enum corv_rule_part wanted)
{
    enum corv_severity severity = wanted == CORV_RULE_REFUSES ? CORV_SEV_ERROR : CORV_SEV_WARNING;
    const struct corv_rule *last = NULL;
    corv_rc rc = CORV_OK;

    for (size_t i = 0; i < run->plan->count && rc == CORV_OK; i++) {
        const struct corv_rule_each_code *code = run->plan->list[i];

        if (code->rule != last)
            run->said = 0;
        last = code->rule;
        if (*part_of(run, code->rule) == wanted)
            rc = apply_each(run, code, severity);
    }
    return rc;
}

static void report_too_much(struct run *run, enum corv_severity severity)
{
    struct corv_finding f = {
        .layer = CORV_LAYER_RULE, .severity = severity, .actor = CORV_ACT_LEVERANCIER};

    (void)snprintf(f.code, sizeof f.code, "rule.niet-beoordeeld");
    (void)snprintf(f.text, sizeof f.text,
        "Het bericht bevat zo veel elementen dat niet alle regels gecontroleerd konden worden.");
    set_place(&f, run->in->message);
    corv_findings_add(run->findings, &f);
}

static bool any_enforced(const struct run *run)
{
    for (size_t i = 0; i < run->plan->count; i++)
        if (*part_of(run, run->plan->list[i]->rule) == CORV_RULE_REFUSES)
            return true;
    return false;
}

corv_rc corv_rules_apply(const struct corv_rules *rules, const struct corv_rule_input *input,
    struct corv_findings *findings)
{
    struct run run = {.in = input, .plan = &rules->code->plans[input->kind], .findings = findings};
    struct corv_rule_scene scene = {
        .document = input->document, .reference = input->reference, .today = input->today};
    enum corv_severity at = CORV_SEV_ERROR;
    corv_rc rc = borrow(rules, &run.m);

    if (rc != CORV_OK)
        return rc;
    give_parts(&run);
    rc = corv_rule_machine_begin(run.m, input->message, input->kind, &scene, CORV_RULE_BUDGET);
    if (rc == CORV_OK) /* errors first: the list of findings is bounded */
        rc = apply_all(&run, CORV_RULE_REFUSES);
    if (rc == CORV_OK) {
        at = CORV_SEV_WARNING;
        rc = apply_all(&run, CORV_RULE_WARNS);
    }
    if (rc == CORV_E_LIMIT) {
        report_too_much(
            &run, at == CORV_SEV_ERROR && any_enforced(&run) ? CORV_SEV_ERROR : CORV_SEV_WARNING);
        rc = CORV_OK;
    }
    give_back(rules, run.m);
    return rc;
}

corv_rc corv_rules_new(
    const struct corv_embedded *files, struct corv_rules **out, struct corv_fault *fault)
{
    struct corv_rules *r = calloc(1, sizeof *r);
    corv_rc rc = r ? CORV_OK : CORV_E_NOMEM;

    *out = NULL;
    if (rc != CORV_OK)
        return rc;
    (void)pthread_mutex_init(&r->lock, NULL);
    rc = corv_rule_pack_read(files ? files : corv_embedded_rules, &r->pack, fault);
    if (rc == CORV_OK)
        rc = corv_rule_lint(r->pack, fault);
    if (rc == CORV_OK)
        rc = corv_rule_code_new(r->pack, &r->code, fault);
    if (rc == CORV_OK)
        rc = corv_rule_machine_new(r->code, &r->idle);
    if (rc == CORV_OK)
        rc = corv_rule_machine_rehearse(r->idle, fault);
    if (rc == CORV_OK) {
        *out = r;
        return CORV_OK;
    }
    corv_rules_free(r);
    return rc;
}

void corv_rules_free(struct corv_rules *r)
{
    if (!r)
        return;
    while (r->idle) {
        struct corv_rule_machine *m = r->idle;

        r->idle = m->next;
        corv_rule_machine_free(m);
    }
    corv_rule_code_free(r->code);
    corv_rule_pack_free(r->pack);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
}

const struct corv_rule_pack *corv_rules_pack(const struct corv_rules *r)
{
    return r->pack;
}
