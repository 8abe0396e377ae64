/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_machine.h"

#include <libxml/xpath.h>
#include <stdlib.h>

#define NODES_PER_OP 4 /* copying so many nodes costs as much as one step of XPath */
#define XMIME        "http://www.w3.org/2005/05/xmlmime"

/* What libxml2 has to say is read from ctxt->lastError; nothing goes to stderr. */
static void hear(void *data, xmlErrorPtr error)
{
    (void)data;
    (void)error;
}

/* A variable is copied each time it is used; the copy counts. NULL (no such variable) once the
 * budget is spent: libxml2 stops there, and trouble() sees why. */
static xmlXPathObjectPtr look_up(void *data, const xmlChar *name, const xmlChar *ns)
{
    struct corv_rule_machine *m = data;

    for (size_t i = 0; !ns && i < m->pack->lets_count; i++) {
        xmlXPathObjectPtr value = m->values[i];

        if (!value || strcmp(m->pack->lets[i].name, (const char *)name) != 0)
            continue;
        if (value->nodesetval)
            m->ctxt->opCount += (unsigned long)value->nodesetval->nodeNr / NODES_PER_OP;
        if (m->ctxt->opLimit && m->ctxt->opCount >= m->ctxt->opLimit)
            return NULL;
        return xmlXPathObjectCopy(value);
    }
    return NULL;
}

static corv_rc prepare(struct corv_rule_machine *m)
{
    static const char *const names[][2] = {{"JZ", CORV_NS_JZ}, {"ZKN", CORV_NS_ZKN},
        {"BG", CORV_NS_BG}, {"StUF", CORV_NS_STUF}, {"xsi", CORV_NS_XSI}, {"xmime", XMIME}};

    m->ctxt = xmlXPathNewContext(NULL);
    if (!m->ctxt)
        return CORV_E_NOMEM;
    if (xmlXPathContextSetCache(m->ctxt, 1, -1, 0) != 0) /* keeps freed objects for the next */
        return CORV_E_NOMEM;
    m->ctxt->error = hear;
    m->ctxt->userData = &m->scene;
    xmlXPathRegisterVariableLookup(m->ctxt, look_up, m);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (xmlXPathRegisterNs(m->ctxt, BAD_CAST names[i][0], BAD_CAST names[i][1]) != 0)
            return CORV_E_NOMEM;
    return corv_rule_functions_register(m->ctxt);
}

static corv_rc compile(struct corv_rule_machine *m, const char *text, const char *where,
    xmlXPathCompExprPtr *out, struct corv_fault *fault)
{
    if (!text)
        return CORV_OK;
    *out = xmlXPathCtxtCompile(m->ctxt, BAD_CAST text);
    if (*out)
        return CORV_OK;
    return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "rules.pack",
        "%s: this is no XPath 1.0: %.120s", where, text);
}

static corv_rc compile_rules(struct corv_rule_machine *m, struct corv_fault *fault)
{
    corv_rc rc = CORV_OK;
    size_t at = 0;

    for (size_t r = 0; r < m->pack->rules_count; r++)
        m->codes_count += m->pack->rules[r].each_count;
    m->codes = calloc(m->codes_count + 1, sizeof *m->codes);
    if (!m->codes)
        return CORV_E_NOMEM;
    for (size_t r = 0; r < m->pack->rules_count && rc == CORV_OK; r++) {
        const struct corv_rule *rule = &m->pack->rules[r];

        for (size_t e = 0; e < rule->each_count && rc == CORV_OK; e++, at++) {
            rc = compile(m, rule->each[e].select, rule->id, &m->codes[at].select, fault);
            if (rc == CORV_OK)
                rc = compile(m, rule->each[e].test, rule->id, &m->codes[at].test, fault);
            if (rc == CORV_OK)
                rc = compile(m, rule->each[e].at, rule->id, &m->codes[at].at, fault);
        }
    }
    return rc;
}

static corv_rc compile_lets(struct corv_rule_machine *m, struct corv_fault *fault)
{
    corv_rc rc = CORV_OK;

    m->lets = calloc(m->pack->lets_count + 1, sizeof *m->lets);
    m->values = calloc(m->pack->lets_count + 1, sizeof *m->values);
    if (!m->lets || !m->values)
        return CORV_E_NOMEM;
    for (size_t i = 0; i < m->pack->lets_count && rc == CORV_OK; i++)
        rc = compile(m, m->pack->lets[i].select, m->pack->lets[i].name, &m->lets[i], fault);
    return rc;
}

corv_rc corv_rule_machine_new(
    const struct corv_rule_pack *pack, struct corv_rule_machine **out, struct corv_fault *fault)
{
    struct corv_rule_machine *m = calloc(1, sizeof *m);
    corv_rc rc = m ? CORV_OK : CORV_E_NOMEM;

    *out = NULL;
    if (rc == CORV_OK) {
        m->pack = pack;
        rc = prepare(m);
    }
    if (rc == CORV_OK)
        rc = compile_lets(m, fault);
    if (rc == CORV_OK)
        rc = compile_rules(m, fault);
    if (rc == CORV_OK) {
        *out = m;
        return CORV_OK;
    }
    corv_rule_machine_free(m);
    return rc;
}

void corv_rule_machine_free(struct corv_rule_machine *m)
{
    if (!m)
        return;
    for (size_t i = 0; m->lets && i < m->pack->lets_count; i++)
        xmlXPathFreeCompExpr(m->lets[i]);
    for (size_t i = 0; m->codes && i < m->codes_count; i++) {
        xmlXPathFreeCompExpr(m->codes[i].select);
        xmlXPathFreeCompExpr(m->codes[i].test);
        xmlXPathFreeCompExpr(m->codes[i].at);
    }
    free(m->lets);
    free(m->values);
    free(m->codes);
    xmlXPathFreeContext(m->ctxt);
    free(m);
}

/* libxml2 numbers its XPath errors from XML_XPATH_EXPRESSION_OK on. */
static corv_rc trouble(const struct corv_rule_machine *m)
{
    int code = m->ctxt->lastError.code - XML_XPATH_EXPRESSION_OK;

    if (m->ctxt->opLimit && m->ctxt->opCount >= m->ctxt->opLimit)
        return CORV_E_LIMIT;
    switch (code) {
    case XPATH_OP_LIMIT_EXCEEDED:
    case XPATH_RECURSION_LIMIT_EXCEEDED:
        return CORV_E_LIMIT;
    case XPATH_MEMORY_ERROR:
        return CORV_E_NOMEM;
    default:
        return CORV_E_INTERNAL;
    }
}

static void look_at(struct corv_rule_machine *m, xmlNodePtr node)
{
    m->ctxt->node = node;
    m->ctxt->contextSize = 1;
    m->ctxt->proximityPosition = 1;
    xmlResetError(&m->ctxt->lastError);
}

corv_rc corv_rule_machine_nodes(struct corv_rule_machine *m, xmlXPathCompExprPtr expression,
    xmlNodePtr from, xmlXPathObjectPtr *out)
{
    look_at(m, from);
    *out = xmlXPathCompiledEval(expression, m->ctxt);
    if (!*out)
        return trouble(m);
    if ((*out)->type != XPATH_NODESET) {
        xmlXPathFreeObject(*out);
        *out = NULL;
        return CORV_E_INTERNAL;
    }
    xmlXPathNodeSetSort((*out)->nodesetval);
    return CORV_OK;
}

corv_rc corv_rule_machine_test(
    struct corv_rule_machine *m, xmlXPathCompExprPtr expression, xmlNodePtr node, bool *holds)
{
    int answer;

    look_at(m, node);
    m->scene.current = node;
    answer = xmlXPathCompiledEvalToBoolean(expression, m->ctxt);
    *holds = answer == 1;
    return answer < 0 ? trouble(m) : CORV_OK;
}

corv_rc corv_rule_machine_begin(struct corv_rule_machine *m, xmlNodePtr message,
    enum corv_kind kind, const struct corv_rule_scene *scene, unsigned long budget)
{
    corv_rc rc = CORV_OK;

    m->scene = *scene;
    m->scene.pack = m->pack;
    m->scene.current = message;
    m->ctxt->doc = message->doc;
    (void)xmlXPathOrderDocElems(message->doc); /* else sorting siblings walks all of them */
    m->ctxt->opCount = 0;
    m->ctxt->opLimit = budget;
    for (size_t i = 0; i < m->pack->lets_count && rc == CORV_OK; i++) {
        const struct corv_rule_let *let = &m->pack->lets[i];

        if (let->kinds >> kind & 1)
            rc = corv_rule_machine_nodes(m, m->lets[i], message, &m->values[i]);
    }
    return rc;
}

void corv_rule_machine_end(struct corv_rule_machine *m)
{
    for (size_t i = 0; i < m->pack->lets_count; i++) {
        xmlXPathFreeObject(m->values[i]);
        m->values[i] = NULL;
    }
    xmlResetError(&m->ctxt->lastError);
    m->ctxt->doc = NULL;
    m->ctxt->node = NULL;
    m->scene = (struct corv_rule_scene){0};
}

static corv_rc rehearse_each(
    struct corv_rule_machine *m, const struct corv_rule_code *code, xmlNodePtr root)
{
    xmlXPathObjectPtr nodes = NULL, places = NULL;
    bool holds;
    corv_rc rc = corv_rule_machine_nodes(m, code->select, root, &nodes);

    if (rc == CORV_OK)
        rc = corv_rule_machine_test(m, code->test, root, &holds);
    if (rc == CORV_OK && code->at)
        rc = corv_rule_machine_nodes(m, code->at, root, &places);
    xmlXPathFreeObject(nodes);
    xmlXPathFreeObject(places);
    return rc;
}

static corv_rc rehearse_kind(
    struct corv_rule_machine *m, xmlNodePtr root, enum corv_kind kind, struct corv_fault *fault)
{
    struct corv_rule_scene scene = {.today = 20260101};
    const struct corv_rule_code *code = m->codes;
    corv_rc rc = corv_rule_machine_begin(m, root, kind, &scene, 0);

    if (rc != CORV_OK)
        return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "rules.pack",
            "a let of kind %s cannot be evaluated to nodes", corv_kind_name(kind));
    for (size_t r = 0; r < m->pack->rules_count; r++) {
        const struct corv_rule *rule = &m->pack->rules[r];

        for (size_t e = 0; e < rule->each_count; e++, code++) {
            if (!(rule->each[e].kinds >> kind & 1))
                continue;
            rc = rehearse_each(m, code, root);
            if (rc != CORV_OK)
                return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "rules.pack",
                    "%s: each %zu cannot be evaluated", rule->id, e + 1);
        }
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
